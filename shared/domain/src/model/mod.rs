//! Records, values and rules: pure data and decisions. Nothing in this module names a port.

pub mod access_request;
pub mod account;
pub mod announcement;
pub mod attention;
pub mod audit;
pub mod auto_invite;
pub mod chart;
pub mod delivery;
pub mod grant;
pub mod hold;
pub mod ids;
pub mod limit;
pub mod link;
pub mod message;
pub mod password;
pub mod patient;
pub mod person;
pub mod practice;
pub mod proposal;
pub mod refusal;
pub mod search;
pub mod session;
pub mod text_reply;
pub mod time_zones;
pub mod username;
