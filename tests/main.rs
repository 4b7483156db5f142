//! Tests of Portico as a whole: journeys, attacks, faults, budgets and more. Each test starts a service of
//! its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "a test that can't go on should say so"
)]

mod architecture;
mod attacks;
mod browser;
mod budgets;
mod circles;
mod contract;
mod events;
mod journeys;
mod model;
mod pages;
mod real;
mod security_table;
mod store;
mod template;
