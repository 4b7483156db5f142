//! The languages that patients are written to in.

use crate::page::PageText;
use crate::page::english::EN;
use crate::page::spanish::ES;

/// A language in which every message and page exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, as in the United States.
    English,
    /// Spanish, as in the United States.
    Spanish,
}

impl Language {
    /// All languages, for tables and tests.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Picks the language by the first part of a BCP 47 tag: `es-MX` is Spanish. `None` for a language
    /// without a translation.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The language that a browser's `Accept-Language` header prefers of those with a translation: the one with the highest
    /// `q`, of two the first. `None` if it wants none of them, or any language before them.
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(u32, Option<Self>)> = None;
        for part in header.split(',') {
            let mut fields = part.split(';').map(str::trim);
            let tag = fields.next().unwrap_or_default();
            let weight = fields.find_map(|field| {
                let value = field.strip_prefix("q=").or(field.strip_prefix("Q="))?;
                value.trim().parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q))
            });
            // Thousandths, as the header has at most three digits after the point.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
            let weight = (weight.unwrap_or(1.0) * 1000.0) as u32;
            let language = Self::from_tag(tag);
            let counts = weight > 0 && (language.is_some() || tag == "*");
            if counts && best.is_none_or(|(most, _)| most < weight) {
                best = Some((weight, language));
            }
        }
        best.and_then(|(_, language)| language)
    }

    /// The tag for `lang` attributes, `?lang=` and storage: `en` or `es`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The words of the hosted pages.
    pub const fn page(self) -> &'static PageText {
        match self {
            Self::English => &EN,
            Self::Spanish => &ES,
        }
    }

    /// A waiting time in words, rounded up to a whole unit: `45 seconds`, `5 minutes`, `2 horas`. Pages that
    /// take a `wait` expect this text.
    pub fn wait(self, seconds: u64) -> String {
        let (count, [one, many]) = match (seconds, self) {
            (..=90, Self::English) => (seconds.max(1), ["second", "seconds"]),
            (..=90, Self::Spanish) => (seconds.max(1), ["segundo", "segundos"]),
            (..=5_400, Self::English) => (seconds.div_ceil(60), ["minute", "minutes"]),
            (..=5_400, Self::Spanish) => (seconds.div_ceil(60), ["minuto", "minutos"]),
            (_, Self::English) => (seconds.div_ceil(3_600), ["hour", "hours"]),
            (_, Self::Spanish) => (seconds.div_ceil(3_600), ["hora", "horas"]),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, Spanish};

    #[test]
    fn the_language_with_the_highest_weight_counts_and_of_two_the_first() {
        for (header, wanted) in [
            ("", None),
            ("es", Some(Spanish)),
            ("es-MX,es;q=0.9,en;q=0.8", Some(Spanish)),
            ("en;q=0.8,es;q=0.9", Some(Spanish)),
            ("en;q=0.1, es", Some(Spanish)),
            ("en, es", Some(English)),
            ("en;q=0.5,es;q=0.5", Some(English)),
            ("fr, es;q=0.2, en;q=0.3", Some(English)),
            ("es;q=0, en;q=0.1", Some(English)),
            ("es;q=0", None),
            ("fr, de", None),
            ("*", None),
            ("*, es;q=0.5", None),
            ("*;q=0.1, es;q=0.5", Some(Spanish)),
            ("ES_mx ; Q=0.7 , en ; q=0.6", Some(Spanish)),
            ("es;q=nonsense", Some(Spanish)),
            ("es;level=1;q=0.4, en;q=0.41", Some(English)),
            (",,;q=1,es", Some(Spanish)),
        ] {
            assert_eq!(Language::accepted(header), wanted, "{header}");
        }
    }
}
