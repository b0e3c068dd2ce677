//! `chimera restore`: undoes a landed revision by a new commit. Itself undone by restoring that commit.

use super::{
    exit::{Complaint, Exit, Said},
    house::Purpose,
    out::Out,
    session::Session,
    signals::{Interrupts, Signals},
};
use crate::{
    domain::{
        candidate::CommitId,
        ids::{EffectId, MissionId},
    },
    engine::{
        command::{Command, MissionCommand},
        effect::EffectKind,
        event::{EffectEvent, Event},
        state::{Mission, State},
    },
    runtime::handle::{Handle, HistoryQuery},
};
use clap::Args;
use serde_json::json;

/// Shortest commit id that is searched for.
const COMMIT_LEAST: usize = 4;
/// Failures that are looked through for the one that is meant, newest first.
const REASONS_MOST: usize = 20;

/// What to undo.
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// Commit that landed or that a restore made, or the mission, such as M-1
    #[arg(value_name = "REVISION")]
    pub revision: String,
}

/// Does it.
///
/// # Errors
/// No mission landed that revision, or it cannot be undone.
pub async fn run(args: &RestoreArgs, session: &Session, out: &mut Out) -> Said {
    let mut interrupts = Signals::take().map_err(|e| Complaint::error(e.to_string()))?;
    let house = session.open(Purpose::Work).await?;
    let said = restore(&args.revision, &house.handle, (out, &mut interrupts)).await;
    house.close().await;
    said
}

/// Restores, and waits until it is a commit.
///
/// # Errors
/// See [`run`].
pub async fn restore(
    revision: &str,
    handle: &Handle,
    (out, interrupts): (&mut Out, &mut dyn Interrupts),
) -> Result<Exit, Complaint> {
    let mut states = handle.subscribe();
    let (mission, commit) = find(revision, &handle.snapshot())?;
    let before = restored(&handle.snapshot(), mission);
    handle.send(Command::Mission(MissionCommand::Restore(mission, commit.clone()))).await?;
    let mut effect = None;
    loop {
        let state = states.borrow_and_update().clone();
        let Some(found) = state.missions.get(&mission) else {
            return Err(Complaint::error(format!("{mission} is not kept in memory any more")));
        };
        if let Some((new, branch)) = found.result.restored.get(before) {
            out.both(
                &format!("restored  {commit} of {mission} as {new} on {branch}"),
                &json!({
                    "kind": "restored", "mission": mission.to_string(), "restored": commit, "commit": new,
                    "branch": branch,
                }),
            );
            return Ok(Exit::Ok);
        }
        match under_way(found) {
            Some(id) => effect = Some(id),
            None => {
                let why = why(handle, effect.as_ref()).await;
                return Err(Complaint::error(format!("{commit} of {mission} was not restored: {why}"))
                    .hint(format!("`chimera show {mission}` tells where it stands")));
            }
        }
        tokio::select! {
            () = interrupts.next() => return Ok(Exit::Interrupted),
            changed = states.changed() => if changed.is_err() {
                out.both(
                    &format!("waiting   the engine has ended: {commit} of {mission} is restored at the next start"),
                    &json!({"kind": "restoring", "mission": mission.to_string(), "commit": commit}),
                );
                return Ok(Exit::Waiting);
            },
        }
    }
}

fn restored(state: &State, mission: MissionId) -> usize {
    state.missions.get(&mission).map_or(0, |mission| mission.result.restored.len())
}

fn under_way(mission: &Mission) -> Option<EffectId> {
    let restores = |(_, effect): &(&EffectId, &crate::engine::state::EffectState)| {
        matches!(effect.kind, EffectKind::Restore { .. })
    };
    mission.effects.iter().find(restores).map(|(id, _)| id.clone())
}

/// Why this effect failed, as the journal has it.
async fn why(handle: &Handle, effect: Option<&EffectId>) -> String {
    let query = HistoryQuery {
        mission: None,
        kind: "effect.failed".into(),
        most: REASONS_MOST,
        ..HistoryQuery::default()
    };
    let failed = handle.read(query).await.unwrap_or_default();
    let reasons = failed.iter().filter_map(|entry| match serde_json::from_str(&entry.payload) {
        Ok(Event::Effect(EffectEvent::Failed(id, failure))) => Some((id, failure.reason)),
        _ => None,
    });
    let mut ours = reasons.filter(|(id, _)| effect.is_none_or(|effect| effect == id));
    ours.next().map_or_else(|| "the journal does not say why".to_owned(), |(_, reason)| reason)
}

/// The mission and commit that a revision means.
fn find(revision: &str, state: &State) -> Result<(MissionId, CommitId), Complaint> {
    let landed = |mission: &Mission| mission.result.landed.as_ref().map(|(commit, _)| commit.clone());
    if revision.to_lowercase().starts_with("m-")
        && let Ok(id) = revision.parse::<MissionId>()
    {
        let mission = super::named::mission(id, state)?;
        let commit = landed(mission).ok_or_else(|| Complaint::error(format!("{id} has not landed")))?;
        return Ok((id, commit));
    }
    let wanted = revision.trim().to_lowercase();
    if wanted.len() < COMMIT_LEAST || !wanted.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Complaint::usage(format!("{revision:?} is neither a commit nor a mission such as M-1")));
    }
    let mut found: Vec<(MissionId, CommitId)> = Vec::new();
    for mission in state.missions.values() {
        let commits =
            landed(mission).into_iter().chain(mission.result.restored.iter().map(|(c, _)| c.clone()));
        found.extend(
            commits.filter(|commit| commit.0.starts_with(&wanted)).map(|commit| (mission.id, commit)),
        );
    }
    found.dedup_by(|a, b| a.1 == b.1);
    match found.len() {
        1 => found.pop().ok_or_else(|| Complaint::error("no revision")),
        0 => Err(Complaint::error(format!("no mission landed {revision}"))
            .hint("`chimera missions --json` shows commits")),
        _ => Err(Complaint::usage(format!("{revision} begins several commits: write more of it"))),
    }
}
