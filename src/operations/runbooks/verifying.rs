//! Whether it helped: waits, then looks until everything is true or the window is over.

use super::{
    asking::{Asking, Depth, words},
    ground::{Ground, Pace},
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
    ground: &Ground<'_>,
    pace: &dyn Pace,
    stop: impl Future<Output = ()> + Send,
) -> Verdict {
    tokio::select! {
        biased;
        () = stop => Verdict::Unknown(vec!["stopped before it could be told".into()]),
        verdict = checked(plan, ground, pace) => verdict,
    }
}

async fn checked(plan: &RunPlan, ground: &Ground<'_>, pace: &dyn Pace) -> Verdict {
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
    loop {
        asking.look(ground.look).await;
        rounds = rounds.saturating_add(1);
        let answers = asking.answers(Depth::Checks);
        if answers.iter().all(|(_, answer)| *answer == Answer::True) {
            (ground.tell)(&format!("it helped: everything holds after {rounds} checks"));
            return Verdict::Helped;
        }
        let left = window.0.saturating_sub(pace.now().0.saturating_sub(began.0));
        if left == 0 {
            return verdict(&answers);
        }
        pace.sleep(Millis(every.0.min(left))).await;
    }
}

/// What does not hold outweighs what cannot be told.
fn verdict(answers: &[(String, Answer)]) -> Verdict {
    let reasons = |wanted: fn(&Answer) -> bool| -> Vec<String> {
        answers
            .iter()
            .filter(|(_, answer)| wanted(answer))
            .map(|(text, answer)| words(text, answer))
            .collect()
    };
    let wrong = reasons(|answer| *answer == Answer::False);
    match wrong.is_empty() {
        true => Verdict::Unknown(reasons(|answer| matches!(answer, Answer::Unknown(_)))),
        false => Verdict::NotHelped(wrong),
    }
}
