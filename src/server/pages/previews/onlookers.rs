//! Who looks at previews from elsewhere. What is run for them ends when the last of them has gone, and there are few at once: a
//! program that runs costs the daemon's machine something, and whoever wanted it may have lost the line.

use crate::{
    domain::{feed::Channel, time::Millis},
    runtime::{
        beside,
        previews::{Previews, Want},
    },
    server::problem::{Problem, Sort},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::watch, time};

/// Previews that run at once for people elsewhere.
pub(super) const MOST: usize = 4;
/// How long one goes on that nobody looks at: a line that was lost may come back.
pub(super) const LINGERS: Millis = Millis::secs(5);

/// See the module.
#[derive(Default)]
pub(in crate::server) struct Onlookers(Arc<Mutex<BTreeMap<Channel, Looked>>>);

/// How it stands with one.
#[derive(Default)]
struct Looked {
    /// How many look.
    seats: watch::Sender<usize>,
    /// Whether it ends with the last of them: it was begun for them.
    theirs: bool,
}

/// Somebody looks, for as long as this lives.
pub(super) struct Seat(watch::Sender<usize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.send_modify(|seats| *seats = seats.saturating_sub(1));
    }
}

fn lock(all: &Mutex<BTreeMap<Channel, Looked>>) -> MutexGuard<'_, BTreeMap<Channel, Looked>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Onlookers {
    /// Somebody begins to look.
    pub(super) fn sit(&self, channel: Channel) -> Seat {
        let mut all = lock(&self.0);
        let seats = all.entry(channel).or_default().seats.clone();
        seats.send_modify(|seats| *seats += 1);
        Seat(seats)
    }

    /// Has one run until nobody looks at it any more; one that runs has its page asked for again. What was begun at a screen of
    /// the daemon's own goes on as that wants.
    ///
    /// # Errors
    /// As many run already, or nobody runs any here.
    pub(super) fn begin(
        &self,
        previews: &Previews,
        channel: Channel,
        closing: watch::Receiver<bool>,
    ) -> Result<(), Problem> {
        let shown = previews.subscribe();
        let stage = |of: Channel| shown.borrow().get(&of).map(|preview| preview.stage.lives());
        let mut all = lock(&self.0);
        all.retain(|_, looked| looked.theirs || *looked.seats.borrow() > 0);
        let runs = stage(channel) == Some(true);
        // One of which nothing is told yet has just been begun.
        let others = all.iter().filter(|(of, looked)| **of != channel && looked.theirs);
        if !runs && others.filter(|(of, _)| stage(**of).unwrap_or(true)).count() >= MOST {
            let detail = format!("{MOST} previews run for people elsewhere");
            return Err(Problem::new(
                Sort::Busy,
                detail,
                "end one of them, or leave the screen that shows it",
            ));
        }
        want(previews, Want::Show(channel))?;
        let looked = all.entry(channel).or_default();
        if !looked.theirs && !runs {
            looked.theirs = true;
            beside(until_left(
                self.0.clone(),
                previews.clone(),
                channel,
                (looked.seats.subscribe(), closing),
            ));
        }
        Ok(())
    }
}

/// Asks for something.
pub(super) fn want(previews: &Previews, want: Want) -> Result<(), Problem> {
    let hint = "try again in a moment, or look at a screen where the daemon runs";
    previews.want(want).map_err(|why| Problem::new(Sort::Unavailable, why, hint))
}

/// Ends one when nobody has looked at it for a while.
async fn until_left(
    all: Arc<Mutex<BTreeMap<Channel, Looked>>>,
    previews: Previews,
    channel: Channel,
    (mut seats, mut closing): (watch::Receiver<usize>, watch::Receiver<bool>),
) {
    loop {
        tokio::select! {
            // The daemon ends, and every preview with it.
            _ = closing.wait_for(|closing| *closing) => return,
            left = seats.wait_for(|seats| *seats == 0) => if left.is_err() { return },
        }
        let back = time::timeout(LINGERS.to_std(), seats.wait_for(|seats| *seats > 0)).await.is_ok();
        let mut all = lock(&all);
        if back || *seats.borrow() > 0 {
            continue;
        }
        if let Some(looked) = all.get_mut(&channel) {
            looked.theirs = false;
        }
        tracing::info!(mission = %channel.mission, "a preview ends: nobody elsewhere looks at it any more");
        // It may have ended by itself.
        let _ = previews.want(Want::End(channel));
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::{MissionId, TeamId},
            preview::{Preview, Stage},
            request::Actor,
        },
        runtime::{handle, previews},
    };

    fn channel(mission: u64) -> Channel {
        Channel { mission: MissionId(mission), team: Some(TeamId(1)) }
    }

    fn of(stage: Stage) -> Preview {
        let (url, tail) = (String::new(), Default::default());
        Preview { attempt: 1, stage, url, reach: None, answer: None, photo: None, tail }
    }

    #[tokio::test(start_paused = true)]
    async fn a13_what_runs_for_people_elsewhere_ends_with_the_last_of_them_and_no_sooner() {
        let (handle, mut end) = handle::link(Actor::Engine);
        let mut there = end.take_previews().unwrap();
        let (onlookers, (_close, closing)) = (Onlookers::default(), watch::channel(false));
        let begin = |of| onlookers.begin(handle.previews(), of, closing.clone());
        let one = channel(1);
        begin(one).unwrap();
        assert_eq!(there.wants.recv().await, Some(Want::Show(one)));
        previews::put(&there.shown, one, of(Stage::Up));
        let (first, second) = (onlookers.sit(one), onlookers.sit(one));
        begin(one).unwrap();
        assert_eq!(there.wants.recv().await, Some(Want::Show(one)), "its page is asked for again");
        drop(first);
        time::sleep(LINGERS.to_std() * 10).await;
        assert!(there.wants.try_recv().is_err(), "somebody looks");
        drop(second);
        time::sleep(LINGERS.to_std() / 2).await;
        let back = onlookers.sit(one);
        time::sleep(LINGERS.to_std() * 10).await;
        assert!(there.wants.try_recv().is_err(), "the line came back");
        drop(back);
        assert_eq!(there.wants.recv().await, Some(Want::End(one)));
        // And where nobody ever looks.
        previews::put(&there.shown, one, of(Stage::Gone("it was ended".into())));
        begin(one).unwrap();
        assert_eq!(there.wants.recv().await, Some(Want::Show(one)));
        assert_eq!(there.wants.recv().await, Some(Want::End(one)));
    }

    #[tokio::test(start_paused = true)]
    async fn a13_few_run_at_once_and_what_the_daemons_own_screen_began_is_its_own() {
        let (handle, mut end) = handle::link(Actor::Engine);
        let mut there = end.take_previews().unwrap();
        let (onlookers, (_close, closing)) = (Onlookers::default(), watch::channel(false));
        let begin = |of| onlookers.begin(handle.previews(), of, closing.clone());
        let own = channel(9);
        previews::put(&there.shown, own, of(Stage::Up));
        begin(own).unwrap();
        drop(onlookers.sit(own));
        let all: Vec<_> = (1..=5).map(channel).collect();
        let seats: Vec<_> = all.iter().map(|of| onlookers.sit(*of)).collect();
        all[..MOST].iter().for_each(|of| begin(*of).unwrap());
        assert_eq!(begin(all[MOST]).unwrap_err().status().as_u16(), 503);
        begin(all[0]).unwrap();
        previews::put(&there.shown, all[0], of(Stage::Failed("exit status 1".into())));
        begin(all[MOST]).unwrap();
        time::sleep(LINGERS.to_std() * 10).await;
        let mut wants = std::iter::from_fn(|| there.wants.try_recv().ok());
        assert!(wants.all(|want| matches!(want, Want::Show(_))), "its own screen has not ended it");
        drop(seats);
    }
}
