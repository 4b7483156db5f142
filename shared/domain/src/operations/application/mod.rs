//! Operations of the portal's application: the one that shows records.

pub mod sessions;
