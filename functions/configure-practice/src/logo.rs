//! A practice's logo: a PNG or SVG is drawn anew, small and on white, and only what was drawn is kept. So nothing else
//! that a file may carry (scripts, addresses, other pictures, hidden text) gets any further.

use std::io::Cursor;

use portico_domain::operations::staff::configure_practice::DrawnLogo;
use resvg::tiny_skia::{Color, FilterQuality, IntSize, Pixmap, PixmapPaint, Transform};
use resvg::usvg::roxmltree::{Document, Node, ParsingOptions};
use resvg::usvg::{ClipPath, Group, Options, Tree};

/// Most bytes of a file.
pub(crate) const LONGEST: usize = 512 * 1024;

/// The largest drawing, in pixels. It is shown at half of that, for screens of two pixels to a point.
const MOST: (f32, f32) = (480.0, 160.0);

/// Most bytes of a drawing. One that is longer is drawn at half the size.
const LONGEST_DRAWING: usize = 64 * 1024;

/// Most pixels of a PNG: 4,000 by 2,000.
const MOST_PIXELS: u64 = 8_000_000;

/// Most bytes that reading a PNG may take besides its pixels.
const MOST_UNPACKED: usize = 8 * 1024 * 1024;

/// Most nodes of an SVG, and of the drawing that its `use` elements and clip paths unfold to.
const MOST_NODES: u32 = 5_000;
const MOST_DRAWN: usize = 20_000;

/// Most `use` elements.
const MOST_USES: usize = 200;

/// Most elements around an element.
const DEEPEST: usize = 40;

/// The elements that are drawn. All others of SVG are refused, so that nobody wonders why a part is missing.
const KNOWN: [&str; 21] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "title",
    "desc",
    "metadata",
    "style",
    "switch",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
];

/// Draws a logo. The error is the code of what is wrong with the file.
pub(crate) fn draw(file: &[u8]) -> Result<DrawnLogo, &'static str> {
    if file.len() > LONGEST {
        return Err("file_too_large");
    }
    if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        let picture = read_png(file)?;
        return fit(picture.width(), picture.height(), |scale, sheet| place(picture.clone(), scale, sheet));
    }
    let text = std::str::from_utf8(file).map_err(|_| "not_png_or_svg")?;
    if !text.contains("<svg") {
        return Err("not_png_or_svg");
    }
    let tree = read_svg(text)?;
    let size = tree.size().to_int_size();
    fit(size.width(), size.height(), |_, sheet| {
        let (width, height) = (tree.size().width(), tree.size().height());
        let (across, down) = (pixels(sheet.width()) / width, pixels(sheet.height()) / height);
        resvg::render(&tree, Transform::from_scale(across, down), &mut sheet.as_mut());
        Some(())
    })
}

fn pixels(count: u32) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

/// Draws on a white sheet that is as large as the picture may be, and once more at half the size if that is too long.
fn fit(
    width: u32,
    height: u32,
    paint: impl Fn(f32, &mut Pixmap) -> Option<()>,
) -> Result<DrawnLogo, &'static str> {
    let (wide, tall) = (pixels(width), pixels(height));
    // A line without any height is no logo, and would be drawn as nothing.
    if wide < 1.0 || tall < 1.0 || wide / tall > 20.0 || tall / wide > 4.0 {
        return Err("bad_proportions");
    }
    for part in [1.0, 0.5] {
        let scale = (MOST.0 / wide).min(MOST.1 / tall) * part;
        let side = |length: f32| length.mul_add(scale, 0.5).floor().clamp(1.0, 480.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 480")]
        let (across, down) = (side(wide) as u32, side(tall) as u32);
        let mut sheet = Pixmap::new(across, down).ok_or("bad_proportions")?;
        sheet.fill(Color::WHITE);
        paint(scale, &mut sheet).ok_or("malformed_picture")?;
        let colors: Vec<u8> =
            sheet.data().chunks_exact(4).flat_map(|pixel| pixel.iter().take(3).copied()).collect();
        if colors.iter().all(|color| *color > 245) {
            return Err("nothing_to_see");
        }
        let png = write_png(&colors, across, down).ok_or("malformed_picture")?;
        if png.len() <= LONGEST_DRAWING {
            // A drawing at half the size is shown as large as it is.
            let (width, height) =
                if part < 1.0 { (across, down) } else { (across.div_ceil(2), down.div_ceil(2)) };
            return Ok(DrawnLogo { png, width, height });
        }
    }
    Err("file_too_large")
}

/// Reads a PNG. Its size is known, and small enough, before any pixel is unpacked.
fn read_png(file: &[u8]) -> Result<Pixmap, &'static str> {
    let limits = png::Limits { bytes: MOST_UNPACKED };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let header = decoder.read_header_info().map_err(|_| "malformed_picture")?;
    let (width, height) = header.size();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err("too_many_pixels");
    }
    let mut reader = decoder.read_info().map_err(|_| "malformed_picture")?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("malformed_picture")?];
    let frame = reader.next_frame(&mut bytes).map_err(|_| "malformed_picture")?;
    bytes.truncate(frame.buffer_size());
    let straight: Vec<[u8; 4]> = match frame.color_type {
        png::ColorType::Rgba => bytes.chunks_exact(4).filter_map(|pixel| pixel.try_into().ok()).collect(),
        png::ColorType::GrayscaleAlpha => bytes
            .chunks_exact(2)
            .filter_map(|pixel| <[u8; 2]>::try_from(pixel).ok())
            .map(|[gray, alpha]| [gray, gray, gray, alpha])
            .collect(),
        png::ColorType::Rgb | png::ColorType::Grayscale | png::ColorType::Indexed => {
            return Err("malformed_picture");
        }
    };
    let through = |color: u8, alpha: u8| {
        u8::try_from((u16::from(color) * u16::from(alpha) + 127) / 255).unwrap_or(u8::MAX)
    };
    let data = straight.into_iter().flat_map(|[red, green, blue, alpha]| {
        [through(red, alpha), through(green, alpha), through(blue, alpha), alpha]
    });
    let size = IntSize::from_wh(width, height).ok_or("malformed_picture")?;
    Pixmap::from_vec(data.collect(), size).ok_or("malformed_picture")
}

/// Places a picture on a sheet. It is halved until it is at most twice too large, so that thin lines stay.
fn place(mut picture: Pixmap, scale: f32, sheet: &mut Pixmap) -> Option<()> {
    let mut left = scale;
    while left < 0.5 {
        let mut half = Pixmap::new(picture.width().div_ceil(2), picture.height().div_ceil(2))?;
        let shrink = Transform::from_scale(0.5, 0.5);
        half.draw_pixmap(0, 0, picture.as_ref(), &smooth(), shrink, None);
        picture = half;
        left *= 2.0;
    }
    let (across, down) =
        (pixels(sheet.width()) / pixels(picture.width()), pixels(sheet.height()) / pixels(picture.height()));
    sheet.draw_pixmap(0, 0, picture.as_ref(), &smooth(), Transform::from_scale(across, down), None);
    Some(())
}

fn smooth() -> PixmapPaint {
    PixmapPaint { quality: FilterQuality::Bilinear, ..PixmapPaint::default() }
}

fn write_png(colors: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(colors).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// Reads an SVG that draws with paths alone: no text, pictures, scripts, filters or patterns, nothing from elsewhere.
fn read_svg(text: &str) -> Result<Tree, &'static str> {
    // Entities could unfold to anything; a document type without any is left out by most programs, too.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| "malformed_picture")?;
    let is_svg = |node: &Node<'_, '_>| {
        node.is_element() && node.tag_name().namespace() == Some("http://www.w3.org/2000/svg")
    };
    if !is_svg(&document.root_element()) || document.root_element().tag_name().name() != "svg" {
        return Err("not_png_or_svg");
    }
    let uses = document.descendants().filter(|node| node.tag_name().name() == "use");
    if uses.count() > MOST_USES {
        return Err("too_complex");
    }
    if branches(&document) {
        return Err("too_complex");
    }
    for node in document.descendants().filter(Node::is_element) {
        if node.ancestors().count() > DEEPEST {
            return Err("too_complex");
        }
        let name = node.tag_name().name();
        match name {
            _ if !is_svg(&node) => {}
            "text" | "tspan" | "textPath" => return Err("text_in_logo"),
            "use" if unfolds(&document, &node) => return Err("too_complex"),
            _ if !KNOWN.contains(&name) => return Err("not_only_shapes"),
            _ => {}
        }
        if node.attributes().any(|attribute| is_elsewhere(attribute.name(), attribute.value())) {
            return Err("not_only_shapes");
        }
    }
    let tree = Tree::from_xmltree(&document, &Options::default()).map_err(|_| "malformed_picture")?;
    let mut left = MOST_DRAWN;
    count(tree.root(), &mut left).ok_or("too_complex")?;
    Ok(tree)
}

/// Whether a `use` shows something that contains a `use` itself: such a file can grow without end.
fn unfolds(document: &Document<'_>, node: &Node<'_, '_>) -> bool {
    let mut targets = node.attributes().filter(|attribute| attribute.name() == "href");
    targets.any(|target| {
        let id = target.value().trim_start_matches('#');
        let mut named = document.descendants().filter(|node| node.attribute("id") == Some(id));
        named.any(|shown| shown.descendants().any(|node| node.tag_name().name() == "use"))
    })
}

/// Whether clip paths are clipped themselves, by more than one other: such a file can grow without end, too.
fn branches(document: &Document<'_>) -> bool {
    let named =
        |name: &'static str| document.descendants().filter(move |node| node.tag_name().name() == name);
    let is_clipped = |node: Node<'_, '_>| {
        node.attribute("clip-path").is_some()
            || node.attribute("style").is_some_and(|style| style.contains("clip-path"))
    };
    let mut rules = named("style").flat_map(|style| style.descendants()).filter_map(|node| node.text());
    let by_rule = rules.any(|rule| rule.contains("clip-path"));
    named("clipPath").any(|clip| {
        let shown = clip.descendants().flat_map(|node| {
            let id = node.attributes().find(|attribute| attribute.name() == "href");
            let id = id.map(|id| id.value().trim_start_matches('#')).unwrap_or_default();
            let target =
                document.descendants().find(|other| !id.is_empty() && other.attribute("id") == Some(id));
            target.into_iter().flat_map(|target| target.descendants()).chain([node])
        });
        let parts = clip.children().filter(Node::is_element).count();
        shown.into_iter().any(is_clipped) || (by_rule && parts > 1)
    })
}

/// Whether an attribute points to anything but a part of this file.
fn is_elsewhere(name: &str, value: &str) -> bool {
    name == "href" && !value.trim_start().starts_with('#')
}

/// Takes what is drawn from what may be drawn. `None` if that is too little.
fn count(group: &Group, left: &mut usize) -> Option<()> {
    let mut clips = group.clip_path();
    while let Some(clip) = clips {
        count(clip.root(), left)?;
        clips = ClipPath::clip_path(clip);
    }
    for node in group.children() {
        *left = left.checked_sub(1)?;
        match node {
            resvg::usvg::Node::Group(group) => count(group, left)?,
            resvg::usvg::Node::Path(path) => {
                *left = left.checked_sub(path.data().len() / 50)?;
            }
            resvg::usvg::Node::Image(_) | resvg::usvg::Node::Text(_) => return None,
        }
    }
    Some(())
}
