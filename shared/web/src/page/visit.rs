//! How far a visitor of a link has come, sealed in a cookie that only the pages of this link receive.
//!
//! Every form of a link's steps is answered with a redirect to a page that has an address of its own. So reload, back, a
//! tab that the phone closed, and the other language all show the same step, and send nothing twice. What the page
//! needs is in the cookie: an address would be seen in histories and logs, and the table would pay for every step.

use std::collections::BTreeMap;

use portico_domain::context::Context;
use portico_domain::model::chart::Channel;
use portico_domain::model::code_way::CodeWay;
use portico_domain::model::password::PasswordFault;
use portico_domain::model::refusal::Refusal;
use portico_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::cookie::{LONGEST_SEALED, VISIT_SECONDS, set_visit};
use crate::inbound::Inbound;
use crate::page::html::see_other;
use crate::reject::Reject;

/// A page of a link on which something is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// An invitation's first page: who it is. A reset's first page: how to show who it is.
    First,
    /// A code is asked for, or entered.
    Code,
    /// The security question, or the office's code.
    Answer,
    /// User name and password, at the end of an invitation.
    Register,
    /// The same page's form for people who have an account.
    Existing,
    /// The new password, at the end of a reset.
    Password,
}

impl Step {
    /// The end of the page's address, after the link.
    const fn path(self) -> &'static str {
        match self {
            Self::First => "",
            Self::Code => "/code",
            Self::Answer => "/answer",
            Self::Register | Self::Existing => "/register",
            Self::Password => "/password",
        }
    }
}

/// Why a form was refused, as its page can say it in either language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// These fields, each with the code of its fault.
    Fields(Vec<(String, String)>),
    /// A fact did not match.
    Facts,
    /// The patient is too young to register alone.
    TooYoung,
    /// The code is wrong or too old.
    Code,
    /// Not before this time.
    Wait(Timestamp),
    /// The same, as a page says it: not for so many seconds.
    Seconds(i64),
    /// Somebody else has this user name; these are free.
    UsernameTaken(Vec<String>),
    /// The user name has a form that is not allowed.
    UsernameForm,
    /// The user name is an e-mail address, and not known to be the visitor's own.
    UsernameAddress,
    /// The password is not allowed.
    Password(Vec<PasswordFault>),
    /// User name or password of the existing account are wrong.
    SignIn,
    /// The existing account can't take this patient; the code says why.
    Conflict(String),
    /// The facts were checked too long ago, or once more since.
    ProofOver,
    /// The checks were passed too long ago.
    TicketOver,
}

impl Refused {
    /// What a visitor can mend, or wait for; `None` for everything else.
    pub fn of(reject: &Reject, now: Timestamp) -> Option<Self> {
        let Reject::Refused(refusal) = reject else { return None };
        match refusal {
            Refusal::BadRequest(faults) => {
                let fields = faults
                    .iter()
                    .map(|fault| (fault.pointer.trim_start_matches('/').to_owned(), fault.code.to_owned()));
                Some(Self::Fields(fields.collect()))
            }
            Refusal::VerificationFailed => Some(Self::Facts),
            Refusal::RepresentativeRequired => Some(Self::TooYoung),
            Refusal::CodeRejected => Some(Self::Code),
            Refusal::TooManyRequests(seconds) => Some(Self::Wait(now.plus_seconds(*seconds))),
            Refusal::UsernameTaken(free) => Some(Self::UsernameTaken(free.clone())),
            Refusal::UsernameRejected("not_your_address") => Some(Self::UsernameAddress),
            Refusal::UsernameRejected(_) => Some(Self::UsernameForm),
            Refusal::PasswordRejected(faults) => Some(Self::Password(faults.clone())),
            Refusal::SignInFailed => Some(Self::SignIn),
            Refusal::Conflict(why) => Some(Self::Conflict((*why).to_owned())),
            Refusal::Unauthorized
            | Refusal::Forbidden
            | Refusal::AccessRevoked
            | Refusal::NotFound
            | Refusal::PossibleDuplicate(_)
            | Refusal::IdempotencyInProgress
            | Refusal::LinkUnavailable
            | Refusal::NotEligible(_)
            | Refusal::IdempotencyMismatch => None,
        }
    }
}

/// A form as it was sent, and why it was refused.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Form {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
}

impl Form {
    /// The form that the request sends.
    pub fn sent(inbound: &Inbound) -> Self {
        Self { fields: inbound.form_fields(), refused: None }
    }

    /// With the reason why it was refused.
    #[must_use]
    pub fn refused(mut self, refused: Refused) -> Self {
        self.refused = Some(refused);
        self
    }

    /// Without a field that must not be shown again.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.remove(name);
        self
    }

    /// What was typed or chosen; empty, if nothing was.
    pub fn value(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// With a value, unless something was typed.
    #[must_use]
    pub fn or(mut self, name: &str, value: &str) -> Self {
        if !self.fields.contains_key(name) {
            self.fields.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Without all that was typed: the reason why it was refused alone.
    #[must_use]
    pub(crate) fn emptied(mut self) -> Self {
        self.fields.clear();
        self
    }

    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Why it was refused.
    pub const fn why(&self) -> Option<&Refused> {
        self.refused.as_ref()
    }
}

/// How far a visitor of a link has come.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Visit {
    /// When it began: it ends by itself, whatever the browser does with the cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<Timestamp>,
    /// What binds the visitor who knew the facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// Ways that a code can go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<CodeWay>,
    /// The way that the last code went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Channel>,
    /// What lets the visitor finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    forms: BTreeMap<Step, Form>,
}

impl Visit {
    /// The visit that the request's cookie holds; `None` if there is none, or it belongs to another link.
    pub fn find(inbound: &Inbound, context: &Context) -> Option<Self> {
        let sealed = inbound.visit()?;
        let visit: Self = context.keyring.open_json(&bound_to(inbound), sealed)?;
        let until = visit.began?.plus_seconds(VISIT_SECONDS);
        (context.now() < until).then_some(visit)
    }

    /// [`Visit::find`], or a new visit.
    pub fn of(inbound: &Inbound, context: &Context) -> Self {
        Self::find(inbound, context).unwrap_or_else(|| Self::begun(context))
    }

    /// A visit that begins now.
    pub fn begun(context: &Context) -> Self {
        Self { began: Some(context.now()), ..Self::default() }
    }

    /// The last form of a page; empty, if there is none. A wait that is over is no refusal any longer.
    pub fn form(&self, step: Step, context: &Context) -> Form {
        let mut form = self.forms.get(&step).cloned().unwrap_or_default();
        if let Some(Refused::Wait(until)) = form.refused {
            let left = context.now().seconds_until(until);
            form.refused = (left > 0).then_some(Refused::Seconds(left));
        }
        form
    }

    /// Keeps a form, so that its page shows again what was typed.
    pub fn keep(&mut self, step: Step, form: Form) {
        self.forms.insert(step, form);
    }

    /// Forgets a form.
    pub fn forget(&mut self, step: Step) {
        self.forms.remove(&step);
    }

    /// Leads to the page of a step, with this visit in the link's cookie.
    pub fn lead_to(mut self, step: Step, inbound: &Inbound, context: &Context) -> Answer {
        let mut answer = see_other(&inbound.link_page(step.path(), self.is_refused(step)));
        let mut sealed = self.sealed(inbound, context);
        if sealed.len() > LONGEST_SEALED {
            // A password can be a thousand letters long. It is typed again rather than all the rest.
            for form in self.forms.values_mut() {
                form.fields.retain(|name, _| !name.contains("password"));
            }
            sealed = self.sealed(inbound, context);
        }
        if sealed.len() > LONGEST_SEALED {
            for form in self.forms.values_mut() {
                form.fields.clear();
            }
            sealed = self.sealed(inbound, context);
        }
        set_visit(&mut answer, &inbound.link_path(), &sealed);
        answer
    }

    /// Ends the visit on an answer that leads elsewhere. The ticket stays for a second click; what was typed does not.
    pub fn end(self, answer: &mut Answer, inbound: &Inbound, context: &Context) {
        let left = Self { began: self.began, ticket: self.ticket, ..Self::default() };
        set_visit(answer, &inbound.link_path(), &left.sealed(inbound, context));
    }

    /// Refuses a form: leads back to its page, which says why. What no visitor can mend is returned.
    pub fn refuse(
        mut self,
        step: Step,
        reject: Reject,
        inbound: &Inbound,
        context: &Context,
    ) -> Result<Answer, Reject> {
        let Some(refused) = Refused::of(&reject, context.now()) else { return Err(reject) };
        self.keep(step, Form::sent(inbound).refused(refused));
        let mut answer = self.lead_to(step, inbound, context);
        reject.mark(&mut answer);
        Ok(answer)
    }

    /// Leads back to the first page, which says that the facts were checked too long ago, or once more since.
    pub fn proof_over(self, inbound: &Inbound, context: &Context) -> Answer {
        self.start_again(Refused::ProofOver, &Refusal::VerificationFailed.into(), inbound, context)
    }

    /// Leads back to the first page, which says that the checks were passed too long ago.
    pub fn ticket_over(self, inbound: &Inbound, context: &Context) -> Answer {
        self.start_again(Refused::TicketOver, &Refusal::LinkUnavailable.into(), inbound, context)
    }

    fn start_again(
        mut self,
        refused: Refused,
        reject: &Reject,
        inbound: &Inbound,
        context: &Context,
    ) -> Answer {
        let typed = self.form(Step::First, context);
        self.proof = None;
        self.ticket = None;
        self.sent = None;
        self.forms.clear();
        self.keep(Step::First, typed.refused(refused));
        let mut answer = self.lead_to(Step::First, inbound, context);
        reject.mark(&mut answer);
        answer
    }

    fn is_refused(&self, step: Step) -> bool {
        self.forms.get(&step).is_some_and(|form| form.refused.is_some())
    }

    fn sealed(&self, inbound: &Inbound, context: &Context) -> String {
        context.keyring.seal_json(&bound_to(inbound), self, &*context.entropy)
    }
}

/// What the seal of a visit is bound to: the link.
fn bound_to(inbound: &Inbound) -> Vec<u8> {
    [b"visit".as_slice(), inbound.link_path().as_bytes()].concat()
}
