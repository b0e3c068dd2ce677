//! The loop: ask the model, run the tools it calls, make the turn durable, go on. Everything that decides the
//! next request is in the [`Transcript`], so a conversation resumed at any finished turn goes on the same way.
//!
//! Invariants: one turn is one reply with the results of its tool calls; reading tools may run side by side,
//! all others one after another; results are bounded; broken arguments and failing tools are answers to the
//! model, never the end. Dropping the future stops everything in flight.

use crate::{
    agents::{
        airing::ask,
        bench::Bench,
        compaction,
        failure::AgentFailure,
        office::Office,
        tools::{INVALID, Output, PermissionClass, Registry, Workplace, finish::Finish},
        transcript::{Transcript, spoken, words_of},
    },
    domain::{
        digest::Digest,
        feed::{FeedItem, Shot},
        team::ModelRef,
        text,
    },
    providers::wire::{
        Block, CallError, CallErrorKind, CallRequest, Message, Reply, Speaker, StopReason, Switchboard,
        ToolSpec,
    },
};
use futures::{StreamExt as _, stream};
use serde_json::Value;
use std::sync::Arc;

/// Bounds of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Turns before it must be done.
    pub turns: u32,
    /// Tokens of one answer.
    pub output: u32,
    /// Tokens of reasoning in one answer.
    pub thinking: u32,
    /// Estimated tokens of the conversation above which it is condensed.
    pub compact_at: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { turns: 30, output: 16_000, thinking: 4_000, compact_at: 100_000 }
    }
}

/// Turns of one attempt, whatever [`Limits::turns`] says.
pub const TURNS_MOST: u32 = 1_000;
/// Reading tools that run side by side.
const SIDE_BY_SIDE: usize = 4;
/// Tool calls of one reply that are run.
const CALLS_MOST: usize = 32;
/// Turns before the limit at which the agent is told.
const TURNS_WARN: u32 = 3;
/// The same call this often in a row is answered with a warning ...
const REPEATS_WARN: usize = 3;
/// ... and this often ends the work.
const REPEATS_MOST: usize = 6;
/// Characters of a tool call's line on the channel.
const BRIEF_MOST: usize = 160;

/// Sent when a reply was cut by the output limit.
const GO_ON: &str = "Your answer was cut by the output limit. Go on exactly where it ended.";

/// One conversation with what it needs.
#[derive(Clone, Copy)]
pub struct Talk<'a> {
    /// Calls models.
    pub switchboard: &'a dyn Switchboard,
    /// Who answers, and who instead.
    pub chain: &'a [ModelRef],
    /// Who condenses when it grows too long.
    pub summarizer: &'a [ModelRef],
    /// System prompt.
    pub system: &'a str,
    /// What the agent can do.
    pub tools: &'a Registry,
    /// Where it does it.
    pub place: Workplace<'a>,
    /// Bounds.
    pub limits: Limits,
}

/// How a conversation came to rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// The agent said it is done.
    Finished(Finish),
    /// It stopped calling tools without saying so: its last words.
    Said(String),
    /// The turns are used up.
    OutOfTurns,
}

impl Talk<'_> {
    /// Goes on until the agent is done, has nothing more to do, or its turns are used up.
    ///
    /// # Errors
    /// When no model answers, a cap is reached, a model refuses, or nothing can be stored.
    pub async fn go_on(&self, talk: &mut Transcript) -> Result<Rest, AgentFailure> {
        let office = self.place.office;
        let specs = self.tools.specs();
        while talk.turn < self.limits.turns.min(TURNS_MOST) {
            self.listen(talk);
            if talk.estimate() > self.limits.compact_at {
                self.condense(talk).await?;
            }
            let reply = self.reply(talk, &specs).await?;
            talk.pay(reply.usage, reply.cost);
            office.feed(FeedItem::Meter { usage: talk.usage, cost: talk.cost });
            if let StopReason::Refused(word) = &reply.stop {
                let word = text::clean_line(word, 400);
                return Err(AgentFailure::permanent(format!("{} refuses to go on: {word}", reply.by)));
            }
            let rest = self.turn(talk, reply).await?;
            talk.resting = matches!(rest, Some(Rest::Said(_)));
            self.finish_turn(talk).await?;
            if let Some(rest) = rest {
                return Ok(rest);
            }
        }
        Ok(Rest::OutOfTurns)
    }

    /// Takes in what the director said meanwhile: each word once, whatever was interrupted since.
    fn listen(&self, talk: &mut Transcript) {
        let said = self.place.office.said();
        let known = known(&talk.heard, &said);
        talk.heard.clone_from(&said);
        for words in said.into_iter().skip(known) {
            self.place.office.feed(FeedItem::Said(text::clean(&words).into()));
            talk.say_words(format!("The director says: {words}"));
            talk.pinned.push(format!("The director said while you worked: {words}"));
        }
    }

    async fn reply(&self, talk: &mut Transcript, specs: &[ToolSpec]) -> Result<Reply, AgentFailure> {
        let first = self.call(talk, specs).await;
        match first {
            Err(error) if error.kind == CallErrorKind::ContextTooLong && talk.messages.len() > 2 => {
                self.condense(talk).await?;
                Ok(self.call(talk, specs).await?)
            }
            other => Ok(other?),
        }
    }

    async fn condense(&self, talk: &mut Transcript) -> Result<(), AgentFailure> {
        compaction::condense(self.place.office, (self.switchboard, self.summarizer), talk).await
    }

    async fn call(&self, talk: &Transcript, specs: &[ToolSpec]) -> Result<Reply, CallError> {
        let request = CallRequest {
            system: self.system.to_owned(),
            messages: talk.messages.clone(),
            tools: specs.to_vec(),
            max_output: self.limits.output,
            thinking: self.limits.thinking,
        };
        ask(self.place.office, self.switchboard, self.chain, &request).await
    }

    /// Takes a reply in and does what it asks for; says whether the conversation rests.
    async fn turn(&self, talk: &mut Transcript, reply: Reply) -> Result<Option<Rest>, AgentFailure> {
        let Reply { message, stop, .. } = reply;
        let message = spoken(message);
        let calls: Vec<Call> = message.blocks.iter().filter_map(Call::of).collect();
        let said = words_of(&message);
        let cut_before = was_told_to_go_on(talk);
        talk.messages.push(message);
        if !calls.is_empty() {
            return self.run_calls(talk, &calls, &stop).await;
        }
        match stop {
            StopReason::MaxTokens if !cut_before => {
                talk.say_words(GO_ON);
                Ok(None)
            }
            // The paused message goes back as it is, as the last one of the conversation.
            StopReason::Pause => Ok(None),
            _ => Ok(Some(Rest::Said(said))),
        }
    }

    async fn run_calls(
        &self,
        talk: &mut Transcript,
        calls: &[Call],
        stop: &StopReason,
    ) -> Result<Option<Rest>, AgentFailure> {
        let repeats = repeats(talk);
        if repeats >= REPEATS_MOST {
            let name = text::clean_line(&calls[0].name, 64);
            return Err(AgentFailure::permanent(format!(
                "the agent made the same call of {name} {repeats} times in a row"
            )));
        }
        let outputs = self.outputs(calls, stop).await;
        let finish = outputs.iter().find_map(|output| output.finish.as_deref().cloned());
        let mut blocks: Vec<Block> =
            calls.iter().zip(outputs).map(|(call, output)| call.result(output)).collect();
        if repeats >= REPEATS_WARN {
            blocks.push(Block::Text(format!("You have made this same call {repeats} times in a row. It will not change: do something else, or finish.")));
        }
        let left = self.limits.turns.saturating_sub(talk.turn + 1);
        if left <= TURNS_WARN && left > 0 && finish.is_none() {
            blocks.push(Block::Text(format!(
                "Left: {}. Bring the work to an end and call `finish`.",
                text::count(left, "turn")
            )));
        }
        talk.say(blocks);
        talk.finish.clone_from(&finish);
        Ok(finish.map(Rest::Finished))
    }

    /// Runs calls in order, neighbouring readers side by side.
    async fn outputs(&self, calls: &[Call], stop: &StopReason) -> Vec<Output> {
        let mut outputs = Vec::with_capacity(calls.len());
        let reads = |call: &Call| self.tools.class(&call.name) == Some(PermissionClass::Read);
        let mut rest = &calls[..calls.len().min(CALLS_MOST)];
        while let Some(first) = rest.first() {
            let group = if reads(first) { rest.iter().take_while(|call| reads(call)).count() } else { 1 };
            let (now, later) = rest.split_at(group);
            // Boxed one by one: the compiler cannot prove a stream of borrowing futures `Send`.
            let running: Vec<_> =
                now.iter().map(|call| futures::FutureExt::boxed(self.output(call, stop))).collect();
            outputs.extend(stream::iter(running).buffered(SIDE_BY_SIDE).collect::<Vec<_>>().await);
            rest = later;
        }
        let over = calls.len() - outputs.len();
        let told =
            || Output::failed(format!("not run: more than {CALLS_MOST} calls in one answer; make it again"));
        outputs.extend(std::iter::repeat_with(told).take(over));
        outputs
    }

    async fn output(&self, call: &Call, stop: &StopReason) -> Output {
        let office = self.place.office;
        let name = String::from(text::clean_line(&call.name, 64));
        office.feed(FeedItem::Tool { name: name.clone(), brief: brief(&call.input) });
        let mut output = self.tools.call(&self.place, &call.name, call.input.clone()).await;
        if *stop == StopReason::MaxTokens && call.input.get(INVALID).is_some() {
            output.text.push_str("\nYour answer was cut by the output limit: make smaller steps.");
        }
        let line = output.text.lines().next().unwrap_or_default();
        office.feed(FeedItem::ToolDone {
            name,
            brief: text::clean_line(line, BRIEF_MOST).into(),
            ok: output.ok,
        });
        let class = self.tools.class(&call.name);
        if matches!(class, Some(PermissionClass::Write | PermissionClass::Run)) {
            show_shot(self.place.bench, office).await;
        }
        output
    }

    /// Makes the turn durable: first the worktree, then the words, then the report.
    async fn finish_turn(&self, talk: &mut Transcript) -> Result<(), AgentFailure> {
        let office = self.place.office;
        talk.turn += 1;
        let message = format!("{} attempt {} turn {}", talk.role.word(), talk.attempt, talk.turn);
        // Snapshots are named by number: one attempt never takes another's names.
        let number = talk.attempt.saturating_sub(1).saturating_mul(TURNS_MOST).saturating_add(talk.turn);
        let commit =
            self.place.bench.snapshot(number, &message).await.map_err(|error| {
                AgentFailure::transient(format!("the worktree could not be kept: {error}"))
            })?;
        if commit.is_some() {
            talk.commit.clone_from(&commit);
        }
        let digest = talk.keep(office)?;
        office.turn_finished(talk.turn, digest, commit).await;
        Ok(())
    }
}

/// Shows the worktree's patch on the channel. That it cannot be made is said there and harms nothing.
pub async fn show_shot(bench: &dyn Bench, office: &dyn Office) {
    match bench.shot().await {
        Ok(bytes) => {
            let patch = text::clean_patch(&bytes);
            office.feed(FeedItem::Shot(Arc::new(Shot { digest: Digest::of(patch.as_bytes()), patch })));
        }
        Err(error) => {
            let why = text::clean_line(&error.to_string(), BRIEF_MOST);
            office.feed(FeedItem::Notice(format!("the live shot could not be made: {why}")));
        }
    }
}

struct Call {
    id: String,
    name: String,
    input: Value,
}

impl Call {
    fn of(block: &Block) -> Option<Self> {
        let Block::ToolCall { id, name, input, .. } = block else { return None };
        Some(Self { id: id.clone(), name: name.clone(), input: input.clone() })
    }
    fn result(&self, output: Output) -> Block {
        Block::ToolResult {
            id: self.id.clone(),
            name: self.name.clone(),
            content: output.text,
            is_error: !output.ok,
        }
    }
}

fn was_told_to_go_on(talk: &Transcript) -> bool {
    talk.messages.last().is_some_and(|last| {
        last.speaker == Speaker::User && last.blocks.last() == Some(&Block::Text(GO_ON.to_owned()))
    })
}

/// How many of `said` were heard before: the oldest of a long list are no more kept, so its start is looked for at the
/// end of what was heard.
fn known(heard: &[String], said: &[String]) -> usize {
    (0..=said.len()).rev().find(|most| heard.ends_with(&said[..*most])).unwrap_or(0)
}

/// How often the last set of calls was made in a row, itself included.
fn repeats(talk: &Transcript) -> usize {
    let calls_of = |message: &Message| -> Vec<(String, Value)> {
        message.blocks.iter().filter_map(Call::of).map(|call| (call.name, call.input)).collect()
    };
    let mut turns = talk.messages.iter().rev().filter(|m| m.speaker == Speaker::Assistant).map(calls_of);
    let Some(last) = turns.next() else { return 0 };
    1 + turns.take_while(|calls| *calls == last).count()
}

/// Arguments in one line: the plain values, long ones cut.
#[must_use]
pub fn brief(input: &Value) -> String {
    let line = match input {
        Value::Object(fields) => {
            let show = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let parts =
                fields.iter().map(|(key, value)| format!("{key}={}", text::clean_line(&show(value), 60)));
            parts.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    text::clean_line(&line, BRIEF_MOST).into()
}

#[cfg(test)]
mod tests {
    use super::known;

    #[test]
    fn only_what_was_not_heard_is_news_also_when_the_oldest_was_dropped() {
        let list = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (heard, said, news) in [
            ("", "", ""),
            ("", "a b", "a b"),
            ("a", "a b", "b"),
            ("a b", "a b", ""),
            ("a", "a a", "a"),
            ("a b c", "b c d", "d"),
            ("a b c", "d e f", "d e f"),
        ] {
            let (heard, said) = (list(heard), list(said));
            assert_eq!(said[known(&heard, &said)..], list(news)[..], "{heard:?} {said:?}");
        }
    }
}
