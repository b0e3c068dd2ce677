//! Paths that an error names, where it says that one is missing or may not be used. Text chose where to look, so what is
//! seen there is led, and can never fill in a remedy.

use crate::{
    domain::incident::ClueSort,
    monitor::investigate::{
        book::Trust,
        findings::{Found, Piece},
        markers,
        scene::Scene,
    },
};
use rustix::fs::{Access, access};
use std::path::Path;

/// Paths looked at.
const PATHS_MOST: usize = 4;
/// Bytes of one path.
const PATH_MOST: usize = 256;

/// Looks, on a thread of its own: a dead network mount may never answer.
pub async fn look(scene: &Scene) -> Found {
    let paths = named(scene);
    if paths.is_empty() {
        return Found::default();
    }
    let asked =
        tokio::task::spawn_blocking(move || paths.into_iter().map(|path| seen(&path)).collect::<Vec<_>>());
    Found { pieces: asked.await.unwrap_or_default(), gaps: Vec::new() }
}

fn seen(path: &str) -> Piece {
    let may = |how: Access| access(path, how).is_ok();
    let exists = may(Access::EXISTS);
    let (read, write) = (may(Access::READ_OK), may(Access::WRITE_OK));
    let words = match (exists, read, write) {
        (false, ..) => format!("{path}, which the error names, is not there for us"),
        (true, false, _) => format!("{path}, which the error names, cannot be read by us"),
        (true, true, false) => format!("{path}, which the error names, cannot be written by us"),
        _ => format!("{path}, which the error names, is there"),
    };
    // We are another user than the service, most likely: only that it is not there at all is a fact about both.
    let missing = !exists && parent_is_seen(path);
    Piece::now(ClueSort::Host, words)
        .trusted(Trust::Led)
        .name("path.name", path)
        .truth("path.missing", missing)
        .truth("path.unreadable", exists && !read)
        .truth("path.unwritable", exists && !write)
}

fn parent_is_seen(path: &str) -> bool {
    Path::new(path).parent().is_some_and(|parent| access(parent, Access::EXEC_OK).is_ok())
}

/// Absolute paths in texts that complain of one.
fn named(scene: &Scene) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for signal in scene.telling() {
        let text = format!("{}\n{}", signal.title, signal.sample.as_deref().unwrap_or_default());
        let complains = |line: &&str| {
            markers::said(line).iter().any(|said| matches!(*said, "denied" | "missing_file" | "read_only"))
        };
        for line in text.lines().filter(complains) {
            for word in line.split(|c: char| c.is_whitespace() || "'\"`()<>,;=".contains(c)) {
                let path = word.trim_end_matches([':', '.']);
                let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
                let fits = path.len() > 1
                    && path.len() <= PATH_MOST
                    && path.starts_with('/')
                    && path.chars().all(plain);
                if fits
                    && !path.contains("..")
                    && !paths.iter().any(|known| known == path)
                    && paths.len() < PATHS_MOST
                {
                    paths.push(path.to_owned());
                }
            }
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        expr::Value,
        incident::Severity,
        signal::{Fingerprint, Signal, SignalState},
    };

    fn complaining(sample: &str) -> Scene {
        let signal = Signal {
            fingerprint: Fingerprint::of(&["x"]),
            service: "web".into(),
            env: "production".into(),
            kind: "log.error".into(),
            severity: Severity::P2,
            title: "open failed".into(),
            probe: "log".into(),
            state: SignalState::Firing,
            count: 1,
            affected: 0,
            sample: Some(sample.into()),
            frames: Vec::new(),
            labels: Default::default(),
        };
        Scene { signals: vec![signal], ..Scene::default() }
    }

    #[tokio::test]
    async fn a_named_path_is_looked_at_and_never_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone.conf").display().to_string();
        let found = look(&complaining(&format!("open '{gone}': No such file or directory"))).await;
        assert!(found.pieces[0].facts.contains(&("path.missing".into(), Value::Truth(true))), "{found:?}");
        assert_eq!(found.pieces[0].trust, Trust::Led);
    }

    #[test]
    fn only_plain_paths_of_complaints_are_looked_at() {
        assert_eq!(named(&complaining("EACCES: permission denied, open '/var/x.log'")), ["/var/x.log"]);
        assert!(named(&complaining("all is well in /var/x.log")).is_empty());
        assert!(named(&complaining("permission denied: /a/../b /etc/$(id) relative/path")).is_empty());
    }
}
