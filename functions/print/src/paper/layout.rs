//! Where each piece of a sheet stands. Lengths are points, 1/72 inch, from the upper left corner.

use super::face::Faces;
use super::{Block, Format};

/// The margin at the left and right: 7/8 inch, as the windows of American envelopes ask for.
const SIDE: f32 = 63.0;

/// The margin at the top and bottom.
const EDGE: f32 = 50.0;

/// Where a recipient's address begins and ends. With the sheet folded in thirds, the window of a number 10 or a
/// DL envelope shows what is between.
const WINDOW: (f32, f32) = (148.0, 256.0);

/// The height of a line, by the size of its letters.
pub const LINE: f32 = 1.36;

/// The side of a QR code. A module is a millimetre then, which a phone reads from a foot away.
const CODE: f32 = 122.0;

/// The space between a QR code and the text beside it, and the quiet zone around the code.
const GAP: f32 = 16.0;

/// A piece in its place.
pub enum Placed {
    /// Lines of text.
    Text {
        x: f32,
        /// Where the first line begins.
        top: f32,
        lines: Vec<String>,
        /// The size of the letters.
        size: f32,
        is_bold: bool,
        is_heading: bool,
    },
    /// A logo.
    Logo { x: f32, top: f32, wide: f32, tall: f32, png: Vec<u8>, alt: String },
    /// A QR code.
    Code { x: f32, top: f32, side: f32, link: String, alt: &'static str },
}

/// How a text is set.
#[derive(Clone, Copy)]
struct Set {
    size: f32,
    is_bold: bool,
    is_heading: bool,
    /// The space below it.
    below: f32,
}

/// The pages of a sheet while they fill.
struct Pages<'a> {
    faces: &'a Faces,
    width: f32,
    height: f32,
    top: f32,
    done: Vec<Vec<Placed>>,
}

impl Pages<'_> {
    /// Begins a new page unless so much still fits.
    fn need(&mut self, tall: f32) {
        if self.top + tall > self.height - EDGE && self.top > EDGE {
            self.done.push(Vec::new());
            self.top = EDGE;
        }
    }

    fn push(&mut self, placed: Placed) {
        if let Some(page) = self.done.last_mut() {
            page.push(placed);
        }
    }

    /// Sets a text below what is there already.
    fn text(&mut self, text: &str, set: Set) {
        let lines = self.faces.lines(text, set.is_bold, set.size, self.width - 2.0 * SIDE);
        let tall = tall(&lines, set.size);
        self.need(tall);
        let Set { size, is_bold, is_heading, below } = set;
        if !lines.is_empty() {
            self.push(Placed::Text { x: SIDE, top: self.top, lines, size, is_bold, is_heading });
        }
        self.top += tall + below;
    }
}

/// The width of a PNG by its height: both are in its header.
fn proportions(png: &[u8]) -> Option<f32> {
    let number = |from: usize| Some(u32::from_be_bytes(png.get(from..from + 4)?.try_into().ok()?));
    let pixels = |from| Some(f32::from(u16::try_from(number(from)?).ok()?));
    let (wide, tall): (f32, f32) = (pixels(16)?, pixels(20)?);
    (tall > 0.0).then_some(wide / tall)
}

fn tall(lines: &[String], size: f32) -> f32 {
    lines.iter().map(|_| size * LINE).sum()
}

/// The pages of a sheet. Text is `scale` times 12 points large.
pub fn place(blocks: &[Block], faces: &Faces, format: Format, scale: f32) -> Vec<Vec<Placed>> {
    let (width, height) = format.points();
    let mut pages = Pages { faces, width, height, top: EDGE, done: vec![Vec::new()] };
    let body = Set { size: 12.0 * scale, is_bold: false, is_heading: false, below: 7.0 * scale };
    for block in blocks {
        match block {
            Block::Logo { png, alt, tall, in_margin } => {
                let most = width - 2.0 * SIDE;
                let wide = proportions(png).map_or(0.0, |proportions| tall * proportions);
                let (wide, tall) = if wide > most { (most, tall * most / wide) } else { (wide, *tall) };
                let top = if *in_margin { EDGE - 4.0 - tall } else { pages.top };
                if wide > 0.0 {
                    let (png, alt) = (png.clone(), alt.clone());
                    pages.push(Placed::Logo { x: SIDE, top, wide, tall, png, alt });
                }
                if !in_margin {
                    pages.top += tall + GAP;
                }
            }
            Block::Sender(lines) => {
                for (number, line) in lines.iter().enumerate() {
                    let name = Set { size: 15.0, is_bold: true, below: 0.0, ..body };
                    let other = Set { size: 12.0, below: 0.0, ..body };
                    pages.text(line, if number == 0 { name } else { other });
                }
            }
            Block::Address(lines) => {
                pages.top = pages.top.max(WINDOW.0);
                for line in lines {
                    // As large as the window allows, whatever the letter's own size.
                    pages.text(line, Set { size: 12.0, below: 0.0, ..body });
                }
                pages.top = pages.top.max(WINDOW.1);
            }
            Block::Heading(text) => {
                let size = 18.0 * scale;
                pages.text(text, Set { size, is_bold: true, is_heading: true, below: 8.0 * scale });
            }
            Block::Paragraph(text) => pages.text(text, body),
            Block::Digits(before, digits) => {
                let large = Set { size: 26.0 * scale, is_bold: true, ..body };
                let above = faces.lines(before, false, body.size, width - 2.0 * SIDE);
                pages.need(tall(&above, body.size) + body.below + large.size * LINE);
                pages.text(before, body);
                pages.text(digits, large);
            }
            Block::Space(points) => pages.top += points,
            Block::Code { link, alt, beside: [text, address] } => {
                let square = CODE * scale.clamp(1.0, 1.6);
                let (x, room) = (SIDE + square + GAP, width - 2.0 * SIDE - square - GAP);
                let beside = [
                    faces.lines(text, false, body.size, room),
                    faces.address_lines(address, body.size, room),
                ];
                let high: f32 = beside.iter().map(|lines| tall(lines, body.size) + body.below).sum();
                pages.need(high.max(square));
                pages.push(Placed::Code { x: SIDE, top: pages.top, side: square, link: link.clone(), alt });
                let mut top = pages.top;
                for lines in beside {
                    let below = tall(&lines, body.size) + body.below;
                    let size = body.size;
                    pages.push(Placed::Text { x, top, lines, size, is_bold: false, is_heading: false });
                    top += below;
                }
                pages.top += high.max(square) + GAP;
            }
        }
    }
    pages.done
}
