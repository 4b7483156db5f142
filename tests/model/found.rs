//! Sequences that once showed a fault, shrunk. The name of each test is the rule that was broken.

use super::reference::{Entered, Op, Way, Why};
use super::{onboarding, play, representing, through};

#[test]
fn ten_sign_ins_and_a_changed_password_lock_nobody_out() {
    let mut ops = onboarding(Way::Email);
    ops.extend(vec![Op::SignIn(0, Entered::Right); 10]);
    ops.extend([Op::ChangePassword(0, true), Op::SignIn(0, Entered::Right)]);
    play(&ops);
}

#[test]
fn a_revocation_ends_the_reset_link_of_a_login_that_was_added_once_more() {
    let mut ops =
        [onboarding(Way::Email), representing(), vec![Op::ForgotPassword(0), Op::InviteRepresentative]]
            .concat();
    ops.extend(through(0));
    ops.extend([Op::LinkLogin(0, 0, true), Op::Revoke(Why::Other)]);
    play(&ops);
}

#[test]
fn a_deleted_account_does_not_come_back_by_a_link_that_was_out() {
    let mut ops = onboarding(Way::Email);
    ops.extend([Op::Revoke(Why::Compromised), Op::Invite(Way::Email, false), Op::Delete(0), Op::Wait(61)]);
    ops.extend(through(0));
    ops.push(Op::Register(0, false));
    play(&ops);
}

#[test]
fn a_milder_second_revocation_asks_for_no_less_than_the_first() {
    let mut ops = onboarding(Way::Email);
    ops.extend([Op::Revoke(Why::IdentityError), Op::Invite(Way::Email, false), Op::Revoke(Why::Other)]);
    ops.push(Op::Invite(Way::Email, false));
    play(&ops);
}

#[test]
fn a_worse_reason_counts_although_access_was_taken_away_before() {
    let mut ops = onboarding(Way::Email);
    ops.extend([Op::Revoke(Why::Other), Op::Revoke(Why::Compromised), Op::Invite(Way::Email, false)]);
    play(&ops);
}
