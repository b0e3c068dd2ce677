//! Merging, committing, moving branches, with real git.

use super::super::fixture::Shop;
use super::*;
use std::fs;

/// A candidate that changes `a.txt` in its own tree.
async fn candidate(s: &Shop, text: &str) -> (CommitId, CommitId) {
    let tree = s.tree(1).await;
    fs::write(tree.path.join("a.txt"), text).unwrap();
    (tree.base.clone(), s.shop.snapshot(&tree, 1, "one").await.unwrap().unwrap())
}

async fn land(s: &Shop, merge: Merge, onto: &CommitId) -> CommitId {
    let Merge::Clean(tree) = merge else { panic!("{merge:?}") };
    let commit = s.shop.commit_tree(&tree, onto, "fix: it\n\nMission: M-1\n").await.unwrap();
    s.shop.advance_branch("main", Some(onto), &commit).await.unwrap();
    commit
}

fn read(s: &Shop, path: &str) -> String {
    fs::read_to_string(s.repo().join(path)).unwrap()
}

#[tokio::test]
async fn lands_on_a_moved_target_with_the_directors_name_and_files_follow() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    let moved = s.commit("src/b.txt", "moved on\n").await;
    fs::write(s.repo().join("notes"), "mine, uncommitted").unwrap();
    let merge = s.shop.merge_onto(&base, &commit, &moved).await.unwrap();
    let landed = land(&s, merge, &moved).await;
    assert_eq!(s.head().await, landed);
    assert_eq!(
        (read(&s, "a.txt").as_str(), read(&s, "src/b.txt").as_str()),
        ("ONE\ntwo\nthree\n", "moved on\n")
    );
    assert_eq!(s.git(&["status", "--porcelain"]).await, "?? notes");
    assert_eq!(
        s.git(&["log", "-1", "--format=%an <%ae> %P"]).await,
        format!("Ann <ann@example.org> {moved}")
    );
    assert_eq!(s.shop.find_trailer("main", "mission", "M-1").await.unwrap(), Some(landed));
    assert_eq!(s.shop.find_trailer("main", "mission", "M-2").await.unwrap(), None);
}

#[tokio::test]
async fn a_conflict_names_the_file_and_shows_both_sides() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    let moved = s.commit("a.txt", "uno\ntwo\nthree\n").await;
    let Merge::Conflict { files, detail } = s.shop.merge_onto(&base, &commit, &moved).await.unwrap() else {
        panic!()
    };
    let detail = String::from_utf8_lossy(&detail).into_owned();
    assert_eq!(files, ["a.txt"]);
    assert!(detail.contains("<<<<<<<") && detail.contains("ONE") && detail.contains("uno"), "{detail}");
}

#[tokio::test]
async fn undo_and_redo_are_commits_like_any_other() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    let merge = s.shop.merge_onto(&base, &commit, &base).await.unwrap();
    let landed = land(&s, merge, &base).await;
    let later = s.commit("src/b.txt", "later work\n").await;
    let undone = land(&s, s.shop.merge_onto(&landed, &base, &later).await.unwrap(), &later).await;
    assert_eq!(
        (read(&s, "a.txt").as_str(), read(&s, "src/b.txt").as_str()),
        ("one\ntwo\nthree\n", "later work\n")
    );
    let redone = land(&s, s.shop.merge_onto(&base, &landed, &undone).await.unwrap(), &undone).await;
    assert_eq!(read(&s, "a.txt"), "ONE\ntwo\nthree\n");
    assert_eq!(s.git(&["rev-list", "--count", &redone.0]).await, "5");
    let nothing = s.shop.parent_of(&base).await.unwrap();
    let Merge::Clean(empty) = s.shop.merge_onto(&base, &nothing, &base).await.unwrap() else { panic!() };
    assert_eq!(s.git(&["ls-tree", &empty]).await, "", "the root commit can be undone too");
}

#[tokio::test]
async fn a_branch_that_moved_is_not_touched() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    let moved = s.commit("src/b.txt", "moved\n").await;
    let refused = s.shop.advance_branch("main", Some(&base), &commit).await.unwrap_err();
    assert!(matches!(refused, WorkspaceError::Moved { .. }), "{refused}");
    let refused = s.shop.advance_branch("main", None, &commit).await.unwrap_err();
    assert!(matches!(refused, WorkspaceError::Moved { .. }), "{refused}");
    assert_eq!((s.head().await, read(&s, "a.txt").as_str()), (moved, "one\ntwo\nthree\n"));
}

#[tokio::test]
async fn local_changes_in_the_way_are_named_and_nothing_happens() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    fs::write(tree.path.join("a.txt"), "ONE\ntwo\nthree\n").unwrap();
    fs::write(tree.path.join("src/b.txt"), "B\n").unwrap();
    fs::write(tree.path.join("fresh"), "theirs").unwrap();
    let commit = s.shop.snapshot(&tree, 1, "one").await.unwrap().unwrap();
    for (path, text) in [("a.txt", "my own edit\n"), ("fresh", "mine, untracked")] {
        fs::write(s.repo().join(path), text).unwrap();
        let refused = s.shop.advance_branch("main", Some(&tree.base), &commit).await.unwrap_err();
        let WorkspaceError::Collides { files } = &refused else { panic!("{refused}") };
        assert_eq!(files, &[path.to_owned()]);
        assert_eq!((read(&s, path).as_str(), read(&s, "src/b.txt").as_str()), (text, "b\n"));
        assert_eq!(s.head().await, tree.base);
        s.git(&["checkout", "-q", "--", "a.txt"]).await;
        let _ = fs::remove_file(s.repo().join("fresh"));
    }
    s.shop.advance_branch("main", Some(&tree.base), &commit).await.unwrap();
    assert_eq!(s.git(&["status", "--porcelain"]).await, "");
}

#[tokio::test]
async fn doing_it_again_after_a_crash_between_files_and_branch_ends_in_the_same_place() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    s.shop.move_files(&base, &commit).await.unwrap();
    assert_eq!(s.head().await, base);
    s.shop.advance_branch("main", Some(&base), &commit).await.unwrap();
    assert_eq!(s.git(&["status", "--porcelain"]).await, "");
    assert_eq!(s.head().await, commit);
}

#[tokio::test]
async fn staged_and_unstaged_work_elsewhere_survives_a_landing() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    fs::write(s.repo().join("src/b.txt"), "staged\n").unwrap();
    s.git(&["add", "src/b.txt"]).await;
    fs::write(s.repo().join(".gitignore"), "target/\nmine\n").unwrap();
    s.shop.advance_branch("main", Some(&base), &commit).await.unwrap();
    assert_eq!(s.git(&["status", "--porcelain"]).await, "M .gitignore\nM  src/b.txt");
    assert_eq!(read(&s, "a.txt"), "ONE\ntwo\nthree\n");
}

#[tokio::test]
async fn a_new_branch_leaves_the_directors_tree_alone_and_one_checked_out_elsewhere_is_refused() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    s.shop.advance_branch("agent/fix-1", None, &commit).await.unwrap();
    assert_eq!(s.shop.branch_tip("agent/fix-1").await.unwrap(), Some(commit.clone()));
    assert_eq!(read(&s, "a.txt"), "one\ntwo\nthree\n");
    let other = s.dir.path().join("other");
    s.git(&["worktree", "add", "-q", "-b", "side", &other.display().to_string(), &base.0]).await;
    let refused = s.shop.advance_branch("side", Some(&base), &commit).await.unwrap_err();
    assert!(matches!(refused, WorkspaceError::CheckedOutElsewhere { .. }), "{refused}");
    assert!(s.shop.advance_branch("bad..name", None, &commit).await.is_err());
}

#[tokio::test]
async fn a_lock_of_the_directors_own_git_is_waited_for() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    let lock = s.repo().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let free = async {
        // Retries pause for 20 ms and more; the clock here is real because git is.
        tokio::time::timeout(std::time::Duration::from_millis(60), std::future::pending::<()>())
            .await
            .unwrap_err();
        fs::remove_file(&lock).unwrap();
    };
    let (landed, ()) = tokio::join!(s.shop.advance_branch("main", Some(&base), &commit), free);
    landed.unwrap();
    assert_eq!(read(&s, "a.txt"), "ONE\ntwo\nthree\n");
}

#[tokio::test]
async fn signs_when_git_is_set_up_to_sign_and_never_with_a_program_the_target_names() {
    let s = Shop::new().await;
    let (base, commit) = candidate(&s, "ONE\ntwo\nthree\n").await;
    let proof = s.dir.path().join("ran");
    s.git(&["config", "gpg.program", &format!("touch {} #", proof.display())]).await;
    s.git(&["config", "commit.gpgsign", "true"]).await;
    s.git(&["config", "user.signingkey", "nobody-has-this-key"]).await;
    let failed = s.shop.commit_tree(&format!("{commit}^{{tree}}"), &base, "m").await.unwrap_err();
    assert!(failed.to_string().contains("could not write the commit"), "{failed}");
    assert!(!proof.exists());
}

#[test]
fn trailers_are_read_from_the_last_paragraph_only() {
    let message = "subject\n\nMission: M-1 in prose\n\nIssue: 1\nMission: M-2\n";
    assert!(has_trailer(message, "mission", "M-2"));
    assert!(!has_trailer(message, "Mission", "M-1 in prose"));
}
