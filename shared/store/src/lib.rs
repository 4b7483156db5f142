//! The table: DynamoDB behind the ports of the domain, and the only place that names a key, an index or an expression.
//!
//! What `portico_domain::ports::x` asks, the file `x` here answers; writes are in `commit`.
//!
//! To add a read: a method on the port in the domain, its implementation in the file of the same name. To add a write: a
//! variant of `portico_domain::ports::Write`, its puts and updates in `commit`. A key's name goes into `keys`, nowhere else.
#![warn(missing_docs)]

mod accounts;
mod audit;
mod commit;
mod expression;
mod item;
pub mod keys;
mod limits;
mod links;
mod messages;
mod patients;
mod staff;
mod stream;
mod table;
mod token;

pub use table::{Copies, Table};
