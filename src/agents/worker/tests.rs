//! A worker at a bench over plain git: it drafts, resumes, is told what was wrong, and stops.

use super::*;
use crate::{
    agents::testing::{
        Desk, Line, Script, TestBench, approval_only, brief, call, calls, model, protected, reply, words,
    },
    domain::{candidate::CheckKind, feed::FeedItem, team::Vendor},
    providers::wire::{CallErrorKind, Speaker, StopReason},
};
use serde_json::json;

struct Set {
    desk: Desk,
    bench: TestBench,
    brief: Brief,
    found: Found,
    chain: [ModelRef; 1],
}

impl Set {
    fn new() -> Self {
        let found =
            Found { checks: vec![(CheckKind::Test, "grep -q guard cart".to_owned())], ..Found::default() };
        Self {
            desk: Desk::default(),
            bench: TestBench::repo(&[("cart", "sum / n\n")]),
            brief: brief(),
            found,
            chain: [model(Vendor::Anthropic)],
        }
    }
    fn job<'a>(&'a self, script: &'a Script) -> DraftJob<'a> {
        DraftJob {
            crew: Crew {
                office: &self.desk,
                switchboard: script,
                chain: &self.chain,
                summarizer: &self.chain,
                bench: &self.bench,
                limits: Limits::default(),
            },
            rules: Rules { protected: &protected, approval_only: &approval_only, reach: Reach::NOWHERE },
            brief: &self.brief,
            answers: &[],
            handoff: None,
            found: &self.found,
            team: TeamId(1),
            attempt: 1,
            based_on: Revision(4),
            base: &self.bench.base,
            start: &self.bench.base,
            feedback: &[],
            resume: None,
        }
    }
}

fn finish() -> Line {
    let done = json!({"summary": "guarded", "root_cause": "division by zero", "confidence": 90, "changes": ["cart: guard"]});
    calls("f", "finish", done)
}

/// Reads two files at once, edits, tests, finishes.
fn story() -> Vec<Line> {
    vec![
        reply(
            StopReason::ToolUse,
            vec![
                Block::Thinking { text: "look".to_owned(), signature: Some("sig".to_owned()) },
                call("1", "read", json!({"path": "cart"})),
                call("2", "list", json!({})),
            ],
        ),
        calls("3", "edit", json!({"path": "cart", "old": "sum / n", "new": "guard(n); sum / n"})),
        calls("4", "tests", json!({})),
        finish(),
    ]
}

#[tokio::test]
async fn a_draft_ends_in_a_candidate_with_its_patch() {
    let set = Set::new();
    let script = Script::new(story());
    let candidate = draft(set.job(&script)).await.unwrap();
    assert_eq!((candidate.attempt, candidate.based_on, candidate.confidence), (1, Revision(4), 90));
    assert_eq!(candidate.summary, "guarded\nChanges:\n- cart: guard");
    assert_eq!(candidate.stat.files, ["cart"]);
    let patch = String::from_utf8(set.desk.fetch(candidate.patch).unwrap()).unwrap();
    assert!(patch.contains("+guard(n); sum / n"));
    let turns = set.desk.turns();
    assert_eq!(turns.iter().map(|(turn, ..)| *turn).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(turns[0].2.is_none() && turns[1].2.is_some() && turns[2].2.is_none());
    let results = script.asked(1).messages.last().unwrap().blocks.clone();
    assert!(
        matches!(&results[0], Block::ToolResult { id, content, .. } if id == "1" && content == "1\tsum / n\n")
    );
    assert!(matches!(&results[1], Block::ToolResult { id, .. } if id == "2"));
    let fed = set.desk.fed();
    assert!(fed.iter().any(|item| matches!(item, FeedItem::Shot(shot) if shot.patch.contains("+guard"))));
    assert!(fed.iter().any(|item| matches!(item, FeedItem::Meter { usage, .. } if usage.input == 400)));
    assert!(fed.iter().any(|item| matches!(item, FeedItem::Thought(words) if words == "look")));
}

#[tokio::test]
async fn b14_a_crash_after_any_turn_goes_on_the_same_way() {
    let whole = Set::new();
    let script = Script::new(story());
    let uncut = draft(whole.job(&script)).await.unwrap();
    for crash_after in 0..=4 {
        let set = Set::new();
        let first = Script::new(
            story().into_iter().take(crash_after).chain([Line::Error(CallErrorKind::Connection)]),
        );
        let ended = draft(set.job(&first)).await;
        assert_eq!(ended.is_err(), crash_after < 4);
        // What the turn in flight may have left behind is not to be seen again.
        std::fs::write(set.bench.root.path().join("half"), "x").unwrap();
        let second = Script::new(story().into_iter().skip(crash_after));
        let resume = set.desk.turns().last().map(|(_, digest, _)| *digest);
        let candidate = draft(DraftJob { resume, ..set.job(&second) }).await.unwrap();
        assert_eq!(candidate.summary, uncut.summary, "after turn {crash_after}");
        assert_eq!(set.desk.fetch(candidate.patch).unwrap(), whole.desk.fetch(uncut.patch).unwrap());
        for n in 0..second.calls() {
            assert_eq!(
                second.asked(n),
                script.asked(n + crash_after),
                "request {n} after turn {crash_after}"
            );
        }
    }
}

#[tokio::test]
async fn a11_feedback_continues_the_conversation_in_a_new_attempt() {
    let set = Set::new();
    let script = Script::new(story());
    let first = draft(set.job(&script)).await.unwrap();
    let resume = set.desk.turns().last().map(|(_, digest, _)| *digest);
    let again = Script::new([calls("9", "write", json!({"path": "new", "content": "n"})), finish()]);
    let feedback = ["use an error instead".to_owned()];
    let job = DraftJob { attempt: 2, feedback: &feedback, resume, ..set.job(&again) };
    let second = draft(job).await.unwrap();
    assert_eq!((second.attempt, second.stat.files.len()), (2, 2));
    assert_ne!(second.commit, first.commit);
    let sent = again.asked(0);
    assert!(sent.messages.len() > 6, "the old conversation is there");
    let last = &sent.messages.last().unwrap().blocks;
    assert!(
        matches!(last.last(), Some(Block::Text(words)) if words == "Feedback for attempt 2: use an error instead")
    );
    let kept = Transcript::resume(&set.desk, set.desk.turns().last().unwrap().1).unwrap();
    assert!(kept.pinned.iter().any(|rule| rule.contains("use an error")), "feedback is pinned");
}

#[tokio::test]
async fn no_change_is_no_candidate_and_silence_is_reminded_once() {
    let set = Set::new();
    let script = Script::new([words("I think it is fine."), words("Really.")]);
    let failure = draft(set.job(&script)).await.unwrap_err();
    assert!(failure.reason.contains("changed nothing") && failure.reason.contains("Really."), "{failure}");
    assert_eq!(script.calls(), 2);
    assert!(script.asked(1).messages.last().unwrap().blocks.contains(&Block::Text(NUDGE.to_owned())));
}

#[tokio::test]
async fn a_crash_around_the_reminder_changes_nothing() {
    let story = || {
        let write = calls("1", "write", json!({"path": "x", "content": "1"}));
        vec![write, words("All done."), words("As I said.")]
    };
    for crash_after in 2..=3 {
        let set = Set::new();
        let lines = story().into_iter().take(crash_after).chain([Line::Error(CallErrorKind::Connection)]);
        let ended = draft(set.job(&Script::new(lines))).await;
        assert_eq!(ended.is_ok(), crash_after == 3);
        let resume = set.desk.turns().last().map(|(_, digest, _)| *digest);
        let second = Script::new(story().into_iter().skip(crash_after));
        let candidate = draft(DraftJob { resume, ..set.job(&second) }).await.unwrap();
        assert_eq!((candidate.summary.as_str(), candidate.confidence), ("As I said.", UNSAID_CONFIDENCE));
        assert_eq!(second.calls(), 3 - crash_after);
    }
}

#[tokio::test]
async fn b14_the_directors_word_is_heard_once_wherever_a_crash_comes() {
    let word = || Block::Text("The director says: keep the API".to_owned());
    for crash_after in 0..=3 {
        let set = Set::new();
        // Said during the first turn.
        set.desk.will_say(&[]);
        set.desk.will_say(&["keep the API"]);
        let cut = story().into_iter().take(crash_after).chain([Line::Error(CallErrorKind::Connection)]);
        draft(set.job(&Script::new(cut))).await.unwrap_err();
        let second = Script::new(story().into_iter().skip(crash_after));
        let resume = set.desk.turns().last().map(|(_, digest, _)| *digest);
        draft(DraftJob { resume, ..set.job(&second) }).await.unwrap();
        let sent = second.asked(second.calls() - 1);
        let heard = sent.messages.iter().flat_map(|m| &m.blocks).filter(|b| **b == word()).count();
        assert_eq!(heard, 1, "crash after turn {crash_after}");
        let kept = Transcript::resume(&set.desk, set.desk.turns().last().unwrap().1).unwrap();
        let pinned = kept.pinned.iter().filter(|rule| rule.contains("keep the API")).count();
        assert_eq!(pinned, 1, "crash after turn {crash_after}");
    }
}

#[tokio::test]
async fn the_loop_survives_what_models_do() {
    let set = Set::new();
    set.desk.will_say(&[]);
    set.desk.will_say(&["keep the API"]);
    let script = Script::new([
        reply(
            StopReason::ToolUse,
            vec![call("1", "read", json!({"__invalid": "{\"path\": "})), call("2", "fly", json!({}))],
        ),
        reply(StopReason::MaxTokens, vec![Block::Text("half".to_owned())]),
        reply(StopReason::Pause, vec![Block::Text("wait".to_owned())]),
        reply(
            StopReason::Other("odd".to_owned()),
            vec![call("3", "write", json!({"path": "x", "content": "1"}))],
        ),
        finish(),
    ]);
    draft(set.job(&script)).await.unwrap();
    let answers = script.asked(1).messages.last().unwrap().blocks.clone();
    assert!(
        matches!(&answers[0], Block::ToolResult { is_error: true, content, .. } if content.contains("not valid JSON"))
    );
    assert!(
        matches!(&answers[1], Block::ToolResult { is_error: true, content, .. } if content.contains("no tool \"fly\""))
    );
    assert_eq!(answers[2], Block::Text("The director says: keep the API".to_owned()));
    assert!(
        matches!(script.asked(2).messages.last().unwrap().blocks.last(), Some(Block::Text(w)) if w.starts_with("Your answer was cut"))
    );
    assert_eq!(
        script.asked(3).messages.last().unwrap().speaker,
        Speaker::Assistant,
        "a paused message goes back last"
    );
}

#[tokio::test]
async fn refusals_caps_and_endless_repeats_end_in_words() {
    let same = || calls("1", "read", json!({"path": "cart"}));
    let ends = |line: Vec<Line>| async {
        let set = Set::new();
        let script = Script::new(line);
        let failure = draft(set.job(&script)).await.unwrap_err();
        (failure.kind, failure.reason, script.calls())
    };
    use crate::agents::failure::FailureKind;
    let (kind, reason, _) = ends(vec![reply(StopReason::Refused("safety".to_owned()), vec![])]).await;
    assert!(kind == FailureKind::Permanent && reason == "anthropic/m refuses to go on: safety", "{reason}");
    let (kind, ..) = ends(vec![Line::Error(CallErrorKind::OverBudget(None))]).await;
    assert_eq!(kind, FailureKind::OverBudget(None));
    let (kind, reason, calls) = ends((0..10).map(|_| same()).collect()).await;
    assert!(
        kind == FailureKind::Permanent && reason.contains("6 times in a row") && calls == 6,
        "{reason} {calls}"
    );
}

#[tokio::test]
async fn turns_are_bounded_and_what_was_done_is_still_a_candidate() {
    let set = Set::new();
    let lines = (0..5).map(|n| calls("1", "write", json!({"path": format!("f{n}"), "content": "x"})));
    let script = Script::new(lines);
    let mut job = set.job(&script);
    job.crew.limits.turns = 5;
    let candidate = draft(job).await.unwrap();
    assert_eq!((candidate.confidence, candidate.stat.files.len(), script.calls()), (UNSAID_CONFIDENCE, 5, 5));
    assert!(candidate.summary.contains("turns were used up"));
    assert!(
        matches!(script.asked(3).messages.last().unwrap().blocks.last(), Some(Block::Text(w)) if w.starts_with("Left: 2 turns"))
    );
}

#[tokio::test]
async fn stop_ends_a_hanging_call_at_once() {
    let set = Set::new();
    let script = Script::new([Line::Hang]);
    set.desk.stop.notify_one();
    assert_eq!(draft(set.job(&script)).await.unwrap_err(), AgentFailure::cancelled());
}
