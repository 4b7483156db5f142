//! What the security log says of a request: who asked, from which network, and what every call of staff did. The lines of
//! what happened inside come from `portico_domain::steps::security_log`, in the span that is opened here.

use data_encoding::HEXLOWER;
use portico_domain::context::Context;
use portico_domain::keys::Use;
use portico_domain::model::browser::Browser;
use portico_domain::model::ids::{AccountId, PatientId};
use portico_domain::steps::security_log::TARGET;
use tracing::Span;
use tracing::field::Empty;

use crate::inbound::Inbound;

/// What of a request is needed once its answer is known.
pub(crate) struct Asked {
    /// The span of the request, whose fields each of its lines has.
    pub(crate) span: Span,
    is_of_staff: bool,
    is_of_sessions: bool,
    patient: Option<PatientId>,
    account: Option<AccountId>,
}

impl Asked {
    /// Opens the span of a request. The address is there as a keyed digest, and as the network around it.
    pub(crate) fn new(context: &Context, inbound: &Inbound) -> Self {
        let mac = context.keyring.mac_now(Use::Address, &[inbound.peer.as_bytes()]);
        let peer = HEXLOWER.encode(mac.get(..12).unwrap_or_default());
        let key = context.keyring.current().get();
        let browser = inbound.browser_family();
        let span = tracing::info_span!(
            target: TARGET,
            "request",
            request_id = inbound.request_id,
            http.route = inbound.route,
            peer = format!("{key}:{peer}"),
            network = inbound.network,
            browser = browser.as_ref().map(Browser::words),
            practice = Empty,
            client = Empty,
            actor = Empty,
        );
        let named = inbound.query("patient_id").filter(|_| inbound.param("patient_id").is_empty());
        Self {
            span,
            is_of_staff: inbound.is_of_staff(),
            is_of_sessions: inbound.route.contains(" /v1/sessions/"),
            patient: PatientId::parse(named.unwrap_or(inbound.param("patient_id"))).ok(),
            account: AccountId::parse(inbound.param("account_id")).ok(),
        }
    }

    /// Writes that an address has sent too many requests.
    pub(crate) fn flooded(&self) {
        self.span.in_scope(|| tracing::info!(target: TARGET, event = "address_blocked", "security"));
    }

    /// Writes the lines that follow from the answer: of each call of staff, what it read or changed included, and of each
    /// request that met a limit. The portal's questions about sessions are told only when they were refused.
    pub(crate) fn answered(&self, status: u16) {
        let was_refused = matches!(status, 401 | 403);
        let event = match status {
            429 => "limit_reached",
            _ if self.is_of_staff && was_refused => "staff_call_refused",
            _ if self.is_of_staff && !self.is_of_sessions => "staff_call",
            _ => return,
        };
        // Whoever has no key could write into the log what they like.
        let named = self.is_of_staff && status != 401;
        let patient = self.patient.as_ref().filter(|_| named);
        let account = self.account.as_ref().filter(|_| named);
        self.span.in_scope(|| {
            tracing::info!(
                target: TARGET,
                event,
                http.status = status,
                patient = patient.map(PatientId::as_str),
                account = account.map(ToString::to_string),
                "security"
            );
        });
    }
}
