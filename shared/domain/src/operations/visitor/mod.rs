//! Public operations, with a link or without. Each begins with [`crate::steps::public_post`].

pub mod add_patient;
pub mod register;
pub mod request_access;
pub mod reset;
pub mod unsubscribe;
pub mod verify;
