//! What people write is kept for ever and read by models: secrets are taken out of it before it goes anywhere, by whichever
//! face it came. Owns where people write; what a secret looks like is the monitor's.

use crate::{
    domain::{
        mission::Rating,
        request::{Decision, Modification},
    },
    engine::command::{Command, ControlCommand, DeskCommand, HealCommand, IdeaCommand, MissionCommand},
    monitor::redact::secrets,
};
use std::borrow::Cow;

/// The command without secrets in its words. A brief says how many there were; of the others the log does.
#[must_use]
pub(super) fn discreet(mut command: Command) -> Command {
    let mut taken = 0;
    for words in words(&mut command) {
        let (clean, found) = secrets(words);
        if found > 0 {
            *words = clean.into_owned();
            taken += found;
        }
    }
    if taken > 0 {
        tracing::warn!(
            secrets = taken,
            "secrets were taken out of what a person wrote; it is kept without them"
        );
        if let Command::Mission(MissionCommand::Open(brief)) = &mut command {
            brief.withheld = brief.withheld.saturating_add(u32::try_from(taken).unwrap_or(u32::MAX));
        }
    }
    command
}

/// Words that repeat what somebody sent, without the secrets in them.
#[must_use]
pub fn without_secrets(words: &str) -> Cow<'_, str> {
    secrets(words).0
}

/// Everything in it that a person wrote.
fn words(command: &mut Command) -> Vec<&mut String> {
    match command {
        Command::Under(_, command) => words(command),
        Command::Mission(MissionCommand::Open(brief)) => {
            let lists = brief.constraints.iter_mut().chain(&mut brief.checks);
            std::iter::once(&mut brief.text).chain(lists).collect()
        }
        Command::Mission(MissionCommand::Answer(_, answers)) => {
            answers.iter_mut().map(|answer| &mut answer.text).collect()
        }
        Command::Mission(
            MissionCommand::Cancel(_, words)
            | MissionCommand::Retry(_, words)
            | MissionCommand::Refine(_, _, words),
        )
        | Command::Heal(HealCommand::Resolve(_, words))
        | Command::Mission(MissionCommand::Rate(_, Rating { words, .. }))
        | Command::Idea(IdeaCommand::Dismiss { why: words, .. })
        | Command::Control(ControlCommand::Pause(words) | ControlCommand::Stop(words)) => vec![words],
        Command::Heal(HealCommand::Silence(silence)) => vec![&mut silence.why],
        Command::Desk(DeskCommand::Decide(_, _, decision) | DeskCommand::Hold(_, _, decision)) => {
            match &mut **decision {
                Decision::Reject { reason: words }
                | Decision::Retry { reason: words }
                | Decision::Modify { change: Modification::Prompt(words), .. } => vec![words],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::ids::{MissionId, TeamId},
        engine::ideas::IdeaId,
    };

    #[test]
    fn d1_what_people_write_is_given_without_its_secrets_and_all_else_as_it_was() {
        let refine =
            |words: &str| Command::Mission(MissionCommand::Refine(MissionId(1), TeamId(1), words.into()));
        let key = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0".repeat(2).split_at(36).0);
        let Command::Mission(MissionCommand::Refine(.., words)) =
            discreet(refine(&format!("use {key} for it")))
        else {
            panic!("another command")
        };
        assert!(
            !words.contains(&key) && words.starts_with("use [redacted:") && words.ends_with(" for it"),
            "{words}"
        );
        let rate = Rating { stars: 2, words: format!("it used {key}") };
        for command in [
            Command::Mission(MissionCommand::Rate(MissionId(1), rate)),
            Command::Control(ControlCommand::Pause(format!("{key} leaks"))),
            Command::Control(ControlCommand::Stop(format!("{key} leaks"))),
            Command::Idea(IdeaCommand::Dismiss { id: IdeaId("idea-1".into()), why: format!("{key} again") }),
        ] {
            let kept = format!("{:?}", discreet(command));
            assert!(!kept.contains(&key) && kept.contains("[redacted:"), "{kept}");
        }
        let plain = refine("compare password == confirm_password, and write to ada@example.com");
        assert_eq!(discreet(plain.clone()), plain);
    }
}
