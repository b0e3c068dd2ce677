//! Previews as they run: at most one of each team's newest candidate, for a person to look at. Begun and ended from a
//! face, begun anew with every revision, ended with the mission, the kill switch and the program. Nothing of it is
//! journaled: it changes nothing.

use super::{
    driver::site::Site,
    previews::{self, PreviewsEnd, Shown, Want},
    supervisor::{StopSign, Supervisor},
};
use crate::{
    domain::{
        candidate::Candidate,
        feed::Channel,
        ids::EffectId,
        preview::{Preview, Stage},
    },
    engine::state::{Control, Mission, State},
    operations::preview::{self, Happened, Wish},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::watch;

/// Where previews of an engine run.
pub(super) struct Keeper {
    pub site: Arc<Site>,
    pub supervisor: Supervisor,
}

impl Keeper {
    /// Serves until no face is left or the program closes.
    pub async fn serve(self, end: PreviewsEnd, mut closed: watch::Receiver<bool>) {
        let PreviewsEnd { mut wants, shown } = end;
        let board = Arc::new(Board { shown, wishes: Mutex::default() });
        loop {
            let want = tokio::select! {
                _ = closed.wait_for(|close| *close) => return,
                want = wants.recv() => want,
            };
            match want {
                None => return,
                Some(Want::End(channel)) => self.supervisor.stop(&id_of(channel)),
                Some(Want::Photograph(channel, viewport)) if board.lives(channel) => {
                    board.wish(channel).look(viewport);
                }
                Some(Want::Photograph(..)) => {}
                Some(Want::Show(channel)) if board.lives(channel) => board.wish(channel).again(),
                Some(Want::Show(channel)) => {
                    let (site, told) = (self.site.clone(), board.clone());
                    let work = move |stop: StopSign| async move { keep(&site, &told, channel, stop).await };
                    let told = board.clone();
                    let broken = async move {
                        told.stage(
                            channel,
                            Stage::Failed("the program made a mistake; its log says more".into()),
                        );
                    };
                    self.supervisor.start(id_of(channel), channel, work, broken);
                }
            }
        }
    }
}

fn id_of(channel: Channel) -> EffectId {
    let team = channel.team.map_or_else(String::new, |team| team.to_string());
    EffectId(format!("{}/preview/{team}", channel.mission))
}

/// What is shown, and who is to ask again.
struct Board {
    shown: watch::Sender<Arc<Shown>>,
    wishes: Mutex<BTreeMap<Channel, Arc<Wish>>>,
}

impl Board {
    fn lives(&self, channel: Channel) -> bool {
        self.shown.borrow().get(&channel).is_some_and(|preview| preview.stage.lives())
    }

    fn wish(&self, channel: Channel) -> Arc<Wish> {
        let mut all = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(channel).or_default().clone()
    }

    fn put(&self, channel: Channel, preview: Preview) {
        previews::put(&self.shown, channel, preview);
    }

    fn change(&self, channel: Channel, change: impl FnOnce(&mut Preview)) {
        previews::change(&self.shown, channel, change);
    }

    fn stage(&self, channel: Channel, stage: Stage) {
        self.change(channel, |preview| {
            // Nobody looks at what does not run; a photo is large.
            if !stage.lives() {
                preview.photo = None;
            }
            preview.stage = stage;
        });
    }

    fn hear(&self, channel: Channel, happened: Happened) {
        self.change(channel, |preview| match happened {
            Happened::Placed(url) => preview.url = url,
            Happened::Said(tail) => preview.tail = tail,
            Happened::Photographed(photo) => preview.photo = Some(photo),
            Happened::Answered(answer) => {
                preview.stage = Stage::Up;
                preview.answer = Some(answer);
            }
        });
    }
}

/// What ends one run.
#[derive(Debug, PartialEq, Eq)]
enum Over {
    /// The team has another candidate.
    Newer,
    /// It must not go on: why.
    Ended(&'static str),
}

/// One team's preview, run after run.
async fn keep(site: &Site, board: &Board, channel: Channel, stop: StopSign) {
    let mut states = site.lines.state.clone();
    loop {
        let found = newest(&states.borrow(), channel);
        let Some((mission, candidate)) = found else {
            let stage = Stage::Failed("this team has no candidate to run yet".into());
            board.put(channel, fresh(0, stage));
            return;
        };
        let attempt = candidate.attempt;
        board.put(channel, fresh(attempt, Stage::Starting));
        let over = {
            let work = async {
                let why = run(site, board, channel, (&mission, &candidate)).await;
                board.stage(channel, Stage::Failed(why));
                // What failed is shown until there is another candidate.
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = work => Over::Ended("it ended"),
                () = stop.raised() => Over::Ended("it was ended"),
                over = until(&mut states, channel, attempt) => over,
            }
        };
        if let Over::Ended(why) = over {
            board.change(channel, |preview| {
                if preview.stage.lives() {
                    preview.stage = Stage::Gone(why.into());
                    preview.photo = None;
                }
            });
            return;
        }
    }
}

fn fresh(attempt: u32, stage: Stage) -> Preview {
    let (reach, answer, photo) = (None, None, None);
    Preview { attempt, stage, url: String::new(), reach, answer, photo, tail: Default::default() }
}

async fn run(
    site: &Site,
    board: &Board,
    channel: Channel,
    (mission, candidate): (&Mission, &Candidate),
) -> String {
    let Some(plan) = &site.rules.preview else {
        return "no preview is set up: name preview.command in your chimera.toml, such as \
                [\"npm\", \"run\", \"dev\", \"--\", \"--port\", \"{port}\"]"
            .into();
    };
    let shop = match site.workshop(mission).await {
        Ok(shop) => shop,
        Err(failure) => return failure.reason,
    };
    // A tree of its own: what the service writes is no part of the candidate, and what was built before stays.
    let name = format!("{}-{}-preview", mission.id, candidate.team);
    let tree = match shop.scratch(&name, &candidate.commit).await {
        Ok(tree) => tree,
        Err(error) => return error.to_string(),
    };
    let tell = |happened| board.hear(channel, happened);
    preview::run(plan, (&shop, &tree), &board.wish(channel), &tell).await
}

/// The team's newest candidate, while its mission is open.
fn newest(state: &State, channel: Channel) -> Option<(Arc<Mission>, Arc<Candidate>)> {
    let mission = state.missions.get(&channel.mission)?;
    let team = mission.teams.iter().find(|team| Some(team.id) == channel.team)?;
    let (candidate, _) = team.candidates.last()?;
    mission.result.ending.is_none().then(|| (mission.clone(), candidate.clone()))
}

async fn until(states: &mut watch::Receiver<Arc<State>>, channel: Channel, attempt: u32) -> Over {
    let now = states.wait_for(|state| over(state, channel, attempt).is_some()).await;
    now.ok().and_then(|state| over(&state, channel, attempt)).unwrap_or(Over::Ended("the program closes"))
}

fn over(state: &State, channel: Channel, attempt: u32) -> Option<Over> {
    if matches!(state.control, Control::Stopped(_)) {
        return Some(Over::Ended("everything is stopped"));
    }
    match newest(state, channel) {
        None => Some(Over::Ended("the mission has ended")),
        Some((_, candidate)) => (candidate.attempt != attempt).then_some(Over::Newer),
    }
}
