//! Operations of a signed-in person. Each begins with [`crate::steps::signed_in`], except sign-in itself.

pub mod account;
pub mod details;
pub mod representatives;
pub mod sign_in;
