//! One journey for each row of the feature table, by its id.

mod integrate;
mod invite;
mod link;
mod practice;
mod recover;
mod register;
mod revoke;
mod sign_in;
mod trust;
mod verify;
