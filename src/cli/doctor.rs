//! `chimera doctor`: what Chimera needs on this machine and what it found. Keys are named, never shown. Creates
//! nothing.

use super::{
    exit::{Exit, Said},
    out::{Form, Out},
    own,
    session::Session,
};
use crate::{
    config::{environment::Environment, layers::Layer},
    domain::{team::Vendor, text, time::Millis},
    workspace::{
        process::{self, Confinement, Limits, Spec},
        sandbox::{self, Strength},
    },
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::{Path, PathBuf},
};

/// First git whose `merge-tree --write-tree` can land a candidate: major and minor.
const GIT_LEAST: (u32, u32) = (2, 38);
/// Below this much free space nothing starts well.
const FREE_LEAST: u64 = 100 * 1024 * 1024;
/// Below this much free space worktrees and builds may fail.
const FREE_ENOUGH: u64 = 2 * 1024 * 1024 * 1024;
/// How long git may take to say its version.
const GIT_PATIENCE: Millis = Millis::secs(10);

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Fine,
    /// Works, with less.
    Weak,
    /// Without it nothing works.
    Missing,
}

impl Grade {
    fn mark(self) -> &'static str {
        match self {
            Self::Fine => "✓ fine",
            Self::Weak => "○ weak",
            Self::Missing => "✗ missing",
        }
    }
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Weak => "weak",
            Self::Missing => "missing",
        }
    }
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub name: String,
    /// How it counts.
    pub grade: Grade,
    /// What was found, and what to do if it is not fine.
    pub detail: String,
}

fn finding(name: &str, grade: Grade, detail: impl Into<String>) -> Finding {
    Finding { name: name.to_owned(), grade, detail: detail.into() }
}

/// Looks and prints; exits 1 if something essential is missing.
///
/// # Errors
/// None: what cannot be found out is a finding.
pub async fn run(session: &Session, out: &mut Out) -> Said {
    let mut findings = vec![git(&session.here).await];
    findings.push(repository(session));
    findings.extend(sandbox_findings());
    findings.extend(data(&session.settings().places.data));
    findings.extend(keys(session));
    findings.extend(terminal(&session.environment));
    findings.push(layers(session));
    Ok(print(&findings, out))
}

fn print(findings: &[Finding], out: &mut Out) -> Exit {
    if out.form() == Form::Human {
        let row = |f: &Finding| vec![f.grade.mark().to_owned(), f.name.clone(), f.detail.clone()];
        out.table(&findings.iter().map(row).collect::<Vec<_>>());
    }
    for f in findings {
        out.tell(&json!({"kind": "finding", "name": f.name, "grade": f.grade.word(), "detail": f.detail}));
    }
    let missing = findings.iter().any(|finding| finding.grade == Grade::Missing);
    if missing { Exit::Error } else { Exit::Ok }
}

async fn git(here: &Path) -> Finding {
    let spec = Spec {
        argv: vec!["git".into(), "--version".into()],
        dir: here.to_path_buf(),
        env: Vec::new(),
        stdin: Vec::new(),
        limits: Limits { wall: GIT_PATIENCE, ..Limits::default() },
        confinement: Confinement::Host,
    };
    match process::run(spec, std::future::pending()).await {
        Ok(done) if done.exit.ok() => git_version(&text::clean_bytes(&done.stdout)),
        Ok(done) => {
            finding("git", Grade::Missing, text::clean_line(&String::from_utf8_lossy(&done.stderr), 200))
        }
        Err(error) => finding("git", Grade::Missing, format!("{error}; install git")),
    }
}

fn git_version(printed: &str) -> Finding {
    let shown = printed.trim();
    let mut numbers = shown
        .trim_start_matches("git version ")
        .split(|c: char| !c.is_ascii_digit())
        .map(|digits| digits.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= GIT_LEAST {
        finding("git", Grade::Fine, shown)
    } else {
        let (major, minor) = GIT_LEAST;
        finding(
            "git",
            Grade::Missing,
            format!("{shown}: at least {major}.{minor} is needed to land a candidate"),
        )
    }
}

fn repository(session: &Session) -> Finding {
    match &session.settings().places.repo {
        Some(repo) => finding("repository", Grade::Fine, repo.display().to_string()),
        None => finding("repository", Grade::Weak, "none around here: missions need one (--repo DIR)"),
    }
}

fn sandbox_findings() -> Vec<Finding> {
    match sandbox::strength() {
        Strength::Full => {
            vec![finding("sandbox", Grade::Fine, "files, system calls and network are walled off")]
        }
        Strength::Partial(lacks) => {
            lacks.into_iter().map(|lack| finding("sandbox", Grade::Weak, format!("lacks {lack}"))).collect()
        }
        Strength::None(why) => {
            vec![finding("sandbox", Grade::Weak, format!("none, so each command of an agent asks: {why}"))]
        }
    }
}

fn data(dir: &Path) -> Vec<Finding> {
    let shown = dir.display();
    let there: PathBuf = dir.ancestors().find(|dir| dir.exists()).unwrap_or(dir).to_path_buf();
    let writable = rustix::fs::access(&there, rustix::fs::Access::WRITE_OK);
    let mut findings = vec![match writable {
        Ok(()) if there == dir => finding("data directory", Grade::Fine, shown.to_string()),
        Ok(()) => finding("data directory", Grade::Fine, format!("{shown}, made at the first brief")),
        Err(e) => {
            finding("data directory", Grade::Missing, format!("{} cannot be written: {e}", there.display()))
        }
    }];
    match rustix::fs::statvfs(&there) {
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let grade = match free {
                0..FREE_LEAST => Grade::Missing,
                FREE_LEAST..FREE_ENOUGH => Grade::Weak,
                _ => Grade::Fine,
            };
            findings.push(finding("disk", grade, format!("{} MiB free", free / (1024 * 1024))));
        }
        Err(e) => findings.push(finding("disk", Grade::Weak, format!("free space is not known: {e}"))),
    }
    findings.push(owner(dir));
    findings
}

/// Who has the data directory now: the lock decides, the note beside it says who.
fn owner(dir: &Path) -> Finding {
    let held = std::fs::File::open(dir.join("owner.lock")).is_ok_and(|lock| {
        let try_shared = rustix::fs::FlockOperation::NonBlockingLockShared;
        rustix::fs::flock(&lock, try_shared) == Err(rustix::io::Errno::WOULDBLOCK)
    });
    if !held {
        return finding("owner", Grade::Fine, "nobody; the next command takes it");
    }
    let note: serde_json::Value = std::fs::read(dir.join("owner.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let word = |name: &str| note[name].as_str().unwrap_or("?").to_owned();
    let pid = note["pid"].as_u64().map_or_else(|| "?".to_owned(), |pid| pid.to_string());
    finding("owner", Grade::Fine, format!("process {pid} on {} ({})", word("host"), word("what")))
}

fn keys(session: &Session) -> Vec<Finding> {
    let environment = &session.environment;
    let settings = session.settings();
    let mut findings: Vec<Finding> = Vec::new();
    for vendor in Vendor::ALL {
        let provider = settings.provider(vendor);
        let from = match provider.key_source(vendor) {
            crate::config::secret::KeySource::Env(names) => {
                names.iter().find(|name| environment.get(name).is_some()).cloned()
            }
            crate::config::secret::KeySource::Command(_) => Some("a command".to_owned()),
        };
        let address = provider.base_url.map(|url| format!(", at {url}")).unwrap_or_default();
        let usable = settings.usable(vendor, environment);
        let (grade, detail) = match from {
            Some(from) => (Grade::Fine, format!("key from {from}{address}")),
            None if usable => (Grade::Fine, format!("no key needed{address}")),
            None => (Grade::Weak, "no key".to_owned()),
        };
        findings.push(finding(&format!("vendor {vendor}"), grade, detail));
    }
    let on_air = settings.on_air(environment);
    let teams: Vec<String> =
        on_air.teams.iter().map(|team| format!("{} ({})", team.name, team.model)).collect();
    findings.push(match teams.len() {
        0 => {
            finding("teams", Grade::Weak, "none can race: set a key, or try `chimera demo`, which needs none")
        }
        1 => finding(
            "teams",
            Grade::Weak,
            format!("{}: alone, and judged by its own vendor", teams.join(", ")),
        ),
        _ => finding("teams", Grade::Fine, teams.join(", ")),
    });
    findings
}

fn terminal(environment: &Environment) -> Vec<Finding> {
    let term = environment.get("TERM").unwrap_or("dumb");
    let colours = match (environment.get("NO_COLOR"), environment.get("COLORTERM")) {
        (Some(_), _) => "none (NO_COLOR)",
        (None, Some("truecolor" | "24bit")) => "truecolor",
        _ if term.contains("256") => "256",
        _ if term == "dumb" => "none",
        _ => "16",
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| environment.get(name));
    let utf8 = locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"));
    let size = rustix::termios::tcgetwinsize(std::io::stdout())
        .map(|size| format!(", {} columns by {} rows", size.ws_col, size.ws_row))
        .unwrap_or_default();
    let tty = if std::io::stdout().is_terminal() { "a terminal" } else { "no terminal" };
    let grade = if term == "dumb" { Grade::Weak } else { Grade::Fine };
    let multiplexer = match (environment.get("TMUX"), environment.get("STY")) {
        (Some(_), _) => {
            ", in tmux: its prefix (ctrl-b) stays with it, and no command here needs it (docs/keys.md); for the clipboard \
             `set -g allow-passthrough on`, for calls while you are elsewhere `set -g focus-events on`"
        }
        (None, Some(_)) => {
            ", in screen: its prefix (ctrl-a) stays with it, and no command here needs it (docs/keys.md); `theme = \"auto\"` \
             is dark there"
        }
        (None, None) => "",
    };
    vec![
        finding("terminal", grade, format!("{tty}, TERM={term}, colours {colours}{size}{multiplexer}")),
        match utf8 {
            true => finding("characters", Grade::Fine, "UTF-8"),
            false => {
                finding("characters", Grade::Weak, "the locale is not UTF-8: set LANG, for example C.UTF-8")
            }
        },
    ]
}

fn layers(session: &Session) -> Finding {
    if let Some(fault) = &session.fault {
        let detail = format!("cannot be used, and nothing is started by them: {}", fault.first());
        return finding(
            "settings",
            Grade::Missing,
            format!("{detail}; what is told here goes by the built-in ones"),
        );
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for layer in session.loaded.origins.values() {
        let name = match layer {
            Layer::BuiltIn => continue,
            Layer::User(at) | Layer::Repository(at) | Layer::File(at) => at.file.clone(),
            Layer::Environment(_) => "environment".to_owned(),
            Layer::Flag(_) => "flags".to_owned(),
        };
        *counts.entry(name).or_default() += 1;
    }
    let shown: Vec<String> = counts.iter().map(|(name, count)| format!("{count} from {name}")).collect();
    let rest = if shown.is_empty() { "all built-in".to_owned() } else { shown.join(", ") };
    let notes = session.loaded.notes.len() + own::problems(&session.loaded, &session.environment).len();
    let grade = if notes == 0 { Grade::Fine } else { Grade::Weak };
    let said = if notes == 0 {
        String::new()
    } else {
        format!("; to be looked at: {notes}, see `chimera config check`")
    };
    finding("settings", grade, format!("{rest}{said}"))
}

#[cfg(test)]
mod tests {
    use super::{super::out::tests::Kept, *};

    #[test]
    fn git_must_be_new_enough() {
        for (printed, grade) in [
            ("git version 2.47.3\n", Grade::Fine),
            ("git version 2.38.0 (Apple Git-1)", Grade::Fine),
            ("git version 2.37.9", Grade::Missing),
            ("nonsense", Grade::Missing),
        ] {
            assert_eq!(git_version(printed).grade, grade, "{printed}");
        }
    }

    #[test]
    fn something_essential_missing_is_an_error_and_weakness_is_not() {
        let (mut out, kept) = Kept::out(Form::Json);
        let weak = [finding("a", Grade::Fine, "x"), finding("b", Grade::Weak, "y")];
        assert_eq!(print(&weak, &mut out), Exit::Ok);
        assert_eq!(kept.lines()[1]["grade"], "weak");
        assert_eq!(print(&[finding("git", Grade::Missing, "none")], &mut out), Exit::Error);
    }

    #[test]
    fn a_directory_that_is_not_there_yet_is_no_mistake() {
        let top = tempfile::tempdir().unwrap();
        let findings = data(&top.path().join("not/yet"));
        assert!(findings.iter().all(|finding| finding.grade != Grade::Missing), "{findings:?}");
        assert!(!top.path().join("not").exists(), "doctor creates nothing");
    }
}
