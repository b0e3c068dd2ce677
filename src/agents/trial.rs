//! One run of one command at a bench, as evidence has it: how it ended, what its tests say, its whole output kept. What
//! could not be run is `Broken`, never passed.

use crate::{
    agents::{
        bench::{Bench, Job, Walls},
        context,
        failure::AgentFailure,
        office::Office,
        outputs::{self, Parsed},
    },
    domain::{
        candidate::{CheckKind, CheckOutcome, CheckRun},
        digest::Digest,
        feed::FeedItem,
        ids::TeamId,
        request::{Decision, Subject},
        text,
        time::Millis,
    },
    workspace::{process::Exit, sandbox::Strength},
};

/// Output kept of one run, in bytes.
const OUTPUT_MOST: usize = 1024 * 1024;
/// Bytes of its end that are shown.
const TAIL_MOST: usize = 2 * 1024;

/// For whom it runs, and how long at most.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// The house.
    pub office: &'a dyn Office,
    /// Whose work is looked at.
    pub team: TeamId,
    /// Time limit.
    pub wall: Millis,
}

impl Trial<'_> {
    /// Runs a shell line.
    ///
    /// # Errors
    /// Its output cannot be stored.
    pub async fn run(
        &self,
        bench: &dyn Bench,
        (command, walls): (&str, Walls),
    ) -> Result<(CheckRun, Parsed), AgentFailure> {
        let mut job = Job { walls, ..Job::shell(command, self.wall, OUTPUT_MOST) };
        let allowed = self.allow(bench, &mut job).await;
        let ran = match allowed {
            Ok(()) => bench.run(&job).await.map_err(|error| error.to_string()),
            Err(refused) => Err(refused),
        };
        match ran {
            Ok(ran) => self.found(outcome(ran.exit), &ran.output, ran.elapsed),
            Err(words) => self.found(CheckOutcome::Broken, words.as_bytes(), Millis(0)),
        }
    }

    /// What was never run, and why.
    ///
    /// # Errors
    /// The words cannot be stored.
    pub fn broken(&self, words: &str) -> Result<CheckRun, AgentFailure> {
        self.found(CheckOutcome::Broken, words.as_bytes(), Millis(0)).map(|(run, _)| run)
    }

    fn found(
        &self,
        outcome: CheckOutcome,
        output: &[u8],
        elapsed: Millis,
    ) -> Result<(CheckRun, Parsed), AgentFailure> {
        let kept = |error| AgentFailure::transient(format!("a check's output could not be stored: {error}"));
        let digest: Digest = self.office.keep(output).map_err(kept)?;
        let clean = text::clean_bytes(output);
        let parsed = outputs::parse(&clean);
        let run = CheckRun {
            outcome,
            passed: parsed.passed,
            failed: parsed.failed,
            elapsed,
            output: digest,
            tail: tail(&clean).to_owned(),
        };
        Ok((run, parsed))
    }

    /// Where the kernel holds nothing, a check too is asked for.
    async fn allow(&self, bench: &dyn Bench, job: &mut Job) -> Result<(), String> {
        let Strength::None(why) = bench.strength() else { return Ok(()) };
        let reason = format!("run a check ({why})");
        let subject = Subject::Command { team: self.team, argv: job.argv.clone(), reason };
        match self.office.ask(subject).await {
            Decision::Approve { .. } | Decision::Grant { .. } => {
                job.walls = Walls::None;
                Ok(())
            }
            _ => {
                Err("not run: there is no sandbox here and the director did not allow it without".to_owned())
            }
        }
    }

    /// Says on the channel how it ended.
    pub fn show(&self, (kind, command): (CheckKind, &str), run: &CheckRun) {
        let ok = run.outcome == CheckOutcome::Passed;
        let word = run.outcome.words();
        let counts = match (run.passed, run.failed) {
            (Some(passed), Some(failed)) => format!(" ({passed} passed, {failed} failed)"),
            _ => String::new(),
        };
        let brief = format!("{}: {word}{counts} in {}", text::clean_line(command, 80), run.elapsed);
        self.office.feed(FeedItem::ToolDone { name: context::kind_word(kind).to_owned(), brief, ok });
    }
}

fn outcome(exit: Exit) -> CheckOutcome {
    match exit {
        Exit::Code(0) => CheckOutcome::Passed,
        // 126 and 127 are the shell's words for "cannot be run" and "not found".
        Exit::Code(126 | 127) => CheckOutcome::Broken,
        Exit::Code(_) | Exit::Signal(_) => CheckOutcome::Failed,
        Exit::TimedOut => CheckOutcome::TimedOut,
        Exit::Stopped => CheckOutcome::Broken,
    }
}

/// The last whole lines, at most [`TAIL_MOST`] bytes.
fn tail(clean: &str) -> &str {
    let clean = clean.trim_end();
    let from = clean.len().saturating_sub(TAIL_MOST);
    let from = (from..=clean.len()).find(|at| clean.is_char_boundary(*at)).unwrap_or(clean.len());
    let cut = &clean[from..];
    if from == 0 { cut } else { cut.split_once('\n').map_or(cut, |(_, rest)| rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_whole_lines_within_bounds() {
        let long: String = (0..1_000).map(|n| format!("zeile ä {n}\n")).collect();
        let end = tail(&long);
        assert!(end.len() <= TAIL_MOST && end.starts_with("zeile") && end.ends_with("999"));
    }
}
