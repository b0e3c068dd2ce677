//! API keys: where they come from, and the value that nothing prints.
//!
//! A key never stands in a settings file and never in a snapshot, journal, log or message: a file may only say
//! `env:NAME` or `cmd:COMMAND`, and [`Secret`] has neither `Display` nor `Serialize`. Commands are run by whoever
//! is injected as [`KeyRunner`]; this room starts no process.

use super::environment::Environment;
use crate::domain::team::Vendor;
use futures::future::BoxFuture;
use std::fmt;

/// Bytes of a key; more is no key but a mistake.
const SECRET_MOST: usize = 4_096;

/// A key on its way from its source to a voice, which wraps it again: the rooms of settings and of vendors do not
/// know each other. Its `Debug` is redacted; [`Secret::expose`] is the one way to the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Of a value that came from the environment or a command.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
    /// The value: for a request's header only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([hidden])")
    }
}

/// Where a key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The first of these environment variables that is set.
    Env(Vec<String>),
    /// The first line that this shell command prints.
    Command(String),
}

/// Runs the command of a `cmd:` key.
pub trait KeyRunner: Send + Sync {
    /// What it printed, or in words why it did not.
    fn run<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Vec<u8>, String>>;
}

/// A key could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No variable is set.
    #[error("no key for {vendor}: set {} or name another source under [providers.{vendor}] key", names.join(" or "))]
    Missing {
        /// Whose.
        vendor: Vendor,
        /// Variables that were looked at.
        names: Vec<String>,
    },
    /// The command gave none.
    #[error("the key command of {vendor} gave no key: {reason}")]
    Command {
        /// Whose.
        vendor: Vendor,
        /// Why; never the output.
        reason: String,
    },
}

impl KeySource {
    /// Reads `env:NAME` or `cmd:COMMAND`.
    ///
    /// # Errors
    /// Anything else, without repeating it: it may be a key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name_ok =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match text.split_once(':') {
            Some(("env", name)) if name_ok(name) => Ok(Self::Env(vec![name.to_owned()])),
            Some(("cmd", command)) if !command.trim().is_empty() => {
                Ok(Self::Command(command.trim().to_owned()))
            }
            _ => Err("a key must not stand in a file: write \"env:NAME\" or \"cmd:COMMAND\"".to_owned()),
        }
    }

    /// The variables that are looked at where nothing is set.
    #[must_use]
    pub fn usual(vendor: Vendor) -> Self {
        let names: &[&str] = match vendor {
            Vendor::Anthropic => &["ANTHROPIC_API_KEY"],
            Vendor::Google => &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            Vendor::Openrouter => &["OPENROUTER_API_KEY"],
            Vendor::Openai => &["OPENAI_API_KEY"],
        };
        Self::Env(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Whether there seems to be a key; commands are taken at their word and not run.
    #[must_use]
    pub fn present(&self, environment: &Environment) -> bool {
        match self {
            Self::Env(names) => names.iter().any(|name| environment.get(name).is_some()),
            Self::Command(_) => true,
        }
    }

    /// Gets the key, now.
    ///
    /// # Errors
    /// No variable is set, or the command gave nothing usable.
    pub async fn resolve(
        &self,
        vendor: Vendor,
        environment: &Environment,
        runner: &dyn KeyRunner,
    ) -> Result<Secret, KeyError> {
        match self {
            Self::Env(names) => names
                .iter()
                .find_map(|name| environment.get(name))
                .map(|value| Secret::new(value.trim()))
                .ok_or_else(|| KeyError::Missing { vendor, names: names.clone() }),
            Self::Command(command) => {
                let failed = |reason: &str| KeyError::Command { vendor, reason: reason.to_owned() };
                let printed = runner.run(command).await.map_err(|reason| failed(&reason))?;
                let printed = String::from_utf8(printed).map_err(|_| failed("its output is not UTF-8"))?;
                let line = printed.lines().next().unwrap_or_default().trim();
                match line.len() {
                    0 => Err(failed("its first line is empty")),
                    1..=SECRET_MOST => Ok(Secret::new(line)),
                    _ => Err(failed("its first line is too long for a key")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Prints(Result<&'static str, &'static str>);
    impl KeyRunner for Prints {
        fn run<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Vec<u8>, String>> {
            assert_eq!(command, "pass show key");
            let said = self.0.map(|out| out.as_bytes().to_vec()).map_err(str::to_owned);
            Box::pin(async move { said })
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::new("sk-very-secret");
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("very"));
        assert_eq!(secret.expose(), "sk-very-secret");
    }

    #[test]
    fn a_literal_key_is_refused_and_not_repeated() {
        for literal in ["sk-ant-123456", "env:", "cmd: ", "env:A B", "file:/x"] {
            let refused = KeySource::parse(literal).unwrap_err();
            assert!(!refused.contains("sk-ant"), "{refused}");
        }
        assert_eq!(KeySource::parse("env:MY_KEY"), Ok(KeySource::Env(vec!["MY_KEY".into()])));
    }

    #[tokio::test]
    async fn keys_come_from_the_first_variable_or_the_first_line() {
        let environment = Environment::of([("GOOGLE_API_KEY", " g-key\n"), ("GEMINI_API_KEY", "")]);
        let usual = KeySource::usual(Vendor::Google);
        assert!(usual.present(&environment));
        let quiet = Prints(Ok(""));
        let key = usual.resolve(Vendor::Google, &environment, &quiet).await.unwrap();
        assert_eq!(key.expose(), "g-key");
        let missing = KeySource::usual(Vendor::Openai).resolve(Vendor::Openai, &environment, &quiet).await;
        assert!(missing.unwrap_err().to_string().contains("OPENAI_API_KEY"));

        let command = KeySource::parse("cmd:pass show key").unwrap();
        let said = Prints(Ok("c-key\nsecond line\n"));
        assert_eq!(command.resolve(Vendor::Openai, &environment, &said).await.unwrap().expose(), "c-key");
        for (prints, word) in [(Prints(Ok("\n")), "empty"), (Prints(Err("exit status 1")), "exit status 1")] {
            let failed = command.resolve(Vendor::Openai, &environment, &prints).await.unwrap_err();
            assert!(failed.to_string().contains(word), "{failed}");
        }
    }
}
