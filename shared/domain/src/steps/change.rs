//! An account's own audit chain: its end lies in the account's record, so that event and record are written together.

use crate::context::Context;
use crate::model::account::Account;
use crate::model::audit::{Action, By, Entry, Subject};
use crate::ports::Write;

/// Adds an event to the account's own chain, and writes the account's record.
pub fn account_changed(
    context: &Context,
    account: &mut Account,
    action: Action,
    by: By,
    detail: Vec<(&'static str, String)>,
    writes: &mut Vec<Write>,
) {
    let entry = Entry {
        practice: account.practice.clone(),
        subject: Subject::Account(account.id),
        at: context.now(),
        by,
        action,
        detail,
    };
    let event = entry.after(&account.head, &context.keyring);
    account.head = event.head();
    account.version += 1;
    writes.push(Write::ChangeAccount(Box::new(account.clone())));
    writes.push(Write::Append(event));
}
