//! Programs for the tests of this room: scripts in a directory that stands first in the path, which write down what they
//! were asked and say what a test wants them to say.

use super::eyes::{Eyes, of_tests};
use std::{fs, os::unix::fs::PermissionsExt as _};

/// The directory with the scripts.
pub(super) struct Programs {
    dir: tempfile::TempDir,
}

impl Programs {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// Eyes that find them.
    pub(super) fn eyes(&self) -> Eyes {
        let path = format!("{}:{}", self.dir.path().display(), std::env::var("PATH").unwrap());
        Eyes { env: vec![("PATH".into(), path)], ..of_tests() }
    }

    /// From now on it says this.
    pub(super) fn say(&self, name: &str, words: &str) {
        self.put(name, words, "", 0);
    }

    /// From now on it complains so and fails.
    pub(super) fn fail(&self, name: &str, complaint: &str, code: i32) {
        self.put(name, "", complaint, code);
    }

    /// What it was asked, a line a call.
    pub(super) fn asked(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(format!("{name}.asked"))).unwrap_or_default()
    }

    fn put(&self, name: &str, words: &str, complaint: &str, code: i32) {
        let at = |end: &str| self.dir.path().join(format!("{name}{end}"));
        fs::write(at(".out"), words).unwrap();
        fs::write(at(".err"), complaint).unwrap();
        fs::write(at(".code"), code.to_string()).unwrap();
        let script = "#!/bin/sh\necho \"$*\" >> \"$0.asked\"\ncat \"$0.err\" >&2\ncat \"$0.out\"\nexit \"$(cat \"$0.code\")\"\n";
        // Written once: a program that is being written cannot be started.
        if !at("").exists() {
            let fresh = at(".new");
            fs::write(&fresh, script).unwrap();
            fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).unwrap();
            fs::rename(fresh, at("")).unwrap();
        }
    }
}
