//! Landed commits are signed as git and the settings say, with a real key, checked by git itself.

use super::stage::*;
use std::fs;

#[expect(clippy::disallowed_methods, reason = "a key is made as a person makes it")]
fn run(program: &str, args: &[&str]) -> bool {
    std::process::Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

/// A repository whose director has a key to sign with; `None`, said loudly, where there is no ssh-keygen.
fn keyed(test: &str) -> Option<Stage> {
    let stage = Stage::default();
    let key = stage.path("home").join(".ssh/id");
    fs::create_dir_all(key.parent().unwrap()).unwrap();
    let name = key.to_str().unwrap().to_owned();
    if !run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", &name]) {
        assert!(!key.exists(), "ssh-keygen made no whole key");
        eprintln!("SKIPPED {test}: there is no ssh-keygen here");
        return None;
    }
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    fs::write(stage.path("signers"), format!("ada@localhost {public}")).unwrap();
    stage.git(&["config", "gpg.format", "ssh"]);
    Some(stage)
}

fn set_up(stage: &Stage, key: &str) {
    stage.git(&["config", "user.signingkey", key]);
    stage.git(&["config", "commit.gpgsign", "true"]);
}

/// Fails unless git takes the signature of this commit for the director's.
fn signed(stage: &Stage, commit: &str) {
    let signers = format!("gpg.ssh.allowedSignersFile={}", stage.path("signers").display());
    stage.git(&["-c", &signers, "verify-commit", commit]);
    let told = stage.git(&["-c", &signers, "log", "-1", "--format=%G? %GS", commit]);
    assert_eq!(told.trim(), "G ada@localhost", "{commit}");
}

fn unsigned(stage: &Stage, commit: &str) {
    assert!(!stage.git(&["cat-file", "commit", commit]).contains("gpgsig"), "{commit} is signed");
}

#[test]
fn c4_landings_and_restores_are_signed_where_git_is_set_up_to_sign() {
    let test = "c4_landings_and_restores_are_signed_where_git_is_set_up_to_sign";
    let Some(stage) = keyed(test) else { return };
    // As people write it: below the home directory.
    set_up(&stage, "~/.ssh/id.pub");
    let done = stage.brief(&["--approve", "best"]).exits(0).last();
    let commit = done["commit"].as_str().unwrap();
    signed(&stage, commit);
    let undone = stage.run(&["restore", commit, "--json"]).exits(0).last();
    signed(&stage, undone["commit"].as_str().unwrap());
    // What teams work on is nobody's word: their snapshots are not signed.
    let refs = stage.git(&["for-each-ref", "--format=%(objectname)", "refs/chimera/"]);
    refs.lines().for_each(|snapshot| unsigned(&stage, snapshot));
}

#[test]
fn c4_d4_the_setting_overrules_git_both_ways_and_a_missing_key_lands_nothing() {
    let test = "c4_d4_the_setting_overrules_git_both_ways_and_a_missing_key_lands_nothing";
    let Some(stage) = keyed(test) else { return };
    set_up(&stage, stage.path("home").join(".ssh/id.pub").to_str().unwrap());
    stage.settings("[landing]\nsign = \"never\"\n");
    let done = stage.brief(&["--approve", "best"]).exits(0).last();
    unsigned(&stage, done["commit"].as_str().unwrap());

    let Some(stage) = keyed(test) else { return };
    stage.git(&["config", "user.signingkey", stage.path("home").join(".ssh/id").to_str().unwrap()]);
    stage.settings("[landing]\nsign = \"always\"\n");
    let done = stage.brief(&["--approve", "best"]).exits(0).last();
    signed(&stage, done["commit"].as_str().unwrap());

    let Some(stage) = keyed(test) else { return };
    set_up(&stage, stage.path("home").join(".ssh/lost").to_str().unwrap());
    let done = stage.brief(&["--approve", "best"]);
    assert!(matches!(done.code, Some(1 | 3)) && done.all().contains(".ssh/lost"), "{done:?}");
    assert_eq!(stage.git(&["rev-list", "--count", "HEAD"]).trim(), "1");
    assert_eq!(
        (stage.read("answer.txt").as_str(), stage.git(&["status", "--porcelain"]).as_str()),
        ("41\n", "")
    );
}
