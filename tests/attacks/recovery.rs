//! Attacks on recovery: learning who has an account, using another person's link, guessing, locking
//! others out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use portico_domain::time::{Clock, Timestamp};
use portico_local::Failure;
use portico_local::roles::Deed;
use portico_testkit::{Answer, Browser, PASSWORD, World};
use serde_json::{Value, json};

use super::{facts, other_code, seen, table};

const NEW: &str = "quince ladder eleven";
const DAY: i64 = 86_400;

/// Kinds of people that an answer must not tell apart. Each has a patient id, an address and a user name
/// after the kind.
const KINDS: [&str; 5] = ["known", "revoked", "locked", "invited", "unknown"];

fn address(kind: &str) -> String {
    format!("{kind}@example.com")
}

fn stated(kind: &str) -> Value {
    json!({"email": address(kind), "family_name": "Quillfeather", "birth_date": "04/27/1945", "postal_code": "02139"})
}

/// A world with one person of each kind except the unknown, and their invitation links, used or not.
async fn people() -> (World, BTreeMap<&'static str, String>) {
    let world = World::new().await;
    let mut links = BTreeMap::from([("unknown", "A".repeat(44))]);
    for kind in KINDS.into_iter().filter(|kind| *kind != "unknown") {
        world.patient(kind, World::chart_with(json!({"email": address(kind)}))).await;
        world.invite(kind, "email").await.expect(201);
        let token = world.last_mail().await.token();
        if kind != "invited" {
            let ticket = world.ticket(&token).await;
            world.register(&token, &ticket, &format!("{kind}.one")).await.expect(201);
        }
        links.insert(kind, token);
    }
    world.revoke("revoked", "other").await.expect(200);
    for _ in 0..11 {
        world.sign_in("locked.one", "not the password").await.expect(401);
    }
    (world, links)
}

/// Every request that anybody can make on behalf of a person of a kind.
fn asks(world: &World, kind: &str, link: &str) -> Vec<(String, Value)> {
    let here = |path: &str| format!("/{}/{path}", world.practice);
    vec![
        (here("sign-up"), stated(kind)),
        (here("forgot-password"), json!({"username": format!("{kind}.one")})),
        (here("forgot-password"), stated(kind)),
        (here("forgot-username"), json!({"email": address(kind)})),
        (format!("/i/{link}/renew"), json!({})),
    ]
}

#[tokio::test]
async fn nobody_learns_from_an_answer_who_has_an_account() {
    let (world, links) = people().await;
    let mut answers: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for kind in KINDS {
        for (place, (path, body)) in asks(&world, kind, &links[kind]).into_iter().enumerate() {
            let fields: Vec<(String, String)> = body
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect();
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            answers.entry(place).or_default().insert(seen(&world.form(&path, &fields).await));
            let answer = world.post(&path, body).await.expect_and(202);
            assert_eq!(answer.text, "{}");
            answers.entry(100).or_default().insert(seen(&answer));
            // Each request is worked off before the next is sent, so that no kind waits for another.
            world.service.idle().await;
        }
    }
    for (place, answers) in answers {
        assert_eq!(answers.len(), 1, "{place}: {answers:#?}");
    }
    // Tokens of every length and spelling get the same answer, too.
    let one = seen(&world.post(&format!("/i/{}/renew", links["known"]), json!({})).await);
    for token in
        ["x", "%00%00", "%0a", &"%01".repeat(400), &"A".repeat(2000), &"%ff".repeat(44), "..%2f..%2fv1"]
    {
        let answer = world.post(&format!("/i/{token}/renew"), json!({})).await;
        assert_eq!(seen(&answer), one, "{token}");
    }
}

/// Whether the second kind of caller waits longer: the median by a quarter, and more than 92 of 100 pairs. If
/// both are answered alike, this share is a half, with a deviation of 0.084 for 24 against 24, however noisy
/// the machine is.
fn waits_longer(one: &[Duration], other: &[Duration]) -> bool {
    let median = |times: &[Duration]| {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        sorted[sorted.len() / 2]
    };
    let longer = one.iter().map(|a| other.iter().filter(|b| *b > a).count()).sum::<usize>();
    longer * 100 > one.len() * other.len() * 92 && median(other) > median(one).mul_f64(1.25)
}

// Kinds take turns, so that whatever slows the machine slows them all. The work that a request causes is over
// before the next is timed. Looking somebody up, making a link or hashing a password inside a request would
// show here as a multiple.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long an answer took is what this is about")]
async fn nobody_learns_from_the_time_that_an_answer_takes_who_has_an_account() {
    let (world, links) = people().await;
    let mut times: BTreeMap<(usize, &str), Vec<Duration>> = BTreeMap::new();
    for round in 0..24 {
        // Moves to another day, so that every address may get messages again.
        world.advance(DAY);
        for turn in 0..KINDS.len() {
            // Goes forwards and backwards, so that no kind always comes after the same one.
            let turn = if round % 2 == 0 { turn } else { KINDS.len() - turn };
            let kind = KINDS[(round + turn) % KINDS.len()];
            for (place, (path, body)) in asks(&world, kind, &links[kind]).into_iter().enumerate() {
                world.service.idle().await;
                let began = Instant::now();
                world.post(&path, body).await.expect(202);
                times.entry((place, kind)).or_default().push(began.elapsed());
            }
        }
    }
    for ((place, one), ones) in &times {
        for other in KINDS {
            let others = &times[&(*place, other)];
            assert!(!waits_longer(ones, others), "{place}: {one} {ones:?}, {other} {others:?}");
        }
    }
}

#[tokio::test]
async fn request_access_reads_nothing_and_costs_the_same_for_everybody() {
    let (world, links) = people().await;
    let mut costs = BTreeSet::new();
    for kind in KINDS {
        for (path, body) in asks(&world, kind, &links[kind]) {
            world.service.meter.reset();
            world.post(&path, body).await.expect(202);
            world.service.idle().await;
            let costs_now = world.service.meter.costs();
            let cost = costs_now.iter().find(|cost| cost.function == "request-access").unwrap();
            costs.insert(format!(
                "{} calls, {} read, {} written",
                cost.calls, cost.read_units.sum, cost.write_units.sum
            ));
        }
    }
    assert_eq!(costs.into_iter().collect::<Vec<_>>(), ["1 calls, 0 read, 1 written"]);
}

#[tokio::test]
async fn queued_requests_are_sealed_and_of_one_length() {
    let (world, links) = people().await;
    let mut lengths = BTreeSet::new();
    for kind in KINDS {
        for (path, body) in asks(&world, kind, &links[kind]) {
            world.post(&path, body).await.expect(202);
            let id = world.service.queues.deliver_again("RequestQueue").unwrap();
            // Nothing else runs between these two lines, so the message is still in the queue.
            let queued = world.service.queues.messages("RequestQueue");
            for message in queued.iter().filter(|message| message.id == id) {
                assert!(!message.body.contains(kind) && !message.body.contains("uillfeather"));
                lengths.insert(message.body.len());
            }
            world.service.idle().await;
        }
    }
    assert_eq!(lengths.len(), 1, "{lengths:?}");
}

#[tokio::test]
async fn a_request_that_the_queue_delivers_twice_is_answered_once() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let (mails, before) = (world.mails().await.len(), table(&world).await);
    for _ in 0..5 {
        assert!(world.service.queues.deliver_again("RequestQueue").is_some());
        world.service.idle().await;
    }
    assert_eq!(world.mails().await.len(), mails);
    assert_eq!(table(&world).await, before);
    world.get(&format!("/r/{token}")).await.expect(200);
    // The same holds after the link was used.
    let ticket = world.reset_ticket(&token).await;
    world.new_password(&token, &ticket, NEW).await.expect(204);
    let mails = world.mails().await.len();
    assert!(world.service.queues.deliver_again("RequestQueue").is_some());
    assert_eq!(world.mails().await.len(), mails);
}

#[tokio::test]
async fn when_the_queue_fails_everybody_gets_the_same_503() {
    let (world, links) = people().await;
    let mut answers = BTreeSet::new();
    let mails = world.mails().await.len();
    for kind in KINDS {
        for (path, body) in asks(&world, kind, &links[kind]) {
            world.service.queues.fail_next(Failure::Rejected, 1);
            let answer = world.post(&path, body).await.expect_and(503);
            assert_eq!(answer.code(), "try_again");
            let id = answer.str("/request_id");
            answers.insert(seen(&answer).replace(&id, "ID"));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(world.mails().await.len(), mails);
    world.forgot_password("known.one").await.expect(202);
    assert_eq!(world.mails().await.len(), mails + 1);
}

#[test]
fn request_access_may_do_nothing_but_count_and_queue() {
    let template = portico_local::Template::embedded().unwrap();
    let role = &template.functions.iter().find(|one| one.folder == "request-access").unwrap().role;
    let deed = |action: &str| Deed { action: action.to_owned(), resource: "Table".to_owned() };
    let on_table: BTreeSet<Deed> =
        role.grants().into_iter().filter(|deed| deed.action.starts_with("dynamodb:")).collect();
    assert_eq!(on_table, BTreeSet::from([deed("dynamodb:UpdateItem")]));
    let may = |key: &str| role.allows(&deed("dynamodb:UpdateItem"), &[key.to_owned()]);
    assert!(may("LIMIT#peer#1"));
    for key in ["PATIENT#riverside#p1", "LOGIN#riverside#rosa.q", "ACCOUNT#1", "FIND#riverside", "LINK#1"] {
        assert!(!may(key), "{key}");
    }
    let elsewhere: BTreeSet<String> = role.grants().difference(&on_table).map(ToString::to_string).collect();
    let counted = [
        "logs:CreateLogStream on RequestAccessLogs",
        "logs:PutLogEvents on RequestAccessLogs",
        "secretsmanager:GetSecretValue on EdgeSecret",
        "secretsmanager:GetSecretValue on Keyring",
        "sqs:SendMessage on RequestQueue",
    ];
    assert_eq!(elsewhere, counted.map(str::to_owned).into());
    // The function that looks people up is called by the queue alone.
    let worker = template.functions.iter().find(|one| one.folder == "answer-request").unwrap();
    assert!(worker.routes.is_empty() && worker.schedules.is_empty() && worker.streams.is_empty());
    assert_eq!(worker.queues.iter().map(|queue| queue.queue.as_str()).collect::<Vec<_>>(), ["RequestQueue"]);
}

/// The answers of every step of a reset link, with the token replaced.
async fn answers_of(world: &World, token: &str, ticket: &str) -> Vec<String> {
    let path = format!("/r/{token}");
    let office = json!({"birth_date": "04/27/1945", "access_code": "12345678"});
    let answers: Vec<Answer> = vec![
        world.get(&path).await,
        world.page(&path).await,
        world.page(&format!("{path}/code")).await,
        world.page(&format!("{path}/answer")).await,
        world.page(&format!("{path}/password")).await,
        world.send(world.request("HEAD", &path)).await,
        world.post(&format!("{path}/codes"), json!({"channel": "sms"})).await,
        world.form(&format!("{path}/codes"), &[("channel", "access_code")]).await,
        world.form(&format!("{path}/codes"), &[]).await,
        world.post(&format!("{path}/codes/check"), json!({"code": "123456"})).await,
        world.form(&format!("{path}/codes/check"), &[]).await,
        world.post(&format!("{path}/answer"), office).await,
        world.post(&format!("{path}/answer"), json!({})).await,
        world.form(&format!("{path}/answer"), &[]).await,
        world.new_password(token, ticket, NEW).await,
        world.form(&format!("{path}/password"), &[("ticket", ticket)]).await,
    ];
    let length = |line: &&str| !line.starts_with("content-length: ");
    let page = |text: String| text.lines().filter(length).collect::<Vec<_>>().join("\n");
    let same = |answer: &Answer| {
        if answer.text.contains("<html") {
            page(seen(answer)).replace(token, "TOKEN").replace("&#38;way=access_code", "")
        } else {
            seen(answer)
        }
    };
    answers.iter().map(same).collect()
}

#[tokio::test]
async fn every_reset_link_that_cannot_be_used_gives_the_same_410_to_the_byte() {
    let world = World::new().await;
    let mut made = Vec::new();
    for kind in ["used", "superseded", "revoked", "corrected", "disabled", "locked", "expired"] {
        world.patient(kind, World::chart_with(json!({"email": address(kind), "mobile_phone": format!("+1202555{:04}", 100 + made.len())}))).await;
        world.invite(kind, "email").await.expect(201);
        let invited = world.last_mail().await.token();
        let ticket = world.ticket(&invited).await;
        world.register(&invited, &ticket, &format!("{kind}.one")).await.expect(201);
        let token = world.reset_token(&format!("{kind}.one")).await;
        let ticket = world.reset_ticket(&token).await;
        made.push((kind, token, ticket, invited));
    }
    let of = |name: &str| made.iter().find(|(kind, ..)| *kind == name).unwrap().clone();
    let (_, used, ticket, _) = of("used");
    world.new_password(&used, &ticket, NEW).await.expect(204);
    // Within a minute the same form would get the same answer.
    world.advance(60);
    world.invite("superseded", "email").await.expect(201);
    world.revoke("revoked", "other").await.expect(200);
    world.patient("corrected", World::chart_with(json!({"email": "moved@example.com"}))).await;
    let off = world.ehr("PUT", "/v1/patients/disabled/portal/access", Some(json!({"enabled": false}))).await;
    off.expect(200);
    let (_, locked, ..) = of("locked");
    for _ in 0..5 {
        let wrong = json!({"birth_date": "2000-01-01", "access_code": "12345678"});
        world.post(&format!("/r/{locked}/answer"), wrong).await.expect(422);
    }

    let nothing = "A".repeat(44);
    let model = answers_of(&world, &nothing, "none").await;
    // No form gets a `400` here: a dead link is refused before the form is read.
    let malformed = |answer: &String| answer.starts_with("400 ");
    assert!(
        model.iter().all(|answer| answer.starts_with("410 ")),
        "{:?}",
        model.iter().filter(|a| malformed(a)).collect::<Vec<_>>()
    );
    let mut wrong = Vec::new();
    let mut compare = |name: &str, answers: Vec<String>| {
        for (place, (answer, model)) in answers.iter().zip(&model).enumerate() {
            if answer != model {
                wrong.push(format!("{name}, {place}: {answer}\n-- instead of --\n{model}"));
            }
        }
    };
    for (kind, token, ticket, _) in &made {
        // A ticket outlives the expiry of its link and wrong answers by somebody else, so a made-up one is
        // sent here.
        let ticket = if matches!(*kind, "locked" | "expired") { "none" } else { ticket };
        if *kind == "expired" {
            world.advance(3600);
        }
        compare(kind, answers_of(&world, token, ticket).await);
    }
    let (_, token, ticket, invited) = of("used");
    for (name, token) in [
        ("an invitation", invited),
        ("cut", token[..43].to_owned()),
        ("longer", format!("{token}A")),
        ("upper-cased", token.to_uppercase()),
        ("a ticket", ticket),
        ("NULs", "%00".repeat(44)),
        ("not UTF-8", "%ff".repeat(44)),
    ] {
        compare(name, answers_of(&world, &token, "none").await);
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[tokio::test]
async fn a_link_of_one_purpose_does_not_work_for_the_other() {
    let world = World::new().await;
    let invitation = world.invited("p2").await;
    world.registered("p1", "rosa.q").await;
    let reset = world.reset_token("rosa.q").await;
    let nothing = "A".repeat(44);
    let one = |answer: Answer, token: &str| seen(&answer).replace(token, "TOKEN");
    let invitations = async |token: &str| {
        let path = format!("/i/{token}");
        let body =
            json!({"ticket": "none", "username": "who.ever", "password": PASSWORD, "accept_terms": true});
        vec![
            one(world.get(&path).await.expect_and(410), token),
            one(world.page(&path).await.expect_and(410), token),
            one(
                world
                    .post(&format!("{path}/verify"), facts("quillfeather", "04/27/1945"))
                    .await
                    .expect_and(410),
                token,
            ),
            one(world.post(&format!("{path}/register"), body).await.expect_and(410), token),
            // Renewing and reporting with it get the usual answer and do nothing.
            one(world.post(&format!("{path}/renew"), json!({})).await.expect_and(202), token),
            one(
                world.post(&format!("{path}/not-me"), json!({"confirm": "yes"})).await.expect_and(202),
                token,
            ),
        ]
    };
    let mails = world.mails().await.len();
    assert_eq!(invitations(&reset).await, invitations(&nothing).await);
    assert_eq!(answers_of(&world, &invitation, "none").await, answers_of(&world, &nothing, "none").await);
    assert_eq!(world.mails().await.len(), mails);
    world.get(&format!("/r/{reset}")).await.expect(200);
    world.get(&format!("/i/{invitation}")).await.expect(200);
}

#[tokio::test]
async fn a_link_with_any_bit_flipped_is_no_link() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let mut answers = BTreeSet::new();
    for place in 0..44 {
        let value = ALPHABET.find(token.as_bytes()[place] as char).unwrap();
        for bit in 0..6 {
            let mut forged = token.clone().into_bytes();
            forged[place] = ALPHABET.as_bytes()[value ^ (1 << bit)];
            let forged = String::from_utf8(forged).unwrap();
            answers.insert(seen(&world.get(&format!("/r/{forged}")).await));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().unwrap().starts_with("410 "));
    world.get(&format!("/r/{token}")).await.expect(200);
}

#[tokio::test]
async fn opening_a_reset_link_spends_and_writes_nothing() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let path = format!("/r/{token}");
    let before = table(&world).await;
    let mails = world.mails().await.len();
    for _ in 0..10 {
        for query in ["", "?refused=1", "?lang=%3Cscript%3E", "?lang=es"] {
            world.page(&format!("{path}{query}")).await.expect(200);
            world.get(&format!("{path}{query}")).await.expect(200);
        }
        world.send(world.request("HEAD", &path)).await.expect(200);
        // A scanner presses every button.
        for step in ["codes", "codes/check", "answer", "password"] {
            assert_eq!(world.form(&format!("{path}/{step}"), &[]).await.status, 303, "{step}");
        }
        world.form(&format!("{path}/codes"), &[("channel", "access_code")]).await.expect(303);
    }
    assert_eq!(table(&world).await, before);
    assert_eq!(world.mails().await.len(), mails);
}

#[tokio::test]
async fn a_page_of_another_site_can_post_nothing_here() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let before = table(&world).await;
    let mut paths: Vec<String> = asks(&world, "known", &token).into_iter().map(|(path, _)| path).collect();
    paths.extend(["codes", "codes/check", "answer", "password"].map(|step| format!("/r/{token}/{step}")));
    paths.push(format!("/i/{token}/not-me"));
    for path in paths {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example.com"),
        ] {
            let foreign = world.request("POST", &path).header(name, value).json(&json!({}));
            world.send(foreign).await.expect(403);
        }
    }
    assert_eq!(table(&world).await, before);
}

#[tokio::test]
async fn five_wrong_answers_close_the_link_and_the_answer_never_says_which_fact() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let invitations = world.portal("p1").await["invitations"].clone();
    let code = invitations.as_array().unwrap().last().unwrap()["access_code"].as_str().unwrap().to_owned();
    let path = format!("/r/{token}/answer");
    let mut answers = BTreeSet::new();
    for (date, code) in [
        ("1945-04-28", code.clone()),
        ("1945-04-27", other_code(&code)),
        ("1945-04-28", other_code(&code)),
        ("1945-04-29", code.clone()),
        ("1945-04-27", "00000000".to_owned()),
    ] {
        let wrong = world.post(&path, json!({"birth_date": date, "access_code": code})).await.expect_and(422);
        answers.insert(seen(&wrong));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    world.post(&path, json!({"birth_date": "1945-04-27", "access_code": code})).await.expect(410);
    world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await.expect(410);
    world.page(&format!("/r/{token}")).await.expect(410);
    assert_eq!(
        world.portal("p1").await["invitations"].as_array().unwrap().last().unwrap()["state"],
        "locked"
    );
    // A security question that nobody set has no right answer.
    let token = world.reset_token("rosa.q").await;
    for answer in ["", " ", "x"] {
        let answer = json!({"birth_date": "1945-04-27", "answer": answer});
        assert!(matches!(world.post(&format!("/r/{token}/answer"), answer).await.status, 400 | 422));
    }
    // Of thirty wrong answers at once, five are evaluated.
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let path = format!("/r/{token}/answer");
    let wrong = json!({"birth_date": "1945-04-28", "access_code": "12345678"});
    let answers = join_all((0..30).map(|_| world.post(&path, wrong.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 5);
    assert_eq!(answers.iter().filter(|answer| answer.status == 410).count(), 25);
}

#[tokio::test]
async fn a_code_takes_five_tries_and_a_new_one_does_not_reset_the_links_ten() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let send = async || {
        world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await.expect(202);
        world.last_mail().await.code()
    };
    let check =
        async |code: &str| world.post(&format!("/r/{token}/codes/check"), json!({"code": code})).await;
    let code = send().await;
    for _ in 0..5 {
        assert_eq!(check(&other_code(&code)).await.expect_and(422).code(), "code_rejected");
    }
    check(&code).await.expect(422);
    world.advance(61);
    let code = send().await;
    for _ in 0..5 {
        check(&other_code(&code)).await.expect(422);
    }
    check(&code).await.expect(410);
    world.advance(61);
    world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await.expect(410);
}

#[tokio::test]
async fn a_code_works_once_for_ten_minutes_for_its_own_link_and_a_phone_gets_three_an_hour() {
    let world = World::new().await;
    // Moves to the beginning of an hour, so that the phone's count stays within one.
    world.service.clock.set("2031-02-03T15:00:00Z".parse().unwrap()).unwrap();
    world.registered("p1", "rosa.q").await;
    world
        .patient("p2", World::chart_with(json!({"email": "ida@example.com", "mobile_phone": "+12025550166"})))
        .await;
    world.invite("p2", "email").await.expect(201);
    let invited = world.last_mail().await.token();
    let ticket = world.ticket(&invited).await;
    world.register(&invited, &ticket, "ida.q").await.expect(201);
    // The codes of the registrations were of the hour before.
    world.advance(3600);
    let (first, second) = (world.reset_token("rosa.q").await, world.reset_token("ida.q").await);
    let send = async |token: &str| world.post(&format!("/r/{token}/codes"), json!({"channel": "sms"})).await;
    let check = async |token: &str, code: &str| {
        world.post(&format!("/r/{token}/codes/check"), json!({"code": code})).await
    };
    send(&first).await.expect(202);
    let code_1 = world.last_mail().await.code();
    send(&second).await.expect(202);
    let code_2 = world.last_mail().await.code();
    if code_1 != code_2 {
        check(&second, &code_1).await.expect(422);
    }
    let ticket = check(&first, &code_1).await.expect_and(200).str("/ticket");
    // Sent again within a minute, as by a double click, it gets the same ticket.
    assert_eq!(check(&first, &code_1).await.expect_and(200).str("/ticket"), ticket);
    world.advance(60);
    check(&first, &code_1).await.expect(422);
    // A ticket of another link opens nothing here.
    world.new_password(&second, &ticket, NEW).await.expect(410);
    for forged in ["", "A", &ticket[1..], &format!("{ticket}A"), &"A".repeat(10_000)] {
        world.new_password(&first, forged, NEW).await.expect(410);
    }
    world.advance(601);
    check(&second, &code_2).await.expect(422);
    for status in [202, 202, 429] {
        let answer = send(&second).await.expect_and(status);
        assert_eq!(answer.header("retry-after").is_empty(), status == 202);
        world.advance(61);
    }
    // The page still leads on when the phone may get no more texts.
    let browser = Browser::new(&world);
    let asked = browser.post(&format!("/r/{second}/codes"), &[("channel", "sms")]).await.expect_and(303);
    assert!(!asked.header("retry-after").is_empty());
    let page = browser.open(asked.header("location")).await.expect_and(200);
    assert!(page.text.contains(&format!("href=\"/r/{second}?lang=en\"")), "{}", page.text);
    assert!(page.text.contains("You can get a new code in 4"), "{}", page.text);
    assert!(page.text.contains("Call us: "), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_racers_with_one_ticket_set_one_password() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let token = world.reset_token("rosa.q").await;
    let ticket = world.reset_ticket(&token).await;
    let mails = world.mails().await.len();
    let passwords: Vec<String> = (0..64).map(|n| format!("quince ladder no {n}")).collect();
    let answers =
        join_all(passwords.iter().map(|password| world.new_password(&token, &ticket, password))).await;
    let won: Vec<&String> =
        answers.iter().zip(&passwords).filter(|(a, _)| a.status == 204).map(|(_, p)| p).collect();
    let lost: BTreeSet<String> = answers.iter().filter(|answer| answer.status != 204).map(seen).collect();
    assert_eq!((won.len(), lost.len()), (1, 1), "{lost:?}");
    assert!(lost.first().unwrap().starts_with("410 "), "{lost:?}");
    world.sign_in("rosa.q", won[0]).await.expect(200);
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
    assert_eq!(world.mails().await.len(), mails + 2, "told once, by text and by mail");
    let changes = world.items().await.lines().filter(|line| line.contains("password_changed")).count();
    assert!(
        changes >= 1
            && world.ehr("GET", "/v1/audit/verify", None).await.expect_and(200).json()["intact"] == true
    );
}

#[tokio::test]
async fn a_new_password_ends_every_session_every_code_for_the_portal_and_every_other_link() {
    let world = World::new().await;
    world.settings(json!({"portal_url": "https://portal.example.org/in"})).await;
    world.registered("p1", "rosa.q").await;
    // The phone got a text for the registration, and gets three in an hour.
    let hour = world.service.clock.now().seconds() / 3600 + 1;
    world.service.clock.set(Timestamp::from_millis(hour * 3_600_000)).unwrap();
    let first = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    let second = world.sign_in("rosa.q", PASSWORD).await.expect_and(200).str("/session_token");
    let to_portal = world.request("POST", &format!("/{}/portal", world.practice)).bearer_auth(&first);
    let redirect = world.send(to_portal.header("sec-fetch-site", "same-origin")).await.expect_and(303);
    let exchange = redirect.header("location").rsplit_once("code=").unwrap().1.to_owned();
    let older = world.reset_token("rosa.q").await;
    let older_ticket = world.reset_ticket(&older).await;
    world.invite("p1", "email").await.expect(201);
    let token = world.last_mail().await.token();
    let spare = world.reset_ticket(&token).await;
    world.advance(61);
    let ticket = world.reset_ticket(&token).await;
    // Only the latest ticket counts.
    world.new_password(&token, &spare, NEW).await.expect(410);
    world.new_password(&token, &ticket, NEW).await.expect(204);
    for session in [&first, &second] {
        assert_eq!(world.introspect(session).await, json!({"active": false}));
    }
    let exchanged = world
        .staff(&world.keys.portal, "POST", "/v1/sessions/exchange", Some(json!({"code": exchange})))
        .await;
    exchanged.expect(404);
    world.new_password(&older, &older_ticket, "another ladder twelve").await.expect(410);
    world.new_password(&token, &ticket, "another ladder twelve").await.expect(410);
    world.new_password(&token, &spare, "another ladder twelve").await.expect(410);
    world.sign_in("rosa.q", NEW).await.expect(200);
}

/// Moves to the beginning of the longest window, so that no test spans two.
fn to_a_new_window(world: &World) {
    let next = (world.service.clock.now().seconds() / 600 + 1) * 600;
    world.service.clock.set(Timestamp::from_millis(next * 1000)).unwrap();
}

/// Signs in as a browser, with the cookies that it keeps.
async fn browser(world: &World, password: &str, cookie: &str) -> Answer {
    let path = format!("/{}/sign-in", world.practice);
    let request =
        world.request("POST", &path).header("accept", "text/html").header("sec-fetch-site", "same-origin");
    let request = if cookie.is_empty() { request } else { request.header("cookie", cookie) };
    world.send(request.form(&[("username", "rosa.q"), ("password", password)])).await
}

/// The cookie that marks a known browser, empty if the answer sets none.
fn known(answer: &Answer) -> String {
    let cookies =
        answer.headers.iter().filter(|(name, _)| name == "set-cookie").flat_map(|(_, value)| value.lines());
    let browser =
        cookies.into_iter().find(|cookie| cookie.starts_with("__Host-portico-browser=")).unwrap_or_default();
    browser.split(';').next().unwrap_or_default().to_owned()
}

/// A stranger enters wrong passwords until the user name is locked.
async fn lock(world: &World) {
    for _ in 0..11 {
        let path = format!("/{}/sign-in", world.practice);
        let stranger = world.from_address([127, 0, 0, 77], "POST", &path);
        let wrong = json!({"username": "rosa.q", "password": "not the password"});
        world.send(stranger.json(&wrong)).await.expect(401);
    }
}

#[tokio::test]
async fn a_locked_user_name_still_gets_its_link_and_a_new_password_ends_the_lock() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    to_a_new_window(&world);
    lock(&world).await;
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
    let token = world.reset_token("rosa.q").await;
    world.sign_in("rosa.q", PASSWORD).await.expect(401);
    let ticket = world.reset_ticket(&token).await;
    world.new_password(&token, &ticket, NEW).await.expect(204);
    world.sign_in("rosa.q", NEW).await.expect(200);
}

#[tokio::test]
async fn a_stranger_who_locks_a_user_name_does_not_lock_out_the_browser_that_signed_in_before() {
    let world = World::new().await;
    world.registered("p1", "rosa.q").await;
    let cookie = known(&browser(&world, PASSWORD, "").await.expect_and(303));
    assert!(cookie.len() > 40, "{cookie}");
    to_a_new_window(&world);
    lock(&world).await;
    browser(&world, PASSWORD, "").await.expect(401);
    let cookie = known(&browser(&world, PASSWORD, &cookie).await.expect_and(303));
    // The cookie is no pass for guessing: ten wrong passwords lock this browser, too.
    for _ in 0..11 {
        browser(&world, "not the password", &cookie).await.expect(401);
    }
    browser(&world, PASSWORD, &cookie).await.expect(401);
    // A forged or empty cookie is worth nothing.
    for forged in [&cookie[..cookie.len() - 1], "__Host-portico-browser=", "__Host-portico-browser=AAAA"] {
        browser(&world, PASSWORD, forged).await.expect(401);
    }
    // After a new password, no browser is known any more: cookies from before are worth nothing.
    let token = world.reset_token("rosa.q").await;
    let ticket = world.reset_ticket(&token).await;
    world.new_password(&token, &ticket, NEW).await.expect(204);
    let fresh = known(&browser(&world, NEW, "").await.expect_and(303));
    to_a_new_window(&world);
    lock(&world).await;
    browser(&world, NEW, &cookie).await.expect(401);
    browser(&world, NEW, &fresh).await.expect(303);
}

#[tokio::test]
async fn the_table_holds_nothing_that_opens_a_reset() {
    let world = World::new().await;
    world.registered_with_answer("p1", "rosa.q", "Great-aunt Plumeria").await;
    let token = world.reset_token("rosa.q").await;
    let invitations = world.portal("p1").await["invitations"].clone();
    let office = invitations.as_array().unwrap().last().unwrap()["access_code"].as_str().unwrap().to_owned();
    let ticket = world.reset_ticket(&token).await;
    let code = world.mails().await.last().unwrap().code();
    let half_way = world.items().await;
    world.new_password(&token, &ticket, NEW).await.expect(204);
    let end = world.items().await;
    for dump in [&half_way, &end] {
        for secret in [token.as_str(), &token[20..], &ticket, &ticket[20..60], &office, "lumeria", NEW] {
            assert!(!dump.contains(secret), "{secret}");
        }
        assert!(!dump.contains(&format!("\"{code}\"")), "the code");
    }
    // The table contains ids and digests. None of them works as a ticket.
    let digest = half_way
        .split("\"digest\":{\"S\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    world.new_password(&token, &digest, NEW).await.expect(410);
}
