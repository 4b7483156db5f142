//! `verify`: stops automatic mail to a patient at an address, for whoever has the link from such a mail. The
//! mail's own header asks for it with a bare POST (RFC 8058), so there is no question and no proof.

use futures_util::join;

use crate::context::App;
use crate::model::audit::{Action, Subject};
use crate::model::link::{Link, Purpose, parse_token};
use crate::model::patient::address_digest;
use crate::model::person::Address;
use crate::model::practice::Practice;
use crate::model::refusal::{Failure, Refusal};
use crate::ports::{Chain, Commit, Limits, Links, Patients, Practices};
use crate::steps::change::patient_changed;
use crate::steps::invitation::visitor_event;
use crate::steps::public_post::rate_limited_link;
use crate::steps::retry::{MAX_ATTEMPTS, Written, written};

/// The practice whose mails the link stops. It reads the link and changes nothing.
pub async fn view_unsubscribe<S: Links + Practices>(app: &App<S>, token: &str) -> Result<Practice, Failure> {
    let App { context, store } = app;
    let id = parse_token(token, Purpose::Unsubscribe, &context.keyring).ok_or(Refusal::LinkUnavailable)?;
    let link = store.link(id).await?.ok_or(Refusal::LinkUnavailable)?;
    practice_of(app, &link).await
}

async fn practice_of<S: Practices>(app: &App<S>, link: &Link) -> Result<Practice, Failure> {
    app.store.practice(&link.practice).await?.ok_or(Failure::Broken("practice"))
}

/// Stops automatic mail to the patient of the link at the address that it was sent to. Invitations by staff,
/// codes and new passwords are not affected. Stopping again changes nothing.
pub async fn unsubscribe<S>(app: &App<S>, peer: &str, token: &str) -> Result<Practice, Failure>
where
    S: Limits + Links + Practices + Patients + Chain + Commit,
{
    let App { context, store } = app;
    let link = rate_limited_link(app, peer, token, Purpose::Unsubscribe).await?;
    let link = link.ok_or(Refusal::LinkUnavailable)?;
    let practice = practice_of(app, &link).await?;
    let Some(to) = link.sent_to.as_ref().map(Address::reveal).map(address_digest) else {
        return Ok(practice);
    };
    for _ in 0..MAX_ATTEMPTS {
        let subject = Subject::Patient(link.patient.clone());
        let (patient, head) =
            join!(store.patient(&link.practice, &link.patient), store.head(&link.practice, &subject));
        let Some(mut patient) = patient?.filter(|patient| patient.unsubscribed.as_ref() != Some(&to)) else {
            return Ok(practice);
        };
        patient.unsubscribed = Some(to.clone());
        let entry = visitor_event(&link, context.now(), Action::Unsubscribed, link.channel.as_str());
        let mut writes = Vec::new();
        patient_changed(context, &practice.settings, &mut patient, &head?, entry, &mut writes);
        if let Written::Done = written(store, &writes, None).await? {
            return Ok(practice);
        }
    }
    Err(Failure::Unavailable)
}
