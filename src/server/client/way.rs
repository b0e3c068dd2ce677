//! How a daemon is reached from here.

use crate::config::secret::Secret;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By a unix socket at this end.
    Socket(PathBuf),
    /// Over TCP.
    Web {
        /// Scheme, host and port.
        url: String,
        /// Says who asks; nobody yet, where there is none.
        token: Option<Secret>,
        /// PEM file with the one authority whose certificates are believed; those of the system where there is none.
        ca: Option<PathBuf>,
    },
}
