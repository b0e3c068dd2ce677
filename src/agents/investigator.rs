//! The investigator: looks into what rules leave open about an incident. It reads code and history at a bench, is shown
//! evidence by number, and answers with hypotheses that cite it. It changes nothing, runs nothing, and reaches nothing
//! but its model; what comes of its word is decided in [`merge`].
//!
//! Invariants: turns, calls and bytes are bounded; text from outside reaches the model only through [`wall`]; what it
//! looks at is numbered as evidence that is not trusted.

pub mod answer;
pub mod case;
mod locate;
pub mod merge;
pub mod wall;

use crate::{
    agents::{
        airing,
        answer::{calls_of, read, refused},
        bench::Bench,
        conversation::brief,
        failure::AgentFailure,
        office::{Office, until_stopped},
        tools::{
            Output, Registry, Workplace, git, http_get::Reach, list, place, read as read_file, schema,
            search, symbols,
        },
        transcript::spoken,
    },
    domain::{
        feed::FeedItem,
        ids::TeamId,
        incident::{Clue, ClueSort},
        money::{Cost, Money, Usage},
        team::ModelRef,
        text,
        time::Timestamp,
    },
    providers::wire::{Block, CallRequest, Message, Reply, Speaker, StopReason, Switchboard, ToolSpec},
};
use answer::{Answer, Known};
use case::Case;
use merge::Heard;

const PROMPT: &str = include_str!("../../assets/prompts/investigator.md");
/// Name of the tool that ends it.
const DIAGNOSIS: &str = "diagnosis";
/// Tokens of an answer, and of reasoning in one.
const OUTPUT: u32 = 6_000;
const THINKING: u32 = 4_000;
/// Bytes of what one look gives.
const LOOK_MOST: usize = 16 * 1024;
/// Bytes of all looks; after them it must come to an end.
const LOOKS_MOST: usize = 400 * 1024;
/// Looks of one turn that are made.
const CALLS_MOST: usize = 6;
/// Looks that are numbered as evidence.
const LOOKED_MOST: usize = 40;
/// Turns before the end at which it is told.
const TURNS_WARN: u32 = 3;

/// One investigation.
#[derive(Clone, Copy)]
pub struct Inquiry<'a> {
    /// The house.
    pub office: &'a dyn Office,
    /// Calls models.
    pub switchboard: &'a dyn Switchboard,
    /// Who answers, and who instead.
    pub chain: &'a [ModelRef],
    /// Where the service's code can be read, if it can.
    pub bench: Option<&'a dyn Bench>,
    /// What is known.
    pub case: &'a Case,
    /// Turns it may take.
    pub turns: u32,
    /// Now.
    pub now: Timestamp,
}

/// Looks into it.
///
/// # Errors
/// When no model answers in the form asked for, a cap is reached, or work is stopped.
pub async fn inquire(inquiry: Inquiry<'_>) -> Result<Heard, AgentFailure> {
    until_stopped(inquiry.office, inquiry.work()).await
}

/// How far it has come.
struct Progress {
    messages: Vec<Message>,
    looked: Vec<Clue>,
    bytes: usize,
    corrected: bool,
    reminded: bool,
    spent: (Usage, Cost),
}

impl Inquiry<'_> {
    async fn work(&self) -> Result<Heard, AgentFailure> {
        let at = self.bench.map(|bench| self.workplace(bench));
        let tools = self.tools();
        let ending = schema::spec::<Answer>(DIAGNOSIS, "Ends the investigation. Call it once, alone.");
        let words = format!("{}\n\nTurns: {}.", self.case.words(), self.turns.max(1));
        let mut so_far = Progress {
            messages: vec![said(Block::Text(words))],
            looked: Vec::new(),
            bytes: 0,
            corrected: false,
            reminded: false,
            spent: (Usage::default(), Cost::Known(Money::ZERO)),
        };
        for turn in 1..=self.turns.max(1) {
            let last = turn >= self.turns.max(1) || so_far.bytes >= LOOKS_MOST || at.is_none();
            let offered = if last { Vec::new() } else { tools.specs() };
            let reply = self.reply(&mut so_far, offered, &ending).await?;
            if let StopReason::Refused(word) = &reply.stop {
                let word = text::clean_line(word, 300);
                return Err(AgentFailure::permanent(format!("{} refuses to look into it: {word}", reply.by)));
            }
            let looks = !last && self.looks_on(&reply.message);
            let blocks = if looks {
                self.look(&mut so_far, &tools, at.as_ref(), &reply.message, self.turns - turn).await
            } else {
                match self.ended(&mut so_far, &reply.message) {
                    Ok(answer) => {
                        return Ok(Heard { answer, by: reply.by, turns: turn, looked: so_far.looked });
                    }
                    Err(Some(blocks)) if turn < self.turns => blocks,
                    Err(_) => {
                        let by = &reply.by;
                        return Err(AgentFailure::permanent(format!(
                            "{by} gave no diagnosis in the form asked for"
                        )));
                    }
                }
            };
            so_far.messages.push(spoken(reply.message));
            so_far.messages.push(Message { speaker: Speaker::User, blocks });
        }
        Err(AgentFailure::permanent(format!("no diagnosis after {}", text::count(self.turns, "turn"))))
    }

    fn workplace<'b>(&'b self, bench: &'b dyn Bench) -> Workplace<'b> {
        Workplace {
            bench,
            office: self.office,
            team: TeamId(0),
            protected: &|_| None,
            approval_only: &|_| None,
            test_command: None,
            reach: Reach::NOWHERE,
        }
    }

    /// What only reads.
    fn tools(&self) -> Registry {
        let texts = self.case.told.iter().map(|(id, told)| {
            (*id, told.iter().flat_map(|told| told.sought.iter().cloned()).collect::<Vec<_>>())
        });
        Registry::new(vec![
            Box::new(list::List),
            Box::new(read_file::Read),
            Box::new(search::Search),
            Box::new(symbols::Symbols),
            Box::new(git::Git),
            Box::new(locate::Locate(texts.collect())),
        ])
    }

    async fn reply(
        &self,
        so_far: &mut Progress,
        mut tools: Vec<ToolSpec>,
        ending: &ToolSpec,
    ) -> Result<Reply, AgentFailure> {
        tools.push(ending.clone());
        let request = CallRequest {
            system: PROMPT.to_owned(),
            messages: so_far.messages.clone(),
            tools,
            max_output: OUTPUT,
            thinking: THINKING,
        };
        let reply = airing::ask(self.office, self.switchboard, self.chain, &request).await?;
        so_far.spent.0 += reply.usage;
        so_far.spent.1 += reply.cost;
        self.office.feed(FeedItem::Meter { usage: so_far.spent.0, cost: so_far.spent.1 });
        Ok(reply)
    }

    /// Whether it wants to look at more before it answers.
    fn looks_on(&self, message: &Message) -> bool {
        let names = calls_of(message).map(|(_, name, _)| name).collect::<Vec<_>>();
        !names.is_empty() && names.iter().all(|name| *name != DIAGNOSIS)
    }

    /// Makes the looks of a turn and numbers them as evidence.
    async fn look(
        &self,
        so_far: &mut Progress,
        tools: &Registry,
        at: Option<&Workplace<'_>>,
        message: &Message,
        left: u32,
    ) -> Vec<Block> {
        let mut blocks = Vec::new();
        for (nth, (id, name, input)) in calls_of(message).enumerate() {
            let short = brief(input);
            let output = match at {
                Some(at) if nth < CALLS_MOST => {
                    self.office.feed(FeedItem::Tool { name: clean(name), brief: short.clone() });
                    tools.call(at, name, input.clone()).await.bounded(LOOK_MOST)
                }
                _ => Output::failed("not looked at: too many looks in one turn"),
            };
            so_far.bytes = so_far.bytes.saturating_add(output.text.len());
            let number =
                (output.ok && so_far.looked.len() < LOOKED_MOST).then(|| self.number(so_far, (name, &short)));
            let line = output.text.lines().next().unwrap_or_default();
            let line = text::clean_line(line, 160).into();
            self.office.feed(FeedItem::ToolDone { name: clean(name), brief: line, ok: output.ok });
            let content = match number {
                Some(number) => format!("This is E{number}, not trusted.\n{}", output.text),
                None => output.text,
            };
            let (id, name) = (id.to_owned(), name.to_owned());
            blocks.push(Block::ToolResult { id, name, content, is_error: !output.ok });
        }
        if left <= TURNS_WARN || so_far.bytes >= LOOKS_MOST {
            let words = format!("Left: {}. Come to an end: call `{DIAGNOSIS}`.", text::count(left, "turn"));
            blocks.push(Block::Text(words));
        }
        blocks
    }

    fn number(&self, so_far: &mut Progress, (name, short): (&str, &str)) -> u16 {
        let before = u16::try_from(so_far.looked.len()).unwrap_or(u16::MAX);
        let id = self.case.next().saturating_add(before);
        so_far.looked.push(Clue {
            id,
            sort: ClueSort::Code,
            words: text::clean_line(&format!("the model looked: {name} {short}"), Clue::WORDS_MOST).into(),
            detail: String::new(),
            trusted: false,
            still_true: Some(true),
            at: self.now,
        });
        id
    }

    /// The answer, or what to say to the model; nothing more to say when it was told before.
    fn ended(&self, so_far: &mut Progress, message: &Message) -> Result<Answer, Option<Vec<Block>>> {
        let why = match read::<Answer>(message, DIAGNOSIS) {
            Ok(answer) => {
                let faults = self.faults(so_far, &answer);
                if faults.is_empty() || so_far.corrected {
                    return Ok(answer);
                }
                so_far.corrected = true;
                faults.join("; ")
            }
            Err(_) if so_far.reminded => return Err(None),
            Err(why) => {
                so_far.reminded = true;
                why
            }
        };
        let told = format!("This does not fit: {why}. Look again or call `{DIAGNOSIS}` as its schema says.");
        Err(Some(refused(message, told)))
    }

    fn faults(&self, so_far: &Progress, answer: &Answer) -> Vec<String> {
        let all = |id: u16| self.case.rules.clues.iter().chain(&so_far.looked).any(|clue| clue.id == id);
        let is_file = |path: &str| {
            let Some(bench) = self.bench else { return false };
            place::find(bench.root(), path).is_ok_and(|place| place.real.is_file())
        };
        let offers: Vec<String> = self.case.offers.iter().map(|plan| plan.runbook.clone()).collect();
        let known =
            Known { evidence: &all, file: &is_file, offers: &offers, culprit: self.case.culprit.is_some() };
        answer.faults(&known)
    }
}

fn clean(name: &str) -> String {
    text::clean_line(name, 64).into()
}

fn said(block: Block) -> Message {
    Message { speaker: Speaker::User, blocks: vec![block] }
}

#[cfg(test)]
mod tests;
