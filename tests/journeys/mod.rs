//! One journey for each row of the feature table, by its id.

mod account;
mod delivery;
mod integrate;
mod invite;
mod link;
mod manage;
mod practice;
mod recover;
mod register;
mod represent;
mod revoke;
mod sign_in;
mod trust;
mod verify;
