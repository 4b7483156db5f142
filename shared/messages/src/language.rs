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
