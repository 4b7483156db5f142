//! What a practice may choose of how its pages and mails look: a color, and a line of its own in invitations.

use crate::model::person::comparable;

/// Least contrast of text to its background, WCAG 2.1, criterion 1.4.3.
const LEAST_CONTRAST: f64 = 4.5;

/// Contrast of a color that is lightened for dark backgrounds. The default color has 10.
const CONTRAST_ON_DARK: f64 = 7.0;

/// The palest background on which pages show links, and the one of pages in the dark.
const WASH: Color = Color([0xf1, 0xf4, 0xf7]);
const DARK_WASH: Color = Color([0x0d, 0x10, 0x14]);

/// Most characters of a practice's own line in invitations.
const LONGEST_NOTE: usize = 200;

/// Words about health that do not belong into a mailbox that others may read, in English and Spanish, as
/// [`comparable`] spells them.
const HEALTH_WORDS: [&str; 38] = [
    "abortion",
    "aborto",
    "aids",
    "alcohol",
    "anxiety",
    "biopsy",
    "biopsia",
    "cancer",
    "chemo",
    "depression",
    "diabetes",
    "diabetic",
    "diagnosis",
    "diagnostico",
    "disease",
    "drug",
    "embarazo",
    "enfermedad",
    "hepatitis",
    "hiv",
    "illness",
    "lab",
    "labs",
    "medication",
    "medicamento",
    "mental",
    "pregnancy",
    "pregnant",
    "prenatal",
    "psychiatric",
    "psychiatry",
    "std",
    "suicide",
    "surgery",
    "therapy",
    "tumor",
    "vih",
    "covid",
];

/// A color: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

impl Color {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|rest| rest.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// The color as a style sheet writes it: `#rrggbb`.
    pub fn css(self) -> String {
        let Self([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// The contrast of two colors, 1 to 21, as WCAG 2.1 computes it.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Whether white text on it, and it as text on a page, can be read.
    pub fn is_readable(self) -> bool {
        self.contrast(WASH) >= LEAST_CONTRAST
    }

    /// The nearest darker color that can be read; itself if it can.
    #[must_use]
    pub fn darkened(self) -> Self {
        self.toward(Self([0; 3]), Self::is_readable)
    }

    /// The nearest lighter color that can be read on dark pages.
    #[must_use]
    pub fn lightened(self) -> Self {
        self.toward(Self([255; 3]), |color| color.contrast(DARK_WASH) >= CONTRAST_ON_DARK)
    }

    /// The first mixture with `end`, in hundredths, that is good enough.
    fn toward(self, end: Self, is_good: impl Fn(Self) -> bool) -> Self {
        let mixed = |percent: u16| {
            let mut channels = self.0;
            for (channel, end) in channels.iter_mut().zip(end.0) {
                let sum = u16::from(*channel) * (100 - percent) + u16::from(end) * percent;
                *channel = u8::try_from(sum / 100).unwrap_or(u8::MAX);
            }
            Self(channels)
        };
        (0..=100).map(mixed).find(|color| is_good(*color)).unwrap_or(end)
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

/// Why a practice may not have this color.
pub fn color_fault(text: &str) -> Option<&'static str> {
    match Color::parse(text) {
        None => Some("invalid_color"),
        Some(color) => (!color.is_readable()).then_some("low_contrast"),
    }
}

/// Why this line may not stand in invitations. An address in it would look like a fraud to its reader, and words about
/// health would tell others who read the mail.
pub fn note_fault(text: &str) -> Option<&'static str> {
    let words = || text.split(|c: char| !c.is_alphanumeric()).map(comparable);
    if text.chars().any(char::is_control) {
        Some("invalid_characters")
    } else if text.chars().count() > LONGEST_NOTE {
        Some("too_long")
    } else if holds_address(text) {
        Some("holds_link")
    } else if words().any(|word| HEALTH_WORDS.contains(&word.as_str())) {
        Some("holds_health_word")
    } else {
        None
    }
}

/// Whether the text holds something that a mail program may turn into a link: a scheme, an e-mail address, or a dot
/// between two names without a space.
fn holds_address(text: &str) -> bool {
    let is_name =
        |part: &str| part.chars().count() >= 2 && part.chars().all(|c| c.is_alphanumeric() || c == '-');
    text.contains("://")
        || text.split_whitespace().any(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            let host = word.split('/').next().unwrap_or_default();
            word.contains('@')
                || host
                    .rsplit_once('.')
                    .is_some_and(|(_, last)| is_name(last) && last.chars().all(char::is_alphabetic))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_that_cannot_be_read_is_refused_with_the_nearest_that_can() {
        assert_eq!(color_fault("#0b5cad"), None);
        for pale in ["#f5a623", "#ffffff", "#ffff00", "#8cc2ff", "#777777"] {
            assert_eq!(color_fault(pale), Some("low_contrast"), "{pale}");
            let nearest = Color::parse(pale).unwrap().darkened();
            assert_eq!(color_fault(&nearest.css()), None, "{pale}");
        }
        for no_color in
            ["", "red", "0b5cad", "#0b5ca", "#0b5cadff", "#gggggg", "#+b5cad", "#0b5cad;}", "#é5cad"]
        {
            assert_eq!(color_fault(no_color), Some("invalid_color"), "{no_color}");
        }
        let white = Color([255; 3]);
        assert!((white.contrast(Color([0; 3])) - 21.0).abs() < 0.01);
    }

    #[test]
    fn every_color_has_a_readable_neighbour_on_light_and_dark_pages() {
        let steps = || (0..=255).step_by(17);
        for (red, green, blue) in
            steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| (r, g, b))))
        {
            let color = Color([red, green, blue]);
            assert!(color.darkened().is_readable(), "{color:?}");
            assert!(color.lightened().contrast(DARK_WASH) >= CONTRAST_ON_DARK, "{color:?}");
            assert_eq!(Color::parse(&color.css()), Some(color));
            assert!(!color.is_readable() || color.darkened() == color, "{color:?}");
        }
    }

    #[test]
    fn a_line_for_invitations_holds_no_address_and_no_word_about_health() {
        for good in [
            "You can see our new doctors' hours there.",
            "Dr. Reyes and Dr. Chen look forward to seeing you.",
            "We are at 12 River Road, Mon. to Fri., 8 a.m. to 5 p.m.",
            "Ya puede pedir sus citas por internet. ¡Es gratis!",
            "Open in the U.S. since 1987. 4.5 miles from downtown",
        ] {
            assert_eq!(note_fault(good), None, "{good}");
        }
        for address in [
            "See https://x.example",
            "go to example.com",
            "go to Example.COM/now.",
            "write to us@example.org",
            "(www.x.net)",
        ] {
            assert_eq!(note_fault(address), Some("holds_link"), "{address}");
        }
        for health in [
            "See your diagnosis there.",
            "Diagnóstico listo",
            "HIV results",
            "your CANCER care team",
            "lab-results",
        ] {
            assert_eq!(note_fault(health), Some("holds_health_word"), "{health}");
        }
        assert_eq!(note_fault("two\nlines"), Some("invalid_characters"));
        assert_eq!(note_fault(&"a".repeat(201)), Some("too_long"));
    }
}
