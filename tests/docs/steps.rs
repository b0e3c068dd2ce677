//! The steps of the documents, run as they stand there: every `sh run` block of a document, one after the other in one shell, with the
//! real binary, an empty home and voices of the rehearsal.

#![expect(clippy::disallowed_methods, reason = "a test does what a reader does")]

use super::house;
use crate::{
    healing::servers::program,
    house::stage::{Stage, script, toolchains},
};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Blocks of a document: what stands behind the fence, and the lines.
fn blocks(document: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(house(document)).unwrap();
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.push((kind.to_owned(), body.join("\n")));
        }
    }
    assert!(found.len() > 3, "the blocks of {document} were not found");
    found
}

/// Runs the blocks that are there to be run, after `before`; everything that was said.
fn run(document: &str, dir: &Path, stage: &Stage, before: &str, env: &[(&str, &str)]) -> String {
    let steps: Vec<String> =
        blocks(document).into_iter().filter(|(kind, _)| kind == "sh run").map(|(_, body)| body).collect();
    assert!(steps.len() > 3, "{document} has no steps");
    // Whatever happens, the daemon is not left running: whoever waits for the end of what is said would wait for it.
    let script = format!(
        "set -eux\ntrap 'kill $monitor 2>/dev/null || true' EXIT\nmonitor=\n{before}\n{}\n",
        steps.join("\n")
    );
    let bin = Path::new(env!("CARGO_BIN_EXE_chimera")).parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    // A step that waits for what never comes must not wait for ever.
    let mut shell = Command::new("timeout");
    shell
        .args(["--kill-after=10", "900", "sh", "-c"])
        .arg(script)
        .current_dir(dir)
        .env_clear()
        .envs(toolchains());
    shell
        .env("PATH", format!("{bin}:{path}"))
        .env("HOME", dir.join("home"))
        .env("USER", "ada")
        .env("LANG", "C.UTF-8");
    shell.env("ANTHROPIC_API_KEY", "rehearsal").env("GEMINI_API_KEY", "rehearsal");
    shell.env("ANTHROPIC_BASE_URL", stage.address()).env("GEMINI_BASE_URL", stage.address());
    shell.envs(env.iter().copied());
    fs::create_dir_all(dir.join("home")).unwrap();
    let done = shell.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    let said = format!("{told}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{document}: {}\n{said}", done.status);
    // The shell repeats what it runs on stderr, keys as well.
    assert!(!told.contains("rehearsal"), "a key was said: {told}");
    said
}

/// A short path: a socket has little room.
fn place() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("chimera-").tempdir_in("/tmp").unwrap()
}

#[test]
fn e11_every_step_of_the_ten_minutes_works_as_it_stands() {
    let Some(_) = program("curl", "e11_every_step_of_the_ten_minutes") else { return };
    let (place, stage) = (place(), Stage::new(script()));
    let said = run("docs/getting-started.md", place.path(), &stage, "", &[]);
    for part in [
        "M-1",
        "landed",
        "R-1",
        "\"status\":\"ok\"",
        "chimera_spent_today_usd",
        "nightly settlement failed",
        "I-1",
    ] {
        assert!(said.contains(part), "{part} was not said:\n{said}");
    }
    assert_eq!(fs::read_to_string(place.path().join("shop/answer.txt")).unwrap(), "42\n");
}

#[test]
fn e11_what_is_not_run_there_is_run_elsewhere_or_builds_the_program() {
    for (kind, body) in blocks("docs/getting-started.md") {
        match kind.as_str() {
            "sh run" => {}
            "sh build" => assert_eq!(body, "cargo install --locked --path ."),
            // The second act of the demo is a test of its own, which starts exactly this.
            "sh demo" => assert_eq!(body, "chimera demo --headless"),
            other => panic!("a block of getting-started.md is {other:?}: nobody runs it"),
        }
    }
}

#[test]
fn e11_every_step_of_the_operations_guide_that_can_run_here_works_as_it_stands() {
    for name in ["curl", "openssl"] {
        let Some(_) = program(name, "e11_every_step_of_the_operations_guide") else { return };
    }
    let (place, stage) = (place(), Stage::new(script()));
    let data = place.path().join("data").display().to_string();
    let repo = place.path().join("repo").display().to_string();
    let before = "mkdir repo && cd repo && git init -q -b main && git config user.name Ada && git config user.email ada@localhost\n\
         echo 41 > answer.txt && git add -A && git commit -q -m begin\n\
         mkdir -p ~/.config/chimera\n\
         printf '[[probe]]\\nid = \"jobs\"\\nservice = \"shop\"\\ntype = \"webhook\"\\nsecret = \"env:JOBS_SECRET\"\\n' \
         > ~/.config/chimera/chimera.toml\n\
         chimera --monitor --data \"$DATA\" > ../monitor.log &\nmonitor=$!\ncd ..";
    let env = [
        ("DATA", data.as_str()),
        ("REPO", repo.as_str()),
        ("JOBS_SECRET", "a secret of more than sixteen letters"),
    ];
    let said = run("docs/operations.md", place.path(), &stage, before, &env);
    assert!(said.contains("queue is stuck") && said.contains("\"numbers\""), "{said}");
}
