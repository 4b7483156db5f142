//! The traits through which operations read and write: small traits for reading, and one atomic write that is
//! a list of intents.
//!
//! An operation names the traits that it needs as bounds. Its signature is therefore the list of what its
//! function may do.
//!
//! To add a port: write the trait in the file of the records that it reads (`links.rs` for links), as small
//! as the one operation that needs it. Implement it for `Table` in the file of the same name in
//! `shared/store/src`. Name it as a bound of the operation. A read that decides something is strongly
//! consistent; two reads for one decision are one batch.

mod access_reviews;
mod accounts;
mod audit;
mod auto_invite;
mod batches;
mod commit;
mod limits;
mod links;
mod list;
mod measure;
mod messages;
mod outbound;
mod patients;
mod representative_requests;
mod staff;
mod stream;

pub use access_reviews::*;
pub use accounts::*;
pub use audit::*;
pub use auto_invite::*;
pub use batches::*;
pub use commit::*;
pub use limits::*;
pub use links::*;
pub use list::*;
pub use measure::*;
pub use messages::*;
pub use outbound::*;
pub use patients::*;
pub use representative_requests::*;
pub use staff::*;
pub use stream::*;
