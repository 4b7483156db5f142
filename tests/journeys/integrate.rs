//! Importing charts, as FHIR and as plain JSON.

use portico_local::demo::SAMPLE;
use portico_testkit::{PASSWORD, World};
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
async fn a_death_comes_in_by_every_way_whatever_else_is_wrong_with_the_chart() {
    let world = World::new().await;
    for id in ["json", "fhir", "csv"] {
        world.patient(id, World::chart()).await;
    }
    let bad = json!({
        "family_name": "x".repeat(101), "birth_date": "04/27/45", "email": "none at all", "postal_code": "?", "language": "?",
        "mobile_phone": "call the daughter", "visits": [{"id": "v1", "date": "soon"}], "chart_status": "Deceased",
    });
    let put = world.ehr("PUT", "/v1/patients/json", Some(bad)).await.expect_and(200).json();
    let pointers: Vec<&str> = put["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "/family_name",
            "/birth_date",
            "/email",
            "/postal_code",
            "/language",
            "/visits/0/date",
            "/mobile_phone",
        ]
    );
    assert_eq!(
        (put["family_name"].as_str(), put["email"].as_str()),
        (Some("Quillfeather"), Some("rosa.quillfeather@example.com"))
    );

    let resource = json!({"resourceType": "Patient", "id": "fhir", "name": "Rosa", "birthDate": "1945", "telecom": 5,
        "deceasedBoolean": "true"});
    let report = import(&world, "application/fhir+ndjson", resource.to_string()).await;
    assert_eq!((&report["updated"], &report["rejected"]), (&json!(1), &json!([])));
    let codes: Vec<&str> = report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["unusable_field", "malformed", "incomplete_birth_date"]);

    let table = "MRN,First,Last,DOB,Email,Cell,Status\ncsv,Rosa,,soon,nobody,2.03E+09,died\nnew,Rosa,Lee,soon,,,died\n";
    let report = import(&world, "text/csv", table.to_owned()).await;
    assert_eq!((&report["updated"], &report["rejected"][0]["code"]), (&json!(1), &json!("invalid_date")));
    assert!(report["rejected"][0]["detail"].as_str().unwrap().starts_with("DOB: "), "{report}");

    for id in ["json", "fhir", "csv"] {
        assert_eq!(world.portal(id).await["blockers"][0], "deceased", "{id}");
    }
}

#[tokio::test]
async fn a_quick_add_needs_only_the_contact_that_it_writes_to() {
    let world = World::new().await;
    let add = |more: Value| {
        let mut body = json!({"given_name": "Kit", "family_name": "Ash", "birth_date": "May 6, 1970", "activate_portal": true,
            "allow_duplicate": true});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let world = &world;
        async move { world.ehr("POST", "/v1/patients", Some(body)).await }
    };
    let added =
        add(json!({"email": "kit@example.com", "mobile_phone": "ask his wife"})).await.expect_and(201).json();
    assert_eq!(
        (&added["warnings"][0]["code"], &added["patient"]["mobile_phone"]),
        (&json!("unusable_phone"), &json!("ask his wife"))
    );
    let added = add(json!({"channel": "sms", "email": "kit at example", "mobile_phone": "2025550143"})).await;
    let added = added.expect_and(201).json();
    assert_eq!(
        (&added["warnings"][0]["pointer"], &added["patient"]["email"]),
        (&json!("/email"), &Value::Null)
    );
    for (more, pointer) in [
        (json!({"email": "kit at example", "mobile_phone": "2025550143"}), "/email"),
        (json!({"channel": "email", "email": "kit at example"}), "/email"),
        (json!({"channel": "sms", "mobile_phone": "ask his wife"}), "/mobile_phone"),
    ] {
        let refused = add(more).await.expect_and(400).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
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
async fn lines_about_the_same_person_count_in_their_order_however_many_are_taken_in_together() {
    let world = World::new().await;
    let mut text = "Chart,First,Last,DOB,Email\n".to_owned();
    for number in 0..30 {
        let line = format!("p{},Ana,Ruiz,1958-03-04,a{number}@example.com\n", number % 3);
        text.push_str(&line);
    }
    // Without a chart id, the second line is about the person that the first one made.
    text.push_str(",Cem,Oak,1980-02-03,one@example.com\n,Cem,Oak,1980-02-03,two@example.com\n");
    let taken = table(&world, "", text.as_bytes()).await.expect_and(200).json();
    assert_eq!((&taken["created"], &taken["updated"]), (&json!(4), &json!(28)), "{taken}");
    for (id, email) in [("p0", "a27@example.com"), ("p1", "a28@example.com"), ("p2", "a29@example.com")] {
        assert_eq!(world.ehr("GET", &format!("/v1/patients/{id}"), None).await.json()["email"], email);
    }
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

#[tokio::test]
async fn fhir_takes_back_visits_and_contacts_and_a_deleted_patient_is_inactive() {
    let world = World::new().await;
    let patient = json!({"resourceType": "Patient", "id": "kid", "name": [{"family": "Ash", "given": ["Lin"]}], "birthDate": "2018-05-06",
        "contact": [{"name": {"text": "Mara Ash"}, "relationship": [{"text": "mother"}]}]});
    let visit = json!({"resourceType": "Encounter", "id": "e1", "status": "finished", "subject": {"reference": "Patient/kid"},
        "period": {"start": "2026-01-02T10:00:00-05:00", "end": "2026-01-02T10:30:00-05:00"}});
    let aunt = json!({"resourceType": "RelatedPerson", "id": "r1", "patient": {"reference": "Patient/kid"},
        "name": [{"family": "Ash", "given": ["Ida"]}], "relationship": [{"text": "aunt"}]});
    let lines = |all: &[&Value]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let first = import(&world, "application/x-ndjson", lines(&[&patient, &visit, &aunt])).await;
    assert_eq!((&first["created"], &first["rejected"]), (&json!(3), &json!([])));
    let chart = world.ehr("GET", "/v1/patients/kid", None).await.json();
    assert_eq!(
        (chart["visits"].as_array().unwrap().len(), chart["contacts"].as_array().unwrap().len()),
        (1, 2)
    );

    let (mut cancelled, mut past, mut alone) = (visit.clone(), aunt.clone(), patient.clone());
    cancelled["status"] = json!("entered-in-error");
    past["period"] = json!({"end": "2020"});
    alone["contact"] = json!([]);
    let body = lines(&[&alone, &cancelled, &past]);
    let second = import(&world, "application/ndjson", body.clone()).await;
    assert_eq!((&second["updated"], &second["rejected"]), (&json!(3), &json!([])), "{second}");
    let chart = world.ehr("GET", "/v1/patients/kid", None).await.json();
    assert_eq!((&chart["visits"], &chart["contacts"]), (&json!([]), &json!([])));
    let again = import(&world, "application/ndjson", body).await;
    assert_eq!(again["unchanged"], 3, "{again}");

    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"request": {"method": "DELETE", "url": "Patient/kid"}},
        {"request": {"method": "DELETE", "url": "Patient/nobody"}},
    ]});
    let deleted = import(&world, "application/fhir+json", bundle.to_string()).await;
    assert_eq!(
        (&deleted["updated"], &deleted["rejected"][0]["code"]),
        (&json!(1), &json!("unknown_patient")),
        "{deleted}"
    );
    assert_eq!(world.portal("kid").await["blockers"][0], "chart_inactive");
}

/// An export in gzip's format: one block that is stored as it is (RFC 1951), with a checksum of its own (RFC 1952).
fn gzipped(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let length = u16::try_from(bytes.len()).unwrap();
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let head =
        [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1][..], &length.to_le_bytes(), &(!length).to_le_bytes()]
            .concat();
    [&head[..], bytes, &(!crc).to_le_bytes(), &u32::from(length).to_le_bytes()].concat()
}

#[tokio::test]
async fn a_compressed_export_comes_in_and_a_broken_one_is_refused() {
    let world = World::new().await;
    let line = r#"{"resourceType":"Patient","id":"z","name":[{"family":"Ash","given":["Lin"]}],"birthDate":"1970-05-06"}"#;
    let send = async |kind: &str, body: Vec<u8>| {
        let request = world.request("POST", "/v1/patients/import").bearer_auth(&world.keys.ehr);
        let request = request.header("portico-actor", "nightly").header("content-type", kind);
        world.send(request.header("content-encoding", "gzip").body(body)).await
    };
    let taken = send("application/fhir+ndjson", gzipped(line)).await.expect_and(200).json();
    assert_eq!(taken["created"], 1, "{taken}");
    let table = send("text/csv", gzipped("First,Last,DOB\nKit,Ash,5/6/1971\n")).await.expect_and(200).json();
    assert_eq!(table["created"], 1, "{table}");
    let mut broken = gzipped(line);
    broken.truncate(20);
    send("application/fhir+ndjson", broken).await.expect(400);
}

/// Two charts of one person, the login at the one that is merged into the other.
async fn with_two_charts(world: &World) -> String {
    let session = world.registered("p-old", "rosa.q").await;
    world.patient("p-new", World::chart()).await;
    session
}

async fn accounts_of(world: &World, patient: &str) -> Vec<(String, String)> {
    let portal = world.portal(patient).await;
    let accounts = portal["accounts"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    accounts.map(|account| (text(&account["username"]), text(&account["state"]))).collect()
}

async fn actions_of(world: &World, patient: &str) -> Vec<String> {
    let trail =
        world.ehr("GET", &format!("/v1/audit?patient_id={patient}"), None).await.expect_and(200).json();
    let events = trail["events"].as_array().unwrap().iter();
    events.map(|event| event["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_merge_closes_the_old_chart_at_once_and_staff_move_its_login() {
    let world = World::new().await;
    let session = with_two_charts(&world).await;
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"resource": {"resourceType": "Patient", "id": "p-new", "active": true,
            "link": [{"type": "replaces", "other": {"reference": "Patient/p-old"}}]}},
    ]});
    let request = world.request("POST", "/v1/patients/import").bearer_auth(&world.keys.ehr);
    let request = request.header("portico-actor", "dr.lee").header("content-type", "application/fhir+json");
    world.send(request.body(bundle.to_string())).await.expect(200);
    world.service.idle().await;

    // The old chart opens no more, and each chart shows the other.
    assert_eq!(world.introspect(&session).await["active"], false);
    assert_eq!(world.sign_in("rosa.q", PASSWORD).await.expect_and(403).code(), "access_revoked");
    assert_eq!(accounts_of(&world, "p-old").await, [("rosa.q".to_owned(), "suspended".to_owned())]);
    let old = world.ehr("GET", "/v1/patients/p-old", None).await.expect_and(200).json();
    let new = world.ehr("GET", "/v1/patients/p-new", None).await.expect_and(200).json();
    assert_eq!((&old["replaced_by"], &new["replaces"]), (&json!("p-new"), &json!(["p-old"])));
    assert_eq!(old["portal"]["blockers"], json!(["chart_inactive"]));
    let things = world.ehr("GET", "/v1/attention", None).await.expect_and(200).json();
    assert_eq!(things["counts"]["chart_merged"], 1, "{things}");

    let moved = world.ehr("POST", "/v1/patients/p-old/accounts/move", None).await.expect_and(200).json();
    assert_eq!((&moved["to"], &moved["stayed"]), (&json!("p-new"), &json!([])));
    assert_eq!(moved["moved"].as_array().unwrap().len(), 1);
    assert_eq!(accounts_of(&world, "p-new").await, [("rosa.q".to_owned(), "active".to_owned())]);
    assert_eq!(accounts_of(&world, "p-old").await, []);
    assert_eq!(world.introspect(&session).await["active"], false, "a session from before opens nothing");
    let session = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    let grants = world.introspect(&session).await["grants"].clone();
    assert_eq!((&grants[0]["patient_id"], grants.as_array().unwrap().len()), (&json!("p-new"), 1));
    for patient in ["p-old", "p-new"] {
        assert!(actions_of(&world, patient).await.contains(&"account_moved".to_owned()), "{patient}");
    }
    let whole = world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json();
    assert_eq!(whole["intact"], true, "{whole}");
    let things = world.ehr("GET", "/v1/attention", None).await.expect_and(200).json();
    assert_eq!(things["items"], json!([]), "it is settled");

    // Again, nothing moves; a chart that was not merged has nowhere to move to.
    let again = world.ehr("POST", "/v1/patients/p-old/accounts/move", None).await.expect_and(200).json();
    assert_eq!(again["moved"], json!([]));
    world.ehr("POST", "/v1/patients/p-new/accounts/move", None).await.expect(404);
}

#[tokio::test]
async fn the_holder_takes_the_login_of_a_merged_chart_along_by_the_link_of_the_other() {
    let world = World::new().await;
    with_two_charts(&world).await;
    let link = |ticket: &str| json!({"ticket": ticket, "username": "rosa.q", "password": PASSWORD});
    // Before the merge, it is another person's own login.
    let token = world.invited("p-new").await;
    let ticket = world.ticket(&token).await;
    let refused = world.post(&format!("/i/{token}/link"), link(&ticket)).await.expect_and(409);
    assert_eq!(refused.json()["reasons"], json!(["already_own"]));

    let merged = World::chart_with(json!({"replaced_by": "p-new"}));
    world.ehr("PUT", "/v1/patients/p-old", Some(merged)).await.expect(200);
    assert_eq!(world.sign_in("rosa.q", PASSWORD).await.expect_and(403).code(), "access_revoked");
    world.post(&format!("/i/{token}/link"), link(&ticket)).await.expect(200);
    assert_eq!(accounts_of(&world, "p-new").await, [("rosa.q".to_owned(), "active".to_owned())]);
    assert_eq!(accounts_of(&world, "p-old").await, []);
    assert!(actions_of(&world, "p-old").await.contains(&"account_moved".to_owned()));
}

#[tokio::test]
async fn a_login_stays_at_a_merged_chart_where_it_must_not_move_and_a_merge_can_be_undone() {
    let world = World::new().await;
    with_two_charts(&world).await;
    world.invite("p-new", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let ticket = world.ticket(&token).await;
    world.register(&token, &ticket, "rosa.second").await.expect(201);
    let put = |replaced_by: Value| World::chart_with(json!({"replaced_by": replaced_by}));
    // A chart is not merged into itself.
    world.ehr("PUT", "/v1/patients/p-old", Some(put(json!("p-old")))).await.expect(200);
    world.sign_in("rosa.q", PASSWORD).await.expect(200);

    world.ehr("PUT", "/v1/patients/p-old", Some(put(json!("p-new")))).await.expect(200);
    // Who is the patient has one login of their own.
    let moved = world.ehr("POST", "/v1/patients/p-old/accounts/move", None).await.expect_and(200).json();
    assert_eq!((&moved["moved"], moved["stayed"].as_array().unwrap().len()), (&json!([]), 1));
    // A move gives no access back that was taken away.
    world.revoke("p-new", "compromised").await.expect(200);
    let refused = world.ehr("POST", "/v1/patients/p-old/accounts/move", None).await.expect_and(409);
    assert_eq!(refused.json()["reasons"], json!(["access_revoked"]));

    // A chart that says nothing of a merge undoes none; an empty one does.
    world.ehr("PUT", "/v1/patients/p-old", Some(World::chart())).await.expect(200);
    assert_eq!(world.sign_in("rosa.q", PASSWORD).await.expect_and(403).code(), "access_revoked");
    world.ehr("PUT", "/v1/patients/p-old", Some(put(json!("")))).await.expect(200);
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
    world.service.idle().await;
    let new = world.ehr("GET", "/v1/patients/p-new", None).await.expect_and(200).json();
    assert_eq!(new.get("replaces"), None);
}
