//! Whether it helped: waits, then looks until everything is true, the window is over, or what was acted on is seen to have
//! died since. What was seen alive is remembered by whoever asks, so that a verification begun anew knows it.

use super::{
    asking::{Asked, Asking, Depth, Of},
    ground::{Ground, Memory, Pace},
    outcome::Verdict,
};
use crate::domain::{expr::Answer, runbook::RunPlan, time::Millis};
use std::future::Future;

/// Between two checks at most, and at least.
const EVERY: (Millis, Millis) = (Millis::secs(10), Millis::secs(1));

/// Waits as long as the plan says, then checks until everything that is to be true is true, or until the window is
/// over. Being stopped is not being helped.
pub async fn verify(
    plan: &RunPlan,
    at: (&Ground<'_>, &dyn Pace),
    memory: &Memory<'_>,
    stop: impl Future<Output = ()> + Send,
) -> Verdict {
    tokio::select! {
        biased;
        () = stop => Verdict::Unknown(vec!["stopped before it could be told".into()]),
        verdict = checked(plan, at, memory) => verdict,
    }
}

async fn checked(plan: &RunPlan, (ground, pace): (&Ground<'_>, &dyn Pace), memory: &Memory<'_>) -> Verdict {
    let mut asking = Asking::of(plan.verify.all.iter().map(String::as_str));
    if plan.verify.all.is_empty() {
        return Verdict::Unknown(vec!["nothing says how it is known to have helped".into()]);
    }
    pace.sleep(plan.verify.after).await;
    let began = pace.now();
    let window = plan.verify.window;
    // So often that as many checks as are asked for fit in twice.
    let every = Millis(window.0 / (u64::from(asking.checks()) * 2)).clamp(EVERY.1, EVERY.0);
    let mut rounds = 0_u32;
    let lived = |condition: &String| {
        let held = memory.held.contains(condition);
        Life { held, remembered: held, gone: 0 }
    };
    let mut lives: Vec<Life> = plan.verify.all.iter().map(lived).collect();
    loop {
        asking.look(ground.look).await;
        rounds = rounds.saturating_add(1);
        let answers = asking.answers(Depth::Checks);
        if answers.iter().all(Asked::holds) {
            (ground.tell)(&format!("it helped: everything holds after {rounds} checks"));
            return Verdict::Helped;
        }
        let now = asking.answers(Depth::Now);
        let before = lives.clone();
        let seen = lives.iter_mut().zip(answers.iter().zip(&now));
        let ended: Vec<String> = seen.filter_map(|(life, (all, now))| life.ended(all, now)).collect();
        let fresh = before.iter().zip(&lives).zip(&plan.verify.all);
        for ((_, _), condition) in fresh.filter(|((before, life), _)| !before.held && life.held) {
            (memory.keep)(condition);
        }
        if !ended.is_empty() {
            (ground.tell)(&format!("it did not last: {}", ended.join("; ")));
            return Verdict::NotHelped(ended);
        }
        let left = window.0.saturating_sub(pace.now().0.saturating_sub(began.0));
        if left == 0 {
            return verdict(&answers);
        }
        pace.sleep(Millis(every.0.min(left))).await;
    }
}

/// Looks in a row in which what was there is not any more, from which it has ended: one may be a hiccup.
const ENDED_LEAST: u32 = 2;
/// The same of what was seen before this verification began anew: what ended it may have ended the service, too, which takes its
/// time to come up.
const REMEMBERED_LEAST: u32 = 12;

/// How one condition on what was acted on went.
#[derive(Debug, Clone, Copy, Default)]
struct Life {
    /// It was seen to hold.
    held: bool,
    /// By an earlier look, and not since.
    remembered: bool,
    /// Looks in a row since, in which it did not.
    gone: u32,
}

impl Life {
    /// Takes one look; says how it ended, if it did. What never held may still come up.
    fn ended(&mut self, all: &Asked, now: &Asked) -> Option<String> {
        let least = match now.of {
            Of::Life => {
                self.held |= now.holds();
                ENDED_LEAST
            }
            Of::Health(checks) => {
                self.held |= all.holds();
                checks.max(ENDED_LEAST)
            }
            Of::Else => return None,
        };
        self.remembered &= !now.holds();
        let least = if self.remembered { least.max(REMEMBERED_LEAST) } else { least };
        self.gone = if self.held && now.answer == Answer::False { self.gone.saturating_add(1) } else { 0 };
        (self.gone >= least).then(|| format!("{}; it did before", now.words()))
    }
}

/// What does not hold outweighs what cannot be told.
fn verdict(answers: &[Asked]) -> Verdict {
    let reasons = |wanted: fn(&Answer) -> bool| -> Vec<String> {
        answers.iter().filter(|asked| wanted(&asked.answer)).map(Asked::words).collect()
    };
    let wrong = reasons(|answer| *answer == Answer::False);
    match wrong.is_empty() {
        true => Verdict::Unknown(reasons(|answer| matches!(answer, Answer::Unknown(_)))),
        false => Verdict::NotHelped(wrong),
    }
}
