//! The address of an account's holder who is no patient: a code proves that it is theirs.

use crate::context::Context;
use crate::model::account::Account;
use crate::model::chart::Channel;
use crate::model::ids::{Actor, ClientId};
use crate::model::link::{Kind, Link, LinkState, Purpose, Target};
use crate::model::message::{Message, Recipient, Template};
use crate::model::patient::Patient;
use crate::model::person::{Address, Email};
use crate::model::practice::Practice;
use crate::model::refusal::Refusal;
use crate::ports::Write;
use crate::steps::invitation::RESET_MINUTES;
use crate::steps::notice::{Reach, message};
use crate::steps::one_time_code::next_code;

/// The record of an address that has to be confirmed, with the code that proves it. `leading` is the patient in whose
/// name the account's messages go.
pub(crate) fn address_link(
    context: &Context,
    practice: &Practice,
    leading: &Patient,
    account: &Account,
    email: &Email,
) -> Result<Link, Refusal> {
    let target = Target {
        practice: practice.id.clone(),
        patient: leading.id.clone(),
        account: Some(account.id),
        channel: Channel::Email,
        sent_to: Some(Address::from(email.reveal())),
        client: ClientId::visitor(),
        actor: Actor::holder(account.id),
    };
    let expires_at = context.now().plus_seconds(RESET_MINUTES * 60);
    let mut link = Link::new(context, Purpose::Address, Kind::Address, target, expires_at);
    let code = next_code(context, &link, Channel::Email, practice.settings.code_digits)?;
    link.code = Some(code);
    link.codes = code.number;
    Ok(link)
}

/// Sends that code, and ends the wait for an earlier address.
pub(crate) fn confirm_address(
    context: &Context,
    leading: &Patient,
    account: &mut Account,
    link: &Link,
) -> Vec<Write> {
    let older = account.new_email.replace(link.id);
    let ended = older.map(|id| Write::EndLink { id, to: LinkState::Superseded, at: context.now() });
    let reach = Reach { to: Recipient::Link, channel: Channel::Email };
    let mail = message(context, leading, Template::Code, reach);
    let number = link.code.map(|code| code.number);
    [Write::CreateLink(Box::new(link.clone()))]
        .into_iter()
        .chain(ended)
        .chain([Write::Queue(Message { link: Some(link.id), code: number, ..mail })])
        .collect()
}

/// The welcome to the holder of an account at an address of their own, with the user name.
pub(crate) fn welcome(context: &Context, leading: &Patient, account: &Account) -> Write {
    let reach = Reach { to: Recipient::Account(account.id), channel: Channel::Email };
    let mail = message(context, leading, Template::Registered, reach);
    Write::Queue(Message { usernames: vec![account.username.clone()], ..mail })
}
