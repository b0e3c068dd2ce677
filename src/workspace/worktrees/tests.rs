//! Trees, snapshots, shots and gc, with real git.

use super::super::{
    WorkspaceError,
    fixture::{Shop, host_git},
    patch::PatchError,
};
use super::*;
use std::os::unix::fs::PermissionsExt as _;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn base_says_where_a_mission_starts() {
    let s = Shop::new().await;
    fs::write(s.repo().join("new"), "x").unwrap();
    let base = s.shop.base().await.unwrap();
    assert_eq!((base.branch.as_deref(), base.dirty), (Some("main"), 1));
    assert_eq!(base.commit, s.head().await);
}

#[tokio::test]
async fn no_repository_and_no_commit_are_said_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let none = Workshop::open(&data, dir.path()).await.unwrap_err();
    assert!(matches!(none, WorkspaceError::NotARepository { .. }), "{none}");
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    host_git(&empty, &["init", "-q"]).await;
    let none = Workshop::open(&data, &empty).await.unwrap_err();
    assert!(matches!(none, WorkspaceError::NoCommit { .. }), "{none}");
}

#[tokio::test]
async fn a_tree_has_the_files_and_no_git_inside_and_agents_can_read_history() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    assert_eq!(fs::read_to_string(tree.path.join("src/b.txt")).unwrap(), "b\n");
    assert!(!tree.path.join(".git").exists());
    assert_eq!(host_git(&tree.path, &["log", "--format=%s"]).await, "first");
    assert_eq!(host_git(&tree.path, &["status", "--porcelain"]).await, "");
    fs::write(tree.path.join("src/b.txt"), "changed\n").unwrap();
    assert_eq!(host_git(&tree.path.join("src"), &["status", "--porcelain"]).await, "M src/b.txt");
    assert!(host_git(&tree.path, &["blame", "a.txt"]).await.contains("three"));
    assert_eq!(s.git(&["status", "--porcelain"]).await, "", "the director's tree is untouched");
}

#[tokio::test]
async fn thirteen_trees_made_and_snapshotted_at_once_lose_nothing() {
    let s = Shop::new().await;
    let base = s.head().await;
    let one = |n: u64| {
        let (s, base) = (&s, &base);
        async move {
            let tree = s.shop.worktree(MissionId(n), TeamId(1), base).await.unwrap();
            fs::write(tree.path.join("mine"), n.to_string()).unwrap();
            let commit = s.shop.snapshot(&tree, 1, "one").await.unwrap().unwrap();
            (n, commit)
        }
    };
    let made = futures::future::join_all((1..=13).map(one)).await;
    for (n, commit) in made {
        assert_eq!(s.git(&["show", &format!("{commit}:mine")]).await, n.to_string());
        assert_eq!(s.git(&["rev-parse", &format!("refs/chimera/M-{n}/T-1/1")]).await, commit.0);
    }
    let again = Workshop::open(&s.dir.path().join("data"), &s.repo()).await.unwrap();
    assert_eq!(again.ledger().unwrap().trees.len(), 13);
}

#[tokio::test]
async fn reopening_keeps_the_work_and_another_base_starts_anew_with_the_work_kept() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    fs::write(tree.path.join("work"), "x").unwrap();
    let base = tree.base.clone();
    s.commit("a.txt", "other\n").await;
    let again = s.shop.worktree(MissionId(1), TeamId(1), &base).await.unwrap();
    assert_eq!(again, tree);
    assert!(tree.path.join("work").exists());
    fs::create_dir(tree.path.join("target")).unwrap();
    fs::write(tree.path.join("target/cache"), "warm").unwrap();
    fs::write(tree.path.join(".gitignore"), "target/\n").unwrap();
    let moved = s.head().await;
    let anew = s.shop.worktree(MissionId(1), TeamId(1), &moved).await.unwrap();
    assert_eq!((&anew.path, &anew.base), (&tree.path, &moved));
    assert!(!anew.path.join("work").exists(), "it holds its new base and nothing else");
    assert_eq!(fs::read_to_string(anew.path.join("a.txt")).unwrap(), "other\n");
    assert_eq!(fs::read_to_string(anew.path.join("target/cache")).unwrap(), "warm");
    let short: String = moved.0.chars().take(12).collect();
    let kept = format!("refs/chimera/M-1/T-1/before-{short}");
    assert_eq!(s.git(&["show", &format!("{kept}:work")]).await, "x");
    assert_eq!(s.git(&["rev-parse", &format!("{kept}^")]).await, base.0);
    // What is made there from now on is a change of the new base.
    fs::write(anew.path.join("a.txt"), "both\n").unwrap();
    let commit = s.shop.snapshot(&anew, 1_000, "anew").await.unwrap().unwrap();
    assert_eq!(s.git(&["rev-parse", &format!("{commit}^")]).await, moved.0);
    assert_eq!(s.shop.stat(&moved, &commit).await.unwrap().files, ["a.txt"]);
    assert_eq!(s.shop.worktree(MissionId(1), TeamId(1), &moved).await.unwrap(), anew);
    assert_eq!(fs::read_to_string(anew.path.join("a.txt")).unwrap(), "both\n");
}

#[tokio::test]
async fn a_tree_that_vanished_comes_back_from_its_last_snapshot() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    fs::write(tree.path.join("work"), "x").unwrap();
    s.shop.snapshot(&tree, 1, "one").await.unwrap().unwrap();
    fs::remove_dir_all(tree.slot()).unwrap();
    let again = s.tree(1).await;
    assert_eq!(fs::read_to_string(again.path.join("work")).unwrap(), "x");
}

#[tokio::test]
async fn snapshots_hold_new_changed_and_deleted_files_but_not_ignored_ones() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    assert_eq!(s.shop.snapshot(&tree, 1, "none").await.unwrap(), None);
    fs::write(tree.path.join("new file\n\"ü"), "n").unwrap();
    fs::write(tree.path.join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(tree.path.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(tree.path.join("a.txt")).unwrap();
    fs::remove_dir_all(tree.path.join("src")).unwrap();
    fs::write(tree.path.join("src"), "now a file").unwrap();
    fs::create_dir(tree.path.join("target")).unwrap();
    fs::write(tree.path.join("target/out"), "o").unwrap();
    std::os::unix::fs::symlink("run.sh", tree.path.join("link")).unwrap();
    let commit = s.shop.snapshot(&tree, 1, "one").await.unwrap().unwrap();
    assert_eq!(s.shop.snapshot(&tree, 2, "same").await.unwrap(), None);
    let list = s.git(&["ls-tree", "-r", "-z", "--format=%(objectmode) %(path)", &commit.0]).await;
    let list: Vec<_> = list.split('\0').filter(|l| !l.is_empty()).collect();
    let expected = [
        "100644 .gitignore",
        "120000 link",
        r#"100644 "new file\n\"\303\274""#,
        "100755 run.sh",
        "100644 src",
    ];
    assert_eq!(list, expected);
    assert_eq!(s.git(&["status", "--porcelain"]).await, "", "index and files of the director are untouched");
    assert_eq!(s.git(&["branch", "--list"]).await, "* main");
    let stat = s.shop.stat(&tree.base, &commit).await.unwrap();
    assert!(
        stat.files.contains(&"src/b.txt".to_owned()) && stat.files.contains(&"a.txt".to_owned()),
        "{stat:?}"
    );
}

#[tokio::test]
async fn rewinding_can_be_undone() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    fs::write(tree.path.join("work"), "1").unwrap();
    let one = s.shop.snapshot(&tree, 1, "one").await.unwrap().unwrap();
    fs::write(tree.path.join("work"), "2").unwrap();
    fs::write(tree.path.join("extra"), "2").unwrap();
    s.shop.rewind(&tree, &one).await.unwrap();
    assert_eq!(fs::read_to_string(tree.path.join("work")).unwrap(), "1");
    assert!(!tree.path.join("extra").exists());
    let before = format!("refs/chimera/M-1/T-1/before-{}", &one.0[..12]);
    assert_eq!(s.git(&["show", &format!("{before}:extra")]).await, "2");
    assert_eq!(s.shop.snapshot(&tree, 2, "same as one").await.unwrap(), None);
}

#[tokio::test]
async fn the_live_shot_shows_untracked_files_and_leaves_the_index_alone() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    assert_eq!(s.shop.shot(&tree).await.unwrap(), b"");
    fs::write(tree.path.join("new.txt"), "fresh\n").unwrap();
    fs::write(tree.path.join("a.txt"), "one\nTWO\nthree\n").unwrap();
    let objects = || s.repo().join(".git/objects").read_dir().unwrap().count();
    // git keeps the empty blob, once, for the list of new files.
    s.shop.shot(&tree).await.unwrap();
    let before = objects();
    let shot = text(&s.shop.shot(&tree).await.unwrap());
    assert!(
        shot.contains("+fresh") && shot.contains("-two\n+TWO") && shot.contains("new file mode"),
        "{shot}"
    );
    assert_eq!(objects(), before, "a shot writes no objects");
    fs::write(tree.path.join("big.txt"), "0123456789abcde\n".repeat(200_000)).unwrap();
    let cut = s.shop.shot(&tree).await.unwrap();
    assert!(cut.len() <= crate::workspace::diffs::MOST_SHOT);
    assert!(text(&cut).ends_with(&format!("\n{}\n", crate::domain::feed::Shot::CUT)), "and it says so");
}

#[tokio::test]
async fn planted_repositories_are_left_out_and_named_and_keep_the_tree() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    for dir in ["", "vendor/lib", "src"] {
        let dir = tree.path.join(dir);
        fs::create_dir_all(&dir).unwrap();
        host_git(&dir, &["init", "-q"]).await;
        fs::write(dir.join("f.txt"), "x").unwrap();
    }
    fs::write(tree.path.join("src/b.txt"), "changed in a tracked directory\n").unwrap();
    let commit = s.shop.snapshot(&tree, 1, "one").await.unwrap().unwrap();
    let list = s.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", &commit.0]).await;
    assert!(!list.contains("160000") && !list.contains(".git/"), "{list}");
    assert!(s.git(&["show", &format!("{commit}:src/b.txt")]).await.contains("changed"));
    let planted = s.shop.planted(&tree).await.unwrap();
    assert!(
        planted.contains(&"vendor/lib".to_owned()) && planted.contains(&".git".to_owned()),
        "{planted:?}"
    );
    let kept = s.shop.release(MissionId(1)).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].contains("vendor/lib") && tree.path.exists(), "{kept:?}");
}

#[tokio::test]
async fn release_snapshots_what_nobody_has_and_gc_keeps_what_it_does_not_know() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    fs::write(tree.path.join("late"), "not snapshotted").unwrap();
    let scratch = s.shop.scratch("baseline", &tree.base).await.unwrap();
    assert_eq!(s.shop.release(MissionId(1)).await.unwrap(), Vec::<String>::new());
    assert!(!tree.path.exists());
    assert_eq!(s.git(&["show", "refs/chimera/M-1/T-1/last:late"]).await, "not snapshotted");
    let unknown = s.shop.area.join("M-9/T-1/tree");
    fs::create_dir_all(&unknown).unwrap();
    let kept = s.shop.gc(&|_| true).await.unwrap();
    assert!(!scratch.path.exists() && unknown.exists());
    assert!(kept.len() == 1 && kept[0].contains("M-9/T-1"), "{kept:?}");
}

#[tokio::test]
async fn tidying_up_spares_missions_that_go_on_and_work_that_no_snapshot_holds() {
    let s = Shop::new().await;
    let base = s.head().await;
    let tree = |mission: u64| s.shop.worktree(MissionId(mission), TeamId(1), &base);
    let (ended, holds, goes_on) = (tree(1).await.unwrap(), tree(2).await.unwrap(), tree(3).await.unwrap());
    let left = s.shop.scratch("M-1-base-0", &base).await.unwrap();
    let used = s.shop.scratch("M-3-base-0", &base).await.unwrap();
    fs::write(ended.path.join("work"), "one").unwrap();
    fs::create_dir(holds.path.join("inner")).unwrap();
    host_git(&holds.path.join("inner"), &["init", "-q"]).await;
    fs::write(holds.path.join("inner/work"), "two").unwrap();
    let kept = s.shop.gc(&|mission| mission.0 < 3).await.unwrap();
    assert!(kept.len() == 1 && kept[0].contains("M-2/T-1") && kept[0].contains("inner"), "{kept:?}");
    assert!(!ended.path.exists() && !left.path.exists(), "they are over and safe");
    assert_eq!(s.git(&["show", "refs/chimera/M-1/T-1/last:work"]).await, "one");
    assert!(holds.path.join("inner/work").exists() && goes_on.path.exists() && used.path.exists());
    let ledger = s.shop.ledger_path();
    let written = fs::metadata(&ledger).unwrap().modified().unwrap();
    s.shop.gc(&|_| false).await.unwrap();
    assert_eq!(
        fs::metadata(&ledger).unwrap().modified().unwrap(),
        written,
        "nothing to do is nothing written"
    );
}

#[tokio::test]
async fn a_scratch_tree_moves_and_keeps_its_build_cache() {
    let s = Shop::new().await;
    let first = s.head().await;
    let scratch = s.shop.scratch("land", &first).await.unwrap();
    fs::create_dir(scratch.path.join("target")).unwrap();
    fs::write(scratch.path.join("target/cache"), "c").unwrap();
    fs::write(scratch.path.join("junk"), "j").unwrap();
    let second = s.commit("a.txt", "changed\n").await;
    let scratch = s.shop.scratch("land", &second).await.unwrap();
    assert_eq!(fs::read_to_string(scratch.path.join("a.txt")).unwrap(), "changed\n");
    assert!(scratch.path.join("target/cache").exists() && !scratch.path.join("junk").exists());
}

#[tokio::test]
async fn patches_apply_whole_or_not_at_all() {
    let s = Shop::new().await;
    let one = s.tree(1).await;
    fs::write(one.path.join("a.txt"), "one\r\nTWO\r\nthree").unwrap();
    fs::rename(one.path.join("src/b.txt"), one.path.join("src/ü b.txt")).unwrap();
    fs::write(one.path.join("bin"), [0u8, 1, 2, 255, 10, 0]).unwrap();
    fs::write(one.path.join("run.sh"), "x").unwrap();
    fs::set_permissions(one.path.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let commit = s.shop.snapshot(&one, 1, "one").await.unwrap().unwrap();
    let patch = s.shop.patch(&one.base, &commit).await.unwrap();

    let two = s.tree(2).await;
    s.shop.apply(&two, &patch).await.unwrap();
    let same = s.shop.snapshot(&two, 1, "two").await.unwrap().unwrap();
    assert_eq!(
        s.git(&["rev-parse", &format!("{same}^{{tree}}")]).await,
        s.git(&["rev-parse", &format!("{commit}^{{tree}}")]).await
    );

    let three = s.tree(3).await;
    fs::remove_file(three.path.join("src/b.txt")).unwrap();
    let refused = s.shop.apply(&three, &patch).await.unwrap_err();
    assert!(matches!(refused, WorkspaceError::Patch(PatchError::DoesNotApply(_))), "{refused}");
    assert_eq!(fs::read_to_string(three.path.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
    assert!(!three.path.join("bin").exists());
}

#[tokio::test]
async fn a_patch_through_a_symbolic_link_is_refused() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    std::os::unix::fs::symlink(s.dir.path(), tree.path.join("out")).unwrap();
    for path in ["out/evil", "../evil", ".git/config", "src/.GIT/hooks/x", "/etc/evil"] {
        let patch = format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
        let refused = s.shop.apply(&tree, patch.as_bytes()).await.unwrap_err();
        assert!(matches!(refused, WorkspaceError::Patch(PatchError::Path { .. })), "{path}: {refused}");
    }
    assert!(!s.dir.path().join("evil").exists());
}

#[tokio::test]
async fn links_themselves_can_be_patched() {
    let s = Shop::new().await;
    std::os::unix::fs::symlink("/nowhere", s.repo().join("link")).unwrap();
    s.commit("a.txt", "one\n").await;
    let one = s.tree(1).await;
    fs::remove_file(one.path.join("link")).unwrap();
    std::os::unix::fs::symlink("src/b.txt", one.path.join("link")).unwrap();
    let commit = s.shop.snapshot(&one, 1, "one").await.unwrap().unwrap();
    let two = s.tree(2).await;
    s.shop.apply(&two, &s.shop.patch(&one.base, &commit).await.unwrap()).await.unwrap();
    assert_eq!(fs::read_link(two.path.join("link")).unwrap(), Path::new("src/b.txt"));
}

/// What a multi-threaded runtime needs of every future of this room.
#[tokio::test]
async fn futures_can_move_between_threads() {
    fn movable<T: Send>(future: T) -> T {
        future
    }
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    let (shop, base) = (&s.shop, &tree.base);
    movable(shop.shot(&tree)).await.unwrap();
    movable(shop.snapshot(&tree, 1, "")).await.unwrap();
    movable(shop.rewind(&tree, base)).await.unwrap();
    movable(shop.merge_onto(base, base, base)).await.unwrap();
    movable(shop.advance_branch("main", Some(base), base)).await.unwrap();
    movable(shop.find_trailer("main", "a", "b")).await.unwrap();
    movable(shop.scratch("x", base)).await.unwrap();
    movable(shop.apply(&tree, b"")).await.unwrap_err();
    movable(shop.release(MissionId(1))).await.unwrap();
    movable(shop.gc(&|_| true)).await.unwrap();
    movable(shop.base()).await.unwrap();
}

#[tokio::test]
async fn submodules_stay_as_they_were() {
    let s = Shop::new().await;
    let inner = s.dir.path().join("inner");
    fs::create_dir(&inner).unwrap();
    host_git(&inner, &["init", "-q"]).await;
    host_git(
        &inner,
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "i"],
    )
    .await;
    let url = inner.display().to_string();
    s.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "sub"]).await;
    s.git(&["commit", "-q", "-m", "submodule"]).await;
    let tree = s.tree(1).await;
    assert_eq!(s.shop.snapshot(&tree, 1, "none").await.unwrap(), None);
    fs::write(tree.path.join("a.txt"), "x\n").unwrap();
    let commit = s.shop.snapshot(&tree, 1, "one").await.unwrap().unwrap();
    assert_eq!(s.shop.stat(&tree.base, &commit).await.unwrap().files, ["a.txt"]);
    assert!(String::from_utf8_lossy(&s.shop.shot(&tree).await.unwrap()).matches("diff --git").count() == 1);
}

#[tokio::test]
async fn nothing_a_hostile_repository_configures_ever_runs() {
    let s = Shop::new().await;
    let proof = s.dir.path().join("ran");
    let evil = s.dir.path().join("evil.sh");
    fs::write(&evil, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", proof.display())).unwrap();
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
    let evil = evil.display().to_string();
    let hooks = s.repo().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "pre-commit",
        "post-checkout",
        "reference-transaction",
        "post-index-change",
        "post-commit",
        "pre-auto-gc",
    ] {
        fs::copy(&evil, hooks.join(hook)).unwrap();
    }
    let attributes = "* filter=evil diff=evil merge=evil\n";
    fs::write(s.repo().join(".gitattributes"), attributes).unwrap();
    let quiet = ["-c", "core.hooksPath=/dev/null"];
    s.git(&[&quiet[..], &["add", "-A"]].concat()).await;
    s.git(&[&quiet[..], &["commit", "-q", "-m", "attributes"]].concat()).await;
    let program = format!("{evil} %A %O %B");
    for (key, value) in [
        ("filter.evil.clean", &evil),
        ("filter.evil.smudge", &evil),
        ("filter.evil.process", &evil),
        ("diff.evil.textconv", &evil),
        ("diff.evil.command", &evil),
        ("merge.evil.driver", &program),
        ("core.fsmonitor", &evil),
        ("core.hooksPath", &hooks.display().to_string()),
        ("diff.external", &evil),
        ("core.pager", &evil),
        ("core.editor", &evil),
        ("core.sshCommand", &evil),
        ("gpg.program", &evil),
        ("core.alternateRefsCommand", &evil),
        ("credential.helper", &evil),
        ("core.askPass", &evil),
    ] {
        s.git(&["config", key, value]).await;
    }
    fs::write(s.repo().join(".git/info/attributes"), attributes).unwrap();

    let shop = Workshop::open(&s.dir.path().join("data"), &s.repo()).await.unwrap();
    let base = shop.base().await.unwrap();
    assert_eq!(base.dirty, 0);
    let tree = shop.worktree(MissionId(1), TeamId(1), &base.commit).await.unwrap();
    fs::write(tree.path.join("a.txt"), "ONE\ntwo\nthree\n").unwrap();
    shop.shot(&tree).await.unwrap();
    let commit = shop.snapshot(&tree, 1, "one").await.unwrap().unwrap();
    shop.patch(&base.commit, &commit).await.unwrap();
    let merged = shop.merge_onto(&base.commit, &commit, &base.commit).await.unwrap();
    let crate::workspace::Merge::Clean(merged) = merged else { panic!("{merged:?}") };
    let landed = shop.commit_tree(&merged, &base.commit, "land\n\nFix: x\n").await.unwrap();
    shop.advance_branch("main", Some(&base.commit), &landed).await.unwrap();
    shop.find_trailer("main", "Fix", "x").await.unwrap().unwrap();
    shop.release(MissionId(1)).await.unwrap();
    shop.gc(&|_| true).await.unwrap();
    assert_eq!(fs::read_to_string(s.repo().join("a.txt")).unwrap(), "ONE\ntwo\nthree\n");
    assert!(!proof.exists(), "{}", fs::read_to_string(&proof).unwrap_or_default());
    // The traps are real: plain git springs them.
    s.git(&["checkout", "-q", "-b", "sprung"]).await;
    assert!(proof.exists());
}

#[tokio::test]
async fn reopening_clears_a_lock_a_power_cut_left_and_shots_leave_nothing() {
    let s = Shop::new().await;
    let tree = s.tree(1).await;
    fs::write(tree.slot().join("index.lock"), "").unwrap();
    let tree = s.shop.worktree(MissionId(1), TeamId(1), &tree.base).await.unwrap();
    fs::write(tree.path.join("x"), "x").unwrap();
    s.shop.shot(&tree).await.unwrap();
    assert!(s.shop.snapshot(&tree, 1, "one").await.unwrap().is_some());
    let mut names: Vec<_> = fs::read_dir(tree.slot()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".git", "home", "index", "temp", "tree"]);
}

#[tokio::test]
async fn caches_that_builds_leave_are_no_work() {
    let s = Shop::new().await;
    s.commit("Cargo.toml", "[package]\n").await;
    let shop = Workshop::open(&s.dir.path().join("data"), &s.repo()).await.unwrap();
    s.commit(".gitignore", "").await;
    let tree = shop.worktree(MissionId(2), TeamId(1), &s.head().await).await.unwrap();
    for path in ["target/debug/x", "web/node_modules/y/z.js", "p/__pycache__/a.pyc"] {
        let path = tree.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    assert_eq!(shop.snapshot(&tree, 1, "one").await.unwrap(), None);
}
