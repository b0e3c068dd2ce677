//! A feature mission: the address whose contract counts, where it is put to be looked at, the end-to-end test that says
//! whether it is there, and the phases that it goes through. Nothing here asks an address anything.

use super::mission::{Ending, Step};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a feature is measured by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Address of the service as it is now; the test is first seen to fail against it.
    pub target_url: String,
    /// Address of the staging environment; the test must pass there in the end.
    pub staging_url: String,
    /// Directory of end-to-end tests, relative to the repository, `/`-separated. Nothing else is touched while the test is
    /// written, and nothing in it afterwards.
    pub path: String,
    /// Program and arguments that run the test; `TARGET_URL`, `TEST_PATH` and `CHIMERA_PHASE` are in its environment.
    pub test: Vec<String>,
    /// Branch that it lands on; `None`: where every winner lands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// Longest address, in bytes.
const URL_MOST: usize = 2_048;
/// Words of the test's command.
const WORDS_MOST: usize = 64;

impl Feature {
    /// What is wrong with it, in words.
    ///
    /// # Errors
    /// An address is none that can be asked, the path leaves the repository, or no command runs the test.
    pub fn check(&self) -> Result<(), String> {
        for (name, url) in [("target_url", &self.target_url), ("staging_url", &self.staging_url)] {
            if Place::of(url).is_none() {
                return Err(format!(
                    "{name} is no address: write http://HOST[:PORT]/… or https://…, without a name or password in it"
                ));
            }
        }
        let parts = || self.path.split('/');
        if self.path.is_empty() || parts().any(|part| matches!(part, "" | "." | ".." | ".git")) {
            return Err(
                "the path of end-to-end tests is a directory of the repository, such as tests/e2e".into()
            );
        }
        if self.test.first().is_none_or(String::is_empty) || self.test.len() > WORDS_MOST {
            return Err(
                "no command runs the end-to-end test: set feature.test, such as [\"./e2e.sh\"]".into()
            );
        }
        Ok(())
    }

    /// Whether a file of the repository is one of its end-to-end tests.
    #[must_use]
    pub fn is_test(&self, file: &str) -> bool {
        file.strip_prefix(&self.path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether a file belongs to how the test is run, and so is nobody's to change once the test stands.
    #[must_use]
    pub fn is_sealed(&self, file: &str) -> bool {
        self.is_test(file) || self.test.iter().any(|word| word.trim_start_matches("./") == file)
    }

    /// The shell line that runs the test at `path` against an address.
    #[must_use]
    pub fn command(&self, (url, path): (&str, &str), phase: Phase) -> String {
        let words: Vec<String> = self.test.iter().map(|word| quoted(word)).collect();
        format!(
            "CHIMERA_PHASE={} TARGET_URL={} TEST_PATH={} {}",
            phase.word(),
            quoted(url),
            quoted(path),
            words.join(" ")
        )
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Where an address points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name or number, without brackets.
    pub host: String,
    /// Its port, that of the scheme where none is said.
    pub port: u16,
}

impl Place {
    /// Of an `http` or `https` address without a name or password in it; `None` for anything else.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        if url.len() > URL_MOST || !url.chars().all(|c| c.is_ascii_graphic() && !"\"'`\\<>{}|^".contains(c)) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (host, rest) = inner.split_once(']')?;
                (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("")))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, Some("")),
            },
        };
        let port = match port? {
            "" => usual,
            port => port.parse().ok().filter(|port| *port > 0)?,
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
        (!host.is_empty() && host.chars().all(fits)).then(|| Self { host: host.to_owned(), port })
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let parts: Vec<Option<u8>> = self.host.split('.').map(|part| part.parse().ok()).collect();
        matches!(self.host.as_str(), "localhost" | "::1")
            || matches!(parts.as_slice(), [Some(127), Some(_), Some(_), Some(_)])
    }
}

/// Where a feature mission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The orchestrator plans.
    Plan,
    /// A team writes the end-to-end test, and it is seen to fail.
    E2eTest,
    /// Teams work until it passes.
    CodeImplementation,
    /// Judges, the gate, a person.
    Review,
    /// It lands, and is put into the staging environment.
    StagingDeploy,
    /// The test runs there.
    Validate,
    /// Done.
    Complete,
}

impl Phase {
    /// In order.
    pub const ALL: [Self; 7] = [
        Self::Plan,
        Self::E2eTest,
        Self::CodeImplementation,
        Self::Review,
        Self::StagingDeploy,
        Self::Validate,
        Self::Complete,
    ];

    /// The phase that a step belongs to; a mission that waits for a place is about to plan.
    #[must_use]
    pub fn of(step: Option<Step>, ending: Option<&Ending>) -> Self {
        if matches!(ending, Some(Ending::Landed)) {
            return Self::Complete;
        }
        match step {
            None | Some(Step::Clarify | Step::Plan) => Self::Plan,
            Some(Step::Test) => Self::E2eTest,
            Some(Step::Draft | Step::Check) => Self::CodeImplementation,
            Some(Step::Judge | Step::Decide) => Self::Review,
            Some(Step::Land | Step::Stage) => Self::StagingDeploy,
            Some(Step::Validate) => Self::Validate,
        }
    }

    /// How many phases are behind.
    #[must_use]
    pub fn done(self) -> usize {
        let at = Self::ALL.iter().position(|phase| *phase == self).unwrap_or_default();
        if self == Self::Complete { Self::ALL.len() } else { at }
    }

    /// The word in JSON and in the test's environment.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::E2eTest => "e2e_test",
            Self::CodeImplementation => "code_implementation",
            Self::Review => "review",
            Self::StagingDeploy => "staging_deploy",
            Self::Validate => "validate",
            Self::Complete => "complete",
        }
    }

    /// The word on the anchor desk.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::E2eTest => "test",
            Self::CodeImplementation => "code",
            Self::Review => "review",
            Self::StagingDeploy => "staging",
            Self::Validate => "validate",
            Self::Complete => "complete",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature() -> Feature {
        Feature {
            target_url: "http://127.0.0.1:8080/shop".into(),
            staging_url: "https://staging.example".into(),
            path: "tests/e2e".into(),
            test: vec!["./e2e.sh".into(), "--one by one".into()],
            branch: None,
        }
    }

    #[test]
    fn d1_addresses_are_read_and_nothing_else_is_taken_for_one() {
        let place =
            |url: &str| Place::of(url).map(|place| (place.host.clone(), place.port, place.is_loopback()));
        assert_eq!(place("http://127.0.0.1:8080/a?b"), Some(("127.0.0.1".into(), 8080, true)));
        assert_eq!(place("https://[::1]"), Some(("::1".into(), 443, true)));
        assert_eq!(place("http://localhost"), Some(("localhost".into(), 80, true)));
        assert_eq!(place("https://shop.example:444#x"), Some(("shop.example".into(), 444, false)));
        for other in ["http://127.example", "http://10.0.0.127", "http://127.0.0.1.example"] {
            assert!(place(other).is_some_and(|(.., loopback)| !loopback), "{other}");
        }
        for wrong in [
            "",
            "shop",
            "ftp://a",
            "http://",
            "http://:80",
            "http://a:0",
            "http://a:99999",
            "http://a b",
            "http://ada:secret@shop",
            "http://a'b",
            "http://[::1",
            "file:///etc/passwd",
            "http://a\n",
        ] {
            assert_eq!(place(wrong), None, "{wrong:?}");
        }
        assert_eq!(feature().check(), Ok(()));
        for bad in [
            Feature { target_url: "x".into(), ..feature() },
            Feature { path: "../e2e".into(), ..feature() },
            Feature { path: String::new(), ..feature() },
            Feature { test: vec![], ..feature() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn d2_the_test_and_what_runs_it_are_sealed_and_its_neighbours_are_not() {
        let feature = feature();
        for (file, test, sealed) in [
            ("tests/e2e/cart.sh", true, true),
            ("tests/e2e", false, false),
            ("tests/e2e2/cart.sh", false, false),
            ("e2e.sh", false, true),
            ("src/cart.rs", false, false),
        ] {
            assert_eq!((feature.is_test(file), feature.is_sealed(file)), (test, sealed), "{file}");
        }
        assert_eq!(
            feature.command(("http://a/?x=1&y", "tests/e2e/it's.sh"), Phase::Validate),
            "CHIMERA_PHASE=validate TARGET_URL='http://a/?x=1&y' TEST_PATH='tests/e2e/it'\\''s.sh' ./e2e.sh '--one by one'"
        );
    }

    #[test]
    fn d2_there_are_seven_phases_in_order() {
        let all: Vec<&str> = Phase::ALL.iter().map(|phase| phase.word()).collect();
        assert_eq!(
            all.join(" "),
            "plan e2e_test code_implementation review staging_deploy validate complete"
        );
        assert_eq!(Phase::of(Some(Step::Decide), None).done(), 3);
        assert_eq!(Phase::of(Some(Step::Validate), Some(&Ending::Landed)).done(), 7);
        assert_eq!(Phase::of(None, None).done(), 0);
    }
}
