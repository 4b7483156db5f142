//! The first line against a flood from one address: requests that nobody has to answer are weighed in the process, counted
//! in the table once in a while, and turned away without a read once the table says that there were too many.

use portico_domain::context::App;
use portico_domain::model::limit::{Counter, REQUESTS, Rule};
use portico_domain::model::refusal::Refusal;
use portico_domain::ports::Limits;
use portico_domain::time::Timestamp;

use crate::answer::Answer;
use crate::inbound::Inbound;
use crate::page::dead_end::dead_end;
use crate::problem::problem;
use crate::reject::Reject;

/// Weight of a request that no honest caller sends often: a wrong key, a body that can't be read, an address without a page.
const JUNK: u32 = 5;

/// Who sent a request, as the first line sees it.
pub(crate) struct Gate {
    address: String,
    is_of_staff: bool,
    /// The digest by which a right key, or a session of the Onboarding Tool, is known.
    credential: Option<String>,
    /// Whether requests like this one are weighed: all but those that look whether the service is up.
    is_weighed: bool,
    /// Whether it is a form of a page: one that lacks something is a slip, and no junk.
    is_page_form: bool,
}

impl Gate {
    pub(crate) fn new(inbound: &Inbound) -> Self {
        Self {
            address: inbound.peer.clone(),
            is_of_staff: inbound.is_of_staff(),
            credential: inbound.staff_credential(),
            is_page_form: inbound.is_form() && inbound.wants_page(),
            is_weighed: !inbound.route.ends_with(" /health"),
        }
    }

    /// The answer to a request that is turned away; `None` if it is let through.
    pub(crate) fn turned_away<S>(&self, app: &App<S>, inbound: &Inbound, now: Timestamp) -> Option<Answer> {
        let credential = self.credential.as_deref();
        if !self.is_weighed || !app.context.floods.turns_away(&self.address, credential, now) {
            return None;
        }
        let counter = Counter::new(REQUESTS, &self.address, now, &app.context.keyring);
        let reject = Reject::Refused(Refusal::TooManyRequests(now.seconds_until(counter.ends_at).max(1)));
        Some(if self.is_of_staff { problem(inbound, &reject) } else { dead_end(inbound, None, &reject) })
    }

    /// Weighs a request by its answer's status. What an application or a staff member does with a credential that was found
    /// right weighs nothing; a client's own limit counts it. Returns whether the address has sent too many by now.
    pub(crate) async fn weigh<S: Limits>(&self, app: &App<S>, status: u16, now: Timestamp) -> bool {
        let App { context, store } = app;
        if self.credential.as_ref().is_some_and(|credential| context.floods.knows(credential, now)) {
            return false;
        }
        let weight = match status {
            401 if self.is_of_staff => JUNK,
            400 if self.is_page_form => 1,
            400 | 404 | 413 | 415 => JUNK,
            _ => 1,
        };
        let amount = if self.is_weighed { context.floods.note(&self.address, weight, now) } else { 0 };
        if amount == 0 {
            return false;
        }
        let rule = Rule { most: context.floods.most(), ..REQUESTS };
        let counter = Counter::new(rule, &self.address, now, &context.keyring);
        // A flood is no reason to fail: if the table can't count, what it protects is counted elsewhere, too.
        let Ok(raised) = store.raise(&counter, amount).await else { return false };
        let too_many = counter.check(raised, now).is_err();
        if too_many {
            context.floods.block(&self.address, now);
        }
        too_many
    }
}
