//! The shared domain crate: words, rules, state machines, and one use case per module. Pure: no AWS, no HTTP, no
//! runtime, no clock, no randomness, no environment; what it needs of the world are the traits of [`ports`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![warn(missing_docs, clippy::indexing_slicing)]

pub mod context;
pub mod keys;
pub mod model;
pub mod ports;
pub mod time;

pub mod answer_request;
pub mod chain;
pub mod change_account;
pub mod configure_practice;
pub mod credentials;
pub mod deliver;
pub mod demographics;
pub mod desk;
pub mod doorstep;
pub mod enroll_practice;
pub mod invitation;
pub mod manage_account;
pub mod notice;
pub mod onboard;
pub mod portal;
pub mod publish_changes;
pub mod register;
pub mod represent;
pub mod request_access;
pub mod reset;
pub mod revoke;
pub mod send_invite;
pub mod sign_in;
pub mod sync_chart;
pub mod texts;
pub mod track_delivery;
pub mod verify;

pub use time::{Clock, Entropy, Timestamp};
