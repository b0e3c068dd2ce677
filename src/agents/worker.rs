//! The worker: works on a brief in its own worktree until it has a candidate. Resumes at its last finished
//! turn; a new attempt goes on with the old conversation and what was said about the last candidate.

use crate::{
    agents::{
        attachments,
        bench::{Bench, BenchError},
        compaction,
        context::Found,
        conversation::{Limits, Rest, Talk, show_shot, until_stopped, words_of},
        failure::AgentFailure,
        handoff::{self, Handoff},
        office::Office,
        prompt,
        tools::{PathRule, Registry, Workplace, finish::Finish},
        transcript::Transcript,
    },
    domain::{
        brief::{Answer, Brief},
        candidate::{Candidate, CommitId},
        digest::Digest,
        ids::{Revision, TeamId},
        team::{ModelRef, Role},
        text,
    },
    providers::wire::{Block, Switchboard},
};

use futures::future::{BoxFuture, FutureExt as _};

const PROMPT: &str = include_str!("../../assets/prompts/worker.md");
/// Bytes of a summary that are kept.
const SUMMARY_MOST: usize = 8 * 1024;
/// Confidence of a candidate whose agent never called `finish`, at most.
const UNSAID_CONFIDENCE: u8 = 30;
/// Sent when the agent stops without calling `finish`.
const NUDGE: &str =
    "You stopped without calling `finish`. If the work is done, call `finish` now; else go on with it.";

/// Who works for whom, and with what.
#[derive(Clone, Copy)]
pub struct Crew<'a> {
    /// The house.
    pub office: &'a dyn Office,
    /// Calls models.
    pub switchboard: &'a dyn Switchboard,
    /// Who answers, and who instead.
    pub chain: &'a [ModelRef],
    /// Who condenses.
    pub summarizer: &'a [ModelRef],
    /// The team's worktree.
    pub bench: &'a dyn Bench,
    /// Bounds.
    pub limits: Limits,
}

/// Rules of the place that the policy lays down.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Why a path may never be touched.
    pub protected: PathRule<'a>,
    /// Why a path lands only with approval.
    pub approval_only: PathRule<'a>,
    /// Hosts `http_get` may reach.
    pub hosts: &'a [String],
}

/// One attempt of one team.
#[derive(Clone, Copy)]
pub struct DraftJob<'a> {
    /// Who works, with what.
    pub crew: Crew<'a>,
    /// What the policy lays down.
    pub rules: Rules<'a>,
    /// What was asked for.
    pub brief: &'a Brief,
    /// What was answered.
    pub answers: &'a [Answer],
    /// The orchestrator's handoff, if there is a plan.
    pub handoff: Option<&'a Handoff>,
    /// The repository.
    pub found: &'a Found,
    /// The team.
    pub team: TeamId,
    /// Candidate number, from 1.
    pub attempt: u32,
    /// Mission revision the candidate will carry.
    pub based_on: Revision,
    /// Commit the worktree started from.
    pub base: &'a CommitId,
    /// What the director or the engine said since the last attempt.
    pub feedback: &'a [String],
    /// Transcript of the last finished turn of this attempt, or of the attempt before.
    pub resume: Option<Digest>,
}

/// Works until there is a candidate.
///
/// # Errors
/// When there is none: the model fails or refuses, a cap is reached, nothing was changed, or work is stopped.
pub fn draft(job: DraftJob<'_>) -> BoxFuture<'_, Result<Candidate, AgentFailure>> {
    async move { until_stopped(job.crew.office, job.work()).await }.boxed()
}

impl DraftJob<'_> {
    async fn work(&self) -> Result<Candidate, AgentFailure> {
        let mut talk = self.open().await?;
        let test_command = crate::agents::checks::test_command(&self.found.checks);
        let place = Workplace {
            bench: self.crew.bench,
            office: self.crew.office,
            team: self.team,
            protected: self.rules.protected,
            approval_only: self.rules.approval_only,
            test_command,
            hosts: self.rules.hosts,
        };
        let tools = Registry::worker(&place);
        let at = Talk {
            switchboard: self.crew.switchboard,
            chain: self.crew.chain,
            summarizer: self.crew.summarizer,
            system: PROMPT,
            tools: &tools,
            place,
            limits: self.crew.limits,
        };
        show_shot(self.crew.bench, self.crew.office).await;
        let finish = match talk.finish.clone() {
            Some(finish) => finish,
            None => finished(&at, &mut talk).await?,
        };
        show_shot(self.crew.bench, self.crew.office).await;
        self.candidate(&talk, finish).await
    }

    /// The conversation to go on with, and the worktree as it was at its last turn.
    async fn open(&self) -> Result<Transcript, AgentFailure> {
        let must_hold = handoff::pinned(self.brief, self.answers);
        let bare = Handoff::of(self.brief, self.answers);
        let rules = self.handoff.unwrap_or(&bare).rules(&must_hold)?;
        let mut talk = match self.resume {
            Some(content) => Transcript::resume(self.crew.office, content)?,
            None => Transcript::new(Role::Worker, rules.clone()),
        };
        let at = talk.commit.as_ref().unwrap_or(self.base);
        self.crew.bench.rewind(at).await.map_err(told)?;
        if talk.messages.is_empty() {
            self.brief_worker(&mut talk);
        }
        if talk.attempt != self.attempt {
            self.next_attempt(&mut talk, &rules);
        }
        Ok(talk)
    }

    fn brief_worker(&self, talk: &mut Transcript) {
        talk.attempt = self.attempt;
        let words = compaction::pinned_words(&talk.pinned);
        talk.background = format!("The repository, as it was found:\n\n{}", self.found.words);
        talk.say_words(format!("{words}\n\n{}", talk.background));
        talk.say(attachments::blocks(self.crew.office, &self.brief.attachments));
        self.say_feedback(talk);
    }

    /// Goes on with what was said about the last candidate; its conversation stays.
    fn next_attempt(&self, talk: &mut Transcript, rules: &[String]) {
        let new = rules.iter().filter(|rule| !talk.pinned.contains(*rule)).cloned().collect::<Vec<_>>();
        if !new.is_empty() {
            talk.say_words(compaction::pinned_words(&new));
            talk.pinned.extend(new);
        }
        talk.attempt = self.attempt;
        talk.turn = 0;
        talk.finish = None;
        talk.resting = false;
        talk.say_words(format!("Your last candidate was not taken. This is attempt {}.", self.attempt));
        self.say_feedback(talk);
    }

    fn say_feedback(&self, talk: &mut Transcript) {
        for words in self.feedback.iter().filter(|words| !words.trim().is_empty()) {
            let rule = format!("Feedback for attempt {}: {}", self.attempt, words.trim());
            talk.say_words(rule.clone());
            talk.pinned.push(rule);
        }
    }

    async fn candidate(&self, talk: &Transcript, finish: Finish) -> Result<Candidate, AgentFailure> {
        let bench = self.crew.bench;
        let Some(commit) = talk.commit.clone().filter(|commit| commit != self.base) else {
            let said = text::clean_line(&finish.summary, 400);
            return Err(AgentFailure::permanent(format!("the team changed nothing; it says: {said}")));
        };
        let patch = bench.patch(self.base, &commit).await.map_err(told)?;
        if patch.is_empty() {
            return Err(AgentFailure::permanent("the team's changes add up to nothing"));
        }
        let stat = bench.stat(self.base, &commit).await.map_err(told)?;
        let kept = |error| AgentFailure::transient(format!("the patch could not be stored: {error}"));
        let patch = self.crew.office.keep(&patch).map_err(kept)?;
        Ok(Candidate {
            team: self.team,
            attempt: self.attempt,
            based_on: self.based_on,
            base: self.base.clone(),
            commit,
            patch,
            stat,
            summary: summary(&finish),
            root_cause: text::head_tail(&text::clean(finish.root_cause.trim()), SUMMARY_MOST),
            confidence: finish.confidence.min(100),
        })
    }
}

fn told(error: BenchError) -> AgentFailure {
    AgentFailure::transient(format!("the worktree could not be used: {error}"))
}

/// Goes on until the agent says it is done; reminds it once.
async fn finished(at: &Talk<'_>, talk: &mut Transcript) -> Result<Finish, AgentFailure> {
    let nudged = |talk: &Transcript| {
        talk.messages.iter().rev().take(4).any(|m| m.blocks.contains(&Block::Text(NUDGE.to_owned())))
    };
    // Resumed just after the agent's last words: what follows them is still to come.
    if talk.resting && nudged(talk) {
        return Ok(unsaid(talk.messages.last().map(words_of).unwrap_or_default()));
    }
    if talk.resting {
        talk.say_words(NUDGE);
    }
    loop {
        match at.go_on(talk).await? {
            Rest::Finished(finish) => return Ok(finish),
            Rest::Said(_) if !nudged(talk) => talk.say_words(NUDGE),
            Rest::Said(words) => return Ok(unsaid(words)),
            Rest::OutOfTurns => {
                let words =
                    format!("The {} turns were used up before the work was called done.", at.limits.turns);
                return Ok(unsaid(words));
            }
        }
    }
}

fn unsaid(summary: String) -> Finish {
    let summary = if summary.trim().is_empty() { "(the agent gave no summary)".to_owned() } else { summary };
    Finish {
        summary,
        root_cause: String::new(),
        confidence: UNSAID_CONFIDENCE,
        changes: Vec::new(),
        tests: Vec::new(),
    }
}

fn summary(finish: &Finish) -> String {
    let mut words = finish.summary.trim().to_owned();
    for (title, items) in [("Changes", &finish.changes), ("Tests", &finish.tests)] {
        if !items.is_empty() {
            words.push_str(&format!("\n{title}:\n{}", prompt::bullets(items, "")));
        }
    }
    text::head_tail(&text::clean(&words), SUMMARY_MOST)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        agents::testing::{
            Desk, Line, Script, TestBench, approval_only, call, calls, model, protected, reply, words,
        },
        domain::{brief::Approval, candidate::CheckKind, feed::FeedItem, money::Money, team::Vendor},
        providers::wire::{CallErrorKind, Speaker, StopReason},
    };
    use serde_json::json;

    pub(crate) fn brief() -> Brief {
        Brief {
            text: "An empty cart answers 500.".to_owned(),
            constraints: vec!["no new deps".to_owned()],
            checks: Vec::new(),
            budget: Money::usd(1),
            attachments: Vec::new(),
            teams: Vec::new(),
            approve: Approval::Ask,
            repo: String::new(),
            timeout: None,
            priority: 5,
        }
    }

    struct Set {
        desk: Desk,
        bench: TestBench,
        brief: Brief,
        found: Found,
        chain: [ModelRef; 1],
    }

    impl Set {
        fn new() -> Self {
            let found = Found {
                checks: vec![(CheckKind::Test, "grep -q guard cart".to_owned())],
                ..Found::default()
            };
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
                rules: Rules { protected: &protected, approval_only: &approval_only, hosts: &[] },
                brief: &self.brief,
                answers: &[],
                handoff: None,
                found: &self.found,
                team: TeamId(1),
                attempt: 1,
                based_on: Revision(4),
                base: &self.bench.base,
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
    async fn a_crash_after_any_turn_goes_on_the_same_way() {
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
    async fn feedback_continues_the_conversation_in_a_new_attempt() {
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
        assert!(
            failure.reason.contains("changed nothing") && failure.reason.contains("Really."),
            "{failure}"
        );
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
        assert!(
            kind == FailureKind::Permanent && reason == "anthropic/m refuses to go on: safety",
            "{reason}"
        );
        let (kind, ..) = ends(vec![Line::Error(CallErrorKind::OverBudget)]).await;
        assert_eq!(kind, FailureKind::OverBudget);
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
        assert_eq!(
            (candidate.confidence, candidate.stat.files.len(), script.calls()),
            (UNSAID_CONFIDENCE, 5, 5)
        );
        assert!(candidate.summary.contains("turns were used up"));
        assert!(
            matches!(script.asked(3).messages.last().unwrap().blocks.last(), Some(Block::Text(w)) if w.starts_with("2 turns are left"))
        );
    }

    #[tokio::test]
    async fn stop_ends_a_hanging_call_at_once() {
        let set = Set::new();
        let script = Script::new([Line::Hang]);
        set.desk.stop.notify_one();
        assert_eq!(draft(set.job(&script)).await.unwrap_err(), AgentFailure::cancelled());
    }
}
