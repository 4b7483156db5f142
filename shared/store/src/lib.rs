//! The table: DynamoDB behind the ports of the domain, and the only place that names a key, an index or an expression.
//!
//! To add a read: a method on the port in `portico_domain`, its implementation in `read`. To add a write: an intent in
//! `portico_domain::ports::Write`, its puts and updates in `commit`. A key's name goes into `keys`, nowhere else.
#![warn(missing_docs)]

mod commit;
mod expression;
mod follow;
mod item;
pub mod keys;
mod outbox;
mod read;
mod search;
mod table;

pub use table::{Copies, Table};
