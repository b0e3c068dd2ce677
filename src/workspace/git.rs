//! The one way git is called on the host side: argv only, no hook, filter, driver, monitor, pager, prompt, network.
//!
//! Two git directories are used. The *yard* is chimera's own (its config is written here, objects go to the target's
//! object store); everything about agents' trees happens there, so the target's config is not even read. Only
//! refs, HEAD and the director's working tree need the target's own directory; there, whatever its config could run
//! is overridden through `GIT_CONFIG_*`, which no file can beat.
//! The director's own global config is trusted for identity and signing only. Ownership (`safe.directory`) is
//! checked by git itself once, when the repository is opened.

use super::{
    error::{OLDEST_GIT, WorkspaceError},
    process::{self, Confinement, Exit, Finished, Limits, Spec},
};
use crate::domain::time::Millis;
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// Most bytes of output of one git call that are kept; more is an error, never a silent cut.
const MOST_OUTPUT: usize = 256 << 20;
/// One git call may take this long.
const WALL: Millis = Millis::mins(5);
/// Attempts when another git holds a lock, with doubling pauses from [`LOCK_PAUSE`].
const LOCK_ATTEMPTS: u32 = 9;
const LOCK_PAUSE: Millis = Millis(20);

/// Which git directory, index and working tree a call works on.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Objects only.
    Yard,
    /// An agent's tree through a private index.
    Tree { tree: PathBuf, index: PathBuf },
    /// The target's refs alone, for calls that no filter, diff or merge driver can be part of.
    Refs,
    /// The target's refs and its working tree, if it has one.
    Repo,
    /// The target with the director's global config visible, for reading it.
    Config,
}

/// Answer of a call.
pub(super) struct Answer {
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

/// Calls git for one repository.
#[derive(Debug, Clone)]
pub(super) struct Git {
    /// Top of the director's working tree.
    pub top: PathBuf,
    /// Git directory of that tree (differs from `common` in a linked worktree).
    pub dir: PathBuf,
    /// Git directory that holds refs and objects.
    pub common: PathBuf,
    /// chimera's own git directory.
    pub yard: PathBuf,
}

impl Git {
    /// Runs it and takes any exit code; locks held by others are waited for.
    pub async fn answer(&self, place: &Place, args: &[&str], stdin: &[u8]) -> Result<Answer, WorkspaceError> {
        self.answer_with(place, args, stdin, &[]).await
    }

    /// The same with more environment.
    pub async fn answer_with(
        &self,
        place: &Place,
        args: &[&str],
        stdin: &[u8],
        more: &[(String, String)],
    ) -> Result<Answer, WorkspaceError> {
        let mut env = self.environment(place);
        match place {
            Place::Refs => env.extend(overrides(&harmless())),
            Place::Repo => env.extend(overrides(&self.settings().await?.dangerous())),
            Place::Yard | Place::Tree { .. } | Place::Config => {}
        }
        env.extend_from_slice(more);
        let dir = match place {
            Place::Tree { tree, .. } => tree,
            Place::Yard => &self.yard,
            Place::Refs | Place::Repo | Place::Config => &self.top,
        };
        let mut attempt = 1;
        loop {
            let answer = call(dir, args, stdin, &env).await?;
            if answer.code == 0 || attempt == LOCK_ATTEMPTS || !is_lock_contention(&answer.err) {
                return Ok(answer);
            }
            tokio::time::sleep(Millis(LOCK_PAUSE.0 << (attempt - 1).min(6)).to_std()).await;
            attempt += 1;
        }
    }

    /// Runs it and wants success; `what` completes "git could not ...".
    pub async fn bytes(
        &self,
        place: &Place,
        what: &str,
        args: &[&str],
        stdin: &[u8],
    ) -> Result<Vec<u8>, WorkspaceError> {
        let answer = self.answer(place, args, stdin).await?;
        if answer.code == 0 { Ok(answer.out) } else { Err(refusal(what, &answer)) }
    }

    /// The same, as one trimmed line.
    pub async fn line(&self, place: &Place, what: &str, args: &[&str]) -> Result<String, WorkspaceError> {
        let out = self.bytes(place, what, args, &[]).await?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// The config of the target and of the director, each entry with its scope.
    pub async fn settings(&self) -> Result<Settings, WorkspaceError> {
        let args = ["config", "--list", "--null", "--show-scope", "--includes"];
        let out = call(&self.top, &args, &[], &self.environment(&Place::Config)).await?;
        if out.code == 0 {
            Ok(Settings::parse(&out.out))
        } else {
            Err(refusal("read its configuration", &out))
        }
    }

    fn environment(&self, place: &Place) -> Vec<(String, String)> {
        let mut env = common_environment();
        let mut set = |name: &str, value: &Path| env.push((name.to_owned(), value.display().to_string()));
        let objects = self.common.join("objects");
        match place {
            Place::Yard => {
                set("GIT_DIR", &self.yard);
                set("GIT_OBJECT_DIRECTORY", &objects);
            }
            Place::Tree { tree, index } => {
                set("GIT_DIR", &self.yard);
                set("GIT_OBJECT_DIRECTORY", &objects);
                set("GIT_WORK_TREE", tree);
                set("GIT_INDEX_FILE", index);
            }
            Place::Refs | Place::Repo => {
                set("GIT_DIR", &self.dir);
                set("GIT_WORK_TREE", &self.top);
            }
            Place::Config => {
                set("GIT_DIR", &self.dir);
                env.retain(|(name, _)| name != "GIT_CONFIG_GLOBAL" && name != "GIT_CONFIG_NOSYSTEM");
            }
        }
        env
    }
}

/// One raw call. The environment is whole: nothing of chimera's own passes but what `process` lets through.
async fn call(
    dir: &Path,
    args: &[&str],
    stdin: &[u8],
    env: &[(String, String)],
) -> Result<Answer, WorkspaceError> {
    let argv = std::iter::once("git").chain(args.iter().copied()).map(str::to_owned).collect();
    let spec = Spec {
        argv,
        dir: dir.to_owned(),
        env: env.to_vec(),
        stdin: stdin.to_vec(),
        limits: Limits { wall: WALL, output: MOST_OUTPUT, ..Limits::default() },
        confinement: Confinement::Host,
    };
    let finished = process::run_whole(spec).await?;
    let what = args.first().copied().unwrap_or_default();
    let Finished { exit, stdout, stderr, left_out, .. } = finished;
    let err = String::from_utf8_lossy(&stderr).trim().to_owned();
    let failed = |detail: String| WorkspaceError::Git { what: format!("finish `git {what}`"), detail };
    match exit {
        _ if left_out > 0 => Err(failed(format!("its answer is larger than {MOST_OUTPUT} bytes"))),
        Exit::Code(code) => Ok(Answer { code, out: stdout, err }),
        Exit::Signal(signal) => Err(failed(format!("killed by signal {signal}. {err}"))),
        Exit::TimedOut | Exit::Stopped => Err(failed(format!("no answer within {WALL}. {err}"))),
    }
}

/// Finds the top, the git directory and the common directory of the repository `dir` is in.
pub(super) async fn find(dir: &Path) -> Result<[PathBuf; 3], WorkspaceError> {
    // One that was new enough is not asked again.
    static NEW_ENOUGH: AtomicBool = AtomicBool::new(false);
    if !NEW_ENOUGH.load(Ordering::Relaxed) {
        let version = call(dir, &["version"], &[], &common_environment()).await;
        let said = version
            .map(|answer| String::from_utf8_lossy(&answer.out).trim().to_owned())
            .unwrap_or_else(|e| e.to_string());
        if !new_enough(&said) {
            return Err(WorkspaceError::OldGit { found: said });
        }
        NEW_ENOUGH.store(true, Ordering::Relaxed);
    }
    // The director's `safe.directory` counts here, so the global config stays visible for this one question.
    let mut env = common_environment();
    env.retain(|(name, _)| name != "GIT_CONFIG_GLOBAL" && name != "GIT_CONFIG_NOSYSTEM");
    let args = ["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir"];
    let answer = call(dir, &args, &[], &env).await?;
    let refused = |detail: String| WorkspaceError::NotARepository { dir: dir.to_owned(), detail };
    if answer.code != 0 {
        return Err(refused(answer.err.trim_start_matches("fatal: ").to_owned()));
    }
    let text = String::from_utf8(answer.out).map_err(|_| refused("its path is not UTF-8".to_owned()))?;
    let mut lines = text.lines().map(PathBuf::from);
    match (lines.next(), lines.next(), lines.next()) {
        (Some(top), Some(dir), Some(common)) => Ok([top, dir, common]),
        _ => Err(refused("it has no working tree".to_owned())),
    }
}

/// Whether teams can start in the repository that `dir` is in; nothing is written.
///
/// # Errors
/// What is missing and what to do: git, a usable repository, a first commit, the branch to land on where one is named.
pub async fn ready(dir: &Path, branch: Option<&str>) -> Result<(), WorkspaceError> {
    let [top, ..] = find(dir).await?;
    let args = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
    let head = call(&top, &args, &[], &common_environment()).await?;
    if head.code != 0 {
        return Err(WorkspaceError::NoCommit { dir: top });
    }
    let Some(branch) = branch else { return Ok(()) };
    let name = format!("refs/heads/{branch}^{{commit}}");
    let tip = call(&top, &["rev-parse", "--verify", "--quiet", &name], &[], &common_environment()).await?;
    if tip.code == 0 { Ok(()) } else { Err(WorkspaceError::NoBranch { dir: top, branch: branch.to_owned() }) }
}

fn new_enough(said: &str) -> bool {
    let mut numbers =
        said.trim_start_matches("git version ").split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= OLDEST_GIT
}

/// "git could not ..." out of an answer.
pub(super) fn refusal(what: &str, answer: &Answer) -> WorkspaceError {
    let detail =
        if answer.err.is_empty() { format!("exit code {}", answer.code) } else { answer.err.clone() };
    WorkspaceError::Git { what: what.to_owned(), detail }
}

fn is_lock_contention(err: &str) -> bool {
    err.contains(".lock': File exists")
        || err.contains("could not lock config file")
        || err.contains("cannot lock ref") && err.contains("File exists")
}

/// True for every call, whatever the place.
fn common_environment() -> Vec<(String, String)> {
    let fixed = [
        ("LC_ALL", "C"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_LITERAL_PATHSPECS", "1"),
        ("GIT_ALLOW_PROTOCOL", "none"),
        ("GIT_PAGER", "cat"),
        ("GIT_EDITOR", "false"),
        ("GIT_ASKPASS", "false"),
        ("SSH_ASKPASS", "false"),
        ("GIT_SSH_COMMAND", "false"),
    ];
    fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Config that beats every file. Values that may hold `=` in their names cannot go through `-c`.
pub(super) fn overrides(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let mut env = vec![("GIT_CONFIG_COUNT".to_owned(), pairs.len().to_string())];
    for (n, (key, value)) in pairs.iter().enumerate() {
        env.push((format!("GIT_CONFIG_KEY_{n}"), key.clone()));
        env.push((format!("GIT_CONFIG_VALUE_{n}"), value.clone()));
    }
    env
}

/// Overrides for every key that would make git run a program, whatever the files say; those with names of the target's own
/// choosing are known only from its files.
fn harmless() -> Vec<(String, String)> {
    let fixed = [
        ("core.hooksPath", "/dev/null"),
        ("core.fsmonitor", "false"),
        ("core.untrackedCache", "false"),
        ("core.sshCommand", "false"),
        ("core.gitProxy", "false"),
        ("core.alternateRefsCommand", "false"),
        ("core.attributesFile", "/dev/null"),
        ("core.pager", "cat"),
        ("core.editor", "false"),
        ("core.askPass", "false"),
        ("credential.helper", ""),
        ("diff.external", ""),
        ("protocol.allow", "never"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
        ("submodule.recurse", "false"),
    ];
    fixed.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Entries of all config files, in git's order (later wins).
#[derive(Debug, Default)]
pub(super) struct Settings(Vec<(String, String, String)>);

impl Settings {
    fn parse(out: &[u8]) -> Self {
        let text = String::from_utf8_lossy(out);
        let mut parts = text.split('\0');
        let mut entries = Vec::new();
        while let (Some(scope), Some(entry)) = (parts.next(), parts.next()) {
            // A key alone means true.
            let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
            entries.push((scope.to_owned(), key.to_owned(), value.to_owned()));
        }
        Self(entries)
    }

    /// The value in force; keys are compared as git shows them (section and name in lower case).
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(_, name, _)| name == key).map(|(_, _, value)| value.as_str())
    }

    /// The value in force from the director's own files, never from the target.
    pub fn own(&self, key: &str) -> Option<&str> {
        let own = |scope: &str| scope == "global" || scope == "system";
        self.0
            .iter()
            .rev()
            .find(|(scope, name, _)| own(scope) && name == key)
            .map(|(_, _, value)| value.as_str())
    }

    /// True if set to one of git's words for yes.
    pub fn is_on(&self, key: &str) -> bool {
        self.get(key).is_some_and(|v| ["true", "yes", "on", "1"].contains(&v.to_ascii_lowercase().as_str()))
    }

    /// Overrides for everything in these files that would make git run a program.
    fn dangerous(&self) -> Vec<(String, String)> {
        let mut pairs = harmless();
        for (_, key, _) in &self.0 {
            let Some((rest, last)) = key.rsplit_once('.') else { continue };
            let harmless = match (rest.split('.').next(), last) {
                (Some("filter"), "clean" | "smudge" | "process") | (Some("diff"), "command" | "textconv") => {
                    ""
                }
                (Some("filter"), "required") => "false",
                (Some("merge"), "driver") => "git merge-file %A %O %B",
                _ => continue,
            };
            pairs.push((key.clone(), harmless.to_owned()));
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(new_enough("git version 2.38.0"));
        assert!(new_enough("git version 2.100.1.windows.1"));
        assert!(!new_enough("git version 2.9.5"));
        assert!(!new_enough("command not found"));
    }

    #[test]
    fn whatever_config_could_run_is_overridden_and_only_own_files_are_trusted() {
        let out = b"global\0gpg.program\ngpg2\0local\0gpg.program\n/evil\0local\0filter.a=b.c.smudge\n/evil\0local\0merge.x.driver\n/evil\0local\0commit.gpgsign\0";
        let settings = Settings::parse(out);
        assert_eq!(settings.own("gpg.program"), Some("gpg2"));
        assert_eq!(settings.get("gpg.program"), Some("/evil"));
        assert!(settings.is_on("commit.gpgsign"));
        let pairs = settings.dangerous();
        assert!(pairs.contains(&("filter.a=b.c.smudge".to_owned(), String::new())));
        assert!(pairs.iter().any(|(key, value)| key == "merge.x.driver" && !value.contains("evil")));
    }
}
