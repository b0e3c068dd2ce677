//! Missions are looked at, and a restored one is waited for.

use super::{M, decided_on, edit, house, kinds, landed, next_command, no_interrupts, receipt};
use crate::{
    cli::{
        exit::Exit,
        incidents, missions,
        out::{Form, tests::Kept},
        restore, show, silence,
    },
    domain::{
        brief::Approval,
        candidate::CommitId,
        ids::{MissionId, SilenceId},
        incident::{Matcher, Silence},
        mission::Ending,
        signal::Fingerprint,
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command as Order, MissionCommand},
        effect::{Failure, FailureKind},
        event::{Event, WardEvent},
        snapshot,
        state::{Control, State, TeamPhase},
    },
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

#[test]
fn a_mission_that_has_not_ended_is_shown_with_where_it_stands() {
    let mut state = decided_on(Approval::Ask);
    let shown = |state: &State| {
        let (mut out, kept) = Kept::out(Form::Json);
        show::print(M, state, &mut out).unwrap();
        let last = kept.lines().pop().unwrap();
        let (mut out, kept) = Kept::out(Form::Human);
        show::print(M, state, &mut out).unwrap();
        (format!("{} {} {}", last["kind"], last["status"], last["step"]).replace('"', ""), kept.text())
    };
    let (last, text) = shown(&state);
    assert_eq!(last, "mission waiting decide");
    assert!(text.contains("waiting   M-1 for R-3; `chimera desk show R-3`"), "{text}");
    state.desk.clear();
    let (last, text) = shown(&state);
    assert_eq!(last, "mission running decide");
    assert!(text.starts_with("M-1 running · decide") && !text.contains("chimera show"), "{text}");
    state.control = Control::Paused("lunch".into());
    let (_, text) = shown(&state);
    assert!(text.contains("all work is paused (lunch); `chimera resume`"), "{text}");
}

#[test]
fn no_team_of_a_mission_that_has_ended_is_told_to_work() {
    let mut state = decided_on(Approval::Ask);
    state.desk.clear();
    edit(&mut state, |mission| {
        mission.teams[0].phase = TeamPhase::Drafting;
        mission.teams[0].account.started = Some(Timestamp(1_000));
        mission.teams[1].phase =
            TeamPhase::Failed(Failure { kind: FailureKind::Permanent, reason: "no".into() });
    });
    let worked = |state: &State| {
        snapshot::worked(&state.missions[&M], &state.missions[&M].teams[0], Timestamp(90_000))
    };
    assert_eq!(worked(&state), Millis(89_000));
    edit(&mut state, |mission| {
        mission.result.ending = Some((Ending::Cancelled("enough".into()), Timestamp(5_000)));
    });
    assert_eq!(worked(&state), Millis(4_000), "the clock stands still");
    let (mut out, kept) = Kept::out(Form::Human);
    show::print(M, &state, &mut out).unwrap();
    let text = kept.text();
    assert!(text.contains("Team A · anthropic/a · STOPPED") && !text.contains("DRAFTING"), "{text}");
    assert!(text.contains("Team G · google/g · FAILED"), "{text}");
    let (mut out, kept) = Kept::out(Form::Json);
    show::print(M, &state, &mut out).unwrap();
    let lines = kept.lines();
    let team = lines.iter().find(|line| line["kind"] == "team").unwrap();
    assert_eq!(team["status"], "stopped");
}

#[test]
fn a_silence_is_told_by_its_number_and_with_what_is_quiet_and_when() {
    let mut state = State { at: Timestamp(1_000), ..State::default() };
    let service = Silence {
        matches: Matcher { service: Some("web".into()), ..Matcher::default() },
        from: Timestamp(0),
        until: Timestamp(3_600_000),
        why: "moving".into(),
        maintenance: false,
    };
    let later = Silence {
        matches: Matcher {
            fingerprint: Some(Fingerprint("0123456789abcdef".into())),
            kind: Some("http.*".into()),
            ..Matcher::default()
        },
        from: Timestamp(1_800_000),
        maintenance: true,
        ..service.clone()
    };
    state.ward.silences.insert(SilenceId(1), service.clone());
    state.ward.silences.insert(SilenceId(2), later);
    let (mut out, kept) = Kept::out(Form::Human);
    incidents::list(&state, false, state.at, &mut out);
    let text = kept.text();
    assert!(text.contains("S-1 quiet about service web until ") && text.contains(": moving"), "{text}");
    assert!(
        text.contains("S-2 maintenance: quiet about cause ") && text.contains(", kind http.* from "),
        "{text}"
    );
    // The next day the clock alone does not tell when, though nothing was journaled since.
    let (mut out, kept) = Kept::out(Form::Human);
    incidents::list(&state, false, Timestamp(86_400_000), &mut out);
    assert!(
        kept.text().contains("S-1 quiet about service web until 1970-01-01 01:00 UTC"),
        "{}",
        kept.text()
    );
    let (mut out, kept) = Kept::out(Form::Human);
    let made = receipt(vec![Event::Ward(WardEvent::Silenced(SilenceId(1), Box::new(service)))]).unwrap();
    silence::told(&made, &state, &mut out);
    assert!(kept.text().starts_with("S-1 quiet about service web until "), "{}", kept.text());
    assert!(kept.text().contains("chimera silence --end S-1"), "{}", kept.text());
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
