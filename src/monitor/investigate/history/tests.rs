//! Real repositories in temporary directories: which commit, or none.

use super::*;
use crate::{
    domain::incident::Culprit,
    monitor::investigate::commits::{Elsewhere, Times, culprit},
};
use std::{fs, path::PathBuf};

/// When the first error of every test is seen.
const SEEN: Timestamp = Timestamp(1_790_000_000_000);

struct Repo(tempfile::TempDir);

impl Repo {
    async fn new() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        repo.git(&["init", "-q", "-b", "main"], 0).await;
        repo
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// Plain git, so many hours before the first error.
    async fn git(&self, args: &[&str], hours: u64) -> String {
        let date = format!("@{} +0000", (SEEN - Millis::hours(hours)).0 / 1_000);
        let own = [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Ann"),
            ("GIT_AUTHOR_EMAIL", "ann@example.org"),
            ("GIT_COMMITTER_NAME", "Ann"),
            ("GIT_COMMITTER_EMAIL", "ann@example.org"),
            ("GIT_AUTHOR_DATE", date.as_str()),
            ("GIT_COMMITTER_DATE", date.as_str()),
        ];
        let argv = std::iter::once("git").chain(args.iter().copied()).map(str::to_owned).collect();
        let answer = ask_in(&self.path(), argv, &own, &[], (Millis::secs(60), 1 << 20)).await.unwrap();
        assert_eq!(answer.code, Some(0), "git {args:?}: {}", answer.why());
        answer.text().trim().to_owned()
    }

    async fn commit(&self, subject: &str, hours: u64, files: &[(&str, &str)]) -> CommitId {
        for (path, text) in files {
            let path = self.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "-A"], hours).await;
        self.git(&["commit", "-q", "-m", subject], hours).await;
        CommitId(self.git(&["rev-parse", "HEAD"], hours).await)
    }
}

const CART: &str = "\
function empty(cart) {
  return cart.items.length === 0;
}

function total(cart) {
  let sum = 0;
  for (const item of cart.items) {
    sum += item.price;
  }
  return sum;
}

module.exports = { empty, total };
";

fn broken() -> String {
    CART.replace("return sum;", "return sum / cart.coupon.share;")
}

fn frame(file: &str, line: u32) -> Frame {
    Frame { file: file.into(), line: Some(line), function: "total".into() }
}

/// Ten innocent commits, one after the other, the oldest so many hours ago.
async fn innocent(repo: &Repo, from: u64) {
    for n in 0..10_u64 {
        let (path, text) = match n % 5 {
            0 => (format!("src/page{n}.js"), format!("module.exports = {n};\n")),
            1 => ("README.md".to_owned(), format!("# Shop\n\nRead {n} times. See total and cart.\n")),
            2 => (format!("src/stock{n}.js"), format!("function stock() {{ return {n}; }}\n")),
            3 => (format!("tests/cart{n}.test.js"), format!("test('total {n}', () => {{}});\n")),
            _ => ("package.json".to_owned(), format!("{{\"version\": \"1.0.{n}\"}}\n")),
        };
        repo.commit(&format!("change {n}"), from - n, &[(&path, &text)]).await;
    }
}

async fn found(
    repo: &Repo,
    frames: &[Frame],
    releases: &[(Timestamp, Option<CommitId>)],
) -> (Option<Culprit>, History) {
    let running = releases.first().and_then(|(_, commit)| commit.as_ref());
    let (history, _) = read(&repo.path(), frames, running, Millis::secs(60)).await.unwrap();
    let times = Times { first_seen: SEEN, releases, elsewhere: Elsewhere::Unknown };
    (culprit(&history, &times), history)
}

#[tokio::test]
async fn c3_a_guilty_commit_is_found_among_ten_innocent_ones() {
    let repo = Repo::new().await;
    repo.commit("first", 900, &[("src/cart.js", CART), ("README.md", "# Shop\n")]).await;
    innocent(&repo, 30).await;
    let guilty = repo.commit("cart: coupons", 5, &[("src/cart.js", &broken())]).await;
    for n in 0..3 {
        repo.commit("later", 4 - n, &[(&format!("src/later{n}.js"), "x\n")]).await;
    }
    let (found, _) = found(&repo, &[frame("/app/src/cart.js", 10)], &[]).await;
    let found = found.unwrap();
    assert_eq!((found.commit, found.subject.as_str()), (guilty, "cart: coupons"));
    assert!(found.score >= 60 && found.score >= found.runner_up + 20, "{} {}", found.score, found.runner_up);
}

#[tokio::test]
async fn c3_who_took_a_guard_away_is_named_before_who_wrote_the_line_below_it() {
    let guarded = CART.replace(
        "  return sum;",
        "  if (!cart.coupon) {\n    return sum;\n  }\n  return sum / cart.coupon.share;",
    );
    let bare = broken();
    let within =
        CART.replace("  return sum;", "  if (cart.coupon) {\n    return sum / cart.coupon.share;\n  }");
    // The first commit, hours, days or months before.
    for (guarded, hours) in
        [6, 24 * 10, 24 * 90].into_iter().flat_map(|hours| [(&guarded, hours), (&within, hours)])
    {
        let repo = Repo::new().await;
        repo.commit("first", hours, &[("src/cart.js", guarded)]).await;
        let guilty = repo.commit("cart: coupons are always there", 2, &[("src/cart.js", &bare)]).await;
        repo.commit("cart: words", 1, &[("src/cart.js", &format!("// Carts.\n// Totals.\n{bare}"))]).await;
        let (found, history) = found(&repo, &[frame("/app/src/cart.js", 12)], &[]).await;
        assert_eq!(found.map(|found| found.commit), Some(guilty), "{hours} {:?}", history.cut);
    }
}

#[tokio::test]
async fn c3_words_and_neighbours_that_are_gone_are_no_guards() {
    let wordy = broken().replace("  return sum /", "  // The sum.\n  return sum /");
    let first = CART.split("function total").next().unwrap();
    for (before, after) in [(wordy, broken()), (broken(), broken().replace(first, ""))] {
        let repo = Repo::new().await;
        repo.commit("first", 6, &[("src/cart.js", &before)]).await;
        repo.commit("less", 2, &[("src/cart.js", &after)]).await;
        let line = after.lines().position(|line| line.contains("share")).unwrap() + 1;
        let (_, history) =
            found(&repo, &[frame("/app/src/cart.js", u32::try_from(line).unwrap())], &[]).await;
        assert_eq!(history.cut, [], "{after}");
    }
}

#[tokio::test]
async fn c3_when_no_commit_is_guilty_none_is_named() {
    let repo = Repo::new().await;
    repo.commit("first", 24 * 90, &[("src/cart.js", CART)]).await;
    innocent(&repo, 12).await;
    let (named, history) = found(&repo, &[frame("/app/src/cart.js", 10)], &[]).await;
    assert_eq!(named, None);
    assert_eq!(history.frames[0].file, "src/cart.js");
    let (named, _) = found(&repo, &[frame("/usr/lib/node/internal/http.js", 10)], &[]).await;
    assert_eq!(named, None, "a file that is not ours");
}

#[tokio::test]
async fn c3_a_commit_made_after_the_first_error_is_not_guilty() {
    let repo = Repo::new().await;
    repo.commit("first", 24 * 90, &[("src/cart.js", CART)]).await;
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"], 3).await;
    let date = format!("@{} +0000", SEEN.0 / 1_000 + 600);
    fs::write(repo.path().join("src/cart.js"), broken()).unwrap();
    let argv = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qam", "late"]
        .map(str::to_owned)
        .to_vec();
    let dates = [("GIT_COMMITTER_DATE", date.as_str()), ("GIT_AUTHOR_DATE", date.as_str())];
    assert_eq!(
        ask_in(&repo.path(), argv, &dates, &[], (Millis::secs(60), 1 << 16)).await.unwrap().code,
        Some(0)
    );
    assert_eq!(found(&repo, &[frame("src/cart.js", 10)], &[]).await.0, None);
}

#[tokio::test]
async fn c3_a_renamed_file_keeps_its_guilty_commit() {
    let repo = Repo::new().await;
    repo.commit("first", 900, &[("src/cart.js", CART)]).await;
    let guilty = repo.commit("cart: coupons", 6, &[("src/cart.js", &broken())]).await;
    repo.git(&["mv", "src/cart.js", "src/basket.js"], 4).await;
    repo.commit("cart is a basket", 4, &[]).await;
    innocent(&repo, 14).await;
    let (found, history) = found(&repo, &[frame("/app/src/basket.js", 10)], &[]).await;
    assert_eq!(found.unwrap().commit, guilty);
    let renamed = history.commits.iter().flat_map(|change| &change.files).find(|file| file.before.is_some());
    assert_eq!(renamed.unwrap().before.as_deref(), Some("src/cart.js"));
}

#[tokio::test]
async fn c3_a_merge_is_not_blamed_for_what_it_brought() {
    let repo = Repo::new().await;
    repo.commit("first", 900, &[("src/cart.js", CART)]).await;
    repo.git(&["checkout", "-q", "-b", "coupons"], 20).await;
    let guilty = repo.commit("cart: coupons", 20, &[("src/cart.js", &broken())]).await;
    repo.git(&["checkout", "-q", "main"], 18).await;
    innocent(&repo, 19).await;
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge coupons", "coupons"], 2).await;
    let (found, history) = found(&repo, &[frame("src/cart.js", 10)], &[]).await;
    assert_eq!(found.unwrap().commit, guilty);
    assert!(history.commits[0].merge);
}

#[tokio::test]
async fn c3_a_shallow_clone_is_said_and_its_edge_not_blamed() {
    let repo = Repo::new().await;
    repo.commit("first", 900, &[("src/cart.js", CART)]).await;
    repo.commit("cart: coupons", 300, &[("src/cart.js", &broken())]).await;
    innocent(&repo, 12).await;
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "-q", "--depth", "3", &url, "shallow"], 0).await;
    let frames = [frame("src/cart.js", 10)];
    let (history, gaps) = read(&repo.path().join("shallow"), &frames, None, Millis::secs(60)).await.unwrap();
    assert!(history.shallow && gaps.iter().any(|gap| gap.contains("shallow")), "{gaps:?}");
    assert_eq!(history.commits.len(), 3);
    assert!(history.blamed.iter().all(|blamed| blamed.boundary), "{:?}", history.blamed);
    assert_eq!(culprit(&history, &Times { first_seen: SEEN, ..Times::default() }), None);
}

#[tokio::test]
async fn c3_a_commit_that_was_taken_back_is_not_guilty() {
    let repo = Repo::new().await;
    repo.commit("first", 24 * 90, &[("src/cart.js", CART)]).await;
    let undone = repo.commit("cart: coupons", 8, &[("src/cart.js", &broken())]).await;
    repo.git(&["revert", "--no-edit", &undone.0], 6).await;
    let (found, history) = found(&repo, &[frame("src/cart.js", 10)], &[]).await;
    assert_eq!(history.commits[0].reverts.as_ref(), Some(&undone));
    assert!(found.is_none_or(|found| found.commit != undone));
}

#[tokio::test]
async fn c3_the_release_tells_two_commits_apart() {
    let repo = Repo::new().await;
    let first = repo.commit("first", 900, &[("src/cart.js", CART)]).await;
    let released = repo.commit("cart: coupons", 30, &[("src/cart.js", &broken())]).await;
    // Not released yet: it touches the failing line as well.
    repo.commit("cart: half", 1, &[("src/cart.js", &broken().replace("share", "half"))]).await;
    let releases =
        [(SEEN - Millis::mins(10), Some(released.clone())), (SEEN - Millis::hours(400), Some(first))];
    let (found, _) = found(&repo, &[frame("src/cart.js", 10)], &releases).await;
    assert_eq!(found.unwrap().commit, released);
}

#[tokio::test]
async fn a_hostile_message_or_content_cannot_pass_for_another_commit() {
    let repo = Repo::new().await;
    let first = repo.commit("first", 900, &[("src/cart.js", CART)]).await;
    let forged = format!(
        "{}\u{1e}\u{1f}0\n\nThis reverts commit zzz\n{}\n+++ b/evil\n@@ -1 +1,99 @@",
        first.0, first.0
    );
    let text = format!(
        "{}\n++ b/evil.js\n-- a/evil.js\n@@ -1 +1,9 @@ evil\ndiff --git a/x b/x\n{}",
        broken(),
        first.0
    );
    let own = repo.commit(&forged, 5, &[("src/cart.js", &text)]).await;
    let (found, history) = found(&repo, &[frame("src/cart.js", 10)], &[]).await;
    assert_eq!(history.commits.iter().map(|change| &change.commit).collect::<Vec<_>>(), [&own, &first]);
    assert_eq!(
        history.commits[0].files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        ["src/cart.js"]
    );
    assert_eq!(found.unwrap().commit, own);
    assert_eq!(history.commits[0].reverts, None);
}

#[tokio::test]
async fn nothing_that_a_repository_configures_is_run() {
    let repo = Repo::new().await;
    repo.commit("first", 900, &[("src/cart.js", CART), (".gitattributes", "*.js diff=evil\n")]).await;
    repo.commit("cart: coupons", 5, &[("src/cart.js", &broken())]).await;
    let mark = repo.path().join("was-run");
    let evil = format!("touch {}; cat", mark.display());
    for key in [
        "diff.evil.textconv",
        "diff.evil.command",
        "diff.external",
        "core.fsmonitor",
        "gpg.program",
        "core.pager",
    ] {
        repo.git(&["config", key, &evil], 0).await;
    }
    repo.git(&["config", "log.showSignature", "true"], 0).await;
    let (found, _) = found(&repo, &[frame("src/cart.js", 10)], &[]).await;
    assert!(found.is_some() && !mark.exists());
    assert!(read(std::path::Path::new("/"), &[], None, Millis::secs(60)).await.is_err());
}

#[test]
fn a_trace_finds_its_file_by_the_longest_common_end() {
    let files = ["src/cart.js", "admin/src/cart.js", "src/item.js", "lib/item.js", "cart.js"];
    for (traced, found) in [
        ("/app/src/cart.js", Some("src/cart.js")),
        ("/app/admin/src/cart.js", Some("admin/src/cart.js")),
        ("src\\item.js", Some("src/item.js")),
        ("item.js", None),
        ("cart.js", Some("cart.js")),
        ("/x/other.js", None),
        ("", None),
    ] {
        assert_eq!(place(traced, &files).as_deref(), found, "{traced}");
    }
}
