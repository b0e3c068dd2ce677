//! Secrets that somebody types stand nowhere, by whichever way they came.

use super::*;
use crate::{
    engine::event::{Event, MissionEvent},
    runtime::post::{self, Letter},
};
use std::fs;

/// A key that nobody has.
fn key(nth: usize) -> String {
    format!("sk-ant-api03-{nth}{}", "Zq7Lm2Xv9Kc4".repeat(7))
}

fn with_key(repo: &Path, nth: usize) -> Command {
    let text = format!("Use key {} and write to ada@example.com.", key(nth));
    let checks = vec![format!("ANTHROPIC_API_KEY={} cargo test", key(nth))];
    Command::Mission(MissionCommand::Open(Box::new(Brief { text, checks, ..brief(repo) })))
}

/// Files under a directory that hold these words.
fn holding(dir: &Path, words: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, words, found);
        } else if fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(words)) {
            found.push(path.display().to_string());
        }
    }
}

#[tokio::test]
async fn d1_a_secret_in_a_brief_is_kept_nowhere_and_whoever_gave_it_is_told() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (engine, handle, _called) = running(dir.path(), Working::No).await;
    handle.send(control(ControlCommand::Pause("wait".into()))).await.unwrap();
    let receipt = handle.send(with_key(&shop.repo(), 1)).await.unwrap();
    let opened = receipt.events.iter().find_map(|event| match event {
        Event::Mission(_, MissionEvent::Opened(brief)) => Some(brief),
        _ => None,
    });
    let opened = opened.unwrap();
    assert_eq!(opened.withheld, 2);
    assert_eq!(opened.text, "Use key [redacted:secret] and write to ada@example.com.");
    assert!(opened.withheld_words().unwrap().starts_with("2 secrets were taken out of the brief"));
    assert!(!receipt.events.iter().any(|event| format!("{event:?}").contains(&key(1))));

    // By post, from a screen beside it.
    let (beside, end) = handle::link(ada());
    let owner = Look::owner(dir.path()).unwrap();
    let attached = attach(dir.path(), owner, end).await.unwrap();
    beside.send(with_key(&shop.repo(), 2)).await.unwrap();
    attached.end().await;
    // A program of an older version puts it into the box as it is.
    let sent = post::send(dir.path(), &Letter { command: with_key(&shop.repo(), 3) }, Timestamp(1)).unwrap();
    until(&handle, "the third brief", |state| state.missions.len() == 3).await;
    let answered = async {
        while post::answer(&sent).unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE.to_std(), answered).await.expect("an order is answered");
    let state = handle.snapshot();
    assert!(state.missions.values().all(|mission| mission.brief.withheld == 2));
    engine.end().await;
    for nth in 1..=3 {
        let mut found = Vec::new();
        holding(dir.path(), &key(nth), &mut found);
        assert!(found.is_empty(), "key {nth} stands in {found:?}");
    }
}
