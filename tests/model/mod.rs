//! Compares random sequences of operations on one patient's portal with a small model of it. Staff, the
//! patient, a representative and an attacker who reads nobody's mail act, and the clock jumps.
//!
//! [`reference`] is the model, [`system`] the service over HTTP; automatic invitations have a model of their own in
//! [`sweeps`]. A sequence that failed once becomes a test
//! in [`found`]; its seed is kept under `model/regressions` and tried first from then on.
//!
//! `PORTICO_MODEL_SEQUENCES` sets the number of sequences (2,000), `PORTICO_MODEL_SEED` selects them: the
//! same seed gives the same sequences.

mod found;
mod guesses;
mod reference;
mod sweeps;
mod system;

use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use reference::{Address, Entered, Given, Model, Op, Way, Why};
use system::{System, leave_the_stage};

/// The number of tests that share the sequences, so that as many threads can work.
const WORKERS: u64 = 4;
const SEQUENCES: u64 = 2000;
/// The most phrases in a sequence. A phrase has one to six operations.
const PHRASES: u64 = 5;

/// Operations that are done together: mostly one, sometimes several that belong together, so that a short
/// sequence gets far.
type Phrase = Vec<Op>;

struct Patient;

impl ReferenceStateMachine for Patient {
    type State = Model;
    type Transition = Phrase;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::new()).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Phrase> {
        phrases(model)
    }

    fn apply(mut model: Model, phrase: &Phrase) -> Model {
        for op in phrase {
            model.apply(op);
        }
        model
    }
}

/// The phrases that may come next: every operation, but more often those that lead on from here.
fn phrases(model: &Model) -> BoxedStrategy<Phrase> {
    let link = || prop_oneof![6 => Just(0_usize), 2 => Just(1), 1 => Just(2), 1 => 0..8_usize];
    let account = || prop_oneof![3 => Just(0_usize), 1 => Just(1), 1 => 0..4_usize];
    let session = || prop_oneof![3 => Just(0_usize), 1 => 0..6_usize];
    let way = || prop_oneof![4 => Just(Way::Email), 1 => Just(Way::Text)];
    let why =
        || prop_oneof![3 => Just(Why::Other), 2 => Just(Why::Compromised), 1 => Just(Why::IdentityError)];
    let right = || prop::bool::weighted(0.7);
    let seconds = prop_oneof![
        2 => Just(1), 4 => Just(61), 4 => Just(600), 4 => Just(3660), 2 => Just(13 * 3600), 2 => Just(73 * 3600),
    ];
    let at = prop_oneof![
        Just(Address::Email(0)),
        Just(Address::Email(1)),
        Just(Address::Martas),
        Just(Address::Bens),
    ];
    let one = |op: BoxedStrategy<Op>| op.prop_map(|op| vec![op]).boxed();

    let registered = !model.accounts.is_empty();
    let linked = !model.links.is_empty();
    // Each phrase has a weight in front.
    let mut all: Vec<(u32, BoxedStrategy<Phrase>)> = vec![
        (4, one((way(), any::<bool>()).prop_map(|(way, over)| Op::Invite(way, over)).boxed())),
        (1, one(Just(Op::Cancel).boxed())),
        (2, one(Just(Op::InviteRepresentative).boxed())),
        (3, one(why().prop_map(Op::Revoke).boxed())),
        (3, one(any::<bool>().prop_map(Op::Access).boxed())),
        (1, one(Just(Op::Decline).boxed())),
        (2, one(Just(Op::MoveEmail).boxed())),
        (1, one(Just(Op::Rename).boxed())),
        (2, one(any::<bool>().prop_map(Op::SetCredentials).boxed())),
        (6, one(seconds.prop_map(Op::Wait).boxed())),
        (1, one(at.prop_map(Op::ForgotUsername).boxed())),
        (if registered { 1 } else { 12 }, way().prop_map(onboarding).boxed()),
        (if registered { 2 } else { 1 }, Just(representing()).boxed()),
    ];
    if linked {
        all.extend([
            (2, one(link().prop_map(Op::Open).boxed())),
            (4, one((link(), right()).prop_map(|(l, right)| Op::Facts(l, right)).boxed())),
            (3, one(link().prop_map(Op::Code).boxed())),
            (4, one((link(), right()).prop_map(|(l, right)| Op::Check(l, right)).boxed())),
            (
                3,
                one((link(), prop::bool::weighted(0.2))
                    .prop_map(|(l, taken)| Op::Register(l, taken))
                    .boxed()),
            ),
            (
                3,
                one((link(), account(), right())
                    .prop_map(|(l, a, right)| Op::LinkLogin(l, a, right))
                    .boxed()),
            ),
            (4, one(link().prop_map(Op::Renew).boxed())),
            (2, one(link().prop_map(Op::NotMe).boxed())),
            (1, one(way().prop_map(Op::ConfirmContact).boxed())),
            (3, one(link().prop_map(Op::NewPassword).boxed())),
            (5, link().prop_map(through).boxed()),
            (
                3,
                (link(), account())
                    .prop_map(|(l, a)| {
                        let mut phrase = through(l);
                        phrase.push(Op::LinkLogin(l, a, true));
                        phrase
                    })
                    .boxed(),
            ),
            (2, link().prop_map(|l| vec![Op::Facts(l, false); 5]).boxed()),
            (1, one(link().prop_map(Op::Forge).boxed())),
            (1, one(link().prop_map(Op::Misplace).boxed())),
            (2, one((link(), link()).prop_map(|(l, m)| Op::ForeignTicket(l, m)).boxed())),
            (2, one(link().prop_map(Op::EarlierTicket).boxed())),
        ]);
    }
    if registered {
        let entered =
            prop_oneof![4 => Just(Entered::Right), 1 => Just(Entered::Old), 1 => Just(Entered::Wrong)];
        all.extend([
            (2, one(account().prop_map(Op::RevokeOne).boxed())),
            (1, one(account().prop_map(Op::Unlock).boxed())),
            (2, one(account().prop_map(Op::Delete).boxed())),
            (6, one((account(), entered).prop_map(|(a, entered)| Op::SignIn(a, entered)).boxed())),
            (2, one(session().prop_map(Op::SignOut).boxed())),
            (4, one((session(), right()).prop_map(|(s, right)| Op::ChangePassword(s, right)).boxed())),
            (2, one(session().prop_map(Op::EndOthers).boxed())),
            (2, Just(desk()).boxed()),
            (5, one(account().prop_map(Op::ForgotPassword).boxed())),
            (6, one(Just(Op::WhoIsIn).boxed())),
            (5, account().prop_map(resetting).boxed()),
            (4, why().prop_map(back_again).boxed()),
            (1, account().prop_map(|a| vec![Op::Guess(a)]).boxed()),
        ]);
        let given =
            || prop_oneof![3 => Just(Given::Right), 2 => Just(Given::Nothing), 1 => Just(Given::Wrong)];
        let yes = || prop::bool::weighted(0.7);
        all.extend([
            (3, one((session(), given()).prop_map(|(s, given)| Op::InviteHelper(s, given)).boxed())),
            (2, (session(), given()).prop_map(|(s, given)| helping(s, given)).boxed()),
            (3, (session(), account(), given()).prop_map(|(s, a, given)| left_open(s, a, given)).boxed()),
            (
                2,
                one((session(), account(), any::<bool>(), given())
                    .prop_map(|(s, a, full, given)| Op::Level(s, a, full, given))
                    .boxed()),
            ),
            (1, one((session(), account()).prop_map(|(s, a)| Op::EndHelper(s, a)).boxed())),
            (3, one((session(), given()).prop_map(|(s, given)| Op::Propose(s, given)).boxed())),
            (3, (session(), yes(), yes()).prop_map(|(s, accept, asked)| moving(s, accept, asked)).boxed()),
        ]);
        if !model.proposals.is_empty() {
            let which = prop_oneof![3 => Just(0_usize), 1 => 0..4_usize];
            let decided = (which, yes(), yes()).prop_map(|(p, accept, asked)| Op::Decide(p, accept, asked));
            all.push((4, one(decided.boxed())));
        }
    }
    Union::new_weighted(all).boxed()
}

fn through(link: usize) -> Phrase {
    vec![Op::Facts(link, true), Op::Code(link), Op::Check(link, true)]
}

/// The patient is invited and registers at once.
fn onboarding(way: Way) -> Phrase {
    [vec![Op::Invite(way, false)], through(0), vec![Op::Register(0, false)]].concat()
}

/// A representative is invited and registers at once.
fn representing() -> Phrase {
    [vec![Op::InviteRepresentative], through(0), vec![Op::Register(0, false)]].concat()
}

/// A password is forgotten and a new one chosen.
fn resetting(account: usize) -> Phrase {
    vec![Op::ForgotPassword(account), Op::Code(0), Op::Check(0, true), Op::NewPassword(0)]
}

/// The patient invites somebody to help, who registers at once.
fn helping(session: usize, given: Given) -> Phrase {
    [vec![Op::InviteHelper(session, given)], through(0), vec![Op::Register(0, false)]].concat()
}

/// Somebody comes to a browser that was left open for more than ten minutes, and tries all that lets others in.
fn left_open(session: usize, account: usize, given: Given) -> Phrase {
    vec![
        Op::Wait(610),
        Op::Propose(session, given),
        Op::InviteHelper(session, given),
        Op::Level(session, account, true, given),
    ]
}

/// Somebody proposes another e-mail address, and staff decide.
fn moving(session: usize, accept: bool, asked: bool) -> Phrase {
    vec![Op::Propose(session, Given::Right), Op::Decide(0, accept, asked)]
}

/// Staff set user name and password; the person signs in and changes the password.
fn desk() -> Phrase {
    vec![Op::SetCredentials(false), Op::SignIn(0, Entered::Right), Op::ChangePassword(0, true)]
}

/// Access is revoked, the patient is invited again and goes through the link.
fn back_again(why: Why) -> Phrase {
    [vec![Op::Revoke(why), Op::Invite(Way::Email, true)], through(0), vec![Op::Register(0, false)]].concat()
}

impl StateMachineTest for Patient {
    /// The service, and the model after each single operation, since a phrase has several.
    type SystemUnderTest = (System, Model);
    type Reference = Self;

    fn init_test(model: &Model) -> Self::SystemUnderTest {
        (System::new(), model.clone())
    }

    fn apply(
        (mut system, mut model): Self::SystemUnderTest,
        _: &Model,
        phrase: Phrase,
    ) -> Self::SystemUnderTest {
        for op in &phrase {
            step(&mut system, &mut model, op);
        }
        system.look(&model);
        (system, model)
    }

    fn teardown((mut system, mut model): Self::SystemUnderTest, _: Model) {
        finish(&mut system, &mut model);
    }
}

fn step(system: &mut System, model: &mut Model, op: &Op) {
    let said = model.apply(op);
    system.apply(model, op, &said);
}

/// At the end everybody tries once more: every session, every password chosen last, every link.
fn finish(system: &mut System, model: &mut Model) {
    step(system, model, &Op::WhoIsIn);
    for latest in 0..model.accounts.len() {
        if model.account(latest).is_some_and(|a| !model.accounts[a].deleted) {
            step(system, model, &Op::SignIn(latest, Entered::Right));
        }
    }
    system.look(model);
    system.look_closely(model);
}

/// Plays one fixed sequence.
fn play(ops: &[Op]) {
    let (mut system, mut model) = (System::new(), Model::new());
    for op in ops {
        step(&mut system, &mut model, op);
        system.look(&model);
    }
    finish(&mut system, &mut model);
    drop(system);
    leave_the_stage();
}

#[expect(clippy::disallowed_methods, reason = "a test binary has no main of its own to read settings")]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Plays one worker's share of the sequences, with a seed of its own.
fn sequences(worker: u64) {
    let seed = number("PORTICO_MODEL_SEED", 20_261_122) * WORKERS + worker;
    let cases = number("PORTICO_MODEL_SEQUENCES", SEQUENCES).div_ceil(WORKERS);
    let longest = usize::try_from(number("PORTICO_MODEL_PHRASES", PHRASES)).unwrap();
    println!("{cases} sequences, seed {seed}");
    let config = Config {
        cases: u32::try_from(cases).unwrap(),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "model/regressions/sequences.txt",
        ))),
        max_shrink_time: 300_000,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config.clone());
    let outcome = runner.run(&Patient::sequential_strategy(2..=longest), |(model, phrases, seen)| {
        Patient::test_sequential(config.clone(), model, phrases, seen);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("seed {seed}: {failure}");
    }
    leave_the_stage();
}

#[test]
fn the_service_does_what_the_model_says_first_quarter() {
    sequences(0);
}

#[test]
fn the_service_does_what_the_model_says_second_quarter() {
    sequences(1);
}

#[test]
fn the_service_does_what_the_model_says_third_quarter() {
    sequences(2);
}

#[test]
fn the_service_does_what_the_model_says_fourth_quarter() {
    sequences(3);
}
