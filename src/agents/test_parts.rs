//! Which part of a patch is tests, by the customs of languages: whole files, and the hunks within the test module
//! that ends a Rust file. Read from the patch and the tree; nothing is run here.

use crate::agents::tools::patch;
use std::path::Path;

/// Bytes of a source file that is looked at for its tests.
const SOURCE_MOST: u64 = 4 * 1024 * 1024;

/// The part of a patch that only touches tests: whole test files, and hunks within the test module that ends
/// a Rust file. `None` if it has none.
pub fn tests_of(patch: &[u8], root: &Path) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    for part in split(patch, b"diff --git ") {
        let words = String::from_utf8_lossy(part);
        let Ok(paths) = patch::paths(&words) else { continue };
        if !paths.is_empty() && paths.iter().all(|path| is_test(path)) {
            kept.extend_from_slice(part);
        } else if let [path] = paths.iter().collect::<Vec<_>>()[..]
            && path.ends_with(".rs")
        {
            kept.extend(rust_test_hunks(part, &root.join(path)).unwrap_or_default());
        }
    }
    (!kept.is_empty()).then_some(kept)
}

/// Whether a path is a test's by the customs of its language.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let folder = path.split('/').rev().skip(1).any(|part| {
        matches!(
            part,
            "tests" | "test" | "__tests__" | "spec" | "specs" | "testdata" | "fixtures" | "__snapshots__"
        )
    });
    folder
        || name.contains(".test.")
        || name.contains(".spec.")
        || stem.starts_with("test_")
        || ["_test", "_tests", "_spec", "Test", "Tests"].iter().any(|end| stem.ends_with(end))
        || stem == "tests"
        || name == "conftest.py"
}

/// The hunks of one file's patch that lie in the test module that ends the file.
fn rust_test_hunks(part: &[u8], file: &Path) -> Option<Vec<u8>> {
    let small =
        std::fs::symlink_metadata(file).is_ok_and(|about| about.is_file() && about.len() <= SOURCE_MOST);
    let source = if small { std::fs::read_to_string(file).ok()? } else { return None };
    let line = source.lines().position(|line| line.trim() == "#[cfg(test)]")? + 1;
    let hunks = split(part, b"@@ ");
    let head = part.len() - hunks.iter().map(|hunk| hunk.len()).sum::<usize>();
    let mut kept = part[..head].to_vec();
    for hunk in &hunks {
        let header = String::from_utf8_lossy(hunk.split(|byte| *byte == b'\n').next()?).into_owned();
        let new = header.split(' ').find(|word| word.starts_with('+'))?;
        let start: usize = new[1..].split(',').next()?.parse().ok()?;
        // Three lines of context may stand before the first changed one.
        if start + 3 >= line {
            kept.extend_from_slice(hunk);
        }
    }
    (kept.len() > head).then_some(kept)
}

/// Parts that begin with `mark` at a line's start; what stands before the first is left out.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Vec<&'a [u8]> {
    let starts: Vec<usize> = (0..bytes.len())
        .filter(|at| (*at == 0 || bytes[at - 1] == b'\n') && bytes[*at..].starts_with(mark))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).map(|(from, to)| &bytes[*from..to]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hunks_in_the_test_module_of_a_rust_file_are_tests() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("lib.rs"),
            "fn a() {}\n".repeat(20) + "#[cfg(test)]\nmod tests {\n}\n",
        )
        .unwrap();
        let patch = b"diff --git a/lib.rs b/lib.rs\n--- a/lib.rs\n+++ b/lib.rs\n@@ -1,3 +1,4 @@\n code\n@@ -20,3 +21,4 @@\n test\n";
        let kept = String::from_utf8(tests_of(patch, dir.path()).unwrap()).unwrap();
        assert!(kept.contains("+++ b/lib.rs\n@@ -20,3") && !kept.contains("@@ -1,3"), "{kept}");
        assert!(
            tests_of(b"diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n", dir.path())
                .is_none()
        );
    }

    #[test]
    fn tests_are_known_by_their_paths() {
        for good in [
            "tests/a.rs",
            "src/__tests__/a.js",
            "a.test.ts",
            "pkg/sum_test.go",
            "test_app.py",
            "spec/a_spec.rb",
            "src/CartTest.java",
            "src/tests.rs",
        ] {
            assert!(is_test(good), "{good}");
        }
        for bad in ["src/lib.rs", "src/testing.rs", "latest.py", "contest/a.go", "attest.ts"] {
            assert!(!is_test(bad), "{bad}");
        }
    }
}
