//! Tries every sequence of up to six calls by which an attacker who never sees the victim's mail could try to
//! choose the victim's password. The attacker has an account and an invitation of their own at the practice,
//! and knows all facts about the victim. Sequences that lead to the same state are continued once.

use std::collections::BTreeSet;

use portico_testkit::{Answer, World, token_in};
use serde_json::{Value, json};

use super::system::carried;

/// The most calls in a sequence.
const LONGEST: usize = 6;
/// Victims in one world: its engine's stream grows with each.
const VICTIMS: usize = 10;
const OWN_PASSWORD: &str = "attackers own phrase";

/// What the attacker can do, never with a token of the victim's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    AskForVictim,
    AskForVictimByFacts,
    SignUpAsVictim,
    AskForOwn,
    GuessCodes,
    GuessCheck,
    GuessAnswer,
    GuessPassword,
    OwnCodes,
    OwnCheck,
    OwnCheckWrong,
    OwnAnswerWithVictimsFacts,
    OwnPassword,
    OwnPasswordWithMadeUpTicket,
    OwnPasswordWithRegistrationTicket,
    RegisterAsVictim,
    RegisterAtGuessedLink,
    RegisterAtOwnResetLink,
    LinkVictimsLogin,
}

const CALLS: [Call; 19] = [
    Call::AskForVictim,
    Call::AskForVictimByFacts,
    Call::SignUpAsVictim,
    Call::AskForOwn,
    Call::GuessCodes,
    Call::GuessCheck,
    Call::GuessAnswer,
    Call::GuessPassword,
    Call::OwnCodes,
    Call::OwnCheck,
    Call::OwnCheckWrong,
    Call::OwnAnswerWithVictimsFacts,
    Call::OwnPassword,
    Call::OwnPasswordWithMadeUpTicket,
    Call::OwnPasswordWithRegistrationTicket,
    Call::RegisterAsVictim,
    Call::RegisterAtGuessedLink,
    Call::RegisterAtOwnResetLink,
    Call::LinkVictimsLogin,
];

/// A victim and an attacker.
struct Pair<'w> {
    world: &'w World,
    n: usize,
    /// What the attacker owns: reset link, code and ticket; invitation and its ticket.
    token: String,
    code: String,
    ticket: String,
    invitation: String,
    registration: String,
    /// The victim's login, byte for byte.
    untouched: String,
    accounts: [String; 2],
}

impl<'w> Pair<'w> {
    async fn new(world: &'w World, n: usize) -> Self {
        // Moves to a new hour, so that earlier pairs have not used up any limit.
        world.advance(7200);
        world.service.capture.clear().unwrap();
        let mut accounts = [String::new(), String::new()];
        for (place, who) in ["victim", "attacker"].into_iter().enumerate() {
            world.patient(&format!("{who}{n}"), chart(who, n)).await;
            let given =
                json!({"username": format!("{who}.n{n}x"), "password": format!("first phrase of {who}")});
            let path = format!("/v1/patients/{who}{n}/credentials");
            accounts[place] = world.ehr("PUT", &path, Some(given)).await.expect_and(200).str("/account_id");
        }
        world.patient(&format!("invited{n}"), chart("invited", n)).await;
        world.invite(&format!("invited{n}"), "email").await.expect(201);
        world.service.idle().await;
        let invitation = token_in(&sent_to(world, "invited", n));
        let facts = json!({"as": "patient", "family_name": "Thorne", "birth_date": "1945-04-27"});
        let proof = world.post(&format!("/i/{invitation}/verify"), facts).await.expect_and(200).str("/proof");
        let wanted = json!({"proof": proof, "channel": "email"});
        world.post(&format!("/i/{invitation}/codes"), wanted).await.expect(202);
        world.service.idle().await;
        let code = carried(&sent_to(world, "invited", n)).unwrap();
        let check = json!({"proof": proof, "code": code});
        let passed = world.post(&format!("/i/{invitation}/codes/check"), check).await.expect_and(200);
        let mut pair = Self {
            world,
            n,
            token: String::new(),
            code: String::new(),
            ticket: String::new(),
            invitation,
            registration: passed.str("/ticket"),
            untouched: String::new(),
            accounts,
        };
        pair.untouched = pair.victims_login(&pair.items().await);
        assert!(!pair.untouched.is_empty());
        pair
    }

    async fn after(world: &'w World, n: usize, path: &[Call]) -> Self {
        let mut pair = Self::new(world, n).await;
        for call in path {
            pair.make(*call).await;
        }
        pair
    }

    /// The records of these people.
    async fn items(&self) -> Vec<Value> {
        self.world.service.idle().await;
        let text = self.world.get("/_local/items").await.expect_and(200).text;
        let names = [format!("victim{}\"", self.n), format!("attacker{}\"", self.n), self.login()];
        let ours = |line: &&str| names.iter().chain(&self.accounts).any(|name| line.contains(name.as_str()));
        text.lines().filter(ours).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn login(&self) -> String {
        format!("LOGIN#{}#victim.n{}x", self.world.practice, self.n)
    }

    fn victims_login(&self, items: &[Value]) -> String {
        let login = self.login();
        items.iter().find(|item| item["pk"]["S"] == login.as_str()).map(Value::to_string).unwrap_or_default()
    }

    /// Everything that decides what a further call can do: which links of both people still work and how far
    /// somebody got with them, and what the attacker holds. Links that are over never open again. Counters
    /// (tries, codes, limits) only ever forbid, and the first way found to a state is the shortest, so it has
    /// counted least.
    fn state(&self, items: &[Value]) -> String {
        let ours = ["victim", "attacker"].map(|who| format!("{who}{}", self.n));
        let mut state = BTreeSet::new();
        for item in items {
            let pk = item["pk"]["S"].as_str().unwrap_or_default();
            let about = |name: &str| item[name]["S"].as_str().unwrap_or_default();
            let owner =
                ours.iter().find(|id| pk.ends_with(&format!("#{id}")) || about("patient") == id.as_str());
            let account = self.accounts.iter().find(|id| pk.contains(id.as_str()));
            let of = owner.or(account).map(|id| id.replace(&self.n.to_string(), ""));
            let Some(of) = of.filter(|_| item["sk"]["S"] != "CARE") else { continue };
            let what = pk.split('#').next().unwrap_or_default();
            let state_of = match what {
                "LINK" if about("state") == "pending" => {
                    let (code, ticket) = (item["code"].is_object(), item["ticket"].is_object());
                    format!("{of} {} code {code} ticket {ticket}", about("purpose"))
                }
                "PATIENT" => format!("{of} invited {}", item["invitation"].is_object()),
                "ACCOUNT" if item["sk"]["S"] == "ACCOUNT" => {
                    let place = self.accounts.iter().position(|id| pk.contains(id.as_str()));
                    format!("account {place:?} temporary {}", item["temporary"].is_object())
                }
                _ => continue,
            };
            state.insert(state_of);
        }
        format!(
            "{state:?} holds {} {} {}",
            !self.token.is_empty(),
            !self.code.is_empty(),
            !self.ticket.is_empty()
        )
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.world.post(path, body).await
    }

    async fn ask(&self, path: &str, body: Value) {
        self.post(&format!("/{}/{path}", self.world.practice), body).await.expect(202);
    }

    async fn make(&mut self, call: Call) -> Option<Answer> {
        let n = self.n;
        let made_up = "C".repeat(44);
        let own = if self.token.is_empty() { made_up.clone() } else { self.token.clone() };
        let ticket = if self.ticket.is_empty() { "D".repeat(43) } else { self.ticket.clone() };
        let victim = format!("victim.n{n}x");
        let facts = json!({
            "email": format!("victim{n}@example.com"), "family_name": "Thorne", "birth_date": "1945-04-27",
            "postal_code": "02139",
        });
        let born = json!({"birth_date": "1945-04-27", "access_code": "12345678"});
        let register = |ticket: &str| json!({"ticket": ticket, "username": victim, "password": OWN_PASSWORD, "accept_terms": true});
        let password = |ticket: &str| json!({"ticket": ticket, "password": OWN_PASSWORD});
        let path = |token: &str, step: &str| format!("/r/{token}/{step}");
        let answer = match call {
            Call::AskForVictim => {
                self.ask("forgot-password", json!({"username": victim})).await;
                None
            }
            Call::AskForVictimByFacts => {
                self.ask("forgot-password", facts).await;
                None
            }
            Call::SignUpAsVictim => {
                self.ask("sign-up", facts).await;
                None
            }
            Call::AskForOwn => {
                self.ask("forgot-password", json!({"username": format!("attacker.n{n}x")})).await;
                None
            }
            Call::GuessCodes => Some(self.post(&path(&made_up, "codes"), json!({"channel": "sms"})).await),
            Call::GuessCheck => {
                Some(self.post(&path(&made_up, "codes/check"), json!({"code": "123456"})).await)
            }
            Call::GuessAnswer => Some(self.post(&path(&made_up, "answer"), born).await),
            Call::GuessPassword => Some(self.post(&path(&made_up, "password"), password(&ticket)).await),
            Call::OwnCodes => {
                // Codes must be a minute apart for everybody.
                self.world.advance(61);
                Some(self.post(&path(&own, "codes"), json!({"channel": "sms"})).await)
            }
            Call::OwnCheck => Some(self.post(&path(&own, "codes/check"), json!({"code": self.code})).await),
            Call::OwnCheckWrong => {
                Some(self.post(&path(&own, "codes/check"), json!({"code": "0000000"})).await)
            }
            Call::OwnAnswerWithVictimsFacts => Some(self.post(&path(&own, "answer"), born).await),
            Call::OwnPassword => Some(self.post(&path(&own, "password"), password(&ticket)).await),
            Call::OwnPasswordWithMadeUpTicket => {
                Some(self.post(&path(&own, "password"), password(&"E".repeat(43))).await)
            }
            Call::OwnPasswordWithRegistrationTicket => {
                Some(self.post(&path(&own, "password"), password(&self.registration)).await)
            }
            Call::RegisterAsVictim => {
                let path = format!("/i/{}/register", self.invitation);
                Some(self.post(&path, register(&self.registration)).await)
            }
            Call::RegisterAtGuessedLink => {
                Some(self.post(&format!("/i/{made_up}/register"), register(&self.registration)).await)
            }
            Call::RegisterAtOwnResetLink => {
                Some(self.post(&format!("/i/{own}/register"), register(&ticket)).await)
            }
            Call::LinkVictimsLogin => {
                let body = json!({
                    "ticket": self.registration, "username": victim, "password": OWN_PASSWORD,
                });
                Some(self.post(&format!("/i/{}/link", self.invitation), body).await)
            }
        };
        self.read_own_mail().await;
        if let Some(found) =
            answer.as_ref().map(|answer| answer.str("/ticket")).filter(|text| !text.is_empty())
        {
            self.ticket = found;
        }
        answer
    }

    /// Reads the attacker's own mail, and nobody else's.
    async fn read_own_mail(&mut self) {
        self.world.service.idle().await;
        for message in self.world.service.capture.messages(None, None) {
            let to = [format!("attacker{}@example.com", self.n), phone("attacker", self.n)];
            let Some(text) = carried(&message.text).filter(|_| to.contains(&message.to)) else { continue };
            if text.len() == 44 { self.token = text } else { self.code = text }
        }
        self.world.service.capture.clear().unwrap();
    }
}

fn phone(who: &str, n: usize) -> String {
    let base = match who {
        "victim" => 4_000_000,
        "attacker" => 5_000_000,
        _ => 6_000_000,
    };
    format!("+1202{}", base + n)
}

fn chart(who: &str, n: usize) -> Value {
    World::chart_with(json!({
        "family_name": "Thorne", "email": format!("{who}{n}@example.com"), "mobile_phone": phone(who, n),
    }))
}

/// The last message to somebody's e-mail address.
fn sent_to(world: &World, who: &str, n: usize) -> String {
    let to = format!("{who}{n}@example.com");
    world.service.capture.messages(Some(&to), None).pop().map(|message| message.text).unwrap_or_default()
}

#[tokio::test]
async fn no_six_calls_of_somebody_without_the_mail_change_the_victims_password() {
    let mut world = World::with_cheap_hashes().await;
    world.settings(json!({"code_channel": "any"})).await;
    let mut pairs = 0;
    let mut states = BTreeSet::new();
    let mut own_changed = false;
    let mut calls = 0;
    let mut ways: Vec<Vec<Call>> = vec![Vec::new()];
    for length in 1..=LONGEST {
        let mut longer = Vec::new();
        for way in &ways {
            let mut todo = CALLS.to_vec();
            while !todo.is_empty() {
                pairs += 1;
                if pairs > 1 && pairs % VICTIMS == 1 {
                    world = World::with_cheap_hashes().await;
                    world.settings(json!({"code_channel": "any"})).await;
                }
                let mut pair = Pair::after(&world, pairs, way).await;
                let before = pair.state(&pair.items().await);
                if way.is_empty() {
                    states.insert(before.clone());
                }
                // Calls that change nothing share a pair. After a call that changes something, a new pair
                // goes the same way.
                while let Some(call) = todo.pop() {
                    let answer = pair.make(call).await;
                    calls += 1;
                    let items = pair.items().await;
                    assert_eq!(pair.victims_login(&items), pair.untouched, "{way:?}, then {call:?}");
                    if let Some(answer) = answer.filter(|answer| answer.status < 300) {
                        let own = matches!(call, Call::OwnCodes | Call::OwnCheck | Call::OwnPassword);
                        assert!(own, "{way:?}, then {call:?}: {}", answer.text);
                        own_changed |= call == Call::OwnPassword;
                    }
                    let after = pair.state(&items);
                    if after != before {
                        if states.insert(after) {
                            longer.push([way.as_slice(), &[call]].concat());
                        }
                        break;
                    }
                }
            }
        }
        println!("{length} calls: {} new states, {pairs} pairs, {calls} calls", longer.len());
        ways = longer;
    }
    assert!(own_changed, "six calls are enough for one's own password, so the way is the right one");
}
