//! A form of the account's pages that was refused, or came after the session had ended: sealed in a cookie while its
//! page is shown again, or its sender signs in, so that nothing has to be typed twice.

use portico_domain::context::Context;
use portico_domain::model::ids::{AccountId, PracticeId};
use portico_domain::model::session::Presented;
use portico_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::cookie::{DRAFT_SECONDS, LONGEST_SEALED, clear_draft, set_draft};
use crate::inbound::Inbound;
use crate::page::visit::{Form, Refused};

/// What was typed on a page of somebody's account.
#[derive(Serialize, Deserialize)]
pub struct Draft {
    until: Timestamp,
    /// Whose session it was. Somebody else who signs in at the same browser must not see it.
    account: AccountId,
    /// The last part of the page's address.
    page: String,
    form: Form,
}

impl Draft {
    /// The form that the request sends with a session that has ended, without its passwords and codes; `None` if there
    /// was no session. `page` is the page that it stands on, the last part of its address. Of a button beside somebody's
    /// name only the page is kept.
    pub fn of(inbound: &Inbound, context: &Context, page: &str) -> Option<Self> {
        let account = Presented::parse(inbound.session()?)?.account;
        let secrets = ["password", "old_password", "new_password", "code"];
        let is_pages_own = inbound.is_form() && inbound.path().ends_with(&format!("/{page}"));
        let sent = if is_pages_own { Form::sent(inbound) } else { Form::default() };
        let form = secrets.iter().fold(sent, |form, name| form.without(name));
        let until = context.now().plus_seconds(DRAFT_SECONDS);
        Some(Self { until, account, page: page.to_owned(), form })
    }

    /// With the reason why the form was refused.
    #[must_use]
    pub fn refused(mut self, refused: Refused) -> Self {
        self.form = self.form.refused(refused);
        self
    }

    /// The draft that the browser keeps for this practice; `None` if there is none, or it is too old.
    pub fn find(inbound: &Inbound, context: &Context, practice: &PracticeId) -> Option<Self> {
        let draft: Self = context.keyring.open_json(&bound_to(practice), inbound.draft()?)?;
        (context.now() < draft.until).then_some(draft)
    }

    /// Gives it to the browser to keep. What is too long is not kept, only the page.
    pub fn keep(mut self, answer: &mut Answer, context: &Context, practice: &PracticeId) {
        let seal = |draft: &Self| context.keyring.seal_json(&bound_to(practice), draft, &*context.entropy);
        let mut sealed = seal(&self);
        if sealed.len() > LONGEST_SEALED {
            self.form = self.form.emptied();
            sealed = seal(&self);
        }
        set_draft(answer, practice.as_str(), &sealed);
    }

    /// Whether nothing was typed that could be shown again.
    pub fn is_empty(&self) -> bool {
        self.form.is_empty()
    }

    /// The page that it belongs to, if this account typed it.
    pub fn page_for(&self, account: AccountId) -> Option<&str> {
        (self.account == account).then_some(self.page.as_str())
    }

    /// What this account typed on the page.
    pub fn form_for(self, account: AccountId, page: &str) -> Option<Form> {
        (self.page_for(account) == Some(page)).then_some(self.form)
    }

    /// Takes it from the browser.
    pub fn forget(answer: &mut Answer, practice: &PracticeId) {
        clear_draft(answer, practice.as_str());
    }
}

/// What the seal of a draft is bound to: the practice.
fn bound_to(practice: &PracticeId) -> Vec<u8> {
    [b"draft".as_slice(), practice.as_str().as_bytes()].concat()
}
