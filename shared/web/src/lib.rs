//! HTTP for the functions: who is calling, requests in, problems and pages out, one line of log for each.
//! What a practice's staff and a patient's browser may send is parsed here; what they may know is worded here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![warn(missing_docs)]

mod answer;
mod ask;
mod code;
mod fields;
mod inbound;
mod page;
mod representative;
mod serve;
mod strict;
pub mod telemetry;
pub mod view;

pub use answer::{
    Answer, Reject, clear_browser, clear_session, json, no_content, problem, set_browser, set_session,
};
pub use ask::{AskPage, Asked, Asking, sent};
pub use code::{CodeStep, code_fault, code_page, say_why};
pub use fields::{may, must};
pub use inbound::{Inbound, flag};
pub use page::{
    Fault, Field, Frame, Registration, Standing, Typed, all_faults, dead_end, html, notice, password_faults,
    see_other,
};
pub use representative::RepresentativeRequest;
pub use serve::{App, serve};

pub use portico_messages::{Language, phone, reason_detail};

pub use lambda_http::{Error, Request, Response, run, service_fn};
