//! Which tests fail, read from the last lines of a check's output, as the usual test runners print them. Where none is
//! named, the failure's own words without what changes from one time to the next.

use crate::{domain::text::clean_line, engine::records::fingerprint};

/// Names that are taken from one output.
const NAMES_MOST: usize = 6;
/// The longest of them, in characters.
const NAME_MOST: usize = 120;

/// Names of failing tests, each once; else one line that tells this failure from others. Nothing where nothing was said.
#[must_use]
pub(super) fn failing(tail: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in tail.lines().filter_map(named) {
        let name: String = clean_line(name, NAME_MOST).into();
        if !name.is_empty() && !names.contains(&name) && names.len() < NAMES_MOST {
            names.push(name);
        }
    }
    if names.is_empty() { telling(tail).into_iter().collect() } else { names }
}

/// The test that a line says failed.
fn named(line: &str) -> Option<&str> {
    let line = line.trim();
    // cargo: `test cart::empty ... FAILED`
    if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix("... FAILED")) {
        return Some(name.trim());
    }
    // go: `--- FAIL: TestCart (0.00s)`
    if let Some(rest) = line.strip_prefix("--- FAIL: ") {
        return rest.split_whitespace().next();
    }
    // pytest: `FAILED tests/test_cart.py::test_empty - assert 1 == 2`
    if let Some(rest) = line.strip_prefix("FAILED ") {
        return rest.split(" - ").next().map(str::trim);
    }
    // TAP: `not ok 3 - an empty cart`
    if let Some(rest) = line.strip_prefix("not ok ") {
        return Some(rest.split_once(" - ").map_or(rest, |(_, name)| name).trim());
    }
    // jest, vitest, mocha: `✕ an empty cart (5 ms)`
    let rest = line.strip_prefix("✕ ").or_else(|| line.strip_prefix("× "))?;
    Some(rest.rsplit_once(" (").map_or(rest, |(name, _)| name).trim())
}

/// The last line that speaks of a failure, or the last at all, without numbers.
fn telling(tail: &str) -> Option<String> {
    let lines: Vec<&str> = tail.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let speaks = |line: &&&str| {
        let line = line.to_lowercase();
        ["error", "fail", "panic", "exception", "not found"].iter().any(|word| line.contains(word))
    };
    let line = lines.iter().rev().find(speaks).or_else(|| lines.last())?;
    Some(fingerprint(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_the_usual_runners_print_them() {
        for (tail, names) in [
            (
                "test cart::empty ... FAILED\ntest cart::full ... ok\ntest cart::empty ... FAILED",
                &["cart::empty"][..],
            ),
            ("--- FAIL: TestCart (0.01s)\nFAIL\tshop\t0.1s", &["TestCart"]),
            ("FAILED tests/test_cart.py::test_empty - assert 1 == 2", &["tests/test_cart.py::test_empty"]),
            ("ok 1 - a\nnot ok 2 - an empty cart", &["an empty cart"]),
            ("  ✕ an empty cart (5 ms)\n  ✓ a full cart", &["an empty cart"]),
            ("building\nerror: 3 problems in 12 ms\nbye", &["error: # problems in # ms"]),
            ("all went\nwell 7 times", &["well # times"]),
            ("\n \n", &[]),
            ("not ok \u{1b}[31m9\u{1b}[0m", &["9"]),
        ] {
            assert_eq!(failing(tail), names, "{tail:?}");
        }
        let many: String = (0..50).map(|n| format!("test t{n} ... FAILED\n")).collect();
        assert_eq!(failing(&many).len(), NAMES_MOST);
    }
}
