//! Printed letters and the poster, read as a person would read them: with the eye, and with a phone's camera.

use std::fs;
use std::path::Path;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use portico_testkit::{World, token_in};
use serde_json::{Value, json};

/// The addresses in the QR codes of each page of a file, as a camera reads them from the rendered page.
fn scanned(pdf: &[u8]) -> Vec<Vec<String>> {
    let pdf = Pdf::new(pdf.to_vec()).expect("a PDF file");
    let cache = RenderCache::new();
    let read = |page| {
        let settings = PixmapSettings { x_scale: 2.0, y_scale: 2.0, bg_color: WHITE };
        let pixmap =
            render(page, &cache, &InterpreterSettings::default(), &RenderSettings::default(), &settings);
        let (width, height) = (usize::from(pixmap.width()), usize::from(pixmap.height()));
        let pixels = pixmap.data_as_u8_slice();
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[(y * width + x) * 4]);
        image.detect_grids().iter().map(|grid| grid.decode().expect("a readable code").1).collect()
    };
    pdf.pages().iter().map(read).collect()
}

/// The bytes of a file that staff ask for.
async fn file(world: &World, path: &str) -> Vec<u8> {
    let request = world.request("GET", path).bearer_auth(&world.keys.ehr).header("portico-actor", "dr.lee");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let bytes = answer.bytes().await.unwrap().to_vec();
    keep(path, &bytes);
    bytes
}

/// Leaves the file for `tests/lint-letters`.
fn keep(path: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/letters");
    let name: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{}-{}.pdf", name.trim_matches('-'), bytes.len())), bytes).unwrap();
}

fn chart(change: Value) -> Value {
    let mut all = json!({
        "email": null, "mobile_phone": null, "address_line": "12 River Road", "city": "Cambridge", "state": "MA",
    });
    if let (Some(all), Value::Object(change)) = (all.as_object_mut(), change) {
        all.extend(change);
    }
    World::chart_with(all)
}

const LETTER: &str = "/v1/patients/p1/invitations/current/letter.pdf";

#[tokio::test]
async fn a_patient_without_e_mail_or_phone_registers_with_a_letter() {
    let world = World::new().await;
    world.patient("p1", chart(json!({}))).await;
    let invitation = world.invite("p1", "print").await.expect_and(201).json();
    let letter = file(&world, LETTER).await;
    let codes = scanned(&letter);
    assert_eq!(codes.len(), 1, "one page, in the patient's language");
    let link = &codes[0][0];
    assert!(link.starts_with(&world.url("/i/")), "{link}");
    assert_eq!(file(&world, LETTER).await, letter, "printed again, it is the same page");

    // The letter has the office's code, too. Who finds it lacks the name and the birth date.
    let token = token_in(link);
    let code = invitation["access_code"].as_str().unwrap();
    let facts = json!({
        "as": "patient", "family_name": "quillfeather", "birth_date": "04/27/1945", "access_code": code,
    });
    let ticket = world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200).str("/ticket");
    world.register(&token, &ticket, "rosa77").await.expect(201);
    let gone = world.ehr("GET", LETTER, None).await.expect_and(409);
    assert_eq!(gone.json()["reasons"], json!(["nothing_to_print"]));
    let events = world.ehr("GET", "/v1/audit?patient_id=p1", None).await.json();
    let printed =
        events["events"].as_array().unwrap().iter().filter(|event| event["action"] == "letter_printed");
    assert_eq!(printed.count(), 2, "each time is an event");
}

#[tokio::test]
async fn a_letter_is_in_both_languages_if_none_is_known_and_on_the_paper_that_was_asked_for() {
    let world = World::new().await;
    world.settings(json!({"letter_points": 18})).await;
    world.patient("p1", chart(json!({"language": null}))).await;
    world.invite("p1", "print").await.expect(201);
    let pages = scanned(&file(&world, &format!("{LETTER}?paper=a4")).await);
    let links: Vec<&String> = pages.iter().flatten().collect();
    assert_eq!(links.len(), 2, "{pages:?}");
    assert_eq!(format!("{}?lang=es", links[0]), *links[1]);
    world.ehr("GET", &format!("{LETTER}?paper=a5"), None).await.expect(400);
}

#[tokio::test]
async fn letters_of_many_patients_come_in_one_file_and_each_refusal_has_its_reasons() {
    let world = World::new().await;
    for id in ["p1", "p2", "p3", "dead", "in", "out"] {
        world.patient(id, chart(json!({"given_name": "Ida"}))).await;
    }
    world.patient("dead", chart(json!({"chart_status": "deceased"}))).await;
    world.registered("in", "rosa.q").await;
    world.revoke("out", "other").await.expect(200);
    world.invite("p2", "print").await.expect(201);
    let before = world.portal("p2").await["invitation"]["invitation_id"].clone();
    let asked = json!({"patient_ids": ["p1", "p2", "p1", "dead", "in", "out", "nobody", "p3"]});
    let made = world.ehr("POST", "/v1/letters", Some(asked)).await.expect_and(200).json();
    assert_eq!(made["made"], json!(["p1", "p2", "p3"]));
    let refused = json!([
        {"patient_id": "dead", "reasons": ["deceased"]},
        {"patient_id": "in", "reasons": ["already_registered"]},
        {"patient_id": "out", "reasons": ["revoked"]},
        {"patient_id": "nobody", "reasons": ["not_found"]},
    ]);
    assert_eq!(made["refused"], refused);
    assert_eq!(world.portal("p2").await["invitation"]["invitation_id"], before, "a letter that works stays");
    let path = format!("/v1/letters/{}.pdf", made["letters_id"].as_str().unwrap());
    let pages = scanned(&file(&world, &path).await);
    let mut links: Vec<String> = pages.into_iter().flatten().collect();
    assert_eq!(links.len(), 3);
    links.dedup();
    assert_eq!(links.len(), 3, "each has a link of their own");

    world.staff(&world.other_keys.ehr, "GET", &path, None).await.expect(404);
    world.staff(&world.keys.portal, "GET", &path, None).await.expect(403);
    world.ehr("GET", "/v1/letters/nothing.pdf", None).await.expect(404);
    world.ehr("POST", "/v1/letters", Some(json!({"patient_ids": []}))).await.expect(400);
}

#[tokio::test]
async fn one_idempotency_key_makes_one_file_of_letters() {
    let world = World::new().await;
    world.patient("p1", chart(json!({}))).await;
    let ask = async || {
        let request = world.request("POST", "/v1/letters").bearer_auth(&world.keys.ehr);
        let request = request.header("portico-actor", "dr.lee").header("idempotency-key", "k");
        world.send(request.json(&json!({"patient_ids": ["p1"]}))).await.expect_and(200).json()
    };
    assert_eq!(ask().await, ask().await);
}

#[tokio::test]
async fn staff_tick_that_a_letter_was_handed_over() {
    let world = World::new().await;
    world.patient("p1", chart(json!({}))).await;
    let path = "/v1/patients/p1/invitations/current/handed-over";
    world.ehr("POST", path, None).await.expect(409);
    world.invite("p1", "print").await.expect(201);
    let portal = world.ehr("POST", path, None).await.expect_and(200).json();
    assert_eq!(portal["invitation"]["delivery"], "delivered");
    let first = portal["invitation"]["handed_over_at"].clone();
    assert!(first.is_string());
    world.advance(60);
    let again = world.ehr("POST", path, None).await.expect_and(200).json();
    assert_eq!(again["invitation"]["handed_over_at"], first);
    assert_eq!(world.portal("p1").await["invitation"], again["invitation"]);
}

#[tokio::test]
async fn the_poster_leads_to_the_practices_sign_up_page_in_each_language() {
    let world = World::new().await;
    let pages = scanned(&file(&world, "/v1/posters/sign-up.pdf").await);
    let page = world.url(&format!("/{}/sign-up", world.practice));
    assert_eq!(pages, [[format!("{page}?lang=en")], [format!("{page}?lang=es")]]);
    let path = page.strip_prefix(&world.url("")).unwrap();
    world.page(path).await.expect(200);
    world.staff(&world.keys.portal, "GET", "/v1/posters/sign-up.pdf", None).await.expect(403);
}

#[tokio::test]
async fn a_letter_is_printed_for_any_name_and_address() {
    let world = World::new().await;
    let names =
        ["Ngọc Ánh", "José-María", "小明", "O’Neil", "Ştefania Żółć", "Wolfeschlegelsteinhausenbergerdorff"];
    for (number, name) in names.iter().enumerate() {
        let id = format!("p{}", number + 1);
        let line =
            "Apartment 12345, 98765 Northeast Martin Luther King Junior Boulevard and Twenty-Second Avenue";
        world.patient(&id, chart(json!({"given_name": name, "address_line": line}))).await;
        world.invite(&id, "print").await.expect(201);
        let path = format!("/v1/patients/{id}/invitations/current/letter.pdf");
        assert_eq!(scanned(&file(&world, &path).await).into_iter().flatten().count(), 1, "{name}");
    }
}

#[tokio::test]
async fn staff_print_the_letters_of_many_and_say_that_they_gave_them_away() {
    let world = World::new().await;
    for (id, change) in [
        ("a", json!({"given_name": "Ann", "email": null, "mobile_phone": null})),
        ("b", json!({"given_name": "Ben", "email": null, "mobile_phone": null})),
        ("c", json!({"given_name": "Cem", "chart_status": "deceased"})),
    ] {
        world.patient(id, World::chart_with(change)).await;
    }
    let window = world.window(&world.keys.ehr).await;
    let ticked = ["a", "b", "c"].map(|id| ("patient_ids", id));
    let page = window.send("/console/patients/letters", &ticked).await.expect_and(200).text;
    assert!(page.contains("2 letters, 1 without") && page.contains("Quillfeather, Ann"), "{page}");
    assert!(page.contains("Quillfeather, Cem") && page.contains("Patient has died"), "{page}");
    let (_, path) = page.split_once("href=\"/console/letters/").unwrap();
    let path = format!("/console/letters/{}", path.split('"').next().unwrap());
    let file = window.page(&path).await.expect_and(200);
    assert_eq!(file.header("content-type"), "application/pdf");

    let done = window.act(&format!("{path}/handed-over"), &[]).await.text;
    assert!(done.contains("Recorded: 2 patients have their letters."), "{done}");
    let page = window.page("/console/patients/a").await.text;
    assert!(page.contains("Letter given"), "{page}");
    // Once more changes nothing for anybody else's letters, and another practice finds none.
    let other = world.window(&world.other_keys.ehr).await;
    other.page(&path).await.expect(404);
    other.send(&format!("{path}/handed-over"), &[]).await.expect(404);

    let none = window.act("/console/patients/letters", &[]).await.text;
    assert!(none.contains("Tick somebody first."), "{none}");
    let many: Vec<String> = (0..101).map(|number| format!("p{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|id| ("patient_ids", id.as_str())).collect();
    let page = window.act("/console/patients/letters", &many).await.text;
    assert!(page.contains("100 letters are the most at a time."), "{page}");
}
