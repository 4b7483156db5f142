//! The practice's logo: what is drawn of a file, where it is shown, and what is refused.

use portico_testkit::{Answer, World};
use serde_json::json;

/// A blue bar on which a white square stands.
const DRAWING: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"><rect width="300" height="100" fill="#0b5cad"/><rect x="20" y="20" width="60" height="60" fill="#fff"/></svg>"##;

async fn put(world: &World, kind: &str, file: Vec<u8>) -> Answer {
    let request = world.request("PUT", "/v1/settings/logo").bearer_auth(&world.keys.ehr);
    let request = request.header("portico-actor", "dr.lee").header("content-type", kind);
    world.send(request.body(file)).await
}

/// The code of what is wrong with a file.
async fn fault(world: &World, kind: &str, file: impl Into<Vec<u8>>) -> String {
    let refused = put(world, kind, file.into()).await.expect_and(400).json();
    assert_eq!(refused["errors"][0]["pointer"], "/logo", "{refused}");
    assert!(refused["errors"][0]["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{refused}");
    refused["errors"][0]["code"].as_str().unwrap().to_owned()
}

fn svg(inside: &str) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 300 100">{inside}</svg>"#
    )
}

/// A PNG of one color, with alpha.
fn png(width: u32, height: u32, color: [u8; 4]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    let count = usize::try_from(u64::from(width) * u64::from(height)).unwrap();
    writer.write_image_data(&color.repeat(count)).unwrap();
    writer.finish().unwrap();
    file
}

/// The drawing that the service answers with: its size, and the color of a pixel.
async fn drawn(world: &World, path: &str, at: (u32, u32)) -> ((u32, u32), [u8; 3]) {
    let answer = reqwest::get(world.url(path)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(answer.headers()["cross-origin-resource-policy"], "cross-origin", "mail programs show it");
    let bytes = answer.bytes().await.unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(frame.color_type, png::ColorType::Rgb, "nothing can be seen through");
    let start = usize::try_from((at.1 * frame.width + at.0) * 3).unwrap();
    ((frame.width, frame.height), pixels[start..start + 3].try_into().unwrap())
}

#[tokio::test]
async fn a_logo_is_drawn_anew_and_shown_on_pages_in_mails_and_on_paper() {
    let world = World::new().await;
    let poster = async || {
        let request = world.request("GET", "/v1/posters/sign-up.pdf").bearer_auth(&world.keys.ehr);
        request.send().await.unwrap().bytes().await.unwrap()
    };
    let plain = poster().await;
    let settings = put(&world, "image/svg+xml", DRAWING.into()).await.expect_and(200).json();
    let path = settings["logo"]["path"].as_str().unwrap().to_owned();
    assert_eq!((&settings["logo"]["width"], &settings["logo"]["height"]), (&json!(240), &json!(80)));
    assert_eq!(drawn(&world, &path, (10, 10)).await, ((480, 160), [0x0b, 0x5c, 0xad]));
    assert_eq!(drawn(&world, &path, (80, 80)).await.1, [255, 255, 255]);

    let page = world.page(&format!("/{}/sign-up", world.practice)).await.expect_and(200);
    assert!(page.text.contains(&format!("src=\"{path}\" alt=\"\"")), "{}", page.text);
    assert!(page.header("content-security-policy").contains("img-src 'self' data:"));
    world.invited("p1").await;
    let mail = world.last_mail().await;
    let file = path.rsplit('/').next().unwrap();
    let address = format!("{}/logo/{file}\" alt=\"Riverside Family Medicine\"", world.practice);
    assert!(mail.get("html").contains(&address), "{}", mail.get("html"));
    let marked = poster().await;
    assert!(marked.len() > plain.len(), "{} {}", marked.len(), plain.len());
    assert!(String::from_utf8_lossy(&marked).contains("/Subtype/Image"), "the poster shows it");

    let trail = world.ehr("GET", "/v1/audit", None).await.expect_and(200).text;
    assert!(trail.contains("logo"), "{trail}");
    let settings = world.ehr("DELETE", "/v1/settings/logo", None).await.expect_and(200).json();
    assert!(settings.get("logo").is_none());
    // A mail that was sent goes on showing it.
    drawn(&world, &path, (10, 10)).await;
    let other = path.replace(&world.practice, &world.other_practice);
    world.send(world.request("GET", &other)).await.expect(404);
    world.staff(&world.keys.scheduling, "DELETE", "/v1/settings/logo", None).await.expect(403);
    let request = world.request("PUT", "/v1/settings/logo").bearer_auth(&world.keys.scheduling);
    let request = request.header("portico-actor", "rita").header("content-type", "image/svg+xml");
    world.send(request.body(DRAWING)).await.expect(403);
}

#[tokio::test]
async fn a_picture_is_made_small_and_put_on_white() {
    let world = World::new().await;
    let settings = put(&world, "image/png", png(3000, 1000, [200, 0, 0, 128])).await.expect_and(200).json();
    let path = settings["logo"]["path"].as_str().unwrap().to_owned();
    let (size, color) = drawn(&world, &path, (240, 80)).await;
    assert_eq!(size, (480, 160));
    assert!(color[0] > 220 && (120..135).contains(&color[1]), "half through on white: {color:?}");
    // What does not compress is drawn at half the size.
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 480, 160);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    let mut seed = 1_u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from(seed >> 24).unwrap()
    };
    writer.write_image_data(&(0..480 * 160 * 3).map(|_| next()).collect::<Vec<u8>>()).unwrap();
    writer.finish().unwrap();
    let settings = put(&world, "image/png", file).await.expect_and(200).json();
    let path = settings["logo"]["path"].as_str().unwrap().to_owned();
    assert_eq!(drawn(&world, &path, (1, 1)).await.0, (240, 80));
}

#[tokio::test]
async fn a_file_that_is_more_than_a_picture_is_refused() {
    let world = World::new().await;
    for (inside, code) in [
        ("<script>alert(1)</script>", "not_only_shapes"),
        (r#"<image href="https://elsewhere.example/x.png" width="9" height="9"/>"#, "not_only_shapes"),
        (r#"<image xlink:href="data:image/png;base64,AAAA" width="9" height="9"/>"#, "not_only_shapes"),
        (r#"<use href="https://elsewhere.example/x.svg#a"/>"#, "not_only_shapes"),
        (r#"<use xlink:href="file:///etc/passwd#a"/>"#, "not_only_shapes"),
        ("<foreignObject><p>Hello</p></foreignObject>", "not_only_shapes"),
        (r#"<filter id="f"><feGaussianBlur stdDeviation="900"/></filter>"#, "not_only_shapes"),
        (r#"<pattern id="p"><rect width="1" height="1"/></pattern>"#, "not_only_shapes"),
        ("<text x=\"1\" y=\"1\">Riverside</text>", "text_in_logo"),
        ("<rect width=\"300\" height=\"100\" fill=\"#fff\"/>", "nothing_to_see"),
        ("", "nothing_to_see"),
        ("<rect", "malformed_picture"),
    ] {
        assert_eq!(fault(&world, "image/svg+xml", svg(inside)).await, code, "{inside}");
    }
    // Billions of laughs, by entities and by `use`; deep nesting; many parts.
    let laughs = format!(
        "<!DOCTYPE svg [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>{}",
        svg("<desc>&b;</desc><rect width=\"9\" height=\"9\"/>")
    );
    assert_eq!(fault(&world, "image/svg+xml", laughs).await, "malformed_picture");
    let above = (1..30).map(|level| {
        let below = format!("<use href=\"#l{}\"/>", level - 1);
        format!("<g id=\"l{level}\">{}</g>", below.repeat(6))
    });
    let uses = "<g id=\"l0\"><rect width=\"9\" height=\"9\"/></g>".to_owned() + &above.collect::<String>();
    assert_eq!(fault(&world, "image/svg+xml", svg(&uses)).await, "too_complex");
    let deep = format!("{}<rect width=\"9\" height=\"9\"/>{}", "<g>".repeat(2_000), "</g>".repeat(2_000));
    assert_eq!(fault(&world, "image/svg+xml", svg(&deep)).await, "too_complex");
    let above = (1..30).map(|level| {
        let child = format!("<rect width=\"9\" height=\"9\" clip-path=\"url(#c{})\"/>", level - 1);
        format!("<clipPath id=\"c{level}\">{}</clipPath>", child.repeat(6))
    });
    let first = "<clipPath id=\"c0\"><rect width=\"9\" height=\"9\"/></clipPath>".to_owned();
    let clips = first + &above.collect::<String>();
    let clipped = svg(&format!("{clips}<rect width=\"9\" height=\"9\" clip-path=\"url(#c29)\"/>"));
    assert_eq!(fault(&world, "image/svg+xml", clipped).await, "too_complex");
    let many = "<rect width=\"1\" height=\"1\"/>".repeat(6_000);
    assert_eq!(fault(&world, "image/svg+xml", svg(&many)).await, "malformed_picture");

    let wide = png(2000, 20, [0, 0, 0, 255]);
    assert_eq!(fault(&world, "image/png", wide).await, "bad_proportions");
    // A header of 60,000 by 60,000 pixels before a few bytes.
    let mut bomb = png(10, 10, [0, 0, 0, 255]);
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let sum = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(fault(&world, "image/png", bomb).await, "too_many_pixels");
    let mut cut = png(300, 100, [0, 0, 0, 255]);
    cut.truncate(cut.len() / 2);
    assert_eq!(fault(&world, "image/png", cut).await, "malformed_picture");
    for wrong in [&b"GIF89a"[..], b"\xff\xd8\xff\xe0JFIF", b"<html></html>", b"\x00\x01", b""] {
        assert_eq!(fault(&world, "image/png", wrong).await, "not_png_or_svg");
    }
    put(&world, "image/jpeg", vec![0; 10]).await.expect(415);
    put(&world, "image/png", vec![0; 600 * 1024]).await.expect(413);
    assert!(world.ehr("GET", "/v1/settings", None).await.json().get("logo").is_none());
}

/// The checksum of a chunk of a PNG.
fn crc32(bytes: &[u8]) -> u32 {
    let step =
        |sum: u32, byte: &u8| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 }
            })
        };
    !bytes.iter().fold(u32::MAX, step)
}

#[tokio::test]
async fn a_manager_sets_and_removes_the_logo_on_the_page_of_settings() {
    let world = World::new().await;
    let window = world.window(&world.keys.ehr).await;
    let upload = async |body: String| {
        let request = world.request("POST", "/console/settings/logo").header("accept", "text/html");
        let request = request.header("cookie", &window.cookie).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "multipart/form-data; boundary=edge");
        world.send(request.body(body)).await
    };
    let file = |content: &str| {
        format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"logo.svg\"\r\n\r\n{content}\r\n--edge--\r\n"
        )
    };
    let refused = upload(file(&svg("<text>x</text>"))).await.expect_and(400).text;
    assert!(refused.contains("Turn it into outlines") && refused.contains("Error: Settings"), "{refused}");
    let missing = upload(file("")).await.expect_and(400).text;
    assert!(missing.contains("Choose a file first."), "{missing}");
    upload(file(DRAWING)).await.expect(303);
    let page = window.page("/console/settings").await.expect_and(200).text;
    assert!(page.contains("class=\"logo\"") && page.contains("Remove the logo"), "{page}");
    let preview = window.page("/console/previews/email-invitation").await.expect_and(200).text;
    assert!(preview.contains("/logo/"), "{preview}");
    let removes = "--edge\r\nContent-Disposition: form-data; name=\"remove\"\r\n\r\nyes\r\n--edge--\r\n";
    upload(removes.to_owned()).await.expect(303);
    assert!(!window.page("/console/settings").await.text.contains("class=\"logo\""));
}
