//! Operations of the portal's server, the application that shows the medical records.

pub mod sessions;
