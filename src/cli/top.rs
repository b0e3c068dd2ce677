//! `chimera top`: a page about a daemon that runs, here or behind ssh: how it stands, what goes on, what waits, what it spends.
//! Looks every second and decides nothing; with `--once` it is said once, for people or as JSON.

use super::{
    Everywhere,
    exit::{Complaint, Exit, Said},
    far,
    out::{Form, Out},
    own,
    session::Session,
};
use crate::{
    domain::{
        text::clean_line,
        time::{Millis, Timestamp},
    },
    runtime::clock::Clock,
    server::client::{Address, Glance, Glass},
    store::history,
    tui::{
        self, Held,
        top::{Figure, Line, Sheet, Table, Tone},
    },
};
use clap::Args;
use std::io::IsTerminal as _;
use tokio::{
    sync::watch,
    time::{self, MissedTickBehavior},
};

/// Between two looks, at least, and where nothing is said.
const EVERY_LEAST: Millis = Millis(200);
const EVERY: &str = "1s";
/// Characters of a cell and of words about a lost line.
const CELL_MOST: usize = 200;

/// Which daemon, and how often it is looked at.
#[derive(Debug, Clone, Args)]
pub struct TopArgs {
    /// Where it serves: unix:PATH, ssh://user@host:port/PATH or https://host:port [default: the daemon of this place]
    #[arg(long, value_name = "ADDRESS")]
    pub at: Option<Address>,
    /// What is shown there.
    #[command(flatten)]
    pub papers: far::Papers,
    /// Look once, print it and end; the same where stdout is no terminal, and with --json
    #[arg(long)]
    pub once: bool,
    /// Between two looks
    #[arg(long, value_name = "TIME", default_value = EVERY)]
    pub every: Millis,
}

/// Shows it.
///
/// # Errors
/// Nobody answers there, or the terminal cannot be used.
pub fn run(args: &TopArgs, everywhere: &Everywhere, out: &mut Out) -> Said {
    let session = Session::load_anyway(everywhere)?;
    session.say_notes();
    let address = far::daemon(args.at.as_ref(), &session)?;
    let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    let once = args.once || out.form() == Form::Json || everywhere.linear || !terminal;
    super::runtime()?.block_on(far::at((&address, &args.papers), &session, async |_, way| {
        let glass = Glass::by(way).map_err(Complaint::error)?;
        let first = glass.look().await.map_err(|why| Complaint::error(format!("{address}: {why}")))?;
        let mut looks = Looks::of(address.to_string());
        let sheet = looks.sheet(&first, now());
        if once {
            say(&sheet, out);
            out.tell(&serde_json::json!(first));
            return Ok(Exit::Ok);
        }
        let theme = own::theme(&session.loaded, &session.environment);
        let held = Held::take(history::THREAD).map_err(|error| Complaint::error(error.to_string()))?;
        let (tell, told) = watch::channel(sheet);
        let looking = keep_looking(&glass, &mut looks, args.every.max(EVERY_LEAST), &tell);
        let left = tokio::select! {
            left = tui::top::run(held, (&theme, session.settings().ui.low_bandwidth), told) => left,
            () = looking => Ok(tui::Exit::Quit),
        };
        match left.map_err(|error| Complaint::error(error.to_string()))? {
            tui::Exit::Quit => Ok(Exit::Ok),
            tui::Exit::HungUp | tui::Exit::Signal(_) => Ok(Exit::Interrupted),
        }
    }))
}

fn now() -> Timestamp {
    Clock::Wall.now()
}

async fn keep_looking(glass: &Glass, looks: &mut Looks, every: Millis, tell: &watch::Sender<Sheet>) {
    let mut turns = time::interval(every.to_std());
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    turns.tick().await;
    loop {
        turns.tick().await;
        match glass.look().await {
            Ok(glance) => drop(tell.send_replace(looks.sheet(&glance, now()))),
            Err(why) => {
                looks.lost();
                let why = clean_line(&why, CELL_MOST).to_string();
                tell.send_if_modified(|sheet| {
                    let changed = sheet.lost.as_ref() != Some(&why);
                    sheet.lost = Some(why);
                    changed
                });
            }
        }
    }
}

/// What was seen last, for what is told by the second.
struct Looks {
    place: String,
    before: Option<(Timestamp, Counts)>,
}

/// Numbers that only grow.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Counts {
    requests: f64,
    calls: f64,
}

impl Looks {
    fn of(place: String) -> Self {
        Self { place, before: None }
    }

    /// What is counted begins anew: the next look tells nothing by the second.
    fn lost(&mut self) {
        self.before = None;
    }

    fn sheet(&mut self, glance: &Glance, at: Timestamp) -> Sheet {
        let sum = |start: &str| -> f64 {
            glance
                .numbers
                .iter()
                .filter(|(series, _)| series.starts_with(start))
                .map(|(_, value)| value)
                .sum()
        };
        let counts =
            Counts { requests: sum("chimera_http_requests_total{"), calls: sum("chimera_calls_total") };
        let before = self.before.replace((at, counts));
        let rate = |of: fn(&Counts) -> f64| {
            let (since, before) = before.as_ref()?;
            let grown = of(&counts) - of(before);
            let span = at.since(*since).0;
            // A daemon that began anew counts from zero.
            (span > 0 && grown >= 0.0).then(|| grown * 1_000.0 / rounded(span))
        };
        let rates = (rate(|counts| counts.requests), rate(|counts| counts.calls));
        Sheet {
            place: cell(&self.place),
            at: at.to_string().chars().skip(11).take(8).collect(),
            lost: None,
            figures: figures(glance, rates),
            tables: vec![missions(glance, at), incidents(glance, at), requests(glance, at)],
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a span between two looks is exact in it")]
fn rounded(millis: u64) -> f64 {
    millis as f64
}

fn cell(words: &str) -> String {
    clean_line(words, CELL_MOST).to_string()
}

fn figures(glance: &Glance, (requests, calls): (Option<f64>, Option<f64>)) -> Vec<Figure> {
    let figure = |name: &str, value: String, tone| Figure { name: name.to_owned(), value, tone };
    let number = |series: &str| glance.numbers.get(series).copied().unwrap_or(0.0);
    let whole = |series: &str| format!("{:.0}", number(series));
    let by_second = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}/s"));
    let health = &glance.health;
    let tone = match health.status.as_str() {
        "ok" => Tone::Good,
        "paused" => Tone::Waits,
        _ => Tone::Bad,
    };
    let waiting = number("chimera_missions{state=\"waiting\"}");
    let (spent, cap) = (number("chimera_spent_today_usd"), number("chimera_budget_day_usd"));
    // A daemon that does not tell it is taken at its word only when all is spent.
    let soft = cap * glance.numbers.get("chimera_budget_soft_ratio").copied().unwrap_or(1.0);
    let warned = |is: bool, tone| if is { tone } else { Tone::Plain };
    vec![
        figure("status", cell(&health.status), tone),
        figure("up", Millis::secs(health.uptime).to_string(), Tone::Plain),
        figure("level", whole("chimera_autonomy_level"), Tone::Plain),
        figure("pool", whole("chimera_pool_size"), Tone::Plain),
        figure("queued", health.tasks_queued.to_string(), Tone::Plain),
        figure("running", whole("chimera_missions{state=\"running\"}"), Tone::Plain),
        figure("waiting", format!("{waiting:.0}"), warned(waiting > 0.0, Tone::Waits)),
        figure("done", health.tasks_completed.to_string(), Tone::Plain),
        figure("failed", health.tasks_failed.to_string(), Tone::Plain),
        figure("today", format!("${spent:.2}"), warned(spent >= soft, Tone::Waits)),
        figure("of", format!("${cap:.2}"), Tone::Plain),
        figure("calls", by_second(calls), Tone::Plain),
        figure("requests", by_second(requests), Tone::Plain),
        figure("streams", whole("chimera_streams"), Tone::Plain),
        figure("journal", whole("chimera_journal_seq"), Tone::Plain),
    ]
}

fn age(since: &str, now: Timestamp) -> String {
    since.parse::<Timestamp>().map_or_else(|_| "-".to_owned(), |since| now.since(since).to_string())
}

fn table(title: &str, columns: &[&str], none: &str, lines: Vec<Line>) -> Table {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    Table { title: title.to_owned(), columns, lines, none: none.to_owned() }
}

fn missions(glance: &Glance, now: Timestamp) -> Table {
    let line = |mission: &crate::server::client::Mission| Line {
        cells: vec![
            cell(&mission.mission),
            cell(&mission.status),
            cell(mission.step.as_deref().unwrap_or("-")),
            format!("${:.2}/${:.2}", mission.spent_usd, mission.budget_usd),
            age(&mission.opened, now),
            cell(&mission.title),
        ],
        tone: match mission.status.as_str() {
            "waiting" => Tone::Waits,
            "running" => Tone::Busy,
            _ => Tone::Plain,
        },
    };
    let columns = ["status", "step", "spent/cap", "age", "brief"];
    table("MISSIONS", &columns, "none goes on", glance.missions.iter().map(line).collect())
}

fn incidents(glance: &Glance, now: Timestamp) -> Table {
    let line = |incident: &crate::server::client::Incident| Line {
        cells: vec![
            cell(&incident.incident),
            cell(&incident.severity),
            cell(&incident.phase),
            age(&incident.first_seen, now),
            cell(&format!("{}: {}", incident.service, incident.title)),
        ],
        tone: if incident.phase == "needs_human" { Tone::Waits } else { Tone::Bad },
    };
    let columns = ["severity", "phase", "age", "what"];
    let mut found: Vec<_> = glance.incidents.iter().collect();
    // The worst first, and of the same severity the newest: as they come, and a sort keeps that.
    found.sort_by(|one, other| one.severity.cmp(&other.severity));
    table("INCIDENTS", &columns, "nothing is wrong", found.into_iter().map(line).collect())
}

fn requests(glance: &Glance, now: Timestamp) -> Table {
    let line = |request: &crate::server::client::Request| Line {
        cells: vec![
            cell(&request.request),
            cell(&request.about),
            cell(&request.kind),
            age(&request.opened, now),
            cell(&request.question),
        ],
        tone: Tone::Waits,
    };
    let columns = ["about", "kind", "age", "question"];
    table("REQUESTS", &columns, "nobody waits", glance.requests.iter().map(line).collect())
}

/// The same for a pipe and for a screen reader.
fn say(sheet: &Sheet, out: &mut Out) {
    out.say(&format!("{}  {}", sheet.place, sheet.at));
    for figure in &sheet.figures {
        out.say(&format!("{:<10}{}", figure.name, figure.value));
    }
    for table in &sheet.tables {
        out.say("");
        if table.lines.is_empty() {
            out.say(&format!("{}: {}", table.title, table.none));
            continue;
        }
        let head = std::iter::once(table.title.clone());
        let head = head.chain(table.columns.iter().map(|column| column.to_uppercase())).collect();
        let rows = table.lines.iter().map(|line| line.cells.clone());
        out.table(&std::iter::once(head).chain(rows).collect::<Vec<Vec<String>>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::out::tests::Kept, server::client};

    fn glance(calls: f64, status: &str) -> Glance {
        Glance {
            health: client::Health {
                status: status.into(),
                uptime: 90,
                tasks_queued: 2,
                ..Default::default()
            },
            missions: vec![client::Mission {
                mission: "M-1".into(),
                status: "waiting".into(),
                step: Some("decide".into()),
                title: "Mend\u{1b}[2J it".into(),
                opened: "2026-11-20T10:00:00.000Z".into(),
                spent_usd: 0.25,
                budget_usd: 0.5,
            }],
            numbers: [
                ("chimera_calls_total".to_owned(), calls),
                ("chimera_http_requests_total{class=\"2xx\"}".to_owned(), calls * 2.0),
                ("chimera_http_requests_total{class=\"4xx\"}".to_owned(), calls),
                ("chimera_pool_size".to_owned(), 5.0),
                ("chimera_spent_today_usd".to_owned(), 45.0),
                ("chimera_budget_day_usd".to_owned(), 50.0),
                ("chimera_budget_soft_ratio".to_owned(), 0.9),
            ]
            .into(),
            ..Glance::default()
        }
    }

    fn value<'a>(sheet: &'a Sheet, name: &str) -> (&'a str, Tone) {
        let figure = sheet.figures.iter().find(|figure| figure.name == name).unwrap();
        (&figure.value, figure.tone)
    }

    #[test]
    fn d3_rates_are_of_two_looks_and_a_daemon_that_began_anew_has_none_yet() {
        let at = |seconds: i64| Timestamp(1_763_632_800_000 + seconds * 1_000);
        let mut looks = Looks::of("unix:/a".into());
        assert_eq!(value(&looks.sheet(&glance(10.0, "ok"), at(0)), "calls").0, "-");
        let second = looks.sheet(&glance(14.0, "paused"), at(2));
        assert_eq!((value(&second, "calls").0, value(&second, "requests").0), ("2.0/s", "6.0/s"));
        assert_eq!(value(&second, "status"), ("paused", Tone::Waits));
        assert_eq!(
            value(&second, "today"),
            ("$45.00", Tone::Waits),
            "nine tenths of the cap, as the budget says"
        );
        assert_eq!(value(&looks.sheet(&glance(1.0, "ok"), at(3)), "calls").0, "-");
        looks.lost();
        assert_eq!(value(&looks.sheet(&glance(9.0, "ok"), at(4)), "calls").0, "-");
    }

    #[test]
    fn d3_the_worst_incident_stands_first_and_of_the_same_severity_the_newest() {
        let one = |incident: &str, severity: &str| client::Incident {
            incident: incident.into(),
            severity: severity.into(),
            ..Default::default()
        };
        let newest_first = [one("I-9", "P3"), one("I-8", "P1"), one("I-7", "P0"), one("I-6", "P1")];
        let table = incidents(&Glance { incidents: newest_first.into(), ..Glance::default() }, Timestamp(0));
        let order: Vec<&str> = table.lines.iter().map(|line| line.cells[0].as_str()).collect();
        assert_eq!(order, ["I-7", "I-8", "I-6", "I-9"]);
    }

    #[test]
    fn d3_what_is_said_once_is_clean_and_names_everything() {
        let mut looks = Looks::of("unix:/a".into());
        let opened: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let sheet = looks.sheet(&glance(1.0, "ok"), opened + Millis::secs(102));
        let (mut out, kept) = Kept::out(Form::Human);
        say(&sheet, &mut out);
        let text = kept.text();
        for part in ["M-1", "decide", "$0.25/$0.50", "01:42", "INCIDENTS: nothing is wrong", "pool      5"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains('\u{1b}'));
    }
}
