//! `/api/control`: the house as a whole. Pause, resume, the kill switch, how much happens alone, and a look at once.

use super::{missions::Reason, settings};
use crate::{
    domain::{access::Role, signal::Reading, text::clean_line},
    engine::{
        command::{Command, ControlCommand},
        state::{Control, State as EngineState},
    },
    runtime,
    server::{
        api::{Api, Leaf},
        door::rights,
        entrance::Caller,
        front::Front,
        input::Given,
        paging::{Told, ok},
        ports::Seen,
        problem::{Problem, Sort},
    },
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why where nothing is said.
const USUAL: &str = "over the network";
/// Characters of a line that others wrote.
const LINE_MOST: usize = 300;

/// How the house stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Control")]
pub(super) struct View {
    /// `running`, `paused` or `stopped`.
    state: &'static str,
    /// Why it does not run.
    reason: Option<String>,
    /// How much happens alone, 1 to 3.
    level: u8,
    /// Until when a level holds that was just set and that the settings do not say, in words; null: for good.
    until: Option<String>,
    /// The last journal entry that this is as of.
    seq: u64,
}

/// How much happens alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Level")]
pub(super) struct Level {
    /// 1 monitor only, 2 low-risk fixes alone, 3 full autonomy.
    #[schemars(range(min = 1, max = 3))]
    level: u8,
}

/// Which probes look.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ScanRequest")]
pub(super) struct Scan {
    /// Only this one; else all.
    #[serde(default)]
    probe: Option<String>,
}

/// What probes saw.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Scan")]
pub(super) struct Scanned {
    /// Whether every probe could look and found all well.
    well: bool,
    /// Each reading.
    readings: Vec<ReadingView>,
}

/// What one probe read.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Reading")]
pub(super) struct ReadingView {
    /// The probe.
    probe: String,
    /// The service that it watches.
    service: String,
    /// `check`, `sample`, `blind`, `lines`, `lost` or `alarm`.
    kind: &'static str,
    /// Whether it is well.
    ok: bool,
    /// In one line.
    words: String,
    /// The number, of a sample.
    value: Option<f64>,
}

pub(super) fn routes(api: Api) -> Api {
    let leaf = |id, what| Leaf::new(id, "control", what).answers::<View>(200);
    let pause_leaf =
        leaf("pause", "Start nothing new; what runs goes on to its next turn").body::<Reason>().once();
    let pause_leaf = pause_leaf.needs(Role::Operator);
    let stop_leaf =
        leaf("stop", "Kill switch: start nothing, end everything in flight").body::<Reason>().once();
    let level_leaf = leaf(
        "set_level",
        "Set how much happens alone, at once; written to the settings that the daemon was started with",
    )
    .body::<Level>()
    .refuses(409, "It cannot be written, or another layer keeps it lower: which and why")
    .once();
    let scan_leaf = Leaf::new("scan", "control", "Let every probe look once, now; leaves no trace")
        .body::<Scan>()
        .answers::<Scanned>(200)
        .needs(Role::Operator);
    api.get("/api/control", leaf("get_control", "How the house stands"), show)
        .post("/api/control/pause", pause_leaf, pause)
        .post("/api/control/resume", leaf("resume", "Go on after a pause or a stop").once(), resume)
        .post("/api/control/stop", stop_leaf, stop)
        .post("/api/control/level", level_leaf, level)
        .post("/api/control/scan", scan_leaf, scan)
}

fn view(state: &EngineState) -> View {
    let (word, why) = match &state.control {
        Control::Running => ("running", None),
        Control::Paused(why) => ("paused", Some(why)),
        Control::Stopped(why) => ("stopped", Some(why)),
    };
    let reason = why.map(|why| clean_line(why, LINE_MOST).to_string());
    View { state: word, reason, level: state.policy.level, until: None, seq: state.seq.0 }
}

async fn show(State(front): State<Arc<Front>>) -> Told<View> {
    ok(view(&front.state()))
}

async fn give(front: &Front, caller: &Caller, command: ControlCommand) -> Result<Told<View>, Problem> {
    rights::give(&front.handle, caller, Command::Control(command)).await?;
    Ok(ok(view(&front.state())))
}

async fn pause(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Given(reason): Given<Reason>,
) -> Result<Told<View>, Problem> {
    let why = reason.or(USUAL)?;
    give(&front, &caller, ControlCommand::Pause(why)).await
}

async fn stop(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Given(reason): Given<Reason>,
) -> Result<Told<View>, Problem> {
    let why = reason.or(USUAL)?;
    give(&front, &caller, ControlCommand::Stop(why)).await
}

async fn resume(State(front): State<Arc<Front>>, caller: Caller) -> Result<Told<View>, Problem> {
    runtime::clear_control_files(&front.settings.places.data).map_err(|error| {
        let detail = format!("the control files STOP and PAUSE cannot be removed: {error}");
        Problem::new(Sort::Unavailable, detail, "remove them from the data directory, then resume")
    })?;
    give(&front, &caller, ControlCommand::Resume).await
}

async fn level(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Given(Level { level }): Given<Level>,
) -> Result<Told<View>, Problem> {
    if !(1..=3).contains(&level) {
        return Err(Problem::new(
            Sort::Invalid,
            format!("level {level} is not 1, 2 or 3"),
            "send one of them",
        ));
    }
    let until = settings::set_level(&front, &caller, level).await?;
    Ok(ok(View { until, ..view(&front.state()) }))
}

async fn scan(
    State(front): State<Arc<Front>>,
    Given(Scan { probe }): Given<Scan>,
) -> Result<Told<Scanned>, Problem> {
    let seen = (front.ports.scan)(probe).await;
    let seen =
        seen.map_err(|why| Problem::new(Sort::NotFound, why, "`chimera config show` lists what is set"))?;
    let readings: Vec<ReadingView> = seen.iter().flat_map(read).collect();
    Ok(ok(Scanned { well: readings.iter().all(|reading| reading.ok), readings }))
}

fn read((probe, service, readings): &Seen) -> Vec<ReadingView> {
    let one = |reading: &Reading| {
        let (kind, ok, words, value) = match reading {
            Reading::Check(check) => ("check", check.ok, format!("{}: {}", check.name, check.words), None),
            Reading::Sample { metric, value, .. } => ("sample", true, metric.clone(), Some(*value)),
            Reading::Blind(why) => ("blind", false, why.clone(), None),
            Reading::Lines(lines) => ("lines", true, format!("{} lines can be read", lines.len()), None),
            Reading::Lost(lines) => ("lost", false, format!("{lines} lines were lost"), None),
            Reading::Alarm(signal) => ("alarm", false, signal.title.clone(), None),
        };
        let words = clean_line(&words, LINE_MOST).to_string();
        let value = value.filter(|value| value.is_finite());
        ReadingView { probe: probe.clone(), service: service.clone(), kind, ok, words, value }
    };
    readings.iter().map(one).collect()
}
