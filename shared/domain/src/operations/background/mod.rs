//! Operations that a queue, a stream or a schedule invokes. Nobody waits for them.

pub mod access_reviews;
pub mod agenda;
pub mod answer_request;
pub mod auto_invite;
pub mod batch;
pub mod deliver;
pub mod publish_changes;
pub mod relist;
pub mod track_delivery;
