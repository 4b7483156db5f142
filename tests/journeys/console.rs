//! The Onboarding Tool: how it is opened and closed, and what a receptionist does in it.

use std::io::Read as _;

use portico_testkit::{PASSWORD, World};
use serde_json::json;

/// The field `once` of a page's forms.
fn once(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"once\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_application_opens_the_tool_once_and_within_a_minute() {
    let world = World::new().await;
    let launch = async |body| world.ehr("POST", "/v1/console/sessions", Some(body)).await;
    let path = |url: &str| url.strip_prefix(&world.service.base_url).unwrap().to_owned();
    let first =
        path(&launch(json!({"actor": "rita", "actor_name": "Rita R."})).await.expect_and(201).str("/url"));
    for _ in 0..2 {
        let page = world.page(&first).await.expect_and(200).text;
        assert!(page.contains("Rita R., from ehr") && page.contains("Riverside"), "{page}");
    }
    let opened = world.form(&first, &[]).await.expect_and(303);
    assert_eq!(opened.header("location"), "/console");
    let cookie = opened.header("set-cookie").to_owned();
    assert!(
        cookie.contains("SameSite=Strict") && cookie.contains("HttpOnly") && cookie.contains("Secure"),
        "{cookie}"
    );
    assert!(
        world.form(&first, &[]).await.expect_and(410).text.contains("This link is over"),
        "a second time"
    );

    world.patient("p1", World::chart()).await;
    let second = path(&launch(json!({"patient_id": "p1"})).await.expect_and(201).str("/url"));
    world.advance(60);
    world.page(&second).await.expect(410);
    world.form(&second, &[]).await.expect(410);
    let third = path(&launch(json!({"patient_id": "p1"})).await.expect_and(201).str("/url"));
    assert_eq!(world.form(&third, &[]).await.expect_and(303).header("location"), "/console/patients/p1");
    launch(json!({"patient_id": "nobody"})).await.expect(404);
    world
        .staff(&world.keys.scheduling, "POST", "/v1/console/sessions", Some(json!({"scopes": ["revoke"]})))
        .await
        .expect(403);
    world.staff(&world.keys.portal, "POST", "/v1/console/sessions", Some(json!({}))).await.expect(403);
}

#[tokio::test]
async fn a_window_closes_after_a_quarter_of_an_hour_after_a_working_day_and_when_somebody_closes_it() {
    let world = World::new().await;
    let window = world.window(&world.keys.ehr).await;
    for _ in 0..31 {
        world.advance(14 * 60);
        window.page("/console").await.expect(200);
    }
    world.advance(15 * 60);
    let over = window.page("/console").await.expect_and(401);
    assert!(over.text.contains("Open Portico again from your EHR"), "{}", over.text);

    let window = world.window(&world.keys.ehr).await;
    for _ in 0..34 {
        world.advance(14 * 60);
        window.page("/console").await.expect(200);
    }
    world.advance(14 * 60);
    window.page("/console").await.expect(401);

    let window = world.window(&world.keys.ehr).await;
    window.send("/console/close", &[]).await.expect(200);
    window.page("/console").await.expect(401);
}

#[tokio::test]
async fn a_bounced_invitation_is_on_today_and_correcting_the_address_gets_the_patient_in() {
    let world = World::new().await;
    world.patient("p1", World::chart_with(json!({"email": "rosa.qillfeather@example.com"}))).await;
    world.invite("p1", "email").await.expect(201);
    let id = world.last_mail().await.get("id").to_owned();
    let report = json!({"message_id": id, "type": "bounce"});
    world.request("POST", "/_local/feedback").json(&report).send().await.unwrap();
    world.service.idle().await;

    let window = world.window(&world.keys.ehr).await;
    let today = window.page("/console").await.expect_and(200).text;
    assert!(today.contains("1 thing needs a person") && today.contains("Quillfeather, Rosa"), "{today}");
    assert!(
        today.contains("rosa.qillfeather@example.com") && today.contains("/console/patients/p1/contacts")
    );

    let form = window.page("/console/patients/p1/contacts").await.expect_and(200).text;
    assert!(form.contains("Email came back"), "{form}");
    let wrong = [("email", "rosa at example"), ("asked", "yes"), ("then_invite", "email")];
    let page = window.send("/console/patients/p1/contacts", &wrong).await.expect_and(400).text;
    assert!(page.contains("There is a problem") && page.contains("rosa at example"), "{page}");
    let right = [("email", "rosa.quillfeather@example.com"), ("asked", "yes"), ("then_invite", "email")];
    let page = window.act("/console/patients/p1/contacts", &right).await.text;
    assert!(page.contains("A new link is on its way to rosa.quillfeather@example.com"), "{page}");

    let token = world.last_mail().await.token();
    let ticket = world.ticket(&token).await;
    world.register(&token, &ticket, "rosa.q").await.expect(201);
    let today = window.page("/console").await.expect_and(200).text;
    assert!(today.contains("Nothing needs a person"), "{today}");
}

#[tokio::test]
async fn a_receptionist_sends_resends_takes_back_and_records_a_no() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let window = world.window(&world.keys.ehr).await;
    let list = window.page("/console/patients").await.expect_and(200).text;
    assert!(list.contains("Patients not in yet") && list.contains("Not invited"), "{list}");
    let fields = [("channel", "email"), ("return", "/console/patients?status=uninvited")];
    let list = window.send("/console/patients/p1/invite", &fields).await.expect_and(303);
    assert!(
        list.header("location").starts_with("/console/patients?status=uninvited&said="),
        "{}",
        list.header("location")
    );
    assert!(!list.header("location").contains("rosa"), "no address stands in an address");
    let page = window.page("/console/patients/p1").await.expect_and(200).text;
    assert!(page.contains("Link by email to rosa.quillfeather@example.com"), "{page}");
    let code = world.portal("p1").await["invitation"]["access_code"].as_str().unwrap().to_owned();
    let shown = window.page("/console/patients/p1/code").await.expect_and(200).text;
    assert!(shown.contains(&format!("{} {}", &code[..4], &code[4..])), "{shown}");
    let page = window.page("/console/patients/p1").await.expect_and(200).text;
    assert!(page.contains("looked at the access code"), "the trail tells who looked");

    let again = window.act("/console/patients/p1/invite", &[("channel", "sms")]).await.text;
    assert!(again.contains("The old one stopped"), "{again}");
    window.act("/console/patients/p1/cancel", &[]).await;
    assert_eq!(world.portal("p1").await["status"], "uninvited");
    let page = window.act("/console/patients/p1/decline", &[]).await.text;
    assert!(page.contains("said no") && page.contains("Invite anyway"), "{page}");
    let refused = window.act("/console/patients/p1/invite", &[("channel", "email")]).await.text;
    assert!(refused.contains("said no"), "the refusal is said on the page: {refused}");
    window.send("/console/patients/p1/override", &[("channel", "email")]).await.expect(400);
    let by_voice = [("channel", "voice"), ("reason", "asked for it at the desk")];
    window.send("/console/patients/p1/override", &by_voice).await.expect(400);
    let long = "x".repeat(501);
    let too_long = [("channel", "email"), ("reason", long.as_str())];
    window.send("/console/patients/p1/override", &too_long).await.expect(400);
    let why = [("channel", "email"), ("reason", "asked for it at the desk")];
    assert!(window.act("/console/patients/p1/override", &why).await.text.contains("Sent."));
}

#[tokio::test]
async fn a_double_click_sends_one_invitation() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/patients/p1").await.expect_and(200).text;
    let once = once(&page);
    for _ in 0..2 {
        window.act("/console/patients/p1/invite", &[("channel", "email"), ("once", &once)]).await;
    }
    assert_eq!(world.mails().await.len(), 1);
}

#[tokio::test]
async fn access_is_taken_away_only_with_a_reason_and_only_where_the_window_may() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/patients/p1/revoke").await.expect_and(200).text;
    assert!(
        page.contains("Everybody: Rosa Quillfeather")
            && page.contains("is told at (202) 555-0143 and rosa.quillfeather@example.com"),
        "{page}"
    );
    let page =
        window.send("/console/patients/p1/revoke", &[("account_id", "all")]).await.expect_and(400).text;
    assert!(page.contains("Choose why."));
    let other = [("account_id", "all"), ("reason", "other")];
    let page = window.send("/console/patients/p1/revoke", &other).await.expect_and(400).text;
    assert!(page.contains("Write what happened."));
    let scheduling = world.window(&world.keys.scheduling).await;
    let page = scheduling.page("/console/patients/p1").await.expect_and(200).text;
    assert!(!page.contains("Take access away"), "what the scopes lack is not shown");
    let asked = [("account_id", "all"), ("reason", "left_practice")];
    let refused = scheduling.send("/console/patients/p1/revoke", &asked).await.expect_and(403);
    assert!(refused.text.contains("may not do that"));
    assert_eq!(world.introspect(&session).await["active"], true);
    assert!(
        window
            .act("/console/patients/p1/revoke", &asked)
            .await
            .text
            .contains("Access ended for Rosa Quillfeather")
    );
    assert_eq!(world.introspect(&session).await["active"], false);
    assert_eq!(world.sign_in("rosa.q", PASSWORD).await.status, 403);
}

#[tokio::test]
async fn somebody_without_messages_gets_a_login_by_hand() {
    let world = World::new().await;
    world.patient("p1", World::chart_with(json!({"email": null, "mobile_phone": null}))).await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/patients/p1/credentials").await.expect_and(200).text;
    assert!(page.contains("rquillfeather45"), "a username is suggested: {page}");
    let page =
        window.send("/console/patients/p1/credentials", &[("username", "r q")]).await.expect_and(422).text;
    assert!(page.contains("no spaces"), "{page}");
    let slip = window
        .send("/console/patients/p1/credentials", &[("username", "rquillfeather45")])
        .await
        .expect_and(200)
        .text;
    let password =
        slip.split("Temporary password</dt><dd><b>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(password.split('-').count(), 5, "{password}");
    let signed_in = world.sign_in("rquillfeather45", &password).await.expect_and(200).json();
    assert_eq!(signed_in["must_change_password"], true);

    // The slip is for the patient, so it speaks the patient's language.
    world.patient("p2", World::chart_with(json!({"language": "es-MX", "given_name": "Pia"}))).await;
    let slip = window
        .send("/console/patients/p2/credentials", &[("username", "pia1945")])
        .await
        .expect_and(200)
        .text;
    assert!(slip.contains("<div lang=\"es\">") && slip.contains("Contraseña temporal"), "{slip}");
    assert!(slip.contains("?lang=es") && !slip.contains("Temporary password"), "{slip}");
}

#[tokio::test]
async fn many_are_invited_after_a_look_ahead_and_each_has_a_result() {
    let world = World::new().await;
    // Tuesday, 11 o'clock in New York: texts go at once.
    world.service.clock.set("2026-11-24T16:00:00Z".parse().unwrap()).unwrap();
    for (id, change) in [
        ("a", json!({"given_name": "Ann", "email": "ann@example.com"})),
        ("b", json!({"given_name": "Ben", "email": null})),
        ("c", json!({"given_name": "Cem", "email": null, "mobile_phone": null})),
        ("d", json!({"given_name": "Dee", "email": "dee@example.com"})),
    ] {
        world.patient(id, World::chart_with(change)).await;
    }
    world.invite("d", "email").await.expect(201);
    let window = world.window(&world.keys.ehr).await;
    let ids = ["a", "b", "c", "d"].map(|id| ("patient_ids", id));
    let check = window.send("/console/patients/batch", &ids).await.expect_and(200).text;
    assert!(
        check.contains("Invite 4 patients: check first") && check.contains("2 will be invited"),
        "{check}"
    );
    assert!(
        check.contains("1 has a link that still works") && check.contains("1 can&#39;t be invited")
            || check.contains("1 can't be invited"),
        "{check}"
    );
    assert_eq!(world.mails().await.len(), 1, "nothing was sent yet");
    let once = once(&check);
    let mut fields = ids.to_vec();
    fields.extend([("channel", "email_then_sms"), ("once", once.as_str())]);
    for _ in 0..2 {
        let result = window.send("/console/patients/batch/send", &fields).await.expect_and(200).text;
        assert!(result.contains("2 sent, 2 not"), "{result}");
    }
    assert_eq!(world.mails().await.len(), 3, "a second click sends nothing twice");
    let empty = window.act("/console/patients/batch", &[]).await.text;
    assert!(empty.contains("Tick somebody first"));
}

#[tokio::test]
async fn a_batch_says_the_same_reasons_before_and_after_and_each_way_that_is_closed() {
    let world = World::new().await;
    world.service.clock.set("2026-11-24T16:00:00Z".parse().unwrap()).unwrap();
    for (id, change) in [
        ("bounced", json!({"email": "bounced@example.com", "mobile_phone": null})),
        ("stopped", json!({"email": null, "mobile_phone": "+12025550171"})),
        ("nothing", json!({"email": null, "mobile_phone": null})),
        ("linked", json!({"email": "linked@example.com"})),
    ] {
        world.patient(id, World::chart_with(change)).await;
    }
    world.invite("bounced", "email").await.expect(201);
    let bounce = json!({"message_id": world.last_mail().await.get("id"), "type": "bounce"});
    world.post("/_local/feedback", bounce).await.expect(200);
    world.invite("linked", "email").await.expect(201);
    world.post("/_local/feedback", json!({"phone": "+12025550171", "type": "stop"})).await.expect(200);
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    let ids = ["bounced", "stopped", "nothing", "linked"].map(|id| ("patient_ids", id));
    let check = window.send("/console/patients/batch", &ids).await.expect_and(200).text;
    let fields = [&ids[..], &[("channel", "email_then_sms")]].concat();
    let result = window.send("/console/patients/batch/send", &fields).await.expect_and(200).text;
    for page in [&check, &result] {
        for why in ["came back", "No email. Number replied STOP", "No email. No cell phone"] {
            assert!(page.contains(why), "{why}: {page}");
        }
        assert!(page.contains("/console/patients/nothing/contacts"), "the way to the cure: {page}");
    }
    assert!(
        check.contains("3 can't be invited") && check.contains("1 has a link that still works"),
        "{check}"
    );
    assert!(!check.contains(">Send 0"), "nothing to send without a choice: {check}");
    assert!(result.contains("0 sent, 4 not") && result.contains("Could not be sent <small>(3)"), "{result}");
    assert!(result.contains("Left out <small>(1)"), "{result}");
}

#[tokio::test]
async fn everybody_on_a_filtered_list_is_invited_at_once() {
    let world = World::new().await;
    world.service.clock.set("2026-11-24T16:00:00Z".parse().unwrap()).unwrap();
    for number in 0..60 {
        let id = format!("p{number:02}");
        let change = json!({"email": format!("{id}@example.com"), "tags": [if number < 55 { "clinic" } else { "other" }]});
        world.patient(&id, World::chart_with(change)).await;
        world.advance(i64::from(number % 40 == 39));
    }
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    let list = window.page("/console/patients?status=uninvited&tag=clinic").await.expect_and(200).text;
    let (_, query) = list.split_once("name=\"everybody\" value=\"").expect("there is more than a page");
    let query = query.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let check =
        window.send("/console/patients/batch", &[("everybody", query.as_str())]).await.expect_and(200).text;
    assert!(check.contains("Invite 55 patients: check first"), "{query}: {check}");
    let one = window.page("/console/patients?status=uninvited&tag=other").await.text;
    assert!(!one.contains("name=\"everybody\""), "all of them are on the page: {one}");
    for (filter, found) in
        [("has_username=true", 0), ("has_username=false", 50), ("invited_after=2026-11-24", 0)]
    {
        let page = window.page(&format!("/console/patients?all=yes&{filter}")).await.expect_and(200).text;
        assert_eq!(page.matches("name=\"patient_ids\"").count(), found, "{filter}");
        assert!(page.contains("Clear all"), "{page}");
    }
}

#[tokio::test]
async fn a_child_without_contacts_is_helped_by_a_parent_and_nothing_is_in_the_way_of_who_is_in() {
    let world = World::new().await;
    let child = json!({"birth_date": "2018-03-04", "email": null, "mobile_phone": null});
    world.patient("child", World::chart_with(child)).await;
    let adult = json!({"email": null, "mobile_phone": null});
    world.patient("adult", World::chart_with(adult)).await;
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    let list = window.page("/console/patients").await.text;
    assert!(list.contains("Invite a parent") && list.contains("Add contact"), "{list}");
    let page = window.page("/console/patients/child").await.text;
    assert!(page.contains("href=\"/console/patients/child/representatives\">Invite a parent"), "{page}");
    assert_eq!(page.matches("class=\"way\"").count(), 1, "one card for what lacks: {page}");
    let page = window.page("/console/patients/adult").await.text;
    assert!(page.contains("No email, no cell phone") && page.contains("Make a login by hand"), "{page}");

    let parent = [
        ("given_name", "Marta"),
        ("family_name", "Vale"),
        ("relationship", "parent"),
        ("email", "marta@example.com"),
        ("kind", "parent"),
        ("checked", "yes"),
        ("level", "full"),
    ];
    let page = window.act("/console/patients/child/representatives", &parent).await.text;
    assert!(
        page.contains("A link is on its way to marta@example.com.") && !page.contains("The old one stopped")
    );
    assert!(!page.contains("class=\"way\""), "the parent's link is out: {page}");
}

#[tokio::test]
async fn a_mother_of_several_is_invited_for_each_child_whose_chart_names_her() {
    let world = World::new().await;
    let marta = json!({"given_name": "Marta", "family_name": "López", "relationship": "MOTHER",
        "email": "marta@example.com", "phone": "+12025550143"});
    let namesake = json!({"given_name": "Marta", "family_name": "López", "relationship": "MOTHER",
        "email": "another.marta@example.com"});
    for (id, name, contact) in [
        ("ana", "Ana", &marta),
        ("sofia", "Sofía", &marta),
        ("luis", "Luis", &marta),
        ("eva", "Eva", &namesake),
    ] {
        let change = json!({"given_name": name, "family_name": "Heredia", "birth_date": "2016-05-06",
            "email": null, "mobile_phone": null, "contacts": [contact]});
        world.patient(id, World::chart_with(change)).await;
    }
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    let fields = [
        ("given_name", "marta"),
        ("family_name", "Lopez"),
        ("relationship", "parent"),
        ("mobile_phone", "(202) 555-0143"),
        ("email", "Marta@example.com"),
        ("level", "limited"),
        ("kind", "guardian"),
        ("reference", "GC-17"),
        ("checked", "yes"),
    ];
    let page = window.act("/console/patients/ana/representatives", &fields).await.expect_and(200).text;
    assert!(page.contains("A link is on its way to Marta@example.com."), "{page}");
    assert!(page.contains("marta Lopez is also a contact of"), "{page}");
    assert!(page.contains("Sofía Heredia") && page.contains("Luis Heredia"), "{page}");
    assert!(!page.contains("Eva Heredia"), "a namesake with another address is somebody else: {page}");
    assert!(
        page.contains("They will see appointments and messages, by this right: legal guardian."),
        "{page}"
    );

    // The form of the page, as the browser sends it.
    let form = |page: &str, id: &str| -> Vec<(String, String)> {
        let action = format!("action=\"/console/patients/{id}/representatives\"");
        let (_, rest) = page.split_once(&action).expect("a form for this child");
        let (form, _) = rest.split_once("</form>").unwrap();
        let field = |input: &str| {
            let value = |name: &str| Some(input.split_once(name)?.1.split('"').next()?.to_owned());
            Some((value("name=\"")?, value("value=\"")?))
        };
        form.split("<input ").skip(1).filter_map(field).collect()
    };
    let sofia = form(&page, "sofia");
    let send = async |fields: &[(String, String)], id: &str| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        window.send(&format!("/console/patients/{id}/representatives"), &fields).await
    };
    let unticked: Vec<_> = sofia.iter().filter(|(name, _)| name != "checked").cloned().collect();
    let page_of_fault = send(&unticked, "sofia").await.expect_and(400).text;
    assert!(page_of_fault.contains("tick the box") && page_of_fault.contains("GC-17"), "{page_of_fault}");
    let next = send(&sofia, "sofia").await.expect_and(303).header("location").to_owned();
    let portal = world.ehr("GET", "/v1/patients/sofia/portal", None).await.expect_and(200).json();
    let invited = &portal["invitations"][0];
    assert_eq!(
        (&invited["kind"], &invited["state"]),
        (&json!("representative"), &json!("pending")),
        "{portal}"
    );
    let page = window.page(&next).await.expect_and(200).text;
    assert!(page.contains("Luis Heredia") && !page.contains("patients/ana/representatives\""), "{page}");
    // With the last child there is nobody left, and the page of the child follows.
    let next = send(&form(&page, "luis"), "luis").await.expect_and(303).header("location").to_owned();
    assert!(next.starts_with("/console/patients/luis?said="), "{next}");
    assert_eq!(world.mails().await.len(), 3);
    let gone = window.page(&next.replace("luis?", "ana/representatives?also=nothing&")).await;
    gone.expect(404);
}

#[tokio::test]
async fn the_page_of_a_locked_link_says_what_to_compare_and_sends_a_new_one() {
    let world = World::new().await;
    let token = world.invited("p1").await;
    let wrong = json!({"as": "patient", "family_name": "Wrong", "birth_date": "04/27/1945"});
    for _ in 0..5 {
        world.post(&format!("/i/{token}/verify"), wrong.clone()).await;
    }
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/patients/p1").await.text;
    assert!(page.contains("Five wrong answers") && page.contains("Send new link"), "{page}");
    let page = window.act("/console/patients/p1/invite", &[("channel", "email")]).await.text;
    assert!(!page.contains("Five wrong answers"), "{page}");
}

#[tokio::test]
async fn a_search_finds_present_and_former_names_and_stands_in_no_address() {
    let world = World::new().await;
    world.patient("p1", World::chart_with(json!({"family_name": "Delgado"}))).await;
    world.patient("p1", World::chart_with(json!({"family_name": "Heredia López"}))).await;
    world.patient("p2", World::chart_with(json!({"given_name": "Rosalind", "family_name": "Vale", "email": "v@example.com", "birth_date": "1990-02-03"}))).await;
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    for q in [
        "delgado",
        "heredia lopez",
        "Heredia",
        "López, Rosa",
        "p1",
        "rosa.quill",
        "04/27/1945",
        "rosa.quillfeather@example.com",
    ] {
        let found = window.send("/console/patients/search", &[("q", q)]).await.expect_and(303);
        let at = found.header("location").to_owned();
        assert!(
            at.starts_with("/console/patients?all=yes&v=") && !at.to_lowercase().contains("delgado"),
            "{at}"
        );
        let page = window.page(&at).await;
        let landed = page.header("location") == "/console/patients/p1";
        assert_eq!((page.status, landed), (303, true), "{q}: {}", page.text);
    }
    let at = window.send("/console/patients/search", &[("q", "rosa")]).await.expect_and(303);
    let page = window.page(at.header("location")).await.expect_and(200).text;
    assert!(page.contains("Vale, Rosalind") && page.contains("Heredia López, Rosa"), "{page}");
}

#[tokio::test]
async fn a_proposed_change_is_compared_and_taken_over_and_a_held_registration_is_decided() {
    let world = World::new().await;
    let session = world.registered("p1", "rosa.q").await;
    let path = format!("/{}/account/demographics", world.practice);
    let body =
        json!({"patient_id": "p1", "changes": {"mobile_phone": "+12025550199", "city": "Springfield"}});
    world.send(world.request("POST", &path).bearer_auth(&session).json(&body)).await.expect(202);
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/changes").await.expect_and(200).text;
    assert!(page.contains("(202) 555-0143") && page.contains("(202) 555-0199"), "{page}");
    let id = page.split("/console/changes/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let done = window.act(&format!("/console/changes/{id}/accept"), &[("fields", "mobile_phone")]).await.text;
    assert!(done.contains("Taken over") && done.contains("No changes wait"), "{done}");
    let chart = world.ehr("GET", "/v1/patients/p1", None).await.json();
    assert_eq!((chart["mobile_phone"].as_str(), &chart["city"]), (Some("+12025550199"), &json!(null)));
    assert!(window.page("/console/requests").await.expect_and(200).text.contains("no registration waits"));
}

#[tokio::test]
async fn an_account_is_found_unlocked_and_deleted() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    for _ in 0..10 {
        world.sign_in("rosa.q", "wrong wrong wrong").await.expect(401);
    }
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.send("/console/accounts", &[("q", "rosa.q")]).await.expect_and(200).text;
    let id = page.split("/console/accounts/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    assert!(window.act(&format!("/console/accounts/{id}/unlock"), &[]).await.text.contains("is unlocked"));
    world.sign_in("rosa.q", PASSWORD).await.expect(200);
    let page = window.page(&format!("/console/accounts/{id}/delete")).await.expect_and(200).text;
    assert!(page.contains("Delete rosa.q?") && page.contains("1 record"), "{page}");
    assert!(window.act(&format!("/console/accounts/{id}/delete"), &[]).await.text.contains("Deleted."));
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
}

#[tokio::test]
async fn today_shows_twenty_five_lines_of_a_group_until_all_are_asked_for() {
    let world = World::new().await;
    world.service.clock.set("2026-11-24T14:00:00Z".parse().unwrap()).unwrap();
    for number in 0..30 {
        let visit = json!([{"id": "v", "starts_at": "2026-11-25T15:00:00Z"}]);
        let change = json!({"email": format!("p{number}@example.com"), "appointments": visit});
        world.patient(&format!("p{number:02}"), World::chart_with(change)).await;
    }
    let window = world.window(&world.keys.ehr).await;
    let lines = |page: &str| page.matches("<li class=\"wide\">").count();
    let page = window.page("/console").await.expect_and(200).text;
    assert_eq!(lines(&page), 25, "{page}");
    assert!(page.contains("30 come in the next three days") && page.contains("Invite all 30"), "{page}");
    assert_eq!(page.matches("name=\"patient_ids\"").count(), 30, "the button invites all of them");
    let (_, rest) = page.split_once("href=\"/console?all=").unwrap();
    let name = rest.split('"').next().unwrap();
    assert_eq!(name, "wednesday-november-25");
    let all = window.page(&format!("/console?all={name}")).await.expect_and(200).text;
    assert_eq!(lines(&all), 30);
    assert!(!all.contains("Show all"), "{all}");
}

#[tokio::test]
async fn who_comes_in_three_days_and_is_not_in_yet_stands_on_today() {
    let world = World::new().await;
    world.service.clock.set("2026-11-24T14:00:00Z".parse().unwrap()).unwrap();
    let coming = |name: &str, at: &[&str]| {
        let all: Vec<_> =
            at.iter().enumerate().map(|(n, at)| json!({"id": n.to_string(), "starts_at": at})).collect();
        World::chart_with(
            json!({"given_name": name, "email": format!("{name}@example.com"), "appointments": all}),
        )
    };
    world.patient("soon", coming("Soon", &["2026-11-24T20:00:00Z"])).await;
    world.patient("late", coming("Late", &["2026-12-24T20:00:00Z"])).await;
    world.patient("over", coming("Over", &["2026-11-24T15:00:00Z", "2026-11-26T15:00:00Z"])).await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console").await.expect_and(200).text;
    assert!(page.contains("2 come in the next three days and are not in yet"), "{page}");
    assert!(!page.contains("Late"), "{page}");
    // The first appointment of one of them is over; the next one counts, once the schedule has looked at it.
    world.service.clock.set("2026-11-24T23:00:00Z".parse().unwrap()).unwrap();
    world.sweep().await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console").await.expect_and(200).text;
    assert!(
        page.contains("1 comes in the next three days and is not in yet") && page.contains("Over"),
        "{page}"
    );
}

#[tokio::test]
async fn a_manager_changes_one_setting_and_another_keeps_what_somebody_else_saved_meanwhile() {
    let world = World::new().await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/settings").await.expect_and(200).text;
    assert!(page.contains("name=\"was_link_hours\" value=\"72\""), "{page}");
    world.allow(&["five_digit_codes"]).await;
    world.settings(json!({"code_digits": 5})).await;
    let form = [
        ("link_hours", "24"),
        ("was_link_hours", "72"),
        ("code_digits", "6"),
        ("was_code_digits", "6"),
        ("identity_facts", "family_name birth_date postal_code"),
        ("was_identity_facts", "family_name birth_date"),
    ];
    let page = window.act("/console/settings", &form).await.text;
    assert!(
        page.contains("Saved.") && page.contains("Links that are out keep their time. Usual: 72."),
        "{page}"
    );
    let now = world.ehr("GET", "/v1/settings", None).await.expect_and(200).json();
    assert_eq!((&now["link_hours"], &now["code_digits"]), (&json!(24), &json!(5)));
    assert_eq!(now["identity_facts"], json!(["family_name", "birth_date", "postal_code"]));

    // A phone number is shown as people write it, and may be typed so.
    assert!(page.contains("name=\"phone\" value=\"(202) 555-0100\""), "{page}");
    let number = [("phone", "202 555 0177"), ("was_phone", "(202) 555-0100")];
    window.send("/console/settings", &number).await.expect(303);
    assert_eq!(world.ehr("GET", "/v1/settings", None).await.json()["phone"], "+12025550177");
    let wrong = [("phone", "12"), ("was_phone", "(202) 555-0177")];
    window.send("/console/settings", &wrong).await.expect(400);

    let wrong = [("link_hours", "a day"), ("was_link_hours", "24")];
    let page = window.send("/console/settings", &wrong).await.expect_and(400).text;
    assert!(page.contains("Nothing was saved") && page.contains("value=\"a day\""), "{page}");
    let wrong = [
        ("time_zone", "Mars/Base"),
        ("was_time_zone", "America/New_York"),
        ("name", "Other"),
        ("was_name", "Riverside Family Medicine"),
    ];
    let page = window.send("/console/settings", &wrong).await.expect_and(400).text;
    assert!(page.contains("href=\"#time_zone\""), "{page}");
    assert_ne!(world.ehr("GET", "/v1/settings", None).await.json()["name"], "Other", "nothing half done");
    let scheduling = world.window(&world.keys.scheduling).await;
    scheduling.page("/console/settings").await.expect(403);
    scheduling.send("/console/settings", &[("link_hours", "1"), ("was_link_hours", "24")]).await.expect(403);
}

#[tokio::test]
async fn automatic_invitations_are_looked_at_turned_on_and_off() {
    let world = World::new().await;
    let visits = json!([{"id": "v1", "date": "2026-11-23", "signed_at": "2026-11-23T20:00:00Z"}]);
    world.patient("p1", World::chart_with(json!({"birth_date": "1980-04-27", "visits": visits}))).await;
    world
        .patient(
            "p2",
            World::chart_with(json!({"email": null, "birth_date": "1980-04-27", "visits": visits})),
        )
        .await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/auto-invite").await.expect_and(200).text;
    assert!(page.contains("No run yet") && page.contains("add it in Settings"), "{page}");
    let page = window.act("/console/auto-invite/enabled", &[("enabled", "true")]).await.text;
    assert!(page.contains("Turned on.") && page.contains("Turn off"), "{page}");
    let page = window.page("/console/auto-invite?preview=yes").await.expect_and(200).text;
    assert!(page.contains("due now") && page.contains("No email"), "{page}");
    let page = window.act("/console/auto-invite/enabled", &[("enabled", "false")]).await.text;
    assert!(page.contains("Turned off."), "{page}");
}

#[tokio::test]
async fn the_measure_names_whom_it_missed_and_why() {
    let world = World::new().await;
    let visits = json!([{"id": "v1", "date": "2026-11-02", "signed_at": "2026-11-02T20:00:00Z", "provider": "Dr. Lee"}]);
    world.patient("p1", World::chart_with(json!({"visits": visits}))).await;
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/reports/electronic-access").await.expect_and(200).text;
    assert!(page.contains("Access means provided"), "{page}");
    let at = "/console/reports/electronic-access?from=2026-11-01&to=2026-11-20&provider=";
    let page = window.page(at).await.expect_and(200).text;
    for words in ["0 of 1", "Quillfeather, Rosa", "No invitation", "Dr. Lee", "at least 180 days"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let backwards = "/console/reports/electronic-access?from=2026-11-20&to=2026-11-01";
    assert!(window.page(backwards).await.expect_and(400).text.contains("must not be before the first"));
}

#[tokio::test]
async fn a_patient_without_email_and_phone_gets_a_letter_over_the_desk() {
    let world = World::new().await;
    world.patient("p1", World::chart_with(json!({"email": null, "mobile_phone": null}))).await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.act("/console/patients/p1/invite", &[("channel", "print")]).await.text;
    assert!(page.contains("The letter is ready.") && page.contains("Open the letter"), "{page}");
    let letter = window.page("/console/patients/p1/letter").await.expect_and(200);
    assert_eq!(letter.header("content-type"), "application/pdf");
    let page = window.act("/console/patients/p1/handed-over", &[]).await.text;
    assert!(page.contains("Letter given"), "{page}");
}

#[tokio::test]
async fn a_representatives_message_that_came_back_is_not_taken_for_the_patients() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let father = json!({"given_name": "Luis", "family_name": "Quillfeather", "relationship": "parent",
        "email": "luis@example.com", "channel": "email"});
    world.ehr("POST", "/v1/patients/p1/representatives", Some(father)).await.expect(201);
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/patients/p1").await.expect_and(200).text;
    assert!(page.contains("Link by email to luis@example.com for Luis Quillfeather"), "{page}");
    assert!(page.contains("Take access away"), "the link can be stopped: {page}");
    let report = json!({"message_id": world.last_mail().await.get("id"), "type": "bounce"});
    world.request("POST", "/_local/feedback").json(&report).send().await.unwrap();
    world.service.idle().await;
    let today = window.page("/console").await.expect_and(200).text;
    assert!(today.contains("A representative&#39;s message came back"), "{today}");
    assert!(!today.contains("rosa.quillfeather@example.com"), "the patient's own address is fine: {today}");
    let page = window.page("/console/patients/p1").await.expect_and(200).text;
    assert!(page.contains("Came back") && !page.contains("Email came back"), "{page}");
}

#[tokio::test]
async fn the_list_that_is_shown_is_taken_out_as_a_file_and_the_trail_says_who_did() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    world
        .patient("p2", World::chart_with(json!({"family_name": "=HYPERLINK(1)", "tags": ["diabetes-class"]})))
        .await;
    let window = world.window(&world.keys.ehr).await;
    let page = window.page("/console/patients?tag=diabetes-class").await.expect_and(200).text;
    assert!(page.contains("action=\"/console/patients/download?tag=diabetes-class\""), "{page}");
    let file = window.send("/console/patients/download?tag=diabetes-class", &[]).await.expect_and(200);
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"patients.csv\"");
    assert_eq!(file.text.lines().count(), 2, "{}", file.text);
    assert!(file.text.contains("'=HYPERLINK(1)"), "a formula is disarmed: {}", file.text);
    let trail = world.ehr("GET", "/v1/audit", None).await.expect_and(200).json();
    let last = trail["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["action"], &last["detail"]["patients"]), (&json!("list_exported"), &json!("1")));
    assert_eq!(last["by"]["actor"], "dr.lee");
    assert_eq!(world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json()["intact"], true);
}

#[tokio::test]
async fn a_receptionist_adds_who_is_not_on_file_and_is_shown_a_chart_that_is_like_it() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let window = world.window(&world.keys.ehr).await;
    let list = window.page("/console/patients").await.expect_and(200).text;
    assert!(list.contains("href=\"/console/patients/new\""), "{list}");
    let form = window.page("/console/patients/new").await.expect_and(200).text;
    assert!(form.contains("Invite now?"), "{form}");

    let path = "/console/patients";
    let wrong = [("given_name", "Ana"), ("birth_date", "31/31/1980"), ("email", "ana"), ("invite", "email")];
    let page = window.send(path, &wrong).await.expect_and(400).text;
    for field in ["birth_date", "email"] {
        assert!(page.contains(&format!("href=\"#{field}\"")), "{field}: {page}");
    }
    assert!(page.contains("value=\"Ana\""), "what was typed stays: {page}");
    let nowhere =
        [("given_name", "Ana"), ("family_name", "Lee"), ("birth_date", "3/4/1958"), ("invite", "email")];
    let page = window.send(path, &nowhere).await.expect_and(422).text;
    assert!(page.contains("Nothing was added."), "{page}");

    let known = [
        ("given_name", "Rosa"),
        ("family_name", "Quillfeather"),
        ("birth_date", "4/27/1945"),
        ("email", "rosa@elsewhere.example"),
        ("invite", "email"),
    ];
    let page = window.send(path, &known).await.expect_and(409).text;
    assert!(page.contains("There is a chart like this") && page.contains("/console/patients/p1"), "{page}");
    assert!(page.contains("Another person: add"), "{page}");
    let another = [&known[..], &[("allow_duplicate", "yes")]].concat();
    let page = window.act(path, &another).await.text;
    assert!(page.contains("is added. A link is on its way to rosa@elsewhere.example"), "{page}");
    let link = world.last_mail_to("rosa@elsewhere.example").await.token();
    world.get(&format!("/i/{link}")).await.expect(200);

    let later =
        [("given_name", "Ana"), ("family_name", "Lee"), ("birth_date", "3/4/1958"), ("invite", "none")];
    let page = window.act(path, &later).await.text;
    assert!(page.contains("Ana Lee is added, and not invited yet."), "{page}");
}

#[tokio::test]
async fn a_spreadsheet_is_checked_on_its_page_and_then_taken_in() {
    let world = World::new().await;
    let window = world.window(&world.keys.ehr).await;
    let form = window.page("/console/import").await.expect_and(200).text;
    assert!(form.contains("enctype=\"multipart/form-data\""), "{form}");
    let upload = async |parts: &[(&str, &str)]| {
        let part = |(name, value): &(&str, &str)| {
            let file = if *name == "file" { "; filename=\"patients.csv\"" } else { "" };
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
        };
        let body: String = parts.iter().map(part).collect();
        let request = world.request("POST", "/console/import").header("accept", "text/html");
        let request = request.header("cookie", &window.cookie).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "multipart/form-data; boundary=edge");
        world.send(request.body(body + "--edge--\r\n")).await
    };
    for (file, said) in
        [("", "Choose a file first."), ("PK\u{3}", "This is an Excel file."), ("a\nb\n", "one column")]
    {
        let page = upload(&[("file", file)]).await.expect_and(400).text;
        assert!(page.contains(said), "{said}: {page}");
    }
    let table = "Chart,First,Last,DOB,Ruft an\r\np1,Rosa,Quillfeather,4/27/1945,2025550143\r\np2,Ana,Lee,13/25/58,\r\n";
    // A later step sends what the page carries.
    let carried = |page: &str| {
        let (_, rest) = page.split_once("name=\"table\" value=\"").expect("the page carries the table");
        rest.split('"').next().unwrap().to_owned()
    };
    let page = upload(&[("file", table)]).await.expect_and(200).text;
    let packed = carried(&page);
    assert!(page.contains("1 to take in: 1 new, 0 changed, 0 the same."), "{page}");
    assert!(page.contains("Line 3: DOB: ") && page.contains("Line 2: ") && page.contains("Rosa"), "{page}");
    assert!(page.contains("name=\"column:Ruft an\"") && page.contains(">cell phone</option>"), "{page}");
    world.ehr("GET", "/v1/patients/p1", None).await.expect(404);

    let chosen = [("table", packed.as_str()), ("column:Ruft an", "mobile_phone")];
    let page = upload(&chosen).await.expect_and(200).text;
    assert!(page.contains("<option value=\"mobile_phone\" selected>"), "{page}");
    // The faulty lines come back as a file with the reasons, in which nothing is a formula.
    let file = upload(&[&chosen[..], &[("download", "yes")]].concat()).await.expect_and(200);
    assert!(file.header("content-disposition").contains("lines-with-faults.csv"));
    assert!(
        file.text.starts_with("Chart,First,Last,DOB,Ruft an,Line,What is wrong\r\np2,Ana,Lee,13/25/58,,3,"),
        "{}",
        file.text
    );
    // One field for two columns is told, and nothing is taken in, whatever button was pressed.
    let twice =
        [("table", packed.as_str()), ("column:Ruft an", "given_name"), ("column:First", "given_name")];
    let page = upload(&[&twice[..], &[("take", "yes")]].concat()).await.expect_and(400).text;
    assert!(page.contains("You chose first name for two columns: First and Ruft an."), "{page}");
    assert!(page.contains("name=\"table\"") && page.contains("2025550143"), "the file is kept: {page}");
    world.ehr("GET", "/v1/patients/p1", None).await.expect(404);
    // A column that was matched by its name can be left out; then a name is missing.
    let without =
        [("table", packed.as_str()), ("column:Ruft an", ""), ("column:First", ""), ("column:Chart", "")];
    let page = upload(&without).await.expect_and(400).text;
    assert!(page.contains("No column for first name"), "{page}");
    let formula = "First,Last,DOB\r\n=1+1,Lee,13/25/58\r\n";
    let page = upload(&[("file", formula)]).await.expect_and(200).text;
    let file = upload(&[("table", carried(&page).as_str()), ("download", "yes")]).await.expect_and(200).text;
    assert!(file.contains("\r\n'=1+1,Lee"), "{file}");
    upload(&[("table", "no base64!")]).await.expect(400);
    let page = upload(&[&chosen[..], &[("take", "yes")]].concat()).await.expect_and(200).text;
    assert!(page.contains("1 taken in: 1 new") && page.contains("Nobody was invited."), "{page}");
    let chart = world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200).json();
    assert_eq!((&chart["mobile_phone"], &chart["given_name"]), (&json!("+12025550143"), &json!("Rosa")));
    assert_eq!(world.mails().await.len(), 0);
    let again = upload(&[("file", table)]).await.expect_and(200).text;
    assert!(again.contains("0 new, 0 changed, 1 the same."), "{again}");
    // What is left out of a line is told apart from what is mended, and comes back in the file as well.
    let mixed = "Chart,First,Last,DOB,Email,ZIP\r\np3,Eve,Moss,3/4/1958,eve at example,2134\r\n";
    let page = upload(&[("file", mixed)]).await.expect_and(200).text;
    let (lost, mended) = page.split_once("<h2>Mended</h2>").expect("two headings");
    assert!(lost.contains("<h2>Taken in without this</h2>") && lost.contains("Line 2: Email: "), "{page}");
    assert!(mended.contains("ZIP 2134 read as 02134.") && page.contains("March 4, 1958"), "{page}");
    let file = upload(&[("table", carried(&page).as_str()), ("download", "yes")]).await.expect_and(200).text;
    assert!(
        file.contains("\r\np3,Eve,Moss,3/4/1958,eve at example,2134,2,") && !file.contains("02134"),
        "{file}"
    );
    let empty = "Chart,First,Last,DOB,Cell\r\np1,Rosa,Quillfeather,4/27/1945,\r\n";
    let page =
        upload(&[("file", empty), ("empty_clears", "yes"), ("take", "yes")]).await.expect_and(200).text;
    assert!(page.contains("1 changed"), "{page}");
    let chart = world.ehr("GET", "/v1/patients/p1", None).await.expect_and(200).json();
    assert_eq!(chart["mobile_phone"], json!(null), "an empty cell clears where that is wanted");
}

#[tokio::test]
async fn the_local_service_begins_with_a_page_of_what_can_be_tried() {
    let world = World::new().await;
    // It is no route of the API, so no contract judges it.
    let page = reqwest::get(world.url("/")).await.unwrap().text().await.unwrap();
    for part in ["/_local/console", "/_local/mailbox", "/_local/costs", "riverside", "lakeside", "born 19"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains(&world.keys.ehr), "the keys");
}

#[tokio::test]
async fn a_patients_page_tells_of_a_new_password_among_what_happened() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let window = world.window(&world.keys.ehr).await;
    let told = "changed the password";
    assert!(!window.page("/console/patients/p1").await.text.contains(told));
    world.advance(60);
    let token = world.reset_token("rosa.q").await;
    let ticket = world.reset_ticket(&token).await;
    world.new_password(&token, &ticket, "walnut trellis nine").await.expect(204);
    let page = window.page("/console/patients/p1").await.expect_and(200).text;
    let trail = page.split("<ol class=\"trail\">").nth(1).expect("the trail");
    let place = |words: &str| trail.find(words).expect("it is told");
    assert!(place(told) < place("registered"), "the newest first");
}

#[tokio::test]
async fn long_answers_for_staff_are_compressed_and_pages_with_a_token_are_not() {
    let world = World::new().await;
    for number in 0..50 {
        let change =
            json!({"given_name": "Maximiliana", "email": format!("p{number}@a-long-host.example.com")});
        world.patient(&format!("R-{number:03}"), World::chart_with(change)).await;
        // Fifty calls a second are allowed to a key.
        world.advance(i64::from(number % 40 == 39));
    }
    let link = world.invited("p1").await;
    world.service.idle().await;
    let window = world.window(&world.keys.ehr).await;
    let ask = async |path: &str| {
        let request = world.request("GET", path).header("accept-encoding", "br, gzip;q=0.8");
        let request = if path.starts_with("/v1/") {
            request.bearer_auth(&world.keys.ehr)
        } else {
            request.header("cookie", &window.cookie).header("accept", "text/html")
        };
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (coding, vary) = (header("content-encoding"), header("vary").unwrap_or_default());
        (coding.as_deref() == Some("gzip"), vary, answer.bytes().await.unwrap())
    };
    let unpacked = |bytes: &[u8]| {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
        text
    };
    let (is_compressed, vary, page) = ask("/console/patients?all=yes").await;
    assert!(is_compressed && vary.contains("accept-encoding"), "{vary}");
    assert!(page.len() <= 12_000, "a list of fifty: {} bytes", page.len());
    assert_eq!(unpacked(&page).matches("name=\"patient_ids\"").count(), 50);
    let (is_compressed, _, list) = ask("/v1/onboarding").await;
    let list: serde_json::Value = serde_json::from_str(&unpacked(&list)).unwrap();
    assert!(is_compressed && list["patients"].as_array().unwrap().len() == 50);
    // What says a token, what strangers ask for, and what is short stays as it is.
    for path in
        [format!("/i/{link}"), format!("/{}/sign-up", world.practice), "/v1/onboarding/summary".to_owned()]
    {
        assert!(!ask(&path).await.0, "{path}");
    }
    let launch = json!({"actor": "rita"});
    let url = world.ehr("POST", "/v1/console/sessions", Some(launch)).await.expect_and(201).str("/url");
    assert!(!ask(url.trim_start_matches(&world.url(""))).await.0, "the launch page");
    let plain = world.request("GET", "/v1/onboarding").bearer_auth(&world.keys.ehr).send().await.unwrap();
    assert!(
        plain.headers().get("content-encoding").is_none() && plain.headers()["vary"] == "accept-encoding"
    );
}
