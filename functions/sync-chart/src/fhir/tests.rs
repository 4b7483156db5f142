//! Every result of reading a FHIR body, by its code.

use super::*;
use portico_domain::model::chart::{Chart, ChartStatus};
use portico_domain::model::person::{Email, Line, Phone, PostalCode};
use portico_domain::model::sent_chart::Sent;
use serde_json::json;

const NOW: Timestamp = Timestamp::from_millis(1_795_348_800_000); // noon of 2026-11-22

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn ndjson(body: &str) -> Parsed {
    checked(parse(body, Form::Ndjson, NOW, zone()).unwrap())
}

fn bundle(entries: &Value) -> Parsed {
    let body = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
    checked(parse(&format!("{body:#}"), Form::Json, NOW, zone()).unwrap())
}

fn one_line(resource: &Value) -> Parsed {
    ndjson(&resource.to_string())
}

/// Checks that each resource has exactly one result.
fn checked(parsed: Parsed) -> Parsed {
    let stated: usize = parsed.statements.iter().map(|(_, sources)| sources.len()).sum();
    let ignored = parsed.warnings.iter().filter(|warning| warning.code == "ignored_status").count();
    let others = parsed.rejected.iter().filter(|rejected| rejected.code == "unsupported_resource").count();
    assert_eq!(stated + parsed.rejected.len() + ignored, parsed.resources + others);
    parsed
}

fn patient() -> Value {
    json!({
        "resourceType": "Patient", "id": "p-1", "birthDate": "1945-04-27",
        "name": [{"use": "official", "family": "Quillfeather", "given": ["Maud"]}],
    })
}

/// A patient with these fields added or replaced; `null` removes a field.
fn patient_with(fields: &Value) -> Value {
    with(patient(), fields)
}

fn encounter() -> Value {
    json!({
        "resourceType": "Encounter", "id": "e-1", "status": "finished", "subject": {"reference": "Patient/p-1"},
        "period": {"start": "2026-11-02T21:30:00-05:00", "end": "2026-11-02T22:00:00-05:00"},
    })
}

fn related() -> Value {
    json!({
        "resourceType": "RelatedPerson", "id": "r-1", "patient": {"reference": "Patient/p-1"},
        "name": [{"family": "Quillfeather", "given": ["Otto"]}],
        "relationship": [{"coding": [{"code": "SPS", "display": "spouse"}], "text": "husband"}],
    })
}

fn with(mut resource: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        if value.is_null() {
            resource.as_object_mut().unwrap().remove(name);
        } else {
            resource[name] = value.clone();
        }
    }
    resource
}

fn chart(fields: &Value) -> Chart {
    let parsed = one_line(&patient_with(fields));
    assert_eq!(parsed.rejected, []);
    assert_eq!(unread(&parsed), [""; 0]);
    parsed.statements[0].0.chart.as_ref().unwrap().over(None).unwrap()
}

/// What of names and birth date can't be read.
fn unread(parsed: &Parsed) -> Vec<&'static str> {
    let all = parsed.statements.iter().flat_map(|(_, sources)| sources);
    all.flat_map(|source| &source.unread).map(|finding| finding.code).collect()
}

/// Checks that this chart is taken in for a patient who is known, and that a new one is refused with this code.
fn only_for_the_known(resource: &Value, code: &'static str) {
    let parsed = one_line(resource);
    assert_eq!((rejected(&parsed), unread(&parsed)), (vec![], vec![code]), "{resource}");
    let sent = parsed.statements[0].0.chart.as_ref().unwrap();
    assert!(sent.over(None).is_err(), "{resource}");
    assert!(sent.over(Some(&chart(&json!({})))).is_ok(), "{resource}");
}

fn visit(fields: &Value) -> Visit {
    let parsed = one_line(&with(encounter(), fields));
    assert_eq!(parsed.rejected, []);
    parsed.statements[0].0.care.add_visits[0].clone()
}

fn contact(fields: &Value) -> Contact {
    let parsed = one_line(&with(related(), fields));
    assert_eq!(parsed.rejected, []);
    parsed.statements[0].0.care.add_contacts[0].clone()
}

fn rejected(parsed: &Parsed) -> Vec<(usize, &'static str)> {
    parsed.rejected.iter().map(|rejected| (rejected.line, rejected.code)).collect()
}

fn warned(parsed: &Parsed) -> Vec<(usize, &'static str)> {
    parsed.warnings.iter().map(|warning| (warning.line, warning.code)).collect()
}

fn sources(parsed: &Parsed) -> Vec<(usize, What)> {
    let all = parsed.statements.iter().flat_map(|(_, sources)| sources);
    all.map(|source| (source.line, source.what.clone())).collect()
}

/// Checks that this resource alone is refused with this code, and that nothing is stated.
fn refused(resource: &Value, code: &'static str) {
    let parsed = one_line(resource);
    assert_eq!(rejected(&parsed), [(1, code)], "{resource}");
    assert!(parsed.statements.is_empty() && parsed.warnings.is_empty(), "{resource}");
}

mod bodies {
    use super::*;

    #[test]
    fn all_resources_of_a_patient_are_one_statement_in_order_of_first_mention() {
        let other = patient_with(&json!({"id": "p-2"}));
        let lines = [encounter(), other, patient(), related()].map(|resource| resource.to_string());
        let parsed = ndjson(&lines.join("\n"));
        let ids: Vec<_> = parsed.statements.iter().map(|(statement, _)| statement.id.as_str()).collect();
        assert_eq!(ids, ["p-1", "p-2"]);
        let (first, from) = &parsed.statements[0];
        assert!(first.chart.is_some());
        assert_eq!((first.care.add_visits.len(), first.care.add_contacts.len()), (1, 1));
        assert!(first.care.visits.is_none() && first.care.contacts.is_none(), "nothing known is replaced");
        let from: Vec<_> = from.iter().map(|source| (source.line, source.what.clone())).collect();
        let expected =
            [(1, What::Visit("e-1".to_owned())), (3, What::Chart), (4, What::Contact("r-1".to_owned()))];
        assert_eq!(from, expected);
        assert_eq!(parsed.resources, 4);
    }

    #[test]
    fn an_encounter_of_a_patient_who_is_not_in_the_body_is_a_statement_without_a_chart() {
        let parsed = one_line(&encounter());
        assert!(parsed.statements[0].0.chart.is_none());
        assert_eq!(sources(&parsed), [(1, What::Visit("e-1".to_owned()))]);
    }

    #[test]
    fn a_broken_line_is_named_and_the_next_is_read() {
        let body = format!("{{\"resourceType\":\n{}\n[]\n7\n{{}} {{}}\n\"Patient\"\n", patient());
        let parsed = ndjson(&body);
        let broken = [1, 3, 4, 5, 6].map(|line| (line, "malformed"));
        assert_eq!(rejected(&parsed), broken);
        assert_eq!(sources(&parsed), [(2, What::Chart)]);
    }

    #[test]
    fn empty_lines_and_byte_order_marks_are_no_resources_but_lines_are_counted() {
        let body = format!("\u{feff}{}\r\n\r\n   \n\u{feff}{}\r\n\u{feff}\n", patient(), encounter());
        let parsed = ndjson(&body);
        assert_eq!(sources(&parsed), [(1, What::Chart), (4, What::Visit("e-1".to_owned()))]);
        assert_eq!(parsed.resources, 2);
        assert_eq!(ndjson("").resources, 0);
    }

    #[test]
    fn what_names_no_type_is_malformed() {
        refused(&with(patient(), &json!({"resourceType": null})), "malformed");
        refused(&with(patient(), &json!({"resourceType": 5})), "malformed");
        refused(&json!({}), "malformed");
    }

    #[test]
    fn a_field_of_the_wrong_type_spoils_itself_alone_and_is_named() {
        for fields in [
            json!({"name": 5}),
            json!({"name": [5]}),
            json!({"name": {"family": "Quillfeather", "given": ["Maud"]}}),
            json!({"name": [["official", "Quillfeather", ["Maud"]]]}),
            json!({"name": [{"family": ["Quillfeather"], "given": ["Maud"]}]}),
            json!({"name": [{"family": "Quillfeather", "given": "Maud"}]}),
            json!({"birthDate": 19_450_427}),
        ] {
            let field = fields.as_object().unwrap().keys().next().unwrap().clone();
            only_for_the_known(&patient_with(&fields), "malformed");
            let parsed = one_line(&patient_with(&fields));
            let detail = &parsed.statements[0].1[0].unread[0].detail;
            assert!(detail.contains(&format!("`{field}`")), "{detail}");
        }
        for fields in [
            json!({"telecom": "202-555-0123"}),
            json!({"telecom": [{"system": "phone", "rank": "first"}]}),
            json!({"address": "1 Main St"}),
            json!({"communication": "en"}),
            json!({"generalPractitioner": "Dr. Ames"}),
            json!({"deceasedBoolean": "perhaps"}),
            json!({"deceasedDateTime": 2020}),
            json!({"active": 7}),
            json!({"link": {"type": "replaced-by"}}),
        ] {
            let field = fields.as_object().unwrap().keys().next().unwrap().clone();
            let parsed = one_line(&patient_with(&fields));
            assert_eq!(
                (rejected(&parsed), warned(&parsed)),
                (vec![], vec![(1, "unusable_field")]),
                "{fields}"
            );
            assert!(parsed.warnings[0].detail.contains(&format!("`{field}`")), "{fields}");
            let known = chart(&json!({
                "telecom": [{"system": "email", "value": "m@example.com"}, {"system": "sms", "value": "202-555-0143"}],
                "address": [{"line": ["1 Main St"], "city": "Boston", "state": "MA", "postalCode": "02139"}],
                "communication": [{"language": {"coding": [{"code": "es"}]}, "preferred": true}],
                "generalPractitioner": [{"display": "Dr. Ames"}],
                "active": false,
            }));
            let over = parsed.statements[0].0.chart.as_ref().unwrap().over(Some(&known)).unwrap();
            match field.as_str() {
                "telecom" => {
                    assert_eq!(
                        (over.email, over.mobile_phone),
                        (known.email.clone(), known.mobile_phone.clone())
                    );
                }
                "address" => {
                    assert_eq!(
                        (over.city, over.postal_code),
                        (known.city.clone(), known.postal_code.clone())
                    );
                }
                "communication" => assert_eq!(over.language, known.language),
                "generalPractitioner" => assert_eq!(over.provider, known.provider),
                _ => assert_eq!(over.chart_status, ChartStatus::Inactive, "{fields}"),
            }
        }
        let named = |resource: &Value, field: &str| {
            refused(resource, "malformed");
            let detail = one_line(resource).rejected[0].detail.clone();
            assert!(detail.contains(&format!("`{field}`")), "{detail}");
        };
        named(&patient_with(&json!({"id": 1})), "id");
        named(&with(encounter(), &json!({"subject": ["Patient/p-1"]})), "subject");
        named(&with(encounter(), &json!({"period": "2026-11-02"})), "period");
        named(&with(encounter(), &json!({"status": 7})), "status");
        named(&with(related(), &json!({"name": "Otto"})), "name");
        let vague = one_line(&with(related(), &json!({"relationship": {"text": "spouse"}})));
        assert_eq!((rejected(&vague), warned(&vague)), (vec![], vec![(1, "unusable_field")]));
    }

    #[test]
    fn a_death_is_taken_whatever_else_is_wrong() {
        let bad = json!({
            "name": "Maud", "birthDate": "unknown", "telecom": 5, "address": [5], "communication": {}, "active": "maybe",
            "generalPractitioner": 1, "link": 1,
        });
        for death in [
            json!({"deceasedBoolean": true}),
            json!({"deceasedBoolean": "true"}),
            json!({"deceasedBoolean": 1}),
            json!({"deceasedDateTime": "2026-01"}),
            json!({"deceasedDateTime": "last year"}),
        ] {
            let parsed = one_line(&with(patient_with(&bad), &death));
            assert_eq!(parsed.rejected, []);
            let known = chart(&json!({}));
            let over = parsed.statements[0].0.chart.as_ref().unwrap().over(Some(&known)).unwrap();
            assert_eq!(over, Chart { chart_status: ChartStatus::Deceased, ..known }, "{death}");
        }
    }

    #[test]
    fn too_deep_a_line_is_malformed() {
        let deep = format!("{{\"resourceType\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(rejected(&ndjson(&deep)), [(1, "malformed")]);
    }

    #[test]
    fn nothing_in_place_of_a_value_is_as_if_it_were_left_out() {
        let text = r#"{"resourceType":"Patient","id":"p-1","birthDate":"1945-04-27","active":null,"telecom":null,"address":null,
            "name":[{"family":"Quillfeather","given":[null,"Maud"],"period":null}]}"#;
        let parsed = ndjson(&text.replace('\n', ""));
        let sent = parsed.statements[0].0.chart.as_ref().unwrap();
        assert_eq!(sent.given_name.known().unwrap().reveal(), "Maud");
    }

    #[test]
    fn the_last_of_repeated_keys_wins_and_unknown_fields_are_ignored() {
        let text = r#"{"resourceType":"Patient","id":"p-0","id":"p-1","birthDate":"1945-04-27","gender":"female","x":[[]],
            "name":[{"family":"A","family":"Quillfeather","given":["Maud"],"_given":[{"x":1}]}]}"#;
        let parsed = ndjson(&text.replace('\n', ""));
        let (statement, _) = &parsed.statements[0];
        assert_eq!(statement.id.as_str(), "p-1");
        assert_eq!(statement.chart.as_ref().unwrap().family_name.known().unwrap().reveal(), "Quillfeather");
    }

    #[test]
    fn other_types_are_unsupported() {
        refused(&json!({"resourceType": "Observation", "id": "o-1"}), "unsupported_resource");
        refused(&json!({"resourceType": "Bundle", "entry": []}), "unsupported_resource");
        refused(&json!({"resourceType": "patient"}), "unsupported_resource");
    }

    #[test]
    fn resources_of_other_types_count_for_themselves_and_only_the_first_are_named() {
        let other = json!({"resourceType": "Observation", "id": "o"}).to_string();
        let body = format!("{}\n{}", vec![other; 3000].join("\n"), patient());
        let parsed = ndjson(&body);
        assert_eq!((parsed.resources, parsed.rejected.len()), (1, MAX_NAMED));
        assert_eq!(sources(&parsed), [(3001, What::Chart)]);
    }

    #[test]
    fn an_entry_that_deletes_takes_back_what_its_resource_said() {
        let delete = |url: &str, resource: Value| {
            let mut entry = json!({"request": {"method": "DELETE", "url": url}});
            if !resource.is_null() {
                entry["resource"] = resource;
            }
            bundle(&json!([entry]))
        };
        for url in ["Patient/p-1", "https://ehr.example/fhir/Patient/p-1", "Patient/p-1/_history/2"] {
            let parsed = delete(url, Value::Null);
            let known = chart(&json!({}));
            let over = parsed.statements[0].0.chart.as_ref().unwrap().over(Some(&known)).unwrap();
            assert_eq!(over, Chart { chart_status: ChartStatus::Inactive, ..known }, "{url}");
            assert_eq!(unread(&parsed), ["unknown_patient"], "{url}");
        }
        let parsed = delete("Encounter/e-1", encounter());
        assert_eq!(parsed.statements[0].0.care.drop_visits, ["e-1"]);
        let parsed = delete("RelatedPerson/r-1", related());
        assert_eq!(parsed.statements[0].0.care.drop_contacts, ["r-1"]);
        assert_eq!(rejected(&delete("Encounter/e-1", Value::Null)), [(1, "invalid_reference")]);
        assert_eq!(rejected(&delete("Patient/a b", Value::Null)), [(1, "invalid_patient_id")]);
        assert_eq!(rejected(&delete("Observation/o-1", Value::Null)), [(1, "unsupported_resource")]);
        assert_eq!(rejected(&delete("", Value::Null)), [(1, "unsupported_resource")]);
    }

    #[test]
    fn a_thousand_resources_are_taken_and_one_more_is_too_much() {
        let body = |count| format!("{}\n\n", encounter()).repeat(count);
        assert_eq!(ndjson(&body(1000)).resources, 1000);
        assert_eq!(parse(&body(1001), Form::Ndjson, NOW, zone()).unwrap_err(), TooMuch::Resources);
        let entries = vec![json!({"resource": encounter()}); 1001];
        assert_eq!(bundle(&json!(entries[1..])).resources, 1000);
        let whole = json!({"resourceType": "Bundle", "entry": entries}).to_string();
        assert_eq!(parse(&whole, Form::Json, NOW, zone()).unwrap_err(), TooMuch::Resources);
    }

    #[test]
    fn a_bundle_is_read_entry_by_entry() {
        let parsed = bundle(&json!([
            {"resource": patient()}, {"fullUrl": "urn:uuid:1"}, 5, {"resource": encounter()}, {"resource": []},
        ]));
        assert_eq!(sources(&parsed), [(1, What::Chart), (4, What::Visit("e-1".to_owned()))]);
        assert_eq!(rejected(&parsed), [(2, "malformed"), (3, "malformed"), (5, "malformed")]);
    }

    #[test]
    fn a_single_resource_is_a_json_body_too() {
        let parsed = checked(parse(&format!("\u{feff}{:#}\n", patient()), Form::Json, NOW, zone()).unwrap());
        assert_eq!(sources(&parsed), [(1, What::Chart)]);
    }

    #[test]
    fn a_json_body_that_is_no_bundle_is_refused_as_its_first_resource() {
        for body in [
            "",
            "[]",
            "{",
            r#"{"resourceType":"Bundle","entry":5}"#,
            r#"{"resourceType":"Bundle","entry":{}}"#,
        ] {
            let parsed = checked(parse(body, Form::Json, NOW, zone()).unwrap());
            assert_eq!(rejected(&parsed), [(1, "malformed")], "{body}");
        }
        let empty = checked(parse(r#"{"resourceType":"Bundle"}"#, Form::Json, NOW, zone()).unwrap());
        assert_eq!(empty.resources, 0);
    }

    #[test]
    fn no_value_of_a_resource_is_in_what_is_said_about_it() {
        let bad_phone = json!([{"system": "phone", "use": "home", "value": "Zyzzyva"}, {"system": "email", "value": "Zyzzyva"}]);
        let resources = [
            patient_with(&json!({"id": "Zyz zyva"})),
            patient_with(&json!({"id": "p-2", "birthDate": "Zyzzyva"})),
            patient_with(&json!({"id": "p-3", "name": [{"family": "Zyzzyva\u{7}", "given": ["Zyzzyva"]}]})),
            patient_with(&json!({"telecom": bad_phone, "address": [{"postalCode": "Zyzzyva"}]})),
            with(encounter(), &json!({"subject": {"reference": "Zyzzyva/1"}})),
            json!({"resourceType": "Zyzzyva"}),
            json!({"resourceType": "Patient", "name": "Zyzzyva"}),
        ];
        let lines: Vec<_> = resources.iter().map(Value::to_string).collect();
        let parsed = ndjson(&lines.join("\n"));
        assert_eq!((parsed.rejected.len(), parsed.warnings.len(), unread(&parsed).len()), (4, 3, 2));
        let sources: Vec<_> = parsed.statements.iter().flat_map(|(_, sources)| sources).collect();
        assert!(!format!("{:?} {:?} {sources:?}", parsed.rejected, parsed.warnings).contains("yz"));
    }

    #[test]
    fn the_sample_is_taken_in_whole() {
        for (body, expected) in [
            (include_str!("../../../../infra/local/sample/Patient.ndjson"), What::Chart),
            (include_str!("../../../../infra/local/sample/Encounter.ndjson"), What::Visit(String::new())),
        ] {
            let parsed = ndjson(body);
            assert_eq!(parsed.rejected, []);
            assert_eq!(parsed.resources, body.lines().count());
            let kind = std::mem::discriminant(&expected);
            assert!(sources(&parsed).iter().all(|(_, what)| std::mem::discriminant(what) == kind));
            let codes: std::collections::BTreeSet<_> =
                parsed.warnings.iter().map(|warning| warning.code).collect();
            assert!(codes.is_subset(&["unusable_phone"].into()), "{codes:?}");
        }
    }
}

mod repeated {
    use super::*;

    #[test]
    fn a_resource_said_twice_is_the_same() {
        let chatty = with(patient(), &json!({"telecom": [{"system": "email", "value": "nobody"}]}));
        let lines =
            [&chatty, &encounter(), &related(), &related(), &encounter(), &chatty].map(ToString::to_string);
        let parsed = ndjson(&lines.join("\n"));
        let twice: Vec<_> = sources(&parsed).into_iter().filter(|(_, what)| *what == What::Same).collect();
        assert_eq!(twice, [(4, What::Same), (5, What::Same), (6, What::Same)]);
        assert_eq!(warned(&parsed), [(1, "unusable_email")], "once is enough");
        let care = &parsed.statements[0].0.care;
        assert_eq!((care.add_visits.len(), care.add_contacts.len()), (1, 1));
    }

    #[test]
    fn of_two_that_differ_the_first_counts() {
        let lines = [
            patient(),
            patient_with(&json!({"birthDate": "1945-04-28"})),
            encounter(),
            with(encounter(), &json!({"status": "in-progress"})),
            with(encounter(), &json!({"subject": {"reference": "Patient/p-2"}})),
            related(),
            with(related(), &json!({"patient": {"reference": "Patient/p-2"}})),
        ];
        let parsed = ndjson(&lines.map(|line| line.to_string()).join("\n"));
        let twice = [2, 4, 5, 7].map(|line| (line, "duplicate_resource"));
        assert_eq!(rejected(&parsed), twice);
        assert_eq!(parsed.statements.len(), 1);
        let sent = parsed.statements[0].0.chart.as_ref().unwrap();
        assert_eq!(sent.birth_date.known().unwrap().reveal(), "1945-04-27");
    }

    #[test]
    fn what_a_later_line_takes_back_is_gone() {
        let lines = [
            encounter(),
            with(encounter(), &json!({"status": "entered-in-error"})),
            related(),
            with(related(), &json!({"active": false})),
        ];
        let parsed = ndjson(&lines.map(|line| line.to_string()).join("\n"));
        assert_eq!(parsed.rejected, []);
        let after = parsed.statements[0].0.care.apply(&portico_domain::model::chart::Care::default());
        assert_eq!((after.visits.len(), after.contacts.len()), (0, 0));
    }

    #[test]
    fn one_that_was_refused_does_not_stand_in_the_way_of_the_next() {
        let refused = with(encounter(), &json!({"subject": null}));
        let parsed = ndjson(&format!("{refused}\n{}", encounter()));
        assert_eq!(rejected(&parsed), [(1, "invalid_reference")]);
        assert_eq!(sources(&parsed), [(2, What::Visit("e-1".to_owned()))]);
    }

    #[test]
    fn resources_of_two_types_may_share_an_id() {
        let visit = with(encounter(), &json!({"id": "p-1"}));
        assert_eq!(ndjson(&format!("{}\n{visit}", patient())).rejected, []);
    }
}

mod patients {
    use super::*;

    #[test]
    fn an_id_is_needed() {
        for id in [
            json!(null),
            json!(""),
            json!("."),
            json!(".."),
            json!("a b"),
            json!("a/b"),
            json!("é"),
            json!("x".repeat(65)),
        ] {
            refused(&patient_with(&json!({"id": id})), "invalid_patient_id");
        }
    }

    #[test]
    fn a_name_that_is_in_use_is_needed() {
        for name in [
            json!(null),
            json!([]),
            json!([{"text": " "}]),
            json!([{"family": " ", "given": [" ", null]}]),
            json!([{"use": "old", "family": "Quillfeather", "given": ["Maud"]}]),
            json!([{"use": "temp", "family": "Quillfeather", "given": ["Maud"]}]),
            json!([{"use": "nickname", "family": "Quillfeather", "given": ["Maudie"]}]),
            json!([{"use": "official", "family": "Quillfeather", "given": ["Maud"], "period": {"end": "2001-05-06"}}]),
            json!([{"use": "official", "family": "Quillfeather", "given": ["Maud"], "period": {"start": "2026-11-23"}}]),
            json!([{"family": "Quillfeather", "given": ["Maud"], "period": {"start": "2027"}}]),
        ] {
            only_for_the_known(&patient_with(&json!({"name": name})), "missing_name");
        }
    }

    #[test]
    fn one_name_is_enough_and_a_whole_text_is_split_with_a_warning() {
        let named = |name: Value| {
            let chart = chart(&json!({"name": [name]}));
            (chart.given_name.reveal().to_owned(), chart.family_name.reveal().to_owned())
        };
        let only = |name: &str| (String::new(), name.to_owned());
        assert_eq!(named(json!({"family": "Quillfeather"})), only("Quillfeather"));
        assert_eq!(named(json!({"family": "Quillfeather", "given": [" ", null]})), only("Quillfeather"));
        assert_eq!(named(json!({"family": " ", "given": ["Maud"]})), only("Maud"));
        assert_eq!(named(json!({"text": "Maud"})), only("Maud"));
        assert_eq!(
            named(json!({"text": "Maud Quillfeather"})),
            ("Maud".to_owned(), "Quillfeather".to_owned())
        );
        let text = patient_with(&json!({"name": [{"text": "Maud J. Quillfeather"}]}));
        assert_eq!(warned(&one_line(&text)), [(1, "split_name")]);
        let both = json!([{"text": "Somebody Else", "family": "Quillfeather", "given": ["Maud"]}]);
        assert_eq!(warned(&one_line(&patient_with(&json!({"name": both})))), []);
        let guardian = contact(&json!({"name": [{"text": "Otto"}]}));
        assert_eq!((guardian.given_name.reveal(), guardian.family_name.reveal()), ("", "Otto"));
    }

    #[test]
    fn a_name_that_cannot_be_kept_is_refused() {
        let long = "x".repeat(101);
        for name in [
            json!([{"family": long, "given": ["Maud"]}]),
            json!([{"family": "Quillfeather", "given": [long]}]),
            json!([{"family": "Quillfeather", "given": ["Maud", "x".repeat(60), "y".repeat(60)]}]),
            json!([{"family": "Quill\u{0}feather", "given": ["Maud"]}]),
            json!([{"family": "Quillfeather", "given": ["Ma\nud"]}]),
        ] {
            only_for_the_known(&patient_with(&json!({"name": name})), "invalid_name");
        }
    }

    #[test]
    fn the_official_name_comes_before_the_usual_before_any_other_before_the_maiden() {
        let named =
            |purpose: &str, family: &str| json!({"use": purpose, "family": family, "given": ["Maud"]});
        let family = |names: Value| chart(&json!({"name": names})).family_name.reveal().to_owned();
        let (official, usual, maiden) =
            (named("official", "Official"), named("usual", "Usual"), named("maiden", "Maiden"));
        let other = json!({"family": "Other", "given": ["Maud"]});
        let past = with(named("official", "Past"), &json!({"period": {"end": "2001-05-06"}}));
        let to_come = with(named("official", "ToCome"), &json!({"period": {"start": "2026-12"}}));
        let to_end = with(named("official", "ToEnd"), &json!({"period": {"end": "2030"}}));
        let nickname = named("nickname", "Nickname");
        assert_eq!(family(json!([nickname, maiden, past, to_come, other, usual, official])), "Official");
        assert_eq!(family(json!([nickname, maiden, past, to_come, other, usual, to_end])), "ToEnd");
        assert_eq!(family(json!([nickname, maiden, past, other, usual])), "Usual");
        assert_eq!(family(json!([nickname, maiden, past, other])), "Other");
        assert_eq!(family(json!([nickname, maiden, past])), "Maiden");
        let since = |start: &str| with(named("official", start), &json!({"period": {"start": start}}));
        let [early, late, latest] = ["2001", "2019-05", "2019-05-06T10:00:00Z"].map(since);
        assert_eq!(family(json!([official, early, late])), "2019-05", "the later one wins");
        assert_eq!(family(json!([latest, late, early, official])), "2019-05-06T10:00:00Z");
        let half = json!({"use": "official", "family": "Half"});
        assert_eq!(family(json!([half, usual])), "Usual", "a name without its parts is none");
    }

    #[test]
    fn the_second_given_name_and_later_ones_are_the_middle_name() {
        let middle = |given: Value| {
            let chart = chart(&json!({"name": [{"family": "Quillfeather", "given": given}]}));
            assert_eq!(chart.given_name.reveal(), "Maud");
            chart.middle_name.map(|name| name.reveal().to_owned())
        };
        assert_eq!(middle(json!(["Maud"])), None);
        assert_eq!(middle(json!(["Maud", ""])), None);
        assert_eq!(middle(json!([" Maud ", "J.", null, "Inés"])), Some("J. Inés".to_owned()));
    }

    #[test]
    fn a_whole_birth_date_is_needed() {
        let refuse = |date: Value, code| only_for_the_known(&patient_with(&json!({"birthDate": date})), code);
        refuse(json!(null), "missing_birth_date");
        refuse(json!(" "), "missing_birth_date");
        refuse(json!("1945"), "incomplete_birth_date");
        refuse(json!("1945-04"), "incomplete_birth_date");
        for text in [
            "1945-02-29",
            "1945-13-01",
            "2027-01-01",
            "1899-12-31",
            "04/27/1945",
            "27/04/1945",
            "19450427",
            "1945-4-27",
            "1945-04-27T00:00:00Z",
            "unknown",
            "--",
            "1945-",
            "-1945",
        ] {
            refuse(json!(text), "invalid_birth_date");
        }
    }

    #[test]
    fn the_first_usable_address_by_rank_is_the_email() {
        let email =
            |telecom: Value| chart(&json!({"telecom": telecom})).email.map(|email| email.reveal().to_owned());
        let point = |value: &str, more: &Value| with(json!({"system": "email", "value": value}), more);
        let plain = point("a@example.com", &json!({}));
        assert_eq!(
            email(json!([plain, point("b@example.com", &json!({}))])).as_deref(),
            Some("a@example.com")
        );
        let first = point("b@example.com", &json!({"rank": 1}));
        assert_eq!(email(json!([plain, first])).as_deref(), Some("b@example.com"));
        for gone in [
            json!({"use": "old"}),
            json!({"period": {"end": "2026-11-21"}}),
            json!({"period": {"end": "2026-11-22T12:30:00+01:00"}}),
            json!({"period": {"end": "2026-10"}}),
            json!({"period": {"end": "2025"}}),
        ] {
            assert_eq!(email(json!([point("b@example.com", &gone)])), None, "{gone}");
        }
        for there in ["2026-11-22", "2026-11-22T12:00:01Z", "2026-11", "2026", "someday", ""] {
            let point = point("b@example.com", &json!({"period": {"end": there}}));
            assert!(email(json!([point])).is_some(), "{there}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_written_to_is_warned_of_and_not_kept() {
        let telecom = json!([{"system": "email", "value": "maud at example"}, {"system": "email", "value": "m@example.com"}]);
        let parsed = one_line(&patient_with(&json!({"telecom": telecom})));
        assert_eq!(warned(&parsed), [(1, "unusable_email")]);
        assert_eq!(
            parsed.statements[0].0.chart.as_ref().unwrap().email.known().unwrap().reveal(),
            "m@example.com"
        );
        let parsed = one_line(&patient_with(&json!({"telecom": [telecom[0]]})));
        assert!(parsed.statements[0].0.chart.as_ref().unwrap().email.known().is_none());
    }

    #[test]
    fn phones_are_told_apart_by_their_use() {
        let phones = |telecom: Value| {
            let chart = chart(&json!({"telecom": telecom}));
            [chart.mobile_phone, chart.home_phone].map(|phone| phone.map(|phone| phone.reveal().to_owned()))
        };
        let point = |system: &str, purpose: &str, value: &str| json!({"system": system, "use": purpose, "value": value});
        let (mobile, home) =
            (point("phone", "mobile", "202-555-0123"), point("phone", "home", "(202) 555-0145"));
        let [m, h] = phones(json!([home, mobile]));
        assert_eq!((m.as_deref(), h.as_deref()), (Some("+12025550123"), Some("+12025550145")));
        let [m, h] = phones(json!([{"system": "sms", "value": "202-555-0123"}]));
        assert_eq!((m.as_deref(), h.as_deref()), (Some("+12025550123"), None));
        let unused = [
            point("phone", "work", "202-555-0123"),
            point("fax", "home", "202-555-0123"),
            point("phone", "old", "1"),
        ];
        assert_eq!(phones(json!(unused)), [None, None]);
        assert_eq!(warned(&one_line(&patient_with(&json!({"telecom": unused})))), [(1, "spare_phone")]);
        let [m, _] = phones(json!([point("phone", "mobile", "555-1"), mobile]));
        assert_eq!(m.as_deref(), Some("+12025550123"), "one that can be dialled is the better one");
    }

    #[test]
    fn a_phone_without_a_use_is_the_one_that_is_missing_and_nothing_vanishes_silently() {
        let any = |value: &str| json!({"system": "phone", "value": value});
        let used = |purpose: &str, value: &str| json!({"system": "phone", "use": purpose, "value": value});
        for (telecom, mobile, home, codes) in [
            (json!([any("202-555-0123")]), "+12025550123", "", vec![]),
            (json!([used("temp", "202-555-0123")]), "+12025550123", "", vec![]),
            (json!([used("MC", "202-555-0123")]), "+12025550123", "", vec![]),
            (json!([{"value": "202-555-0123"}]), "+12025550123", "", vec![]),
            (json!([any("202-555-0123"), any("202-555-0145")]), "+12025550123", "+12025550145", vec![]),
            (
                json!([used("mobile", "202-555-0123"), any("202-555-0145")]),
                "+12025550123",
                "+12025550145",
                vec![],
            ),
            (
                json!([used("home", "202-555-0123"), any("202-555-0145")]),
                "+12025550145",
                "+12025550123",
                vec![],
            ),
            (
                json!([any("call her"), any("202-555-0123")]),
                "+12025550123",
                "call her",
                vec!["unusable_phone"],
            ),
            (
                json!([used("mobile", "lost"), any("202-555-0123")]),
                "+12025550123",
                "",
                vec!["unusable_phone"],
            ),
            (
                json!([
                    used("mobile", "202-555-0123"),
                    used("mobile", "202-555-0124"),
                    used("home", "202-555-0145"),
                    any("202-555-0146")
                ]),
                "+12025550123",
                "+12025550145",
                vec!["spare_phone", "spare_phone"],
            ),
            (
                json!([used("mobile", "202-555-0123"), used("work", "202-555-0123")]),
                "+12025550123",
                "",
                vec![],
            ),
        ] {
            let parsed = one_line(&patient_with(&json!({"telecom": telecom})));
            let sent = parsed.statements[0].0.chart.as_ref().unwrap();
            let found =
                |phone: &Sent<Phone>| phone.known().map_or(String::new(), |phone| phone.reveal().to_owned());
            assert_eq!(
                (found(&sent.mobile_phone), found(&sent.home_phone)),
                (mobile.to_owned(), home.to_owned()),
                "{telecom}"
            );
            let found: Vec<_> = parsed.warnings.iter().map(|warning| warning.code).collect();
            assert_eq!(found, codes, "{telecom}");
        }
    }

    #[test]
    fn what_stands_where_there_is_no_address_takes_the_address_away() {
        let known = chart(&json!({"telecom": [{"system": "email", "value": "m@example.com"}]}));
        let over = |value: Value| {
            let parsed = one_line(&patient_with(&json!({"telecom": value})));
            let chart = parsed.statements[0].0.chart.as_ref().unwrap().over(Some(&known)).unwrap();
            (chart.email.map(|email| email.reveal().to_owned()), warned(&parsed))
        };
        let email = |value: &str| json!({"system": "email", "value": value});
        assert_eq!(over(json!([email("none@none.com")])), (None, vec![(1, "placeholder_email")]));
        assert_eq!(
            over(json!([email("m at x")])),
            (Some("m@example.com".to_owned()), vec![(1, "unusable_email")])
        );
        assert_eq!(over(json!([])), (None, vec![]));
    }

    #[test]
    fn the_people_whom_the_patient_names_are_contacts() {
        let parsed = one_line(&patient_with(&json!({"contact": [
            {"name": {"family": "Quillfeather", "given": ["Otto"]}, "relationship": [{"text": "father"}],
                "telecom": [{"system": "phone", "value": "202-555-0143"}, {"system": "email", "value": "otto@example.com"}]},
            {"name": {"text": "Ida Ash"}},
            {"name": {"family": "Gone", "given": ["Past"]}, "period": {"end": "2020"}},
            {"organization": {"display": "School"}},
        ]})));
        assert_eq!(warned(&parsed), [(1, "unusable_contact")]);
        let contacts = parsed.statements[0].0.care.own_contacts.clone().unwrap();
        let shown: Vec<_> = contacts
            .iter()
            .map(|one| {
                (
                    one.id.clone().unwrap(),
                    one.given_name.reveal(),
                    one.family_name.reveal(),
                    one.relationship.reveal(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("#1".to_owned(), "Otto", "Quillfeather", "father"),
                ("#2".to_owned(), "Ida", "Ash", "unspecified")
            ]
        );
        assert_eq!(contacts[0].phone.as_ref().unwrap().dialable(), Some("+12025550143"));
        assert_eq!(
            one_line(&patient()).statements[0].0.care.own_contacts,
            Some(vec![]),
            "nobody is named any more"
        );
        let wrong = one_line(&patient_with(&json!({"contact": "Otto"})));
        assert_eq!(
            (warned(&wrong), wrong.statements[0].0.care.own_contacts.clone()),
            (vec![(1, "unusable_field")], None)
        );
    }

    #[test]
    fn a_phone_that_cannot_be_dialled_is_kept_as_text_and_warned_of() {
        let telecom = json!([
            {"system": "phone", "use": "home", "value": "555-609-6292"},
            {"system": "phone", "use": "mobile", "value": "+44 20 7946 0958"},
        ]);
        let parsed = one_line(&patient_with(&json!({"telecom": telecom})));
        assert_eq!(warned(&parsed), [(1, "unusable_phone"), (1, "unusable_phone")]);
        let chart = parsed.statements[0].0.chart.as_ref().unwrap();
        assert_eq!(chart.home_phone.known().unwrap().reveal(), "555-609-6292");
        assert_eq!(chart.mobile_phone.known().unwrap().dialable(), None);
        let novel = json!([{"system": "phone", "use": "home", "value": "x".repeat(501)}, {"system": "phone", "use": "home"}]);
        let parsed = one_line(&patient_with(&json!({"telecom": novel})));
        assert_eq!(warned(&parsed), [(1, "unusable_phone")]);
        assert!(parsed.statements[0].0.chart.as_ref().unwrap().home_phone.known().is_none());
    }

    #[test]
    fn the_home_address_comes_first_and_an_old_one_never() {
        let work = json!({"use": "work", "line": ["1 Mill St"], "city": "Lynn"});
        let old = json!({"use": "old", "city": "Salem"});
        let left = json!({"use": "home", "city": "Salem", "period": {"end": "2020-01-31"}});
        let home = json!({
            "use": "home", "line": ["22 Elm St", " ", null, "Apt 5"], "city": "Natick", "state": "MA", "postalCode": "01760-1234",
        });
        let all = chart(&json!({"address": [old, left, work, home]}));
        let texts = [&all.address_line, &all.city, &all.state].map(|line| line.as_ref().map(Line::reveal));
        assert_eq!(texts, [Some("22 Elm St, Apt 5"), Some("Natick"), Some("MA")]);
        assert_eq!(all.postal_code.as_ref().map(PostalCode::reveal), Some("01760-1234"));
        let city =
            |address: Value| chart(&json!({"address": address})).city.map(|city| city.reveal().to_owned());
        assert_eq!(city(json!([old, left, work])).as_deref(), Some("Lynn"));
        assert_eq!(city(json!([old, left])), None);
    }

    #[test]
    fn what_of_an_address_cannot_be_kept_is_warned_of() {
        let address =
            json!([{"line": ["x".repeat(201)], "city": "Ly\u{7}nn", "state": "MA", "postalCode": "M1 1AE"}]);
        let parsed = one_line(&patient_with(&json!({"address": address})));
        let expected = ["unusable_postal_code", "unusable_address", "unusable_address"].map(|code| (1, code));
        assert_eq!(warned(&parsed), expected);
        let chart = parsed.statements[0].0.chart.as_ref().unwrap();
        assert!(
            chart.postal_code.known().is_none()
                && chart.address_line.known().is_none()
                && chart.city.known().is_none()
        );
        assert_eq!(chart.state.known().unwrap().reveal(), "MA");
    }

    #[test]
    fn the_preferred_language_comes_before_the_first() {
        let speaks =
            |code: &str| json!({"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}});
        let language = |communication: Value| chart(&json!({"communication": communication})).language;
        let preferred = with(speaks("es"), &json!({"preferred": true}));
        assert_eq!(language(json!([speaks("en-US"), preferred])).as_deref(), Some("es"));
        assert_eq!(language(json!([speaks("en-US"), speaks("es")])).as_deref(), Some("en-US"));
        let own = json!({"language": {"coding": [{"system": "urn:oid:1.2", "code": "132"}, {"system": "urn:ietf:bcp:47", "code": "pt"}]}});
        assert_eq!(language(json!([own])).as_deref(), Some("pt"));
        for (said, wanted) in [
            (speaks("en_us"), "en-US"),
            (speaks("spa"), "es"),
            (json!({"language": {"text": "Spanish"}}), "es"),
            (
                json!({"language": {"coding": [{"system": "urn:oid:1.2", "code": "7", "display": "español"}]}}),
                "es",
            ),
            (
                json!({"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "xx"}], "text": "Vietnamese"}}),
                "vi",
            ),
        ] {
            assert_eq!(language(json!([said, {}])).as_deref(), Some(wanted), "{said}");
        }
        for code in ["en US", "<b>", "unknown", &"x".repeat(36)] {
            let parsed = one_line(&patient_with(&json!({"communication": [speaks(code)]})));
            assert_eq!(
                (rejected(&parsed), warned(&parsed)),
                (vec![], vec![(1, "unusable_language")]),
                "{code}"
            );
            let sent = parsed.statements[0].0.chart.as_ref().unwrap();
            assert!(sent.language.stays(), "{code}");
        }
        assert_eq!(language(json!([speaks("")])), None);
    }

    #[test]
    fn death_comes_before_replacement_comes_before_use() {
        let status = |fields: Value| chart(&fields).chart_status;
        assert_eq!(status(json!({})), ChartStatus::Active);
        assert_eq!(status(json!({"active": true, "deceasedBoolean": false})), ChartStatus::Active);
        assert_eq!(status(json!({"active": false})), ChartStatus::Inactive);
        let replaced =
            json!([{"type": "seealso"}, {"type": "replaced-by", "other": {"reference": "Patient/p-2"}}]);
        assert_eq!(status(json!({"active": true, "link": replaced})), ChartStatus::Inactive);
        assert_eq!(status(json!({"link": [{"type": "replaces"}]})), ChartStatus::Active);
        assert_eq!(status(json!({"active": false, "deceasedBoolean": true})), ChartStatus::Deceased);
        assert_eq!(status(json!({"link": replaced, "deceasedDateTime": "2006-12"})), ChartStatus::Deceased);
    }

    #[test]
    fn the_clinician_is_the_first_general_practitioner_and_the_rest_is_not_for_fhir_to_say() {
        let full = chart(&json!({"generalPractitioner": [{"display": "Dr. Ames"}, {"display": "Dr. Bell"}]}));
        assert_eq!(full.provider.as_ref().map(Line::reveal), Some("Dr. Ames"));
        assert!(full.sms_consent.is_none() && full.tags.is_empty());
        let long = json!({"generalPractitioner": [{"display": "x".repeat(201)}]});
        assert_eq!(warned(&one_line(&patient_with(&long))), [(1, "unusable_provider")]);
    }
}

mod encounters {
    use super::*;

    #[test]
    fn a_finished_encounter_is_a_visit_signed_at_its_end_on_its_local_day() {
        let taken = visit(&json!({}));
        assert_eq!(taken.id, "e-1");
        assert_eq!(taken.date.to_string(), "2026-11-02", "already the 3rd in UTC");
        assert_eq!(taken.signed_at, Some("2026-11-03T03:00:00Z".parse().unwrap()));
    }

    #[test]
    fn the_clinician_is_the_primary_performer_else_the_first_and_never_who_came_along() {
        let who = |participant: Value| {
            let taken = visit(&json!({"participant": participant}));
            taken.provider.map(|provider| provider.reveal().to_owned())
        };
        let led = json!([
            {"individual": {"display": "Dr. Ames"}},
            {"type": [{"coding": [{"code": "PPRF"}]}], "individual": {"display": "Dr. Bell"}},
        ]);
        assert_eq!(who(led), Some("Dr. Bell".to_owned()));
        let accompanied = json!([
            {"individual": {"reference": "RelatedPerson/r-1", "display": "Otto Quillfeather"}},
            {"individual": {"reference": "Practitioner/d-1", "display": " "}},
            {"individual": {"reference": "Practitioner/d-2", "display": "Dr. Ames"}},
            {"individual": {"display": "Dr. Bell"}},
        ]);
        assert_eq!(who(accompanied), Some("Dr. Ames".to_owned()));
        assert_eq!(who(json!([])), None);
        let long = json!({"participant": [{"individual": {"display": "x".repeat(201)}}]});
        assert_eq!(warned(&one_line(&with(encounter(), &long))), [(1, "unusable_provider")]);
    }

    #[test]
    fn any_other_is_a_visit_that_is_not_signed() {
        for fields in [
            json!({"status": "in-progress"}),
            json!({"status": null}),
            json!({"period": {"start": "2026-11-02"}}),
            json!({"period": {"start": "2026-11-02T09:00:00Z", "end": " "}}),
        ] {
            let taken = visit(&fields);
            assert_eq!((taken.date.to_string().as_str(), taken.signed_at), ("2026-11-02", None), "{fields}");
        }
    }

    #[test]
    fn an_end_without_a_time_is_the_beginning_of_its_day_and_a_vaguer_one_is_none() {
        let end = |end: &str| with(encounter(), &json!({"period": {"start": "2026-11-02", "end": end}}));
        let parsed = one_line(&end("2026-11-02"));
        let signed_at = parsed.statements[0].0.care.add_visits[0].signed_at;
        assert_eq!((signed_at, parsed.warnings.len()), (Some("2026-11-02T05:00:00Z".parse().unwrap()), 0));
        for text in ["2026-11", "2026-11-02T10:00:00", "2026-11-31", "later"] {
            let parsed = one_line(&end(text));
            assert_eq!(warned(&parsed), [(1, "unusable_period_end")], "{text}");
            assert_eq!(parsed.statements[0].0.care.add_visits[0].signed_at, None, "{text}");
        }
    }

    #[test]
    fn an_id_is_needed() {
        refused(&with(encounter(), &json!({"id": null})), "missing_id");
        refused(&with(encounter(), &json!({"id": ""})), "missing_id");
        refused(&with(encounter(), &json!({"id": "a b"})), "invalid_id");
        refused(&with(encounter(), &json!({"id": "x".repeat(65)})), "invalid_id");
    }

    #[test]
    fn the_patient_is_named_by_a_relative_or_absolute_reference() {
        let to = |reference: &str| with(encounter(), &json!({"subject": {"reference": reference}}));
        for reference in [
            "Patient/p-1",
            "https://ehr.example.com/fhir/Patient/p-1",
            "Patient/p-1/_history/3",
            " Patient/p-1 ",
        ] {
            let parsed = one_line(&to(reference));
            assert_eq!(parsed.statements[0].0.id.as_str(), "p-1", "{reference}");
        }
        for reference in [
            "",
            "p-1",
            "Patient/",
            "Patient",
            "Group/p-1",
            "Patient/a b",
            "Patient?identifier=5",
            "#p-1",
            "urn:uuid:p-1",
            "Outpatient/p-1",
            "x/Patient/p-1",
            "https://ehr.example.com/OutPatient/p-1",
            "Patient/p-1/Encounter/2",
            "Patient/Patient/p-1",
        ] {
            refused(&to(reference), "invalid_reference");
        }
        refused(&with(encounter(), &json!({"subject": null})), "invalid_reference");
        refused(&with(encounter(), &json!({"subject": {"display": "Maud"}})), "invalid_reference");
    }

    #[test]
    fn a_urn_is_resolved_through_the_bundle_wherever_its_patient_stands() {
        let to = |id: &str, urn: &str| with(encounter(), &json!({"id": id, "subject": {"reference": urn}}));
        let parsed = bundle(&json!([
            {"resource": to("e-1", "urn:uuid:aaaa")},
            {"fullUrl": "urn:uuid:aaaa", "resource": patient()},
            {"resource": to("e-2", "urn:uuid:bbbb")},
            {"fullUrl": "urn:uuid:cccc", "resource": with(encounter(), &json!({"id": "p-1"}))},
            {"resource": to("e-3", "urn:uuid:cccc")},
        ]));
        assert_eq!(rejected(&parsed), [(3, "invalid_reference"), (5, "invalid_reference")]);
        assert_eq!(parsed.statements.len(), 1);
        assert_eq!(parsed.statements[0].0.care.add_visits.len(), 2);
    }

    #[test]
    fn a_start_is_needed() {
        let refuse = |period: Value, code| refused(&with(encounter(), &json!({"period": period})), code);
        refuse(json!(null), "missing_period");
        refuse(json!({"end": "2026-11-02"}), "missing_period");
        refuse(json!({"start": ""}), "missing_period");
        for start in [
            "2026",
            "2026-11",
            "2026-11-31",
            "11/02/2026",
            "20261102",
            "yesterday",
            "T09:00",
            "2026-11-02 09:00",
        ] {
            refuse(json!({"start": start}), "invalid_period");
        }
    }

    #[test]
    fn one_that_never_took_place_takes_back_an_earlier_visit() {
        for status in ["planned", "cancelled", "entered-in-error", "noshow"] {
            let parsed = one_line(&with(encounter(), &json!({"status": status, "period": null})));
            let care = &parsed.statements[0].0.care;
            assert_eq!(
                (&care.drop_visits[..], &care.add_visits[..]),
                (&["e-1".to_owned()][..], &[][..]),
                "{status}"
            );
            assert!(care.only_takes_back() && parsed.warnings.is_empty(), "{status}");
            let nobodys = one_line(&json!({"resourceType": "Encounter", "status": status}));
            assert_eq!(warned(&nobodys), [(1, "ignored_status")], "there is nothing that it could take back");
            assert!(nobodys.statements.is_empty() && nobodys.rejected.is_empty());
        }
    }
}

mod related_persons {
    use super::*;

    #[test]
    fn a_related_person_is_a_contact() {
        let telecom = json!([
            {"system": "phone", "use": "work", "value": "202-555-0145"},
            {"system": "phone", "use": "mobile", "value": "202-555-0123"},
            {"system": "email", "value": "otto@example.com"},
        ]);
        let otto = contact(&json!({"telecom": telecom}));
        assert_eq!((otto.given_name.reveal(), otto.family_name.reveal()), ("Otto", "Quillfeather"));
        assert_eq!(otto.relationship.reveal(), "spouse");
        assert_eq!(otto.email.as_ref().map(Email::reveal), Some("otto@example.com"));
        assert_eq!(otto.phone.as_ref().map(Phone::reveal), Some("+12025550123"));
        assert_eq!(otto.id.as_deref(), Some("r-1"));
        let landline = contact(&json!({"telecom": [{"system": "phone", "value": "202-555-0145"}]}));
        assert_eq!(landline.phone.as_ref().map(Phone::reveal), Some("+12025550145"));
    }

    #[test]
    fn a_relationship_is_its_display_or_its_code_or_its_text() {
        let words = |relationship: Value| {
            contact(&json!({"relationship": relationship})).relationship.reveal().to_owned()
        };
        assert_eq!(
            words(json!([{"coding": [{"code": "MTH"}, {"display": "mother"}], "text": "Mum"}])),
            "mother"
        );
        assert_eq!(words(json!([{"coding": [{"code": "MTH"}], "text": "Mum"}])), "MTH");
        assert_eq!(words(json!([{}, {"text": "Mum"}])), "Mum");
        assert_eq!(words(json!(null)), "unspecified");
    }

    #[test]
    fn a_patient_an_id_and_a_name_are_needed() {
        refused(&with(related(), &json!({"patient": null})), "invalid_reference");
        refused(&with(related(), &json!({"patient": {"reference": "Person/1"}})), "invalid_reference");
        refused(&with(related(), &json!({"id": null})), "missing_id");
        refused(&with(related(), &json!({"name": null})), "missing_name");
        refused(
            &with(related(), &json!({"name": [{"use": "old", "family": "Quillfeather"}]})),
            "missing_name",
        );
        refused(&with(related(), &json!({"name": [{"family": "Q", "given": ["\u{1}x"]}]})), "invalid_name");
    }

    #[test]
    fn one_who_is_no_longer_related_is_no_contact_any_more() {
        for fields in [
            json!({"active": false}),
            json!({"period": {"end": "2020-05-01"}}),
            json!({"period": {"start": "2027"}, "name": null}),
        ] {
            let parsed = one_line(&with(related(), &fields));
            let care = &parsed.statements[0].0.care;
            assert_eq!(
                (&care.drop_contacts[..], care.add_contacts.len()),
                (&["r-1".to_owned()][..], 0),
                "{fields}"
            );
            assert_eq!((rejected(&parsed), warned(&parsed)), (vec![], vec![]), "{fields}");
        }
        assert!(contact(&json!({"active": true, "period": {"start": "2020-05-01"}})).id.is_some());
    }

    #[test]
    fn what_cannot_be_used_of_a_contact_is_warned_of() {
        let telecom =
            json!([{"system": "phone", "value": "555-609-6292"}, {"system": "email", "value": "otto"}]);
        let parsed = one_line(&with(related(), &json!({"telecom": telecom})));
        assert_eq!(warned(&parsed), [(1, "unusable_email"), (1, "unusable_phone")]);
        assert_eq!(
            parsed.statements[0].0.care.add_contacts[0].phone.as_ref().unwrap().reveal(),
            "555-609-6292"
        );
    }
}
