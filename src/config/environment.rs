//! The process environment as a value, read once, so that everything after it can be tested with another one.

use std::{collections::BTreeMap, path::PathBuf};

/// Variables by name. Empty ones count as not set; those that are no UTF-8 are left out.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl std::fmt::Debug for Environment {
    /// Names only: values may be keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// Of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let words = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(words.filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// Of these.
    #[must_use]
    pub fn of<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(pairs.filter(|(_, value): &(String, String)| !value.trim().is_empty()).collect())
    }

    /// With another value of one variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A variable, if it is set to something.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The home directory.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from).or_else(|| etcetera::home_dir().ok())
    }

    /// `$XDG_CONFIG_HOME/chimera`, or its usual place. A relative value is ignored, as the convention says.
    #[must_use]
    pub fn config_home(&self) -> Option<PathBuf> {
        self.base("XDG_CONFIG_HOME", ".config")
    }

    /// `$XDG_DATA_HOME/chimera`, or its usual place.
    #[must_use]
    pub fn data_home(&self) -> Option<PathBuf> {
        self.base("XDG_DATA_HOME", ".local/share")
    }

    fn base(&self, name: &str, usual: &str) -> Option<PathBuf> {
        let set = self.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Some(set.or_else(|| Some(self.home()?.join(usual)))?.join("chimera"))
    }
}
