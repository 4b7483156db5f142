//! Steps that several operations share. A step may read and write through ports; it names no operation.

pub mod access;
pub mod access_review;
pub mod api_call;
pub mod background_change;
pub mod batch;
pub mod change;
pub mod chart_change;
pub mod charts;
pub mod create_invitation;
pub mod credentials;
pub mod daily_cap;
pub mod duplicates;
pub mod invitation;
pub mod merge;
pub mod notice;
pub mod one_time_code;
pub(crate) mod own_address;
pub mod portal_status;
pub mod public_post;
pub mod registration;
pub mod representative;
pub mod retry;
pub mod security_log;
pub mod signed_in;
pub mod stops;
pub mod ticket;
