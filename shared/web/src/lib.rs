//! HTTP for the functions: parses requests of staff and browsers, and builds problems, pages and JSON
//! answers. Each request writes one line of log.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![warn(missing_docs)]

mod address;
mod answer;
mod compress;
mod cookie;
pub mod desk;
mod fields;
mod flood;
mod inbound;
mod list_query;
mod page;
mod problem;
mod reject;
mod representative;
mod security_headers;
mod security_log;
mod serve;
mod strict;
pub mod telemetry;
pub mod view;

pub use answer::{Answer, csv, json, no_content, page_text, pdf, picture};
pub use cookie::{clear_browser, clear_console, clear_session, set_browser, set_console, set_session};
pub use fields::{TypedPassword, optional_field, required_field};
pub use inbound::{Inbound, flag, may_be_token};
pub use list_query::listed;
pub use page::ask::{AskPage, Asking, sent};
pub use page::code::{CodeStep, code_page};
pub use page::dead_end::{dead_end, lost_visit, notice, wait_fault};
pub use page::draft::Draft;
pub use page::field::{Fault, Field, all_faults, password_faults};
pub use page::frame::Frame;
pub use page::html::{framed, html, see_other};
pub use page::practice::{named_practice, session_ended};
pub use page::registration::Registration;
pub use page::visit::{Form, Refused, Step, Visit};
pub use problem::problem;
pub use reject::Reject;
pub use representative::{AuthorityRequest, RepresentativeRequest};
pub use security_headers::{add_security_headers, forget_site};
pub use serve::serve;

pub use portico_domain::context::App;

pub use portico_messages::{Language, browser_words, field_detail, phone, reason_detail};

pub use lambda_http::{Error, Request, Response, run, service_fn};
