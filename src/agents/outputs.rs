//! Reads the output of test runners: how many tests passed and failed, and their names where they are told.
//! Pure; what is not recognised stays unknown rather than guessed.

use regex::Regex;
use std::{collections::BTreeSet, sync::LazyLock};

/// What a test run's output says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// Tests that passed.
    pub passed: Option<u32>,
    /// Tests that failed, errors included.
    pub failed: Option<u32>,
    /// Names of tests that passed, as far as told.
    pub passing: BTreeSet<String>,
    /// Names of tests that failed, as far as told.
    pub failing: BTreeSet<String>,
}

/// Names remembered from one output.
const NAMES_MOST: usize = 20_000;

macro_rules! patterns {
    ($($name:ident = $pattern:literal;)*) => {
        $(static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok());)*
        #[cfg(test)]
        fn all_patterns() -> Vec<(&'static str, bool)> {
            vec![$((stringify!($name), $name.is_some())),*]
        }
    };
}

patterns! {
    CARGO_TEST = r"^test (?P<name>\S.*?)(?: - should panic)? \.\.\. (?P<how>ok|FAILED|ignored)";
    CARGO_SUM = r"^test result: \w+\. (?P<passed>\d+) passed; (?P<failed>\d+) failed;";
    NEXTEST = r"^\s*(?:TRY \d+ )?(?P<how>PASS|FAIL|TIMEOUT|SIGABRT|SIGSEGV|LEAK)\s+\[\s*[\d.]+s\]\s+(?:\(\s*\d+/\d+\)\s+)?(?P<name>\S.*)$";
    NEXTEST_SUM = r"^\s*Summary \[\s*[\d.]+s\]\s+\d+(?:/\d+)? tests? run: (?P<passed>\d+) passed(?:.*?(?P<failed>\d+) failed)?";
    PYTEST = r"^(?P<name>\S+::\S.*?) (?P<how>PASSED|FAILED|ERROR|XPASS)\b";
    PYTEST_SHORT = r"^(?P<how>FAILED|ERROR) (?P<name>\S+?::\S+)";
    PYTEST_SUM = r"^=*\s*(?P<body>(?:\d+ (?:passed|failed|errors?|skipped|deselected|xfailed|xpassed|warnings?|rerun)(?:, )?)+) in [\d.]+s";
    COUNT = r"(?P<n>\d+) (?P<what>passed|failed|errors?|passing|failing|skipped|todo|pending)";
    JEST_SUM = r"^\s*Tests:?\s+(?P<body>(?:\d+ \w+[,|\s]*)+)(?:\(|total|$|\d)";
    JEST_TEST = r"^\s+(?P<how>✓|√|✔|✕|×|✗|✘)\s+(?P<name>\S.*?)(?:\s+\(?\d+(?:\.\d+)?\s?m?s\)?)?$";
    MOCHA_FAIL = r"^\s+\d+\)\s+(?P<name>\S.*)$";
    MOCHA_SUM = r"^\s+(?P<n>\d+) (?P<what>passing|failing)\b";
    GO_TEST = r"^\s*--- (?P<how>PASS|FAIL|SKIP): (?P<name>\S+)";
    GO_PACKAGE = r"^(?P<how>ok  |FAIL|---)\s+(?P<name>\S+/\S+|\S+)\s+(?:[\d.]+s|\(cached\)|\[build failed\])";
    TAP_TEST = r"^(?P<how>ok|not ok) \d+(?:\s+-)?\s*(?P<name>[^#]*?)\s*(?P<note>#.*)?$";
    UNITTEST = r"^(?P<name>\w+ \([\w.]+\)|\w+)(?:\n.*)? \.\.\. (?P<how>ok|FAIL|ERROR|skipped.*)$";
    UNITTEST_RAN = r"^Ran (?P<ran>\d+) tests? in";
    UNITTEST_BAD = r"(?:failures|errors)=(?P<n>\d+)";
    UNITTEST_SKIPPED = r"skipped=(?P<n>\d+)";
    UNITTEST_FAIL = r"^(?P<how>FAIL|ERROR): (?P<name>\w+ \([\w.]+\))";
}

fn hit<'a>(pattern: &LazyLock<Option<Regex>>, line: &'a str) -> Option<regex::Captures<'a>> {
    pattern.as_ref().and_then(|regex| regex.captures(line))
}

fn number(found: &regex::Captures<'_>, group: &str) -> Option<u32> {
    found.name(group).and_then(|n| n.as_str().parse().ok())
}

/// Reads the output of a test run.
#[must_use]
pub fn parse(output: &str) -> Parsed {
    // Each reader stands for one family; the first that recognises the output is believed.
    let readers = [cargo, nextest, pytest, jest, mocha, go, unittest, tap];
    readers.iter().find_map(|read| read(output)).unwrap_or_default()
}

impl Parsed {
    fn count(&mut self, passed: u32, failed: u32) {
        self.passed = Some(self.passed.unwrap_or(0) + passed);
        self.failed = Some(self.failed.unwrap_or(0) + failed);
    }
    fn note(&mut self, name: &str, passed: bool) {
        if self.passing.len() + self.failing.len() < NAMES_MOST {
            let list = if passed { &mut self.passing } else { &mut self.failing };
            list.insert(name.trim().to_owned());
        }
    }
    /// A name that failed once in the run did not pass.
    fn settled(mut self) -> Self {
        self.passing.retain(|name| !self.failing.contains(name));
        self
    }
    /// Where no sum was told, the names are the count.
    fn summed(mut self) -> Option<Self> {
        if self.passed.is_none() {
            if self.passing.is_empty() && self.failing.is_empty() {
                return None;
            }
            self.count(self.passing.len().try_into().ok()?, self.failing.len().try_into().ok()?);
        }
        Some(self.settled())
    }
}

fn cargo(output: &str) -> Option<Parsed> {
    let mut parsed = Parsed::default();
    let mut sum = false;
    for line in output.lines() {
        if let Some(found) = hit(&CARGO_SUM, line) {
            parsed.count(number(&found, "passed")?, number(&found, "failed")?);
            sum = true;
        } else if let Some(found) = hit(&CARGO_TEST, line).filter(|found| &found["how"] != "ignored") {
            parsed.note(&found["name"], &found["how"] == "ok");
        }
    }
    sum.then(|| parsed.settled())
}

fn nextest(output: &str) -> Option<Parsed> {
    let mut parsed = Parsed::default();
    let mut sum = None;
    for line in output.lines() {
        if let Some(found) = hit(&NEXTEST_SUM, line) {
            sum = Some((number(&found, "passed")?, number(&found, "failed").unwrap_or(0)));
        } else if let Some(found) = hit(&NEXTEST, line) {
            parsed.note(&found["name"], matches!(&found["how"], "PASS" | "LEAK"));
        }
    }
    let (passed, failed) = sum?;
    parsed.count(passed, failed);
    Some(parsed.settled())
}

fn pytest(output: &str) -> Option<Parsed> {
    let mut parsed = Parsed::default();
    let mut sum = None;
    for line in output.lines() {
        if let Some(found) = hit(&PYTEST_SUM, line) {
            sum = Some(counts(&found["body"]));
        } else if let Some(found) = hit(&PYTEST_SHORT, line).or_else(|| hit(&PYTEST, line)) {
            parsed.note(&found["name"], matches!(&found["how"], "PASSED" | "XPASS"));
        }
    }
    let (passed, failed) = sum?;
    parsed.count(passed, failed);
    Some(parsed.settled())
}

/// Sums such as `1 failed, 2 passed, 1 error`.
fn counts(body: &str) -> (u32, u32) {
    let (mut passed, mut failed) = (0, 0);
    for found in COUNT.iter().flat_map(|regex| regex.captures_iter(body)) {
        let n = number(&found, "n").unwrap_or(0);
        match &found["what"] {
            "passed" | "passing" => passed += n,
            "failed" | "failing" | "error" | "errors" => failed += n,
            _ => {}
        }
    }
    (passed, failed)
}

fn jest(output: &str) -> Option<Parsed> {
    let mut parsed = Parsed::default();
    let mut sum = None;
    for line in output.lines() {
        if let Some(found) = hit(&JEST_SUM, line) {
            sum = Some(counts(&found["body"]));
        } else if let Some(found) = hit(&JEST_TEST, line) {
            parsed.note(&found["name"], matches!(&found["how"], "✓" | "√" | "✔"));
        }
    }
    let (passed, failed) = sum?;
    parsed.count(passed, failed);
    Some(parsed.settled())
}

fn mocha(output: &str) -> Option<Parsed> {
    let mut parsed = Parsed::default();
    let mut sums = false;
    for line in output.lines() {
        if let Some(found) = hit(&MOCHA_SUM, line) {
            let n = number(&found, "n")?;
            if &found["what"] == "passing" {
                parsed.count(n, 0)
            } else {
                parsed.count(0, n)
            }
            sums = true;
        } else if sums {
            // After the sums come the failures in detail, which would be counted twice.
            continue;
        } else if let Some(found) = hit(&JEST_TEST, line) {
            parsed.note(&found["name"], matches!(&found["how"], "✓" | "√" | "✔"));
        } else if let Some(found) = hit(&MOCHA_FAIL, line) {
            parsed.note(&found["name"], false);
        }
    }
    sums.then(|| parsed.settled())
}

fn go(output: &str) -> Option<Parsed> {
    let mut parsed = Parsed::default();
    let mut packages = Parsed::default();
    for line in output.lines() {
        if let Some(found) = hit(&GO_TEST, line).filter(|found| &found["how"] != "SKIP") {
            parsed.note(&found["name"], &found["how"] == "PASS");
        } else if let Some(found) = hit(&GO_PACKAGE, line) {
            packages.note(&found["name"], &found["how"] == "ok  ");
        }
    }
    if packages.passing.is_empty()
        && packages.failing.is_empty()
        && !output.contains("\n--- ")
        && !output.starts_with("--- ")
        && !output.contains("=== RUN")
    {
        return None;
    }
    // Without -v only failing tests are named: then passed tests are unknown, not none.
    if output.contains("=== RUN") {
        return parsed.summed();
    }
    parsed.failed = u32::try_from(parsed.failing.len().max(packages.failing.len())).ok();
    Some(parsed.settled())
}

fn unittest(output: &str) -> Option<Parsed> {
    let mut parsed = Parsed::default();
    let mut ran = None;
    let (mut bad, mut skipped) = (0, 0);
    for line in output.lines() {
        if let Some(found) = hit(&UNITTEST_RAN, line) {
            ran = number(&found, "ran");
        } else if line.starts_with("FAILED (") || line.starts_with("OK (") {
            let sum = |pattern: &LazyLock<Option<Regex>>| -> u32 {
                pattern
                    .iter()
                    .flat_map(|r| r.captures_iter(line))
                    .filter_map(|found| number(&found, "n"))
                    .sum()
            };
            bad = sum(&UNITTEST_BAD);
            skipped = sum(&UNITTEST_SKIPPED);
        } else if let Some(found) = hit(&UNITTEST_FAIL, line) {
            parsed.note(&found["name"], false);
        } else if let Some(found) = hit(&UNITTEST, line).filter(|found| !found["how"].starts_with("skipped"))
        {
            parsed.note(&found["name"], &found["how"] == "ok");
        }
    }
    parsed.count(ran?.saturating_sub(bad).saturating_sub(skipped), bad);
    Some(parsed.settled())
}

fn tap(output: &str) -> Option<Parsed> {
    let plan = |line: &str| {
        line.starts_with("TAP version")
            || (line.starts_with("1..") && line[3..].trim_end().parse::<u32>().is_ok())
    };
    if !output.lines().any(plan) {
        return None;
    }
    let mut parsed = Parsed::default();
    let (mut passed, mut failed) = (0, 0);
    for found in output.lines().filter_map(|line| hit(&TAP_TEST, line)) {
        let note = found.name("note").map_or("", |note| note.as_str()).to_uppercase();
        if note.contains("SKIP") || note.contains("TODO") {
            continue;
        }
        let good = &found["how"] == "ok";
        if good {
            passed += 1
        } else {
            failed += 1
        }
        if !found["name"].is_empty() {
            parsed.note(&found["name"], good);
        }
    }
    parsed.count(passed, failed);
    Some(parsed.settled())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for (name, good) in all_patterns() {
            assert!(good, "{name}");
        }
    }

    #[test]
    fn runners_are_understood() {
        type Row<'a> = (&'a str, &'a str, Option<u32>, Option<u32>, &'a [&'a str], &'a [&'a str]);
        let table: &[Row<'_>] = &[
            (
                "cargo, two binaries",
                "running 2 tests\ntest cart::empty ... ok\ntest cart::sum - should panic ... FAILED\ntest slow ... ignored\n\ntest result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\nrunning 1 test\ntest it ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
                Some(2),
                Some(1),
                &["cart::empty", "it"],
                &["cart::sum"],
            ),
            (
                "nextest",
                "        PASS [   0.004s] shop cart::full\n        FAIL [   0.010s] (2/3) shop cart::empty\n     Summary [   0.012s] 3 tests run: 2 passed, 1 failed, 0 skipped\n        FAIL [   0.010s] (2/3) shop cart::empty\n",
                Some(2),
                Some(1),
                &["shop cart::full"],
                &["shop cart::empty"],
            ),
            (
                "pytest -v",
                "tests/test_a.py::test_one PASSED   [ 50%]\ntests/test_a.py::test_two[a b] FAILED [100%]\n=== short test summary info ===\nFAILED tests/test_a.py::test_two - assert 1\n========= 1 failed, 1 passed, 2 warnings in 0.12s =========\n",
                Some(1),
                Some(1),
                &["tests/test_a.py::test_one"],
                &["tests/test_a.py::test_two", "tests/test_a.py::test_two[a b]"],
            ),
            (
                "pytest -q",
                "..F\nERROR tests/test_b.py::test_x\n1 failed, 2 passed, 1 error in 1.20s\n",
                Some(2),
                Some(2),
                &[],
                &["tests/test_b.py::test_x"],
            ),
            (
                "jest",
                "PASS src/a.test.ts\n  cart\n    ✓ sums (3 ms)\n    ✕ empty is zero (1 ms)\n\nTests:       1 failed, 1 passed, 2 total\nTime: 1 s\n",
                Some(1),
                Some(1),
                &["sums"],
                &["empty is zero"],
            ),
            (
                "vitest",
                " ✓ src/a.test.ts > sums 2ms\n × src/a.test.ts > empty 1ms\n      Tests  1 failed | 3 passed (4)\n",
                Some(3),
                Some(1),
                &["src/a.test.ts > sums"],
                &["src/a.test.ts > empty"],
            ),
            (
                "mocha",
                "  cart\n    ✔ sums\n    1) is empty\n\n  1 passing (5ms)\n  1 failing\n\n  1) cart\n       is empty:\n     Error: x\n",
                Some(1),
                Some(1),
                &["sums"],
                &["is empty"],
            ),
            (
                "go -v",
                "=== RUN   TestSum\n--- PASS: TestSum (0.00s)\n=== RUN   TestEmpty\n    a_test.go:4: bad\n--- FAIL: TestEmpty (0.00s)\nFAIL\nFAIL\texample.com/shop\t0.002s\n",
                Some(1),
                Some(1),
                &["TestSum"],
                &["TestEmpty"],
            ),
            ("go plain good", "ok  \texample.com/shop\t0.002s\n", None, Some(0), &[], &[]),
            (
                "go plain bad",
                "--- FAIL: TestEmpty (0.00s)\nFAIL\nFAIL\texample.com/shop\t0.002s\n",
                None,
                Some(1),
                &[],
                &["TestEmpty"],
            ),
            (
                "unittest -v",
                "test_a (m.T.test_a) ... ok\ntest_b (m.T.test_b) ... FAIL\n\nFAIL: test_b (m.T.test_b)\n----\nRan 3 tests in 0.001s\n\nFAILED (failures=1, skipped=1)\n",
                Some(1),
                Some(1),
                &["test_a (m.T.test_a)"],
                &["test_b (m.T.test_b)"],
            ),
            ("unittest", "..\nRan 2 tests in 0.001s\n\nOK\n", Some(2), Some(0), &[], &[]),
            (
                "tap",
                "TAP version 13\nok 1 - sums\nnot ok 2 - empty\nnot ok 3 later # TODO\nok 4 # SKIP\n1..4\n",
                Some(1),
                Some(1),
                &["sums"],
                &["empty"],
            ),
            ("no tests at all", "Compiling shop\nerror: could not compile\nok then\n", None, None, &[], &[]),
            ("empty", "", None, None, &[], &[]),
        ];
        for (what, output, passed, failed, passing, failing) in table {
            let parsed = parse(output);
            assert_eq!((parsed.passed, parsed.failed), (*passed, *failed), "{what}: {parsed:?}");
            assert_eq!(parsed.passing.iter().map(String::as_str).collect::<Vec<_>>(), *passing, "{what}");
            assert_eq!(parsed.failing.iter().map(String::as_str).collect::<Vec<_>>(), *failing, "{what}");
        }
    }
}
