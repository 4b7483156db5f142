//! Records as the JSON that the staff API answers with.

mod account;
mod chart;
mod json;
mod portal;

pub use account::{account, found, grants, represented, session, signed_in};
pub use chart::{change, details, patient};
pub use portal::{attended, event, invitation, portal, standing};
