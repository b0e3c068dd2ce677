//! The worker: works on a brief in its own worktree until it has a candidate. Resumes at its last finished
//! turn; a new attempt goes on with the old conversation and what was said about the last candidate.

use crate::{
    agents::{
        attachments,
        bench::{Bench, BenchError},
        compaction,
        context::Found,
        conversation::{Limits, Rest, Talk, show_shot},
        failure::AgentFailure,
        handoff::{self, Handoff},
        office::{Office, until_stopped},
        prompt,
        tools::{PathRule, Registry, Workplace, finish::Finish, http_get::Reach},
        transcript::{Transcript, words_of},
    },
    domain::{
        brief::{Answer, Brief},
        candidate::{Candidate, CommitId},
        digest::Digest,
        feed::FeedItem,
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
    /// What `http_get` may reach.
    pub reach: &'a Reach,
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
    /// Commit that the candidate is measured from.
    pub base: &'a CommitId,
    /// Commit the worktree starts from: the base, or one with something on it that is given.
    pub start: &'a CommitId,
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
            reach: self.rules.reach,
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
        let at = talk.commit.as_ref().unwrap_or(self.start);
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
        talk.heard.clear();
        talk.say_words(format!("Your last candidate was not taken. This is attempt {}.", self.attempt));
        self.say_feedback(talk);
    }

    fn say_feedback(&self, talk: &mut Transcript) {
        for words in self.feedback.iter().filter(|words| !words.trim().is_empty()) {
            let rule = format!("Feedback for attempt {}: {}", self.attempt, words.trim());
            self.crew.office.feed(FeedItem::Said(text::clean(words.trim()).into()));
            talk.say_words(rule.clone());
            talk.pinned.push(rule);
        }
    }

    async fn candidate(&self, talk: &Transcript, finish: Finish) -> Result<Candidate, AgentFailure> {
        let bench = self.crew.bench;
        let Some(commit) = talk.commit.clone().filter(|commit| commit != self.base && commit != self.start)
        else {
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
            author: String::new(),
            sealed: None,
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
mod tests;
