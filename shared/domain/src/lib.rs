//! The shared domain crate: words, rules, state machines, and one use case per module. Pure: no AWS, no HTTP, no
//! runtime, no clock, no randomness, no environment; what it needs of the world are the traits of [`ports`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![warn(missing_docs, clippy::indexing_slicing)]

pub mod account;
pub mod announcement;
pub mod audit;
pub mod chain;
pub mod chart;
pub mod credentials;
pub mod desk;
pub mod doorstep;
pub mod hold;
pub mod ids;
pub mod invitation;
pub mod keys;
pub mod limit;
pub mod link;
pub mod message;
pub mod notice;
pub mod password;
pub mod patient;
pub mod person;
pub mod portal;
pub mod ports;
pub mod practice;
pub mod refusal;
pub mod texts;
pub mod time;
pub mod username;

pub mod answer_request;
pub mod change_account;
pub mod configure_practice;
pub mod deliver;
pub mod demographics;
pub mod enroll_practice;
pub mod find;
pub mod manage_account;
pub mod onboard;
pub mod publish_changes;
pub mod register;
pub mod represent;
pub mod request_access;
pub mod reset;
pub mod revoke;
pub mod send_invite;
pub mod sign_in;
pub mod sync_chart;
pub mod track_delivery;
pub mod verify;

pub use time::{Clock, Entropy, Timestamp};
