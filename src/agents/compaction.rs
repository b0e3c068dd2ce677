//! A conversation that grew too long is condensed: older turns become a summary, the newest stay as they are.
//! What is pinned is put back word for word and checked to be there; a rule that is lost is an error.
//!
//! If no model can summarise, old tool outputs are left out by rule instead: less clever, but it always works.

use crate::{
    agents::{
        failure::{AgentFailure, FailureKind},
        office::Office,
        prompt, summarizer,
        transcript::Transcript,
    },
    domain::{feed::FeedItem, money::Usage, team::ModelRef, text},
    providers::wire::{Block, Message, Speaker, Switchboard},
};

/// Newest messages that stay as they are.
const KEEP_NEWEST: usize = 6;
/// Bytes of an old tool output that stay when no summary can be made.
const OLD_OUTPUT_MOST: usize = 400;

/// Condenses the conversation with a summary by one of these models.
///
/// # Errors
/// When a pinned rule would be lost, or a cap forbids the summary's call or work is stopped.
pub async fn condense(
    office: &dyn Office,
    (switchboard, chain): (&dyn Switchboard, &[ModelRef]),
    talk: &mut Transcript,
) -> Result<(), AgentFailure> {
    let before = talk.estimate();
    let from = cut(&talk.messages);
    let (old, newest) = talk.messages.split_at(from);
    let summary = if old.is_empty() {
        None
    } else {
        match summarizer::summarize(office, switchboard, chain, old).await {
            Ok((summary, usage, cost)) => {
                talk.usage += usage;
                Some((summary, cost))
            }
            Err(failure) if matches!(failure.kind, FailureKind::OverBudget(_) | FailureKind::Cancelled) => {
                return Err(failure);
            }
            Err(_) => None,
        }
    };
    let messages = match &summary {
        Some((summary, _)) => rebuilt(talk, summary, newest),
        None => elided(&talk.pinned, &talk.messages),
    };
    let lost = lost_rules(&talk.pinned, &messages);
    if !lost.is_empty() {
        let first = lost[0].chars().take(80).collect::<String>();
        return Err(AgentFailure::permanent(format!(
            "{} pinned rules were lost while condensing, first: {first}",
            lost.len()
        )));
    }
    talk.messages = messages;
    talk.compactions += 1;
    if let Some((_, cost)) = summary {
        talk.pay(Usage::default(), cost);
    }
    let note = format!(
        "conversation condensed from about {before} to {}; {} kept",
        text::count(talk.estimate(), "token"),
        text::count(talk.pinned.len(), "pinned rule")
    );
    office.feed(FeedItem::Notice(note));
    Ok(())
}

/// Pinned rules as a block of words, each verbatim.
#[must_use]
pub fn pinned_words(pinned: &[String]) -> String {
    let rules: Vec<_> =
        pinned.iter().enumerate().map(|(n, rule)| format!("[rule {}]\n{rule}", n + 1)).collect();
    format!("These hold for the whole work, word for word:\n{}", rules.join("\n"))
}

/// Pinned rules that do not stand word for word in the user's voice.
fn lost_rules<'a>(pinned: &'a [String], messages: &[Message]) -> Vec<&'a str> {
    let holds = |rule: &str| {
        messages.iter().filter(|message| message.speaker == Speaker::User).any(|message| {
            message.blocks.iter().any(|block| matches!(block, Block::Text(words) if words.contains(rule)))
        })
    };
    pinned.iter().map(String::as_str).filter(|rule| !holds(rule)).collect()
}

/// Where the newest part begins: at a reply of the model, so that no result is parted from its call.
fn cut(messages: &[Message]) -> usize {
    let wanted = messages.len().saturating_sub(KEEP_NEWEST);
    (wanted..messages.len()).find(|at| messages[*at].speaker == Speaker::Assistant).unwrap_or(0)
}

fn rebuilt(talk: &Transcript, summary: &str, newest: &[Message]) -> Vec<Message> {
    let summary = prompt::fence("summary of the work so far, made by a model", summary);
    let (rules, background) = (pinned_words(&talk.pinned), &talk.background);
    let words =
        format!("{rules}\n\n{background}\n\n{summary}\n\nThe worktree is as you left it. Go on from here.");
    let mut messages = vec![Message { speaker: Speaker::User, blocks: vec![Block::Text(words)] }];
    messages.extend(newest.iter().cloned());
    messages
}

/// All messages, with old tool outputs and images cut short; pinned rules joined to the first.
fn elided(pinned: &[String], messages: &[Message]) -> Vec<Message> {
    let old = messages.len().saturating_sub(KEEP_NEWEST);
    let mut messages = messages.to_vec();
    for message in messages.iter_mut().take(old) {
        for block in &mut message.blocks {
            match block {
                Block::ToolResult { content, .. } if content.len() > OLD_OUTPUT_MOST => {
                    *content = text::head_tail(content, OLD_OUTPUT_MOST);
                }
                Block::Image { .. } => *block = Block::Text("[an image was here]".to_owned()),
                _ => {}
            }
        }
    }
    let rules = Block::Text(pinned_words(pinned));
    match messages.first_mut() {
        Some(first) if first.speaker == Speaker::User => {
            first.blocks.retain(|block| !matches!(block, Block::Text(words) if words.starts_with("These hold for the whole work")));
            first.blocks.insert(0, rules);
        }
        _ => messages.insert(0, Message { speaker: Speaker::User, blocks: vec![rules] }),
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::Line;
    use crate::{
        agents::{
            conversation::{Limits, Rest, Talk},
            testing::{Desk, Script, TestBench, call, calls, model, reply, words},
            tools::Registry,
        },
        domain::team::{Role, Vendor},
        providers::wire::{CallErrorKind, StopReason},
    };
    use serde_json::json;

    fn long_talk() -> Transcript {
        let canaries =
            ["CANARY-1 no new deps", "CANARY-2 keep `{{api}}` stable\nsecond line", "CANARY-3 ünïcode"];
        let mut talk = Transcript::new(Role::Worker, canaries.map(str::to_owned).to_vec());
        talk.background = "BACKGROUND be kind".to_owned();
        talk.say_words(pinned_words(&talk.pinned));
        for n in 0..10 {
            let id = n.to_string();
            talk.messages.push(Message {
                speaker: Speaker::Assistant,
                blocks: vec![call(&id, "read", json!({"path": format!("f{n}")}))],
            });
            talk.say(vec![Block::ToolResult {
                id,
                name: "read".to_owned(),
                content: "x".repeat(4_000),
                is_error: false,
            }]);
        }
        talk
    }

    fn whole(messages: &[Message]) {
        let mut open: Vec<&str> = Vec::new();
        for message in messages {
            for block in &message.blocks {
                match block {
                    Block::ToolCall { id, .. } => open.push(id),
                    Block::ToolResult { id, .. } => {
                        assert!(open.contains(&id.as_str()), "result {id} without its call");
                        open.retain(|known| known != id);
                    }
                    _ => {}
                }
            }
        }
        assert!(open.is_empty(), "calls without result: {open:?}");
        assert_eq!(messages[0].speaker, Speaker::User);
        assert!(messages.windows(2).all(|pair| pair[0].speaker != pair[1].speaker), "speakers alternate");
    }

    async fn condensed(line: Line) -> (Transcript, Script) {
        let bench = TestBench::repo(&[("a", "")]);
        let desk = Desk::default();
        let place = bench.workplace(&desk);
        let tools = Registry::worker(&place);
        let script = Script::new([line, calls("z", "finish", json!({"summary": "s", "confidence": 50}))]);
        let chain = [model(Vendor::Anthropic)];
        let limits = Limits { compact_at: 3_000, ..Limits::default() };
        let at = Talk {
            switchboard: &script,
            chain: &chain,
            summarizer: &chain,
            system: "s",
            tools: &tools,
            place,
            limits,
        };
        let mut talk = long_talk();
        let before = talk.estimate();
        assert!(matches!(at.go_on(&mut talk).await.unwrap(), Rest::Finished(_)));
        assert!(talk.estimate() < before);
        assert_eq!(talk.compactions, 1);
        assert!(lost_rules(&talk.pinned, &talk.messages).is_empty());
        whole(&talk.messages);
        assert!(
            lost_rules(&talk.pinned, &script.asked(1).messages).is_empty(),
            "what was really sent holds the rules"
        );
        (talk, script)
    }

    #[tokio::test]
    async fn every_rule_survives_a_summary_that_forgets_them() {
        let (talk, script) = condensed(words("I looked at some files.")).await;
        let sent = script.asked(1).messages;
        assert!(
            matches!(&sent[0].blocks[0], Block::Text(w) if w.contains("I looked at some files.") && w.contains("BACKGROUND be kind") && w.contains("made by a model"))
        );
        assert!(sent.len() < 10 && talk.usage.input == 200);
    }

    #[tokio::test]
    async fn every_rule_survives_when_no_model_can_summarise() {
        let (_, script) = condensed(Line::Error(CallErrorKind::Overloaded)).await;
        let sent = script.asked(1).messages;
        assert_eq!(sent.len(), 21);
        assert!(matches!(&sent[2].blocks[0], Block::ToolResult { content, .. } if content.len() < 600));
        assert!(matches!(&sent[20].blocks[0], Block::ToolResult { content, .. } if content.len() == 4_000));
    }

    #[tokio::test]
    async fn a_cap_is_not_talked_around() {
        let script = Script::new([Line::Error(CallErrorKind::OverBudget(None))]);
        let chain = [model(Vendor::Anthropic)];
        let failure = condense(&Desk::default(), (&script, &chain), &mut long_talk()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::OverBudget(None));
    }

    #[tokio::test]
    async fn too_long_for_the_model_condenses_once_and_asks_again() {
        let bench = TestBench::repo(&[("a", "")]);
        let desk = Desk::default();
        let place = bench.workplace(&desk);
        let tools = Registry::worker(&place);
        let script = Script::new([
            Line::Error(CallErrorKind::ContextTooLong),
            words("summary"),
            reply(StopReason::EndTurn, vec![Block::Text("done".to_owned())]),
        ]);
        let chain = [model(Vendor::Anthropic)];
        let at = Talk {
            switchboard: &script,
            chain: &chain,
            summarizer: &chain,
            system: "s",
            tools: &tools,
            place,
            limits: Limits::default(),
        };
        let mut talk = long_talk();
        assert_eq!(at.go_on(&mut talk).await.unwrap(), Rest::Said("done".to_owned()));
        assert_eq!(talk.compactions, 1);
    }

    #[test]
    fn a_lost_rule_is_seen() {
        let talk = long_talk();
        let rebuilt =
            rebuilt(&Transcript { pinned: talk.pinned[1..].to_vec(), ..talk.clone() }, "words", &[]);
        assert_eq!(lost_rules(&talk.pinned, &rebuilt), ["CANARY-1 no new deps"]);
    }
}
