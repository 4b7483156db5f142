//! The cloud on one machine: `DynamoDB`, SES, SNS, voice, SQS and the HTTP API, in one process and
//! with nothing to install. It runs any functions; which are deployed, and what invokes them, is read
//! from `infra/template.yaml`.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::float_cmp,
        clippy::large_futures,
        reason = "a test that can't go on should say so"
    )
)]

mod aftermath;
pub mod capture;
pub mod clock;
mod cloud;
pub mod demo;
mod endpoint;
pub mod engine;
pub mod faults;
pub mod feedback;
mod files;
pub mod functions;
pub mod gateway;
mod guard;
mod ids;
pub mod invoke;
pub mod local_api;
pub mod logical;
pub mod meter;
pub mod pump;
pub mod queue;
pub mod roles;
mod service;
mod stream;
pub mod template;
mod wire;

pub use capture::{Capture, Channel, Message, SendingQuota};
pub use clock::LocalClock;
pub use cloud::Cloud;
pub use faults::{Fault, Faults};
pub use files::open_security_log;
pub use invoke::{Function, Functions, Invoker};
pub use local_api::{ConsoleLink, Guide, Keys, Practice};
pub use meter::{Cost, Meter};
pub use pump::Pump;
pub use queue::{QueuedMessage, Queues};
pub use service::{Config, Running, StartError, start};
pub use stream::REGION;
pub use template::Template;
pub use wire::Failure;
