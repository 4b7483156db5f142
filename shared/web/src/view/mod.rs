//! Converts records to the JSON of answers.

mod account;
mod auto_invite;
mod chart;
mod json;
mod measure;
mod portal;

pub use account::{account, found, grants, represented, session, session_for_staff, signed_in};
pub use auto_invite::{preview, run};
pub use chart::{change, details, patient};
pub use measure::{measure, measure_rows, table};
pub use portal::{attended, event, invitation, list_rows, portal, row, standing, thing};
