//! Implements the ports of the domain on one DynamoDB table. Only this crate names a key, an index or
//! an expression.
//!
//! The traits of `portico_domain::ports::x` are implemented in the file `x` of this crate; writes are
//! in `commit`.
//!
//! To add a read: add a method to the port in the domain, and implement it in the file of the same name. To
//! add a write: add a variant to `portico_domain::ports::Write` and its kind of record to `Write::record`,
//! then write its puts and updates in `commit/<record>.rs`. The names of keys belong in `keys`, nowhere else.
#![warn(missing_docs)]

mod access_reviews;
mod accounts;
mod audit;
mod auto_invite;
mod batches;
mod commit;
mod expression;
mod item;
pub mod keys;
mod limits;
mod links;
mod list;
mod measure;
mod messages;
mod patients;
mod representative_requests;
mod staff;
mod stream;
mod table;
mod token;

pub use table::{Copies, Table};
