//! The demo's second act: what landed is released, broken three times, and healed each time.

#![expect(clippy::disallowed_methods, reason = "a test drives the program as a person does")]

use crate::house::stage::toolchains;
use serde_json::Value;
use std::process::Command;

#[test]
fn c1_c5_c6_the_demo_heals_what_is_broken() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_chimera"));
    command.args(["demo", "--headless"]).current_dir(home.path()).env_clear();
    command.envs(toolchains()).env("HOME", home.path());
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let lines: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |kind: &str, key: &str| -> Vec<String> {
        let of_kind = lines.iter().filter(|line| line["kind"] == kind);
        of_kind.map(|line| line[key].to_string().trim_matches('"').to_owned()).collect()
    };
    assert!(done.status.success(), "{said}");
    assert_eq!(of("broken", "how").len(), 3, "{said}");
    assert_eq!(of("probe", "status"), ["500", "200", "200", "200", "200"], "{said}");
    let deeds = of("incident.attempt_began", "words");
    for deed in ["restart-process", "clear-outgrown-directory", "revert "] {
        assert!(deeds.iter().any(|words| words.contains(deed)), "{deed}: {deeds:?}");
    }
}
