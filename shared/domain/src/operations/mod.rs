//! One file for each operation, in the folder of whoever acts. No operation names another: code that two of
//! them need is a step.

pub mod application;
pub mod background;
pub mod enroll_practice;
pub mod holder;
pub mod staff;
pub mod visitor;
