//! The fonts: how wide text is, where its lines end, and what to write for a letter that a font lacks.

use krilla::text::Font;
use ttf_parser::Face;
use unicode_linebreak::linebreaks;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Noto Sans with Latin, Latin Extended-A and Vietnamese (SIL Open Font License).
const REGULAR: &[u8] = include_bytes!("../../fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/NotoSans-Bold.ttf");

/// A font for drawing, and the same for measuring.
struct Kind {
    font: Font,
    face: Face<'static>,
}

impl Kind {
    fn load(bytes: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(bytes.to_vec().into(), 0)?, face: Face::parse(bytes, 0).ok()? })
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |c| self.face.glyph_hor_advance(self.face.glyph_index(c)?);
        let widths = text.chars().filter_map(advance).map(f32::from);
        widths.sum::<f32>() * size / f32::from(self.face.units_per_em())
    }

    /// The text, in which a letter that the font lacks has no marks, or is left out if that does not help.
    fn folded(&self, text: &str) -> String {
        let known = |c: &char| self.face.glyph_index(*c).is_some();
        let fold = |c: char| -> Vec<char> {
            if known(&c) { vec![c] } else { c.nfd().filter(|c| !is_combining_mark(*c) && known(c)).collect() }
        };
        text.nfc().flat_map(fold).collect()
    }
}

/// The two fonts.
pub struct Faces {
    regular: Kind,
    bold: Kind,
}

impl Faces {
    /// Reads the fonts; `None` if one is broken.
    pub fn load() -> Option<Self> {
        Some(Self { regular: Kind::load(REGULAR)?, bold: Kind::load(BOLD)? })
    }

    const fn kind(&self, bold: bool) -> &Kind {
        if bold { &self.bold } else { &self.regular }
    }

    /// The font for drawing.
    pub const fn font(&self, bold: bool) -> &Font {
        &self.kind(bold).font
    }

    /// The lines of an address, none wider than `width` points. None ends with a hyphen, which would look as if it
    /// were not part of the address.
    pub fn address_lines(&self, address: &str, size: f32, width: f32) -> Vec<String> {
        let (mut lines, mut line) = (Vec::new(), String::new());
        for letter in address.chars() {
            if self.regular.width(&format!("{line}{letter}"), size) > width {
                let kept = line.trim_end_matches(['-', '_']).len();
                let rest = line.split_off(kept);
                lines.push(std::mem::replace(&mut line, rest));
            }
            line.push(letter);
        }
        lines.push(line);
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// The lines of a text, none wider than `width` points. A word that is too wide by itself is broken
    /// between letters.
    pub fn lines(&self, text: &str, bold: bool, size: f32, width: f32) -> Vec<String> {
        let kind = self.kind(bold);
        let text = kind.folded(text);
        let (mut lines, mut line, mut from) = (Vec::new(), String::new(), 0);
        for (end, _) in linebreaks(&text) {
            let piece = text.get(from..end).unwrap_or_default();
            from = end;
            if kind.width(&format!("{line}{}", piece.trim_end()), size) > width {
                lines.push(std::mem::take(&mut line));
            }
            for letter in piece.chars() {
                if !letter.is_whitespace() && kind.width(&format!("{line}{letter}"), size) > width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(letter);
            }
        }
        lines.push(line);
        lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }
}
