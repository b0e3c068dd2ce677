//! Patches: what is refused and what applies whole.

use super::*;
use std::os::unix::fs::symlink;

#[test]
fn paths_that_leave_or_touch_git_are_refused() {
    for good in ["a", "src/a.rs", ".github/workflows/ci.yml", ".gitignore", "x/.gitmodules", "a..b", "über/ä"]
    {
        assert_eq!(check_path(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "/a",
        "../a",
        "a/../b",
        "./a",
        "a//b",
        ".git",
        ".git/config",
        "a/.GIT/x",
        "a/.Git",
        "git~1/x",
        ".git./x",
        ".git /x",
        ".g\u{200c}it/x",
        ".git::$INDEX_ALLOCATION/x",
        "a\0b",
    ] {
        assert!(check_path(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn headers_are_listed_and_hunk_lines_are_not() {
    let patch = b"diff --git a/old name.txt b/new name.txt\nsimilarity index 90%\nrename from old name.txt\nrename to new name.txt\n\
--- a/old name.txt\t\n+++ b/new name.txt\t\n@@ -1,2 +1,2 @@\n--- a/../../etc/passwd\n+++ b/../x\n context\n\
diff --git \"a/\\303\\274.txt\" \"b/\\303\\274.txt\"\nold mode 100644\nnew mode 100755\n\
diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n";
    assert_eq!(paths(patch).unwrap(), ["old name.txt", "new name.txt", "ü.txt", "gone"]);
}

#[test]
fn both_sides_and_every_form_of_a_header_are_judged() {
    for bad in [
        "--- a/x\n+++ b/../x\n",
        "--- /etc/passwd\n+++ /etc/passwd\n",
        "diff --git a/x b/.git/hooks/post-commit\n",
        "diff --git a/x b/y\nrename from x\nrename to .GIT/config\n",
        "diff --git a/x b/y\ncopy from \"..\\057x\"\ncopy to y\n",
        "diff --git \"a/..\\/x\" b/y\n",
    ] {
        assert!(
            matches!(paths(bad.as_bytes()), Err(PatchError::Path { .. })),
            "{bad}: {:?}",
            paths(bad.as_bytes())
        );
    }
    for bad in [
        "",
        "hello\n",
        "--- x\n+++ y\n",
        "--- a/x\n+++ b/x\n@@ nonsense @@\n@@ -a +b @@\n",
        "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n x\ndiff --git a/y b/y\n",
    ] {
        assert!(
            matches!(paths(bad.as_bytes()), Err(PatchError::Malformed { .. })),
            "{bad:?}: {:?}",
            paths(bad.as_bytes())
        );
    }
}

#[test]
fn real_paths_follow_links_and_stay_inside() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    fs::create_dir_all(tree.join("real/deep")).unwrap();
    symlink("real", tree.join("inner")).unwrap();
    symlink("../real/./deep", tree.join("real/up")).unwrap();
    symlink(dir.path(), tree.join("out")).unwrap();
    symlink("../outside.txt", tree.join("dangling")).unwrap();
    symlink("loop", tree.join("loop")).unwrap();
    symlink(".git", tree.join("hidden")).unwrap();
    symlink(tree.join("real"), tree.join("absolute")).unwrap();
    for (path, real) in [
        ("new/file", "new/file"),
        ("inner/f", "real/f"),
        ("inner/up/f", "real/deep/f"),
        ("absolute/f", "real/f"),
    ] {
        assert_eq!(real_path_inside(&tree, path).unwrap(), Path::new(real), "{path}");
    }
    for bad in ["out/x", "dangling", "loop/x", "hidden/config", "../x"] {
        assert!(real_path_inside(&tree, bad).is_err(), "{bad}");
    }
}

#[test]
fn what_stands_above_a_patch_tells_who_and_what() {
    let patch = "From 0123 Mon Sep 17\nFrom: Ada \u{1b}[31m<ada@x>\nDate: today\nSubject: [PATCH 1/2] Guard the\n empty cart\n\nFrom: below\n- one\n---\n x | 2 +-\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    let found = letter(patch.as_bytes());
    assert_eq!(found.author, "Ada <ada@x>");
    assert_eq!(found.words, "Guard the\nempty cart\n\nFrom: below\n- one");
    assert_eq!(paths(patch.as_bytes()).unwrap(), ["x"]);
    for bare in ["", "diff --git a/x b/x\n", "--- a/x\n+++ b/x\nSubject: no\n"] {
        assert_eq!(letter(bare.as_bytes()), Letter::default(), "{bare}");
    }
}
