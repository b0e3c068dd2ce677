//! Whether the host's clock is kept in time.

use crate::{
    domain::{incident::ClueSort, time::Millis},
    monitor::investigate::{
        asking,
        findings::{Found, Piece},
        scene::Means,
    },
};

/// Bytes of the answer.
const ANSWER_MOST: usize = 4 * 1024;

/// Looks: at the mark of systemd's own service first, which costs nothing.
pub async fn look(means: &Means, wall: Millis) -> Found {
    if means.run.join("systemd/timesync/synchronized").exists() {
        return read("NTP=yes\nNTPSynchronized=yes\n");
    }
    if !means.may("timedatectl") {
        return Found::default();
    }
    let argv = ["timedatectl", "show", "--no-pager", "-p", "NTP", "-p", "NTPSynchronized"];
    match asking::ask(argv.map(str::to_owned).to_vec(), means, (wall, ANSWER_MOST)).await {
        Ok(answer) if answer.code == Some(0) => read(&answer.text()),
        // A container has no clock of its own; nothing is missing there.
        _ => Found::default(),
    }
}

/// Reads `timedatectl show`.
#[must_use]
pub fn read(said: &str) -> Found {
    let field = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let Some(synced) = field("NTPSynchronized") else { return Found::default() };
    let words = match (synced, field("NTP")) {
        ("yes", _) => "the clock is kept in time",
        (_, Some("no")) => "the clock is not kept in time: time service is off",
        _ => "the clock is not kept in time",
    };
    Found::one(Piece::now(ClueSort::Host, words).truth("clock.synced", synced == "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    #[tokio::test]
    async fn the_mark_of_the_time_service_counts_and_nothing_is_guessed() {
        let dir = tempfile::tempdir().unwrap();
        let means = Means { run: dir.path().into(), programs: Vec::new(), ..Means::host() };
        assert!(look(&means, Millis::secs(1)).await.pieces.is_empty());
        std::fs::create_dir_all(dir.path().join("systemd/timesync")).unwrap();
        std::fs::write(dir.path().join("systemd/timesync/synchronized"), "").unwrap();
        assert_eq!(look(&means, Millis::secs(1)).await.pieces[0].facts[0].1, Value::Truth(true));
        assert_eq!(read("NTP=no\nNTPSynchronized=no\n").pieces[0].facts[0].1, Value::Truth(false));
    }
}
