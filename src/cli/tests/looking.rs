//! Missions are looked at, and a restored one is waited for.

use super::{M, decided_on, edit, house, kinds, landed, next_command, no_interrupts, receipt};
use crate::{
    cli::{
        exit::Exit,
        missions,
        out::{Form, tests::Kept},
        restore, show,
    },
    domain::{brief::Approval, candidate::CommitId, ids::MissionId},
    engine::command::{Command as Order, MissionCommand},
};
use std::sync::Arc;

#[test]
fn missions_and_show_tell_the_same_in_both_forms() {
    let state = landed(decided_on(Approval::Best));
    let args = missions::MissionsArgs { open: false, most: 5 };
    let (mut out, kept) = Kept::out(Form::Human);
    missions::list(&args, &state, &mut out);
    show::print(M, &state, &mut out).unwrap();
    let text = kept.text();
    for words in
        ["M-1", "landed", "$0.09", "no deps", "guards the sum", "passed `cargo test`", "87 of 100", "abc1234"]
    {
        assert!(text.contains(words), "{words:?} is missing in\n{text}");
    }
    let (mut out, kept) = Kept::out(Form::Json);
    missions::list(&args, &state, &mut out);
    show::print(M, &state, &mut out).unwrap();
    let lines = kept.lines();
    assert_eq!(lines[0]["kind"], "mission");
    assert_eq!(lines[0]["status"], "landed");
    assert_eq!(kinds(&lines).last(), Some(&"mission_finished"));
    assert!(show::print(MissionId(9), &state, &mut out).unwrap_err().what.contains("M-9"));
    let open = missions::MissionsArgs { open: true, most: 5 };
    let (mut out, kept) = Kept::out(Form::Json);
    missions::list(&open, &state, &mut out);
    assert_eq!(kept.text(), "");
}

#[tokio::test]
async fn a12_restore_finds_the_revision_and_waits_for_the_commit() {
    let (handle, mut end) = house();
    end.state.send_replace(Arc::new(landed(decided_on(Approval::Best))));
    let engine = async {
        let command = next_command(&mut end, receipt(vec![])).await;
        assert_eq!(command, Order::Mission(MissionCommand::Restore(M, CommitId("abc1234".into()))));
        let mut state = landed(decided_on(Approval::Best));
        edit(&mut state, |mission| mission.result.restored.push((CommitId("def".into()), "main".into())));
        end.state.send_replace(Arc::new(state));
        end
    };
    let (mut out, kept) = Kept::out(Form::Json);
    let mut interrupts = no_interrupts();
    let wish = async {
        // The state with the effect must be there before the wait begins, as the receipt promises.
        restore::restore("ABC1", &handle, (&mut out, &mut interrupts)).await
    };
    let (said, _end) = tokio::join!(wish, engine);
    assert_eq!(said, Ok(Exit::Ok));
    assert_eq!(kept.lines()[0]["commit"], "def");
    let (mut out, _) = Kept::out(Form::Json);
    for (revision, exit) in [("0000", Exit::Error), ("x", Exit::Usage), ("M-7", Exit::Error)] {
        let refused = restore::restore(revision, &handle, (&mut out, &mut no_interrupts())).await;
        assert_eq!(refused.unwrap_err().exit, exit, "{revision}");
    }
}
