//! Operations of a practice's staff and applications. Each begins with [`crate::steps::api_call`].

pub mod accounts;
pub mod attention;
pub mod audit_trail;
pub mod authority;
pub mod auto_invite;
pub mod batch;
pub mod configure_practice;
pub mod console;
pub mod correct;
pub mod credentials;
pub mod desk;
pub mod holds;
pub mod import;
pub mod letters;
pub mod list;
pub mod merge;
pub mod portal;
pub mod proposals;
pub mod quick_add;
pub mod report;
pub mod requests;
pub mod revoke;
pub mod same_contact;
pub mod send_invite;
pub mod sync_chart;
