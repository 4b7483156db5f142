//! What people do with Portico, step by step, through HTTP.

mod account;
mod auto_invite;
mod batch;
mod coming_of_age;
mod console;
mod delivery;
mod face;
mod integrate;
mod invite;
mod link;
mod logo;
mod manage;
mod measure;
mod onboarding;
mod practice;
mod print;
mod recover;
mod register;
mod represent;
mod revoke;
mod security_log;
mod sign_in;
mod trust;
mod verify;
mod way_through;
