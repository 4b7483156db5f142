//! Words of the pages about invitations.

use portico_domain::model::grant::AuthorityKind;
use portico_domain::model::link::{Kind, Link};
use portico_web::desk::contact;

/// By what right somebody acts for a patient, in the order of the form.
pub(crate) const KINDS: [(AuthorityKind, &str); 5] = [
    (AuthorityKind::Parent, "Parent"),
    (AuthorityKind::Guardian, "Legal guardian"),
    (AuthorityKind::FosterParent, "Foster parent"),
    (AuthorityKind::PowerOfAttorney, "Power of attorney"),
    (AuthorityKind::PatientChoice, "The patient's choice"),
];

/// What staff call a right.
pub(crate) fn kind_label(kind: AuthorityKind) -> &'static str {
    KINDS.into_iter().find(|(known, _)| *known == kind).map_or("", |(_, label)| label)
}

/// What was sent where, in words. Whether a link was replaced is said of the patient's own alone: the invitations of
/// representatives stand side by side.
pub(crate) fn sent(link: &Link, was_replaced: bool) -> String {
    let to = link.sent_to.as_ref().map(|to| to.reveal().to_owned());
    let to = to.map(|to| contact(&to));
    let what = match link.kind {
        Kind::Reset => "A link for a new password",
        Kind::Restored => "Access is back. A message",
        Kind::Registration | Kind::Representative | Kind::Address => "A link",
    };
    let is_own = link.kind != Kind::Representative;
    let old = if was_replaced && is_own { " The old one stopped." } else { "" };
    match to {
        Some(to) => format!("Sent. {what} is on its way to {to}.{old}"),
        None => format!("The letter is ready.{old}"),
    }
}
