//! Sheets of paper as tagged PDF: text in lines, and QR codes. The writer's own validator holds the file to
//! PDF/UA-1, so that a screen reader can read it.

mod face;
mod layout;

use std::num::NonZeroU16;

use fast_qr::{ECL, QRBuilder};
use krilla::configure::{Accessibility, ConfigurationBuilder, PdfVersion};
use krilla::geom::{Path, PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::outline::Outline;
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{ContentTag, SpanTag, Tag, TagGroup, TagTree};
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};

use face::Faces;
use layout::{LINE, Placed, place};

/// The size of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 8.5 by 11 inches, as in the United States.
    Letter,
    /// 210 by 297 millimetres.
    A4,
}

impl Format {
    /// Width and height in points: 1/72 inch.
    const fn points(self) -> (f32, f32) {
        match self {
            Self::Letter => (612.0, 792.0),
            Self::A4 => (595.0, 842.0),
        }
    }
}

/// A piece of a sheet.
pub enum Block {
    /// The logo of who writes, above everything else.
    Logo {
        /// A PNG.
        png: Vec<u8>,
        /// Whose it is.
        alt: String,
        /// Its height, in points.
        tall: f32,
        /// Whether it stands in the margin, so that it moves nothing.
        in_margin: bool,
    },
    /// Who writes: the name, then other lines.
    Sender(Vec<String>),
    /// The recipient's address, where a window envelope shows it.
    Address(Vec<String>),
    /// The heading.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// A QR code with paragraphs beside it.
    Code {
        /// What the code says.
        link: String,
        /// What it is, for somebody who hears the page.
        alt: &'static str,
        /// A paragraph, then the address that the code says, which is broken between any letters.
        beside: [String; 2],
    },
    /// A paragraph, and large digits below it on the same page.
    Digits(String, String),
    /// Empty space, in points.
    Space(f32),
}

/// The pieces of one sheet, in the order in which they are read.
pub struct Sheet {
    /// The title of the file, if this is its first sheet.
    pub title: String,
    /// The language's tag.
    pub language: &'static str,
    /// The pieces.
    pub blocks: Vec<Block>,
}

/// Why a file could not be written. It names no text of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// There is no sheet.
    #[error("there is no sheet")]
    Empty,
    /// The fonts can't be read.
    #[error("the fonts can't be read")]
    Fonts,
    /// The logo can't be read.
    #[error("the logo can't be read")]
    Logo,
    /// A link is too long for a QR code.
    #[error("a link does not fit a QR code")]
    Code,
    /// The writer refused the file.
    #[error("the PDF writer refused the file")]
    Writer,
}

/// Writes the sheets into one file. Text is `scale` times 12 points large.
pub fn print(sheets: &[Sheet], format: Format, scale: f32) -> Result<Vec<u8>, PaperError> {
    let first = sheets.first().ok_or(PaperError::Empty)?;
    let faces = Faces::load().ok_or(PaperError::Fonts)?;
    let configuration = ConfigurationBuilder::new()
        .with_version(PdfVersion::Pdf17)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| PaperError::Writer)?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let metadata = Metadata::new().title(first.title.clone()).language(first.language.to_owned());
    document.set_metadata(metadata);
    document.set_outline(Outline::new());
    let mut tree = TagTree::new().with_lang(Some(first.language.to_owned()));
    let (width, height) = format.points();
    for sheet in sheets {
        let mut section = TagGroup::new(Tag::Section.with_lang(Some(sheet.language.to_owned())));
        for placed in place(&sheet.blocks, &faces, format, scale) {
            let settings = PageSettings::from_wh(width, height).ok_or(PaperError::Writer)?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for piece in placed {
                section.push(draw(&mut surface, &faces, piece)?);
            }
            surface.finish();
            page.finish();
        }
        tree.push(section);
    }
    document.set_tag_tree(tree);
    document.finish().map_err(|_| PaperError::Writer)
}

/// Draws a piece, and returns its place in the order of reading.
fn draw(surface: &mut Surface<'_>, faces: &Faces, placed: Placed) -> Result<TagGroup, PaperError> {
    match placed {
        Placed::Text { x, top, lines, size, is_bold, is_heading } => {
            let mut group = if is_heading {
                TagGroup::new(Tag::Hn(NonZeroU16::MIN, Some(lines.join(" "))))
            } else {
                TagGroup::new(Tag::P)
            };
            let font = faces.font(is_bold);
            let mut baseline = top + size;
            let last = lines.len().saturating_sub(1);
            for (number, line) in lines.into_iter().enumerate() {
                // A space between two lines, so that a reader does not join their words.
                let line = if number == last { line } else { line + " " };
                group.push(surface.start_tagged(ContentTag::Span(SpanTag::empty())));
                let start = Point::from_xy(x, baseline);
                surface.draw_text(start, font.clone(), size, &line, false, TextDirection::LeftToRight);
                surface.end_tagged();
                baseline += size * LINE;
            }
            Ok(group)
        }
        Placed::Logo { x, top, wide, tall, png, alt } => {
            let image = Image::from_png(png.into(), true).map_err(|_| PaperError::Logo)?;
            let size = Size::from_wh(wide, tall).ok_or(PaperError::Logo)?;
            let mut group = TagGroup::new(Tag::Figure(Some(alt)));
            group.push(surface.start_tagged(ContentTag::Other));
            surface.push_transform(&Transform::from_translate(x, top));
            surface.draw_image(image, size);
            surface.pop();
            surface.end_tagged();
            Ok(group)
        }
        Placed::Code { x, top, side, link, alt } => {
            let path = modules(&link, x, top, side).ok_or(PaperError::Code)?;
            let mut group = TagGroup::new(Tag::Figure(Some(alt.to_owned())));
            group.push(surface.start_tagged(ContentTag::Other));
            surface.draw_path(&path);
            surface.end_tagged();
            Ok(group)
        }
    }
}

/// The dark modules of a QR code as one path.
fn modules(link: &str, x: f32, y: f32, side: f32) -> Option<Path> {
    let code = QRBuilder::new(link).ecl(ECL::M).build().ok()?;
    let count = u16::try_from(code.size).ok()?;
    let module = side / f32::from(count);
    let mut path = PathBuilder::new();
    for row in 0..count {
        for column in 0..count {
            let dark = code.data.get(usize::from(row) * code.size + usize::from(column))?.value();
            if dark {
                let (left, top) = (x + f32::from(column) * module, y + f32::from(row) * module);
                path.push_rect(Rect::from_xywh(left, top, module, module)?);
            }
        }
    }
    path.finish()
}
