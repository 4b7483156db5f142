//! The domain: records, rules, state machines and operations. It is pure: it names no AWS crate, HTTP,
//! runtime, clock, randomness or environment.
//!
//! It is built in floors, and imports only go down: [`operations`] use [`steps`], these use [`ports`], these
//! use [`model`]; all of them may use [`context`], [`floods`], [`keys`] and [`time`]. Two questions find the place of a
//! line of code. Does it name a port or a [`ports::Write`]? If not, it belongs to `model`. If it does: does
//! more than one operation need it? Then it is a step. If not, it belongs to its operation.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![warn(missing_docs, clippy::indexing_slicing)]

pub mod context;
pub mod floods;
pub mod keys;
pub mod model;
pub mod operations;
pub mod ports;
pub mod steps;
pub mod time;

pub use time::{Clock, Entropy, Timestamp};
