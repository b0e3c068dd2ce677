//! `/metrics`: the numbers of the house as Prometheus reads them. Names and label values are words of the program and of
//! the settings; nothing that a model or a log said is in them.

use super::health::at_work;
use crate::{
    domain::{
        incident::{Phase, Severity},
        probe::{ProbeHealth, ProbeState},
        text::clean_line,
    },
    engine::{
        playbook::brief::working,
        state::{Control, State as EngineState},
    },
    server::{
        api::{Api, Leaf},
        front::Front,
    },
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Response, header},
};
use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
    sync::{Arc, atomic::Ordering},
};

/// The text format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Characters of a label's value.
const VALUE_MOST: usize = 128;

pub(super) fn routes(api: Api) -> Api {
    let leaf = Leaf::new("get_metrics", "health", "The numbers of the house in Prometheus' text format")
        .tells("text/plain");
    api.get("/metrics", leaf, metrics)
}

async fn metrics(State(front): State<Arc<Front>>) -> Response<Body> {
    let mut page = Page::default();
    let (state, probes) = (front.state(), front.handle.probes());
    page.one(
        "chimera_build_info",
        "gauge",
        "Which program this is.",
        &[("version", env!("CARGO_PKG_VERSION"))],
        1,
    );
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact in it")]
    let since = front.since.0 as f64 / 1_000.0;
    page.plain(
        "chimera_start_time_seconds",
        "gauge",
        "When the network face was opened, since the epoch.",
        since,
    );
    page.plain(
        "chimera_streams",
        "gauge",
        "Event streams that are open.",
        front.streams.load(Ordering::Relaxed),
    );
    page.head("chimera_http_requests_total", "counter", "Requests that were answered, by class of status.");
    for (class, count) in front.served.all() {
        page.line("chimera_http_requests_total", &[("class", class)], count);
    }
    house(&mut page, &state);
    money(&mut page, &state);
    trouble(&mut page, &state, &probes);
    let mut response = Response::new(Body::from(page.0));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn house(page: &mut Page, state: &EngineState) {
    page.plain("chimera_journal_seq", "gauge", "Last entry of the journal.", state.seq.0);
    page.head("chimera_control", "gauge", "How the house stands: 1 for the state that it is in.");
    let now = match state.control {
        Control::Running => "running",
        Control::Paused(_) => "paused",
        Control::Stopped(_) => "stopped",
    };
    for word in ["running", "paused", "stopped"] {
        page.line("chimera_control", &[("state", word)], u8::from(word == now));
    }
    page.plain("chimera_autonomy_level", "gauge", "How much happens alone, 1 to 3.", state.policy.level);
    let (queued, running) = at_work(state);
    let asked = |mission: &_| state.desk.values().any(|request| request.mission == *mission);
    let open = state.missions.iter().filter(|(_, mission)| mission.result.ending.is_none());
    let waiting = open.filter(|(id, mission)| mission.step.is_some() && asked(id)).count() as u64;
    page.head("chimera_missions", "gauge", "Missions that have not ended.");
    for (word, count) in [("queued", queued), ("running", running - waiting), ("waiting", waiting)] {
        page.line("chimera_missions", &[("state", word)], count);
    }
    page.plain("chimera_pool_size", "gauge", "Missions that may run at once.", state.policy.pool);
    let active = state.missions.values().filter(|mission| working(mission)).count();
    page.plain("chimera_pool_active", "gauge", "Missions that hold a place in the pool now.", active);
    let total = state.records.total();
    let judged = total.landed + total.stand_failed();
    page.plain(
        "chimera_missions_success_ratio",
        "gauge",
        "Share of missions that landed among those that came to an end of their own, since the journal began; 1 before any.",
        ratio(total.landed, judged),
    );
    page.plain(
        "chimera_mission_duration_average_seconds",
        "gauge",
        "From opening to landing, of all that landed since the journal began; 0 before any.",
        seconds(total.fix.0.checked_div(total.landed).unwrap_or(0)),
    );
    page.plain("chimera_missions_opened_total", "counter", "Missions since the journal began.", total.opened);
    page.head("chimera_missions_ended_total", "counter", "Missions that ended, by how.");
    for (word, count) in [
        ("landed", total.landed),
        ("failed", total.failed),
        ("cancelled", total.cancelled),
        ("over_budget", total.over_budget),
    ] {
        page.line("chimera_missions_ended_total", &[("ending", word)], count);
    }
    page.head("chimera_mission_landing_seconds", "summary", "From the opening of a mission to its commit.");
    page.line("chimera_mission_landing_seconds_sum", &[], seconds(total.fix.0));
    page.line("chimera_mission_landing_seconds_count", &[], total.landed);
    page.plain("chimera_requests_waiting", "gauge", "Requests on the desk.", state.desk.len());
    page.head("chimera_requests_decided_total", "counter", "Requests that were decided, by whom.");
    for (word, count) in [("person", total.by_person), ("policy", total.by_policy), ("expiry", total.expired)]
    {
        page.line("chimera_requests_decided_total", &[("by", word)], count);
    }
}

fn money(page: &mut Page, state: &EngineState) {
    let total = state.records.total();
    page.plain(
        "chimera_spent_usd_total",
        "counter",
        "Money spent on models since the journal began.",
        total.money.as_usd(),
    );
    page.plain(
        "chimera_spent_today_usd",
        "gauge",
        "Money spent on the UTC day of the last entry.",
        state.ledger.today.as_usd(),
    );
    let budget = &state.policy.budget;
    page.plain("chimera_budget_day_usd", "gauge", "Cap of a day.", budget.per_day.as_usd());
    let soft = f64::from(budget.soft_pct) / 100.0;
    page.plain(
        "chimera_budget_soft_ratio",
        "gauge",
        "Share of a cap from which on it is said to be short.",
        soft,
    );
    page.plain("chimera_calls_total", "counter", "Model calls that were paid.", total.calls);
    page.plain(
        "chimera_calls_unknown_price_total",
        "counter",
        "Model calls whose cost is not known and not in the money.",
        total.unknown,
    );
    page.plain("chimera_calls_open", "gauge", "Model calls under way.", state.ledger.open.len());
    page.head("chimera_tokens_total", "counter", "Tokens since the journal began.");
    page.line("chimera_tokens_total", &[("direction", "input")], total.input);
    page.line("chimera_tokens_total", &[("direction", "output")], total.output);
}

fn trouble(page: &mut Page, state: &EngineState, probes: &[ProbeHealth]) {
    let mut counts: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for incident in state.ward.live() {
        *counts.entry((incident.severity.word(), label(&incident.phase))).or_default() += 1;
    }
    page.head("chimera_incidents", "gauge", "Incidents that go on, by severity and phase.");
    for severity in [Severity::P0, Severity::P1, Severity::P2, Severity::P3, Severity::P4] {
        // Each severity is always there, so that an alert on it knows nothing from zero.
        counts.entry((severity.word(), label(&Phase::Open))).or_default();
    }
    for ((severity, phase), count) in counts {
        page.line("chimera_incidents", &[("severity", severity), ("phase", &phase)], count);
    }
    page.plain(
        "chimera_storm",
        "gauge",
        "1 while too much happens at once and nothing acts by itself.",
        u8::from(state.ward.storm.is_some()),
    );
    page.head(
        "chimera_probe_up",
        "gauge",
        "1 while a probe finds all well, 0 while it does not or cannot look.",
    );
    for probe in probes {
        let up = u8::from(probe.state == ProbeState::Well);
        page.line("chimera_probe_up", &[("probe", &probe.id), ("service", &probe.service)], up);
    }
    page.head("chimera_probes", "gauge", "Probes by what they find.");
    for found in [ProbeState::Waiting, ProbeState::Well, ProbeState::Failing, ProbeState::Silent] {
        let count = probes.iter().filter(|probe| probe.state == found).count();
        page.line("chimera_probes", &[("state", found.word())], count);
    }
}

fn label(phase: &Phase) -> String {
    phase.word().replace(' ', "_")
}

#[expect(clippy::cast_precision_loss, reason = "counts this small are exact in it")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "a sum of spans is shown, not counted with")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

/// The text so far.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, sort: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {sort}\n");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}=\"{}\"", quoted(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, sort: &str, help: &str, labels: &[(&str, &str)], value: impl Display) {
        self.head(name, sort, help);
        self.line(name, labels, value);
    }

    fn plain(&mut self, name: &str, sort: &str, help: &str, value: impl Display) {
        self.one(name, sort, help, &[], value);
    }
}

/// A label's value: clean, one line, escaped as the format wants it.
fn quoted(value: &str) -> String {
    clean_line(value, VALUE_MOST).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d3_a_label_cannot_end_its_line_or_its_quotes() {
        let mut page = Page::default();
        page.line("m", &[("a", "x\"} 1\nevil 2\\"), ("b", "y")], 3);
        assert_eq!(page.0, "m{a=\"x\\\"} 1 evil 2\\\\\",b=\"y\"} 3\n");
    }
}
