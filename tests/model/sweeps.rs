//! Compares random sequences around automatic invitations with a small model: visits, sweeps that come daily or
//! late, reminders, birthdays, unsubscribing, bounces, and what staff and the patient do in between. One patient,
//! perhaps a minor whose mother has access.
//!
//! The clock stands at 10:00 in Phoenix after each step, where no clock ever changes, so the model counts in days.

use portico_domain::time::Clock as _;
use portico_testkit::{Mail, PASSWORD, World};
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use super::number;

/// 10:00 on the first day. Phoenix is seven hours behind UTC all year.
const BEGIN: &str = "2026-11-24T17:00:00Z";
const DAY: i64 = 86_400;
/// The hour of each step.
const TEN: i64 = 10;
/// The days of the years to come on which it is 14 December.
const BIRTHDAYS: [i64; 7] = [20, 385, 751, 1116, 1481, 1846, 2212];
const SEQUENCES: u64 = 100;

/// Who the patient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Adult,
    /// Turns 86 on day 20.
    Old,
    /// Turns 18 on day 20.
    Seventeen,
    /// Turns 18 on day 20; the mother has full access.
    Daughter,
    /// Turns 13 on day 20; the mother has full access.
    Child,
}

impl Who {
    /// On 14 December in each case.
    const fn born(self) -> &'static str {
        match self {
            Self::Adult => "1980-12-14",
            Self::Old => "1940-12-14",
            Self::Seventeen | Self::Daughter => "2008-12-14",
            Self::Child => "2013-12-14",
        }
    }

    fn age(self, day: i64) -> i64 {
        let birthdays = BIRTHDAYS.iter().filter(|birthday| **birthday <= day).count();
        let before = match self {
            Self::Adult => 45,
            Self::Old => 85,
            Self::Seventeen | Self::Daughter => 17,
            Self::Child => 12,
        };
        before + i64::try_from(birthdays).unwrap()
    }

    /// The hour at which they become so old.
    fn birthday(self, age: i64) -> i64 {
        24 * *BIRTHDAYS.iter().find(|day| self.age(**day) >= age).unwrap()
    }

    const fn has_mother(self) -> bool {
        matches!(self, Self::Daughter | Self::Child)
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// A visit today, signed or not.
    Visit(bool),
    /// So many days pass, with a sweep on each or only on the last.
    Days(i64, bool),
    Invite,
    Cancel,
    Decline,
    Register,
    Revoke,
    Access(bool),
    Status(&'static str),
    MoveEmail,
    Unsubscribe,
    Bounce,
    Confirm,
    /// The same sweep once more on the same day.
    Again,
}

fn ops() -> BoxedStrategy<Op> {
    let days = prop_oneof![
        4 => (1..=4_i64).prop_map(|days| Op::Days(days, true)),
        2 => prop_oneof![Just(3), Just(7), Just(10), Just(29), Just(30), Just(91)]
            .prop_map(|days| Op::Days(days, false)),
        1 => Just(Op::Days(11, true)),
    ];
    let status = prop_oneof![Just("active"), Just("inactive"), Just("deceased")];
    let simple = [Op::Invite, Op::Cancel, Op::Decline, Op::Register, Op::Revoke, Op::MoveEmail, Op::Bounce];
    let simple = simple.into_iter().chain([Op::Unsubscribe, Op::Confirm, Op::Again]);
    let mut all = vec![
        (6, any::<bool>().prop_map(Op::Visit).boxed()),
        (12, days.boxed()),
        (1, any::<bool>().prop_map(Op::Access).boxed()),
        (1, status.prop_map(Op::Status).boxed()),
    ];
    all.extend(simple.map(|op| (1, Just(op).boxed())));
    Union::new_weighted(all).boxed()
}

/// What the sweep sent lately; hours since the first day's midnight.
#[derive(Clone, Copy, Debug)]
struct Campaign {
    began: i64,
    sent: i64,
    next: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    None,
    /// Sent by the campaign, until this hour.
    Automatic(i64),
    /// Sent otherwise.
    Staff(i64),
}

/// What should be true.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug)]
struct Model {
    who: Who,
    /// Hours since the first day's midnight.
    now: i64,
    /// When each visit makes the patient due.
    visits: Vec<i64>,
    /// The first visit that counted when the chart was written last.
    first: Option<i64>,
    /// When the sweep looks at the patient next.
    look: Option<i64>,
    campaign: Option<Campaign>,
    pending: Pending,
    registered: bool,
    revoked: bool,
    declined: bool,
    access: bool,
    status: &'static str,
    email: usize,
    bounced: bool,
    unsubscribed: Option<usize>,
    mother: Option<&'static str>,
    /// Invitations to the patient, by e-mail.
    mails: usize,
    /// The address that the last automatic one went to.
    last_automatic: Option<usize>,
    /// The address that the last one went to, unless it bounced.
    last: Option<usize>,
    bounces: usize,
}

const ADULT: i64 = 18;
const ADOLESCENT: i64 = 13;
const OLDEST: i64 = 85;
const UNSIGNED_DAYS: i64 = 30;
const LINK_HOURS: i64 = 72;
const TOO_OLD_HOURS: i64 = 90 * 24;
const REMINDERS: [i64; 2] = [3, 10];

impl Model {
    fn new(who: Who) -> Self {
        Self {
            who,
            now: TEN,
            visits: Vec::new(),
            first: None,
            look: None,
            campaign: None,
            pending: Pending::None,
            registered: false,
            revoked: false,
            declined: false,
            access: true,
            status: "active",
            email: 0,
            bounced: false,
            unsubscribed: None,
            mother: who.has_mother().then_some("full"),
            mails: 0,
            last_automatic: None,
            last: None,
            bounces: 0,
        }
    }

    fn day(&self) -> i64 {
        self.now.div_euclid(24)
    }

    fn age(&self) -> i64 {
        self.who.age(self.day())
    }

    fn is_pending(&self) -> bool {
        matches!(self.pending, Pending::Automatic(until) | Pending::Staff(until) if self.now < until)
    }

    /// The chart changed, or what had kept the patient from an automatic message is gone.
    fn reconsider(&mut self) {
        self.look = match self.campaign {
            Some(campaign) => campaign.next,
            None => self.first,
        };
    }

    fn chart_written(&mut self) {
        let now = self.now;
        let counting = self.visits.iter().copied().filter(|due| now - due <= TOO_OLD_HOURS).min();
        self.first = counting.or(self.visits.iter().copied().max());
        self.reconsider();
    }

    fn may_be_invited(&self) -> bool {
        self.access && self.status == "active" && !self.bounced && !self.declined
    }

    /// The sweep of this hour.
    fn sweep(&mut self) {
        self.birthday();
        if self.look.is_none_or(|look| self.now < look) {
            return;
        }
        let last = self.visits.iter().copied().max();
        let due = match self.campaign {
            Some(campaign) => campaign.next,
            None => self.first.filter(|first| self.now - first <= TOO_OLD_HOURS).or(last),
        };
        let too_old = self.campaign.is_none() && last.is_some_and(|last| self.now - last > TOO_OLD_HOURS);
        let by_staff = matches!(self.pending, Pending::Staff(until) if self.now < until);
        let young = self.age() < ADULT;
        let passed_over = self.status != "active"
            || !self.access
            || self.revoked
            || self.registered
            || (self.mother.is_some() && self.mother != Some("ended"))
            || self.declined
            || by_staff
            || too_old
            || due.is_none()
            || self.bounced
            || self.unsubscribed == Some(self.email)
            || self.age() > OLDEST;
        self.look = None;
        if passed_over {
            return;
        }
        if young {
            let birthday = self.who.birthday(ADULT);
            self.look = last.filter(|last| birthday - last <= TOO_OLD_HOURS).map(|_| birthday);
            return;
        }
        if let Some(later) = due.filter(|due| *due > self.now) {
            self.look = Some(later);
            return;
        }
        let sent = self.campaign.map_or(1, |campaign| campaign.sent + 1);
        let began = self.campaign.map_or(self.day(), |campaign| campaign.began);
        let next = usize::try_from(sent - 1).ok().and_then(|place| REMINDERS.get(place).copied());
        let next = next.map(|after| 24 * (began + after).max(self.day() + 3));
        self.campaign = Some(Campaign { began, sent, next });
        self.look = next;
        self.pending = Pending::Automatic(self.now + LINK_HOURS);
        self.last_automatic = Some(self.email);
        self.mailed();
    }

    fn mailed(&mut self) {
        self.mails += 1;
        self.last = Some(self.email);
    }

    /// What birthdays do to the mother's access and for a new adult.
    fn birthday(&mut self) {
        if self.mother.is_none_or(|level| level == "ended") {
            return;
        }
        if self.age() >= ADULT {
            self.mother = Some("ended");
            if self.may_be_invited() && !self.is_pending() {
                self.pending = Pending::Staff(self.now + LINK_HOURS);
                self.mailed();
            }
        } else if self.who == Who::Child && self.age() >= ADOLESCENT {
            self.mother = Some("limited");
        }
    }

    /// Whether the operation can be done now. The others are left out of a sequence.
    fn allows(&self, op: Op) -> bool {
        match op {
            Op::Invite => self.may_be_invited() && !self.registered && !self.revoked,
            Op::Cancel => self.is_pending(),
            Op::Decline => !self.declined,
            Op::Register => self.is_pending() && self.age() >= ADULT,
            // Who had access gets it back by an invitation; that is another model's matter.
            Op::Revoke => !self.registered && !self.revoked && self.mother.is_none(),
            Op::Unsubscribe => self.last_automatic.is_some(),
            Op::Bounce => self.last == Some(self.email) && self.bounces < 4,
            Op::Access(on) => self.access != on,
            Op::Status(status) => self.status != status,
            Op::Visit(_) | Op::Days(..) | Op::MoveEmail | Op::Confirm | Op::Again => true,
        }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Visit(signed) => {
                let unsigned = 24 * (self.day() + UNSIGNED_DAYS);
                self.visits.push(if signed { self.now } else { unsigned });
                self.chart_written();
            }
            Op::Days(days, _) => self.now += 24 * days,
            Op::Again => {}
            Op::Invite => {
                self.pending = Pending::Staff(self.now + LINK_HOURS);
                self.mailed();
            }
            Op::Cancel => self.pending = Pending::None,
            Op::Decline => (self.declined, self.pending) = (true, Pending::None),
            Op::Register => (self.registered, self.pending) = (true, Pending::None),
            Op::Revoke => (self.revoked, self.pending) = (true, Pending::None),
            Op::Access(on) => {
                self.access = on;
                self.suspended();
                self.reconsider();
            }
            Op::Status(status) => {
                self.status = status;
                self.suspended();
                self.chart_written();
            }
            Op::MoveEmail => {
                self.email += 1;
                (self.bounced, self.campaign, self.pending) = (false, None, Pending::None);
                self.chart_written();
            }
            Op::Unsubscribe => self.unsubscribed = self.last_automatic,
            Op::Bounce => {
                self.bounced = true;
                self.last = None;
                self.bounces += 1;
            }
            Op::Confirm => {
                if std::mem::take(&mut self.bounced) {
                    self.reconsider();
                }
            }
        }
    }

    /// Nobody's link survives that access rests.
    fn suspended(&mut self) {
        if !self.access || self.status == "deceased" {
            self.pending = Pending::None;
        }
    }
}

/// The service, with one patient.
struct System {
    world: World,
    who: Who,
    visits: Vec<Value>,
}

impl System {
    async fn new(who: Who) -> Self {
        let world = World::with_cheap_hashes().await;
        world.service.clock.set(BEGIN.parse().unwrap()).unwrap();
        let auto_invite = json!({"enabled": true, "ramp": false});
        world.settings(json!({"time_zone": "America/Phoenix", "auto_invite": auto_invite})).await;
        let system = Self { world, who, visits: Vec::new() };
        system.chart(&Model::new(who)).await;
        if who.has_mother() {
            system.register_mother().await;
        }
        system
    }

    async fn chart(&self, model: &Model) {
        let chart = json!({
            "birth_date": self.who.born(), "email": email(model.email), "chart_status": model.status,
            "visits": self.visits,
        });
        self.world.patient("p1", World::chart_with(chart)).await;
    }

    async fn register_mother(&self) {
        let world = &self.world;
        let body = json!({
            "given_name": "Marta", "family_name": "Vale", "relationship": "parent", "level": "full",
            "email": "marta.vale@example.com", "mobile_phone": "+12025550177", "channel": "email",
        });
        world.ehr("POST", "/v1/patients/p1/representatives", Some(body)).await.expect(201);
        let token = world.last_mail_to("marta.vale@example.com").await.token();
        self.register(&token, "representative", "marta.vale").await;
    }

    async fn register(&self, token: &str, role: &str, username: &str) {
        let facts = json!({"as": role, "family_name": "Quillfeather", "birth_date": self.who.born()});
        let answer = self.world.post(&format!("/i/{token}/verify"), facts).await.expect_and(200);
        let proof = answer.str("/proof");
        let ticket = self.world.enter_code(token, &proof).await.expect_and(200).str("/ticket");
        let body =
            json!({"ticket": ticket, "username": username, "password": PASSWORD, "accept_terms": true});
        self.world.post(&format!("/i/{token}/register"), body).await.expect(201);
    }

    /// The invitations that went to the patient, and those of them that were automatic.
    async fn invitations(&self) -> Vec<Mail> {
        let mails = self.world.mails().await.into_iter();
        mails.filter(|mail| mail.get("to").starts_with("rosa.") && mail.get("text").contains("/i/")).collect()
    }

    async fn apply(&mut self, model: &mut Model, op: Op) {
        if !model.allows(op) {
            return;
        }
        let days = match op {
            Op::Days(days, true) => vec![1; usize::try_from(days).unwrap()],
            Op::Days(days, false) => vec![days],
            Op::Again => vec![0],
            _ => Vec::new(),
        };
        for days in &days {
            model.apply(Op::Days(*days, false));
            // The stream is never a day late.
            self.world.service.idle().await;
            self.world.advance(*days * DAY);
            self.sweep(model).await;
        }
        if days.is_empty() {
            model.apply(op);
            self.act(model, op).await;
        }
        self.compare(model).await;
    }

    async fn act(&mut self, model: &Model, op: Op) {
        let world = &self.world;
        let change = async |method: &str, path: &str, body: Value| {
            let answer = world.ehr(method, &format!("/v1/patients/p1/{path}"), Some(body)).await;
            assert!(matches!(answer.status, 200 | 201), "{op:?}: {}", answer.text);
        };
        match op {
            Op::Visit(signed) => {
                let now = world.service.clock.now();
                let mut visit =
                    json!({"id": format!("v{}", self.visits.len()), "date": &now.to_string()[..10]});
                if signed {
                    visit["signed_at"] = json!(now.to_string());
                }
                self.visits.push(visit);
                self.chart(model).await;
            }
            Op::Status(_) | Op::MoveEmail => self.chart(model).await,
            Op::Invite => change("POST", "invitations", json!({"channel": "email"})).await,
            Op::Cancel => change("DELETE", "invitations/current", Value::Null).await,
            Op::Decline => change("POST", "portal/decline", json!({})).await,
            Op::Revoke => change("POST", "portal/revoke", json!({"reason": "other"})).await,
            Op::Access(on) => change("PUT", "portal/access", json!({"enabled": on})).await,
            Op::Confirm => change("POST", "contacts/confirm", json!({"channel": "email"})).await,
            Op::Register => {
                let token = self.invitations().await.pop().unwrap().token();
                self.register(&token, "patient", "rosa.quillfeather").await;
            }
            Op::Unsubscribe => {
                let mails = self.invitations().await;
                let header =
                    |mail: &Mail| mail.record["headers"]["List-Unsubscribe"].as_str().map(str::to_owned);
                let url = mails.iter().rev().find_map(header).unwrap();
                let path = url.trim_matches(['<', '>']).strip_prefix(&world.url("")).unwrap().to_owned();
                world.send(world.request("POST", &path)).await.expect(200);
            }
            Op::Bounce => {
                let mail = self.invitations().await.pop().unwrap();
                let body = json!({"message_id": mail.get("id"), "type": "bounce"});
                let answer = world.request("POST", "/_local/feedback").json(&body).send().await.unwrap();
                assert_eq!(answer.status().as_u16(), 200);
            }
            Op::Days(..) | Op::Again => {}
        }
    }

    /// A sweep. The preview before it says what it will do.
    async fn sweep(&self, model: &mut Model) {
        let before = (model.mails, model.mother);
        self.world.service.idle().await;
        let preview = self.world.ehr("POST", "/v1/auto-invite/preview", None).await.expect_and(200).json();
        let run = self.world.sweep().await;
        model.sweep();
        if before.1 == model.mother {
            let due = preview["due"].as_array().unwrap().len();
            assert_eq!(due, model.mails - before.0, "the preview before {model:?}: {preview}");
        }
        let outcomes = ["invited", "reminded", "deferred"].iter().filter_map(|name| run[name].as_u64());
        let skipped = run["skipped"].as_object().into_iter().flat_map(|all| all.values());
        let sum: u64 = outcomes.chain(skipped.filter_map(Value::as_u64)).sum();
        assert_eq!(run["seen"], json!(sum), "{run}");
    }

    async fn compare(&self, model: &Model) {
        self.world.service.idle().await;
        let mails = self.invitations().await;
        assert_eq!(mails.len(), model.mails, "invitations of {model:?}");
        if let Some(last) = model.last {
            assert_eq!(mails.last().unwrap().get("to"), email(last));
        }
        let portal = self.world.portal("p1").await;
        let pending = |one: &&Value| one["state"] == "pending";
        let count = portal["invitations"].as_array().unwrap().iter().filter(pending).count();
        assert_eq!(count, usize::from(model.is_pending()), "pending invitations of {model:?}: {portal}");
        if let Some(mother) = model.mother {
            let hers = &portal["accounts"].as_array().unwrap()[0];
            let level = if hers["state"] == "revoked" { "ended" } else { hers["level"].as_str().unwrap() };
            assert_eq!(level, mother, "what the mother may see, {model:?}: {portal}");
        }
    }
}

fn email(place: usize) -> String {
    format!("rosa.{place}@example.com")
}

/// Plays one sequence.
fn play(who: Who, ops: &[Op]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut system, mut model) = (System::new(who).await, Model::new(who));
        for op in ops {
            system.apply(&mut model, *op).await;
        }
        let trail = system.world.ehr("GET", "/v1/audit/verify?patient_id=p1", None).await.json();
        assert_eq!(trail["intact"], true, "{trail}");
    });
}

#[test]
fn sweeps_reminders_and_birthdays_do_what_a_small_model_says() {
    let seed = number("PORTICO_MODEL_SEED", 20_261_126);
    let cases = u32::try_from(number("PORTICO_SWEEP_SEQUENCES", SEQUENCES)).unwrap();
    let config =
        Config { cases, rng_seed: RngSeed::Fixed(seed), max_shrink_time: 300_000, ..Config::default() };
    let who = prop_oneof![
        4 => Just(Who::Adult), 1 => Just(Who::Old), 1 => Just(Who::Seventeen), 2 => Just(Who::Daughter),
        1 => Just(Who::Child),
    ];
    let sequences = (who, prop::collection::vec(ops(), 3..14));
    let outcome = TestRunner::new(config).run(&sequences, |(who, ops)| {
        play(who, &ops);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("seed {seed}: {failure}");
    }
}
