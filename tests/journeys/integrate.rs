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
