//! The shared domain crate: words, rules, state machines and operations. Pure: no AWS, no HTTP, no runtime, no clock, no
//! randomness, no environment.
//!
//! It is built in floors, and imports go down only: [`operations`] use [`steps`], those use [`ports`], those use
//! [`model`], and all of them [`context`], [`keys`] and [`time`]. A line of code finds its floor by two questions. Does
//! it name a port or a [`ports::Write`]? If not, it is `model`. If so, does more than one operation need it? Then it is
//! a step, else it belongs to the operation.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![warn(missing_docs, clippy::indexing_slicing)]

pub mod context;
pub mod keys;
pub mod model;
pub mod operations;
pub mod ports;
pub mod steps;
pub mod time;

pub use time::{Clock, Entropy, Timestamp};
