//! Keys of feature missions: where their tests are, what runs them, and how what landed reaches the staging environment.

use super::{
    forms::words,
    key::{Key, RepoMay, key, lens},
    settings::Settings,
    slot::{Lens, Slot},
};

pub(super) const PATH: Key<Settings> = key!(
    "feature.path",
    "Directory of the repository's end-to-end tests. While a feature's test is written nothing else is touched, and \
nothing in it afterwards.",
    Slot::Text(words, lens!(feature.path)),
    Set
);
pub(super) const TEST: Key<Settings> = key!(
    "feature.test",
    "Runs the end-to-end test: program and arguments, such as [\"./e2e.sh\"]. TARGET_URL, TEST_PATH and CHIMERA_PHASE \
are in its environment. In the sandbox, from which it reaches the address and nothing else.",
    Slot::Argv(lens!(feature.test)),
    Set
);
pub(super) const BRANCH: Key<Settings> = key!(
    "feature.branch",
    "Branch that features land on, such as staging. Not set: where every winner lands.",
    Slot::Maybe(words, lens!(feature.branch)),
    Nothing
);
pub(super) const DEPLOY: Key<Settings> = key!(
    "feature.deploy",
    "Puts what landed into the staging environment: program and arguments, run outside the sandbox in a tree of exactly \
that commit, with STAGING_URL, CHIMERA_COMMIT, CHIMERA_BRANCH and CHIMERA_MISSION in its environment. No team may change a file \
that it names.",
    Slot::Argv(lens!(feature.deploy)),
    Nothing
);
pub(super) const RELEASE: Key<Settings> = key!(
    "feature.release",
    "Name of the service whose release commands do that instead.",
    Slot::Maybe(words, lens!(feature.release)),
    Nothing
);
pub(super) const TIMEOUT: Key<Settings> = key!(
    "feature.deploy_timeout",
    "How long feature.deploy may take.",
    Slot::Span(lens!(feature.deploy_timeout)),
    Nothing
);
