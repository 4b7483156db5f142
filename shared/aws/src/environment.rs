//! The variables of the environment that a function is configured with, and why it could not start.

use portico_domain::keys::KeyringError;

/// Why a function could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable of the environment is missing.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// The trusted root certificates can't be loaded.
    #[error("the certificates to trust can't be read")]
    Trust,
    /// The secret that holds the keyring can't be read.
    #[error("the keyring's secret can't be read")]
    Secret,
    /// The secret that the edge shows can't be read, or is not one.
    #[error("the edge's secret can't be read")]
    EdgeSecret,
    /// The secret is not a keyring.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

#[expect(clippy::disallowed_methods, reason = "the one place where configuration is read")]
pub(crate) fn variable(name: &'static str) -> Result<String, StartError> {
    std::env::var(name).map_err(|_| StartError::Missing(name))
}

/// A variable that may be missing. One that is empty counts as missing: a template's parameter was left empty.
pub(crate) fn optional(name: &'static str) -> Option<String> {
    variable(name).ok().filter(|value| !value.is_empty())
}
