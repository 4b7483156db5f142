//! The system under test: the real service over HTTP, one patient of it, and every token and password that
//! people hold.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use portico_domain::time::{Clock as _, Timestamp};
use portico_local::Message;
use portico_testkit::{Answer, World, token_in};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::reference::{Address, Carried, Given, Model, Op, Purpose, Said, Way, Why};

/// Sequences that one world serves: the engine's stream grows with each.
const SEQUENCES: u32 = 12;
const NAMES: [&str; 2] = ["Quillfeather", "Nightingale"];

/// The world of a worker thread.
struct Stage {
    world: World,
    runtime: Runtime,
    sequences: Cell<u32>,
}

thread_local! {
    static STAGE: RefCell<Option<Rc<Stage>>> = const { RefCell::new(None) };
}

fn stage() -> Rc<Stage> {
    STAGE.with_borrow_mut(|kept| {
        if let Some(stage) = kept.take_if(|stage| stage.sequences.get() < SEQUENCES) {
            stage.sequences.set(stage.sequences.get() + 1);
            *kept = Some(Rc::clone(&stage));
            return stage;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let world = runtime.block_on(World::with_cheap_hashes());
        // A phone gets fewer texts in an hour than the patient asks for codes.
        runtime.block_on(world.settings(json!({"code_channel": "any"})));
        let stage = Rc::new(Stage { world, runtime, sequences: Cell::new(1) });
        *kept = Some(Rc::clone(&stage));
        stage
    })
}

/// Ends the world that this thread used last, while a test can still say what is wrong with it. A thread that
/// ends with a world cannot: what it would need is gone by then.
pub fn leave_the_stage() {
    drop(STAGE.take());
}

/// What people got from a link.
#[derive(Default)]
struct Held {
    token: String,
    proof: String,
    code: String,
    tickets: Vec<String>,
}

/// One patient, in a world that earlier sequences have used.
pub struct System {
    stage: Rc<Stage>,
    began: Timestamp,
    place: u32,
    client: Client,
    links: Vec<Held>,
    sessions: Vec<String>,
    /// Ids of accounts, as the service returned them.
    accounts: Vec<String>,
    /// Ids of proposals.
    proposals: Vec<String>,
    guesses: u32,
}

impl System {
    /// A patient who is not invited yet.
    pub fn new() -> Self {
        let stage = stage();
        let place = stage.sequences.get();
        // Starts at the beginning of a day, so that every fixed window begins with the sequence. Goes forward
        // only, so that ids stay in order.
        let day = stage.world.service.clock.now().seconds().div_euclid(86_400) + 2;
        let began = Timestamp::from_millis(day * 86_400_000);
        stage.world.service.clock.set(began).unwrap();
        stage.world.service.capture.clear().unwrap();
        let client = from(place, 0);
        let system = Self {
            stage,
            began,
            place,
            client,
            links: Vec::new(),
            sessions: Vec::new(),
            accounts: Vec::new(),
            proposals: Vec::new(),
            guesses: 0,
        };
        let chart = system.chart(0, 0);
        system.stage.runtime.block_on(system.stage.world.patient(&system.patient(), chart));
        system
    }

    fn patient(&self) -> String {
        format!("p{}", self.place)
    }

    fn address(&self, at: Address) -> String {
        let place = self.place;
        match at {
            Address::Email(0) => format!("rosa.p{place}@example.com"),
            Address::Email(_) => format!("rosa.new.p{place}@example.com"),
            Address::Mobile => format!("+1202{}", 2_000_000 + place),
            Address::Martas => format!("marta.p{place}@example.com"),
            Address::MartasMobile => format!("+1202{}", 3_000_000 + place),
            Address::Bens => format!("ben.p{place}@example.com"),
        }
    }

    fn chart(&self, email: usize, name: usize) -> Value {
        World::chart_with(json!({
            "family_name": NAMES[name], "email": self.address(Address::Email(email)),
            "mobile_phone": self.address(Address::Mobile),
        }))
    }

    fn username(&self, name: usize) -> String {
        format!("rosa.p{}.n{name}x", self.place)
    }

    /// Does what the model did and compares the answers.
    pub fn apply(&mut self, model: &Model, op: &Op, said: &Said) {
        let stage = Rc::clone(&self.stage);
        stage.runtime.block_on(self.act(model, op, said));
    }

    /// Compares what staff see with the model.
    pub fn look(&self, model: &Model) {
        let stage = Rc::clone(&self.stage);
        stage.runtime.block_on(async {
            stage.world.service.idle().await;
            self.compare(&stage.world.portal(&self.patient()).await, model);
            let path = "demographic-changes?state=pending";
            let waiting = self.staff("GET", path, None).await.expect_and(200).json();
            let changes = list(&waiting, "changes").iter();
            let mut shown: Vec<&str> = changes
                .filter(|change| change["patient_id"] == self.patient())
                .map(|change| text(change, "id"))
                .collect();
            let places = (0..model.proposals.len()).filter(|p| model.waits(&model.proposals[*p]));
            let mut expected: Vec<&str> = places.map(|p| self.proposals[p].as_str()).collect();
            shown.sort_unstable();
            expected.sort_unstable();
            assert_eq!(shown, expected, "proposals that wait for staff");
        });
    }

    /// Checks at the end that every link that was ever mailed works exactly if it should, and that the audit
    /// trail is intact.
    pub fn look_closely(&mut self, model: &Model) {
        let stage = Rc::clone(&self.stage);
        stage.runtime.block_on(async {
            for (l, link) in
                model.links.iter().enumerate().filter(|(_, link)| link.purpose != Purpose::Restored)
            {
                let opens = if link.opens(model.now) { 200 } else { 410 };
                let path = self.link(model, Some(l));
                let answer = self.send(self.get(&path)).await;
                assert_eq!(answer.status, opens, "opening link {l}, {link:?}: {}", answer.text);
            }
            let path = format!("/v1/audit/verify?patient_id={}", self.patient());
            let trail = stage.world.ehr("GET", &path, None).await.expect_and(200).json();
            assert_eq!(trail["intact"], true, "{trail}");
        });
    }

    fn compare(&self, portal: &Value, model: &Model) {
        let now = model.now;
        assert_eq!(portal["status"], model.status(), "where the patient stands: {portal}");
        let shown: Vec<&str> = list(portal, "invitations").iter().map(|link| text(link, "state")).collect();
        let expected: Vec<&str> = model.links.iter().map(|link| link.shown(now)).collect();
        assert_eq!(shown, expected, "links, the oldest first");
        let mut shown: Vec<[String; 3]> = list(portal, "accounts")
            .iter()
            .map(|account| ["username", "state", "level"].map(|name| text(account, name).to_owned()))
            .collect();
        shown.sort();
        let level = |full| if full { "full" } else { "limited" };
        let mut expected: Vec<[String; 3]> = model
            .accounts
            .iter()
            .filter(|account| !account.deleted)
            .map(|account| {
                [self.username(account.name), account.shown().to_owned(), level(account.full).to_owned()]
            })
            .collect();
        expected.sort();
        assert_eq!(shown, expected, "accounts");
        // These hold whatever the model says: each recipient has one open invitation, and a revocation leaves
        // nobody in.
        let out: Vec<&str> = list(portal, "invitations")
            .iter()
            .filter(|link| text(link, "state") == "pending" && text(link, "kind") != "reset")
            .map(|link| text(link, "sent_to"))
            .collect();
        assert!(out.iter().all(|to| out.iter().filter(|other| *other == to).count() == 1), "{out:?}");
        if portal["status"] == "revoked" {
            assert!(list(portal, "accounts").iter().all(|account| account["state"] == "revoked"), "{portal}");
        }
    }

    // --- requests ---

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.stage.world.url(path))
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        self.stage.world.send(request).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.client.post(self.stage.world.url(path)).json(&body)).await
    }

    async fn staff(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.stage.world.ehr(method, &format!("/v1/{path}"), body).await
    }

    async fn about(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.staff(method, &format!("patients/{}/{path}", self.patient()), body).await
    }

    /// The path of a link's page; the path of a link that never was, if there is none.
    fn link(&self, model: &Model, l: Option<usize>) -> String {
        let Some(l) = l else { return format!("/i/{}", "A".repeat(44)) };
        let page = if model.links[l].is_reset() { "r" } else { "i" };
        format!("/{page}/{}", self.links[l].token)
    }

    fn account(&self, account: Option<usize>) -> &str {
        account.map_or("01JD0000000000000000000000", |a| &self.accounts[a])
    }

    fn session(&self, session: Option<usize>) -> String {
        let nobodys = || format!("01JD0000000000000000000000.{}", "A".repeat(43));
        session.map_or_else(nobodys, |s| self.sessions[s].clone())
    }

    async fn as_holder(&self, session: Option<usize>, path: &str, body: Value) -> Answer {
        let world = &self.stage.world;
        let request = self.client.post(world.url(&format!("/{}/{path}", world.practice)));
        self.send(request.bearer_auth(self.session(session)).json(&body)).await
    }

    async fn ask(&self, path: &str, body: Value) -> Answer {
        self.post(&format!("/{}/{path}", self.stage.world.practice), body).await
    }

    // --- one operation ---

    async fn act(&mut self, model: &Model, op: &Op, said: &Said) {
        let instant = self.began.plus_seconds(model.now);
        let clock = &self.stage.world.service.clock;
        // Sets the clock forward only. On a very slow machine the real time is ahead already.
        if clock.now() < instant {
            clock.set(instant).unwrap();
        }
        let answer = self.operate(model, op, said).await;
        if let Some(answer) = answer {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (said.status, said.code),
                "{op:?}: {}",
                answer.text
            );
            self.keep(model, op, said, &answer);
        }
        self.stage.world.service.idle().await;
        self.read_mail(op, said);
    }

    async fn operate(&mut self, model: &Model, op: &Op, said: &Said) -> Option<Answer> {
        let wrong = "wrong wrong wrong".to_owned();
        let password = said.password.map_or(wrong, password);
        let username = |a: Option<usize>| {
            a.map_or_else(|| self.username(999), |a| self.username(model.accounts[a].name))
        };
        Some(match *op {
            Op::Invite(way, over) => {
                let mut body = json!({"channel": word(way)});
                if over {
                    body["override"] = json!({"reason": "asked at the desk"});
                }
                self.about("POST", "invitations", Some(body)).await
            }
            Op::Cancel => self.about("DELETE", "invitations/current", None).await,
            Op::InviteRepresentative => {
                let body = json!({
                    "given_name": "Marta", "family_name": "Vale", "relationship": "parent", "channel": "email",
                    "email": self.address(Address::Martas), "mobile_phone": self.address(Address::MartasMobile),
                });
                self.about("POST", "representatives", Some(body)).await
            }
            Op::Revoke(why) => {
                let reason = match why {
                    Why::Other => "other",
                    Why::Compromised => "compromised",
                    Why::IdentityError => "identity_error",
                };
                self.about("POST", "portal/revoke", Some(json!({"reason": reason}))).await
            }
            Op::RevokeOne(_) => {
                let body =
                    json!({"reason": "representative_ended", "account_id": self.account(said.account)});
                self.about("POST", "portal/revoke", Some(body)).await
            }
            Op::Access(on) => self.about("PUT", "portal/access", Some(json!({"enabled": on}))).await,
            Op::Decline => self.about("POST", "portal/decline", None).await,
            Op::MoveEmail | Op::Rename => {
                let chart = self.chart(model.sent_email, model.name);
                self.staff("PUT", &format!("patients/{}", self.patient()), Some(chart)).await
            }
            Op::ConfirmContact(way) => {
                self.about("POST", "contacts/confirm", Some(json!({"channel": word(way)}))).await
            }
            Op::SetCredentials(_) => {
                let name = self.username(said.other.unwrap_or_default());
                self.about("PUT", "credentials", Some(json!({"username": name, "password": password}))).await
            }
            Op::Unlock(_) => {
                self.staff("POST", &format!("accounts/{}/unlock", self.account(said.account)), None).await
            }
            Op::Delete(_) => {
                self.staff("DELETE", &format!("accounts/{}", self.account(said.account)), None).await
            }

            Op::Open(_) => self.send(self.get(&self.link(model, said.link))).await,
            Op::Facts(_, right) => self.facts(model, said.link, right).await,
            Op::Code(_) => {
                let path = format!("{}/codes", self.link(model, said.link));
                self.post(&path, self.code_wanted(model, said.link)).await
            }
            Op::Check(_, right) => {
                let held = said.link.map(|l| &self.links[l]);
                let code = held.map_or("", |held| &held.code);
                let code = if code.is_empty() { "000000".to_owned() } else { code.to_owned() };
                let code = if right { code } else { other_code(&code) };
                let body = match said.link.filter(|l| model.links[*l].is_reset()) {
                    Some(_) => json!({"code": code}),
                    None => json!({"proof": held.map_or("none", |held| &held.proof), "code": code}),
                };
                self.post(&format!("{}/codes/check", self.link(model, said.link)), body).await
            }
            Op::Register(..) => {
                let name = self.username(said.other.unwrap_or_default());
                let body = json!({
                    "ticket": self.ticket(said.link), "username": name, "password": password, "accept_terms": true,
                });
                self.post(&format!("{}/register", self.invitation(said.link)), body).await
            }
            Op::LinkLogin(..) => {
                let body = json!({
                    "ticket": self.ticket(said.link), "username": username(said.account), "password": password,
                });
                self.post(&format!("{}/link", self.invitation(said.link)), body).await
            }
            Op::Renew(_) => self.post(&format!("{}/renew", self.invitation(said.link)), json!({})).await,
            Op::NotMe(_) => {
                self.post(&format!("{}/not-me", self.invitation(said.link)), json!({"confirm": "yes"})).await
            }
            Op::NewPassword(_) => {
                let path = format!("/r/{}/password", said.link.map_or("none", |l| &self.links[l].token));
                self.post(&path, json!({"ticket": self.ticket(said.link), "password": password})).await
            }

            Op::SignIn(_, _) => {
                let body = json!({"username": username(said.account), "password": password});
                self.ask("sign-in", body).await
            }
            Op::SignOut(_) => self.as_holder(said.session, "sign-out", json!({})).await,
            Op::ChangePassword(_, right) => {
                // The model has applied the change already, so the old password is the one before.
                let known = said.session.map(|s| model.known_password(s, said.status == 204));
                let old =
                    known.flatten().filter(|_| right).map_or("wrong wrong wrong".to_owned(), self::password);
                let body = json!({"old_password": old, "new_password": password, "accept_terms": true});
                self.as_holder(said.session, "account/password", body).await
            }
            Op::EndOthers(_) => self.as_holder(said.session, "account/sessions/end", json!({})).await,
            Op::InviteHelper(_, given) => {
                let body = json!({
                    "patient_id": self.patient(), "given_name": "Ben", "family_name": "Vale", "relationship": "other",
                    "level": "full", "channel": "email", "email": self.address(Address::Bens),
                });
                let body = confirmed(model, said, given, body);
                self.as_holder(said.session, "account/representatives", body).await
            }
            Op::Level(_, _, full, given) => {
                let level = if full { "full" } else { "limited" };
                let body = json!({
                    "patient_id": self.patient(), "account_id": self.account(said.account), "level": level,
                });
                let body = confirmed(model, said, given, body);
                self.as_holder(said.session, "account/representatives/level", body).await
            }
            Op::EndHelper(..) => {
                let body = json!({"patient_id": self.patient(), "account_id": self.account(said.account)});
                self.as_holder(said.session, "account/representatives/end", body).await
            }
            Op::Propose(_, given) => {
                let other = self.address(Address::Email(1 - model.email));
                let body = json!({"patient_id": self.patient(), "changes": {"email": other}});
                let body = confirmed(model, said, given, body);
                self.as_holder(said.session, "account/demographics", body).await
            }
            Op::Decide(_, accept, asked) => {
                let change = said.proposal.map_or("01JD0000000000000000000000", |p| &self.proposals[p]);
                let word = if accept { "accept" } else { "decline" };
                let body = accept.then(|| json!({"confirmed_with_patient": asked}));
                self.staff("POST", &format!("demographic-changes/{change}/{word}"), body).await
            }
            Op::ForgotPassword(_) => {
                self.ask("forgot-password", json!({"username": username(said.account)})).await
            }
            Op::ForgotUsername(at) => self.ask("forgot-username", json!({"email": self.address(at)})).await,
            Op::WhoIsIn => {
                for (s, session) in self.sessions.iter().enumerate() {
                    let seen = self.stage.world.introspect(session).await;
                    assert_eq!(seen["active"], said.active[s], "session {s}: {seen}");
                }
                return None;
            }

            Op::Forge(_) => {
                let forged = said.link.map_or_else(|| "A".repeat(44), |l| flipped(&self.links[l].token));
                self.try_everywhere(&forged, &forged, said).await;
                return None;
            }
            Op::Misplace(_) => {
                let token = said.link.map_or_else(|| "A".repeat(44), |l| self.links[l].token.clone());
                let reset = said.link.is_some_and(|l| model.links[l].is_reset());
                let nothing = "A".repeat(44);
                let (invitation, reset) = if reset { (&token, &nothing) } else { (&nothing, &token) };
                self.try_everywhere(invitation, reset, said).await;
                return None;
            }
            Op::ForeignTicket(..) => self.show_ticket(model, said.link, &self.ticket(said.other)).await,
            Op::EarlierTicket(_) => {
                let earlier = said.link.and_then(|l| self.links[l].tickets.iter().rev().nth(1));
                let made_up = "B".repeat(43);
                self.show_ticket(model, said.link, earlier.unwrap_or(&made_up)).await
            }
            Op::Guess(_) => {
                let body = json!({"username": username(said.account), "password": "wrong wrong wrong"});
                self.guesses += 1;
                let attacker = from(self.place, self.guesses);
                let path = self.stage.world.url(&format!("/{}/sign-in", self.stage.world.practice));
                for _ in 0..9 {
                    self.send(attacker.post(&path).json(&body)).await.expect(401);
                }
                self.send(attacker.post(&path).json(&body)).await
            }
            Op::Wait(_) => return None,
        })
    }

    /// Keeps what an answer contains: proof, ticket, session, account id.
    fn keep(&mut self, model: &Model, op: &Op, said: &Said, answer: &Answer) {
        if let Some(l) = said.link.filter(|_| answer.status == 200) {
            let (proof, ticket) = (answer.str("/proof"), answer.str("/ticket"));
            if !proof.is_empty() {
                self.links[l].proof = proof;
            }
            // A code that is sent twice gets one ticket.
            if !ticket.is_empty() && self.links[l].tickets.last() != Some(&ticket) {
                self.links[l].tickets.push(ticket);
            }
        }
        let session = answer.str("/session_token");
        if !session.is_empty() {
            self.sessions.push(session);
        }
        if self.accounts.len() < model.accounts.len() {
            assert!(matches!(op, Op::Register(..) | Op::SetCredentials(_)));
            self.accounts.push(answer.str("/account_id"));
        }
        if self.proposals.len() < model.proposals.len() {
            self.proposals.push(answer.str("/change_id"));
        }
        if let Op::Revoke(_) = op {
            let accounts = list(&answer.json(), "accounts").to_vec();
            assert!(accounts.iter().all(|account| account["state"] != "active"), "{}", answer.text);
        }
    }

    /// Reads every message since the last operation. Links and codes must go where the model says, and
    /// nothing to strangers.
    fn read_mail(&mut self, op: &Op, said: &Said) {
        let capture = &self.stage.world.service.capture;
        let new = capture.messages(None, None);
        capture.clear().unwrap();
        let own = [
            Address::Email(0),
            Address::Email(1),
            Address::Mobile,
            Address::Martas,
            Address::MartasMobile,
            Address::Bens,
        ]
        .map(|at| self.address(at));
        assert!(new.iter().all(|message| own.contains(&message.to)), "{op:?} wrote to a stranger: {new:?}");
        let carrying: Vec<&Message> = new.iter().filter(|message| carried(&message.text).is_some()).collect();
        let to: Vec<&str> = carrying.iter().map(|message| message.to.as_str()).collect();
        let expected: Vec<String> = said.mails.iter().map(|(at, _)| self.address(*at)).collect();
        assert_eq!(to, expected, "{op:?} sent {new:?}");
        for ((_, what), message) in said.mails.iter().zip(carrying) {
            let Some(text) = carried(&message.text) else { continue };
            match what {
                Carried::Link(l) => {
                    assert_eq!(text.len(), 44, "{op:?}: a link is in {}", message.text);
                    self.links.resize_with(self.links.len().max(l + 1), Held::default);
                    let known = &mut self.links[*l].token;
                    assert!(known.is_empty() || *known == text, "{op:?} says link {l} once more");
                    *known = text;
                }
                Carried::Code(l) => {
                    assert_eq!(text.len(), 6, "{op:?}: a code is in {}", message.text);
                    self.links[*l].code = text;
                }
            }
        }
    }

    // --- what some operations are made of ---

    /// The latest ticket of a link, or a made-up one.
    fn ticket(&self, l: Option<usize>) -> String {
        let latest = l.and_then(|l| self.links[l].tickets.last());
        latest.cloned().unwrap_or_else(|| "A".repeat(43))
    }

    /// The path of a link as if it were an invitation.
    fn invitation(&self, l: Option<usize>) -> String {
        l.map_or_else(|| format!("/i/{}", "A".repeat(44)), |l| format!("/i/{}", self.links[l].token))
    }

    fn code_wanted(&self, model: &Model, l: Option<usize>) -> Value {
        match l.filter(|l| model.links[*l].is_reset()) {
            // The code goes by another channel than the link.
            Some(l) => {
                json!({"channel": if model.links[l].to == Address::Mobile { "email" } else { "sms" }})
            }
            None => json!({"proof": l.map_or("none", |l| &self.links[l].proof), "channel": "email"}),
        }
    }

    async fn facts(&self, model: &Model, l: Option<usize>, right: bool) -> Answer {
        let path = self.link(model, l);
        if let Some(l) = l.filter(|l| model.links[*l].is_reset()) {
            let portal = self.stage.world.portal(&self.patient()).await;
            let code = text(&list(&portal, "invitations")[l], "access_code").to_owned();
            let code = if code.is_empty() { "00000000".to_owned() } else { code };
            let born = if right { "04/27/1945" } else { "04/28/1945" };
            return self
                .post(&format!("{path}/answer"), json!({"birth_date": born, "access_code": code}))
                .await;
        }
        let represents = l.is_some_and(|l| model.links[l].purpose == Purpose::Represent);
        // The wrong name is one that the chart had before or will have.
        let name = NAMES[if right { model.name } else { 1 - model.name }];
        let role = if represents { "representative" } else { "patient" };
        let facts = json!({"as": role, "family_name": name, "birth_date": "04/27/1945"});
        self.post(&format!("{path}/verify"), facts).await
    }

    async fn show_ticket(&self, model: &Model, l: Option<usize>, ticket: &str) -> Answer {
        let password = "attackers own phrase";
        if l.is_some_and(|l| model.links[l].is_reset()) {
            let body = json!({"ticket": ticket, "password": password});
            return self.post(&format!("{}/password", self.link(model, l)), body).await;
        }
        let body = json!({
            "ticket": ticket, "username": self.username(998), "password": password, "accept_terms": true,
        });
        self.post(&format!("{}/register", self.link(model, l)), body).await
    }

    /// Tries every route of a link with tokens that don't belong there.
    async fn try_everywhere(&self, invitation: &str, reset: &str, said: &Said) {
        let (ticket, password) = (self.ticket(said.link), "attackers own phrase");
        let (proof, code) =
            said.link.map_or(("none", "000000"), |l| (&self.links[l].proof, &self.links[l].code));
        let facts = json!({"as": "patient", "family_name": NAMES[0], "birth_date": "04/27/1945"});
        let answer = json!({"birth_date": "04/27/1945", "access_code": "00000000"});
        let register = json!({
            "ticket": ticket, "username": self.username(998), "password": password, "accept_terms": true,
        });
        let link = json!({"ticket": ticket, "username": self.username(0), "password": password});
        for (path, body) in [
            (format!("/i/{invitation}/verify"), facts),
            (format!("/i/{invitation}/codes"), json!({"proof": proof, "channel": "email"})),
            (format!("/i/{invitation}/codes/check"), json!({"proof": proof, "code": code})),
            (format!("/i/{invitation}/register"), register),
            (format!("/i/{invitation}/link"), link),
            (format!("/r/{reset}/codes"), json!({"channel": "sms"})),
            (format!("/r/{reset}/codes/check"), json!({"code": code})),
            (format!("/r/{reset}/answer"), answer),
            (format!("/r/{reset}/password"), json!({"ticket": ticket, "password": password})),
        ] {
            let answer = self.post(&path, body).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (said.status, said.code),
                "{path}: {}",
                answer.text
            );
        }
        for path in [format!("/i/{invitation}"), format!("/r/{reset}")] {
            self.send(self.get(&path)).await.expect(410);
        }
        self.post(&format!("/i/{invitation}/renew"), json!({})).await.expect(202);
        self.post(&format!("/i/{invitation}/not-me"), json!({"confirm": "yes"})).await.expect(202);
    }
}

/// A client whose connections come from an address that no other sequence of this world uses.
fn from(place: u32, guesses: u32) -> Client {
    let [_, _, high, low] = place.to_be_bytes();
    let third = u8::try_from(1 + guesses % 200).unwrap();
    assert_eq!(high, 0, "a world serves fewer sequences");
    let address = std::net::Ipv4Addr::new(127, 77, third, low);
    Client::builder().local_address(std::net::IpAddr::V4(address)).build().unwrap()
}

/// A request of a signed-in person, with the password that they enter.
fn confirmed(model: &Model, said: &Said, given: Given, mut body: Value) -> Value {
    let known = said.session.and_then(|s| model.known_password(s, false));
    match given {
        Given::Nothing => {}
        Given::Right => body["password"] = known.map(password).into(),
        Given::Wrong => body["password"] = json!("wrong wrong wrong"),
    }
    body
}

pub fn password(number: usize) -> String {
    format!("lantern orchard ferry {number:04}")
}

const fn word(way: Way) -> &'static str {
    match way {
        Way::Email => "email",
        Way::Text => "sms",
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The link's token or the code in a message.
pub fn carried(text: &str) -> Option<String> {
    let token = token_in(&text.replace("/r/", "/i/"));
    if !token.is_empty() {
        return Some(token);
    }
    let digits = |word: &str| word.trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
    text.split_whitespace()
        .map(digits)
        .find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()))
}

/// Another code of the same length.
fn other_code(code: &str) -> String {
    code.chars().map(|c| if c == '9' { '0' } else { char::from(c as u8 + 1) }).collect()
}

/// A token with one character of its MAC altered.
fn flipped(token: &str) -> String {
    let (kept, last) = token.split_at(token.len() - 3);
    let first = if last.starts_with('A') { 'B' } else { 'A' };
    format!("{kept}{first}{}", &last[1..])
}
