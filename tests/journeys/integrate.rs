//! Importing charts, as FHIR and as plain JSON.

use portico_local::demo::SAMPLE;
use portico_testkit::World;
use serde_json::{Value, json};

async fn import(world: &World, kind: &str, body: String) -> Value {
    let request = world.request("POST", "/v1/patients/import").bearer_auth(&world.keys.ehr);
    let request = request.header("portico-actor", "nightly").header("content-type", kind).body(body);
    world.send(request).await.expect_and(200).json()
}

#[tokio::test]
async fn fhir_comes_in_by_line_and_a_second_import_changes_nothing() {
    let world = World::new().await;
    let body = SAMPLE.concat();
    let first = import(&world, "application/fhir+ndjson", body.clone()).await;
    assert_eq!(
        (&first["created"], &first["updated"], &first["rejected"]),
        (&json!(180), &json!(0), &json!([]))
    );
    let before = world.items().await;
    let second = import(&world, "application/fhir+ndjson", body).await;
    assert_eq!(
        (&second["created"], &second["updated"], &second["unchanged"]),
        (&json!(0), &json!(0), &json!(180))
    );
    assert_eq!(world.items().await, before, "what is known is not written");
}

#[tokio::test]
async fn each_bad_line_is_reported_and_the_good_ones_go_in() {
    let world = World::new().await;
    let patient = |id: &str| json!({"resourceType": "Patient", "id": id, "name": [{"family": "Ash", "given": ["Lin"]}], "birthDate": "1970-05-06"});
    let mut nameless = patient("b");
    nameless["name"] = json!([]);
    let mut undated = patient("c");
    undated["birthDate"] = Value::Null;
    let mut dead = patient("d");
    dead["deceasedDateTime"] = json!("2020-01-01T00:00:00Z");
    let mut merged = patient("e");
    merged["link"] = json!([{"type": "replaced-by", "other": {"reference": "Patient/a"}}]);
    let mut twice = patient("a");
    twice["birthDate"] = json!("1971-05-06");
    let stray = json!({"resourceType": "Encounter", "id": "v1", "status": "finished", "subject": {"reference": "Patient/nobody"},
        "period": {"start": "2026-01-02T10:00:00-05:00", "end": "2026-01-02T10:30:00-05:00"}});
    let lines = [
        patient("a").to_string(),
        nameless.to_string(),
        "{not json".to_owned(),
        undated.to_string(),
        dead.to_string(),
        merged.to_string(),
        twice.to_string(),
        stray.to_string(),
    ];
    let report = import(&world, "application/fhir+ndjson", lines.join("\n")).await;
    assert_eq!(report["created"], 3);
    let rejected: Vec<(u64, &str)> = report["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["line"].as_u64().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        rejected,
        [
            (2, "missing_name"),
            (3, "malformed"),
            (4, "missing_birth_date"),
            (7, "duplicate_resource"),
            (8, "unknown_patient")
        ]
    );
    assert_eq!(
        world.portal("d").await["blockers"],
        json!(["deceased", "missing_email", "missing_mobile_phone"])
    );
    assert_eq!(
        world.portal("e").await["blockers"],
        json!(["chart_inactive", "missing_email", "missing_mobile_phone"])
    );
}

#[tokio::test]
async fn a_bundle_and_plain_json_come_in_too() {
    let world = World::new().await;
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "Patient", "id": "kid", "name": [{"family": "Ash", "given": ["Lin"]}], "birthDate": "2018-05-06"}},
        {"resource": {"resourceType": "RelatedPerson", "id": "mom", "patient": {"reference": "Patient/kid"},
            "name": [{"family": "Ash", "given": ["Mara"]}], "relationship": [{"text": "mother"}],
            "telecom": [{"system": "email", "value": "mara@example.com"}]}},
    ]});
    let report = import(&world, "application/fhir+json", bundle.to_string()).await;
    assert_eq!((&report["created"], &report["rejected"]), (&json!(2), &json!([])));
    let chart = world.ehr("GET", "/v1/patients/kid", None).await.expect_and(200).json();
    assert_eq!(
        (&chart["contacts"][0]["given_name"], &chart["contacts"][0]["relationship"]),
        (&json!("Mara"), &json!("mother"))
    );

    let created = world
        .ehr("PUT", "/v1/patients/p1", Some(World::chart_with(json!({"tags": ["diabetes-class"]}))))
        .await;
    created.expect(201);
    let before = world.items().await;
    let unchanged = world.ehr("PUT", "/v1/patients/p1", Some(World::chart())).await.expect_and(200).json();
    assert_eq!(unchanged["tags"], json!(["diabetes-class"]), "labels that are not stated stay");
    assert_eq!(world.items().await, before, "an unchanged chart writes nothing");
    let cleared =
        world.ehr("PUT", "/v1/patients/p1", Some(World::chart_with(json!({"postal_code": null})))).await;
    assert!(cleared.expect_and(200).json().get("postal_code").is_none(), "any other absent field is cleared");
}

async fn table(world: &World, query: &str, text: &[u8]) -> portico_testkit::Answer {
    world.advance(1);
    let request = world.request("POST", &format!("/v1/patients/import?{query}")).bearer_auth(&world.keys.ehr);
    let request = request.header("portico-actor", "dr.lee").header("content-type", "text/csv");
    world.send(request.body(text.to_vec())).await
}

#[tokio::test]
async fn a_spreadsheet_is_looked_at_first_and_then_taken_in_and_bad_lines_stop_nobody() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let text = "Chart,First name,Last name,DOB,Email,Zip,Notes\n\
                p1,Rosa,Quillfeather,04/27/1945,,2139,x\n\
                p2,Ana,Ruiz,3/4/58,ana@example.com,01101,\n\
                p3,Ben,Ash,13/25/58,ben@example.com,01101,\n\
                ,Cem,Oak,1980-02-03,cem@example.com,,\n\
                ,Rosa,Quillfeather,1945-04-27,,,\n";
    let looked = table(&world, "dry_run=true", text.as_bytes()).await.expect_and(200).json();
    let count = |body: &Value| ["created", "updated", "unchanged"].map(|name| body[name].as_u64().unwrap());
    assert_eq!(count(&looked), [2, 0, 2], "{looked}");
    assert_eq!(looked["rejected"][0]["line"], 4);
    assert!(looked["rejected"][0]["detail"].as_str().unwrap().starts_with("DOB: "), "{looked}");
    assert_eq!(looked["rows"][1]["birth_date"], "1958-03-04");
    assert_eq!(looked["columns"][6], json!({"column": "Notes", "field": null}));
    assert_eq!(looked["warnings"][0]["code"], "zip_zero_added");
    world.ehr("GET", "/v1/patients/p2", None).await.expect(404);

    let taken = table(&world, "", text.as_bytes()).await.expect_and(200).json();
    assert_eq!(count(&taken), [2, 0, 2]);
    let kept = world.ehr("GET", "/v1/patients/p1", None).await.json();
    assert_eq!(kept["email"], "rosa.quillfeather@example.com", "an empty cell leaves what is there");
    let again = table(&world, "", text.as_bytes()).await.expect_and(200).json();
    assert_eq!(count(&again), [0, 0, 4], "the second time nothing changes");
    world.service.idle().await;
    let found = world.ehr("GET", "/v1/onboarding?q=cem", None).await.json();
    assert_eq!(found["patients"].as_array().unwrap().len(), 1, "a line without an id is one patient");
    let rest = table(&world, "from_line=5", text.as_bytes()).await.expect_and(200).json();
    assert_eq!(count(&rest), [0, 0, 2]);
}

#[tokio::test]
async fn a_line_that_fits_two_charts_and_files_that_are_no_table_are_named() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world.patient("p2", World::chart()).await;
    let text = b"First,Last,DOB\nRosa,Quillfeather,1945-04-27\n";
    let taken = table(&world, "", text).await.expect_and(200).json();
    assert_eq!(taken["rejected"][0]["code"], "ambiguous");
    for (text, code) in [
        (&b"PK\x03\x04"[..], "spreadsheet"),
        (b"\xff\xfea\0", "utf_16"),
        (b"a,b\nx\0,y\n", "not_text"),
        (b"just one\n", "one_column"),
        (b"First,Phone\nA,1\n", "missing_column"),
    ] {
        let refused = table(&world, "", text).await.expect_and(400).json();
        assert_eq!(refused["errors"][0]["code"], code);
    }
    table(&world, "", &vec![b'a'; 4 * 1024 * 1024 + 1]).await.expect(413);
    table(&world, "dry_run=maybe", text).await.expect(400);
}

#[tokio::test]
async fn a_dry_run_of_fhir_writes_nothing() {
    let world = World::new().await;
    let line = json!({"resourceType": "Patient", "id": "p9", "name": [{"family": "Oak", "given": ["Ken"]}], "birthDate": "1970-01-02"});
    let request = world.request("POST", "/v1/patients/import?dry_run=true").bearer_auth(&world.keys.ehr);
    let request = request.header("portico-actor", "dr.lee").header("content-type", "application/fhir+json");
    let answer = world.send(request.body(line.to_string())).await.expect_and(200).json();
    assert_eq!(answer["created"], 1);
    world.ehr("GET", "/v1/patients/p9", None).await.expect(404);
}
