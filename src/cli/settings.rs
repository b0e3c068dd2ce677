//! Where settings are read, changed and tried while the program runs: one way for the command line and the screen.

use super::{own, voices};
use crate::{
    config::{
        self, Loaded, Wanted,
        book::{self, Book},
        document::Problem,
        edit::{self, Change, Edited},
        environment::Environment,
        layers::ConfigError,
    },
    domain::{team::Vendor, time::Millis},
};
use futures::future::{BoxFuture, FutureExt as _};
use std::path::PathBuf;

/// Where the layers come from.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// What the command line says.
    pub wanted: Wanted,
    /// The environment.
    pub environment: Environment,
    /// The current directory.
    pub here: PathBuf,
}

impl Source {
    /// All layers as they are now.
    ///
    /// # Errors
    /// Every mistake, each with its place.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        config::load(&self.wanted, &self.environment, &self.here)
    }

    /// Every setting as it is now.
    ///
    /// # Errors
    /// Every mistake, each with its place.
    pub fn book(&self) -> Result<Book, ConfigError> {
        let sources = config::sources(&self.wanted, &self.environment, &self.here);
        Ok(book::book(&self.load()?, &sources, &self.environment))
    }

    /// Does something with it off the thread that draws or answers; what went wrong, in words.
    pub fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, ConfigError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, String>> {
        let source = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&source).map_err(|error| error.to_string()));
        async move { done.await.map_err(|error| error.to_string())? }.boxed()
    }

    /// Changes a file, if every check of `chimera config check` finds no more with it than without.
    ///
    /// # Errors
    /// Nothing was written, for these reasons.
    pub fn change(&self, change: &Change) -> Result<Edited, ConfigError> {
        let edited = edit::check(change, &self.wanted, &self.environment, &self.here)?;
        let known = self.load().map(|loaded| own::problems(&loaded, &self.environment)).unwrap_or_default();
        let mut problems = own::problems(&edited.loaded, &self.environment);
        problems.retain(|problem| known.iter().all(|old| old.what != problem.what));
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        edited.write().map_err(|error| {
            let place = edited.file.display().to_string();
            ConfigError { problems: vec![Problem { place, what: format!("cannot be written: {error}") }] }
        })?;
        Ok(edited)
    }

    /// What a vendor offers with the settings as they are now, and how long it took to say so.
    ///
    /// # Errors
    /// In words: the settings have a mistake, there is no key, or there was no answer.
    pub async fn ask(&self, vendor: Vendor) -> Result<(Vec<String>, Millis), String> {
        let loaded = self.load().map_err(|error| error.to_string())?;
        voices::ask(vendor, &loaded.settings, &self.environment).await
    }
}
