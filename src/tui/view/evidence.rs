//! The table of evidence above the places of a comparison: a row a fact, a column a candidate. What is missing says so
//! and is never green.

use crate::{
    domain::{
        candidate::{Candidate, CheckKind, CheckOutcome, CheckResult, Verdict},
        team::Vendor,
        text::{clean_line, count},
    },
    engine::{
        kind_of,
        playbook::brief,
        records::Race,
        state::{Judgement, Mission, State, Team},
    },
    tui::{
        compare::board::{Board, Evidence, Names},
        theme::Role,
        words, wrap,
    },
};
use std::sync::Arc;

/// Points between judges of one candidate above which they are said to disagree.
const APART: u8 = 20;

/// One row of the table.
pub(super) enum Line {
    /// Over all columns.
    Span(String, Role),
    /// A name, and a cell for each candidate.
    Cells(&'static str, Vec<(String, Role)>),
}

/// Words of a cell.
type Cell = (String, Role);

/// What a cell is made from.
struct Entry<'a> {
    side: usize,
    team: &'a Team,
    kept: Option<&'a (Arc<Candidate>, Option<Arc<crate::domain::candidate::Evidence>>)>,
    board: &'a Board,
    judgement: Option<&'a Judgement>,
}

impl Entry<'_> {
    fn evidence(&self) -> Option<&crate::domain::candidate::Evidence> {
        self.kept?.1.as_deref()
    }

    /// Said where money and time went into what the team had made before a person made another candidate of it.
    fn of_the_team(&self) -> &'static str {
        match self.kept {
            Some((candidate, _)) if !candidate.author.is_empty() => ", the team's before it",
            _ => "",
        }
    }

    fn is_hidden(&self) -> bool {
        self.board.names == Names::Hidden
    }

    fn name(&self) -> String {
        match self.board.names {
            Names::Shown => format!("[{}] {}", self.team.id.0, words::team_name_of(self.team)),
            Names::Hidden => self.board.name_of(self.side),
        }
    }

    /// What weakens a judgement; while names are hidden, only if it names nobody.
    fn told<'w>(&self, words: &'w str) -> &'w str {
        let low = words.to_lowercase();
        let vendors = Vendor::ALL.into_iter().any(|vendor| low.contains(vendor.word()));
        let teams = || self.board.columns.iter().any(|column| low.contains(&column.name.to_lowercase()));
        if self.is_hidden() && (vendors || teams()) { "said when names are shown" } else { words }
    }

    /// The n-th check of a kind.
    fn check(&self, kind: CheckKind, nth: usize) -> Option<&CheckResult> {
        self.evidence()?.checks.iter().filter(|check| check.kind == kind).nth(nth)
    }

    fn verdicts(&self) -> Vec<&Verdict> {
        let all = self.judgement.map(|judgement| judgement.verdicts.as_slice()).unwrap_or_default();
        let attempt = self.kept.map(|(candidate, _)| candidate.attempt);
        all.iter()
            .filter(|verdict| verdict.team == self.team.id && Some(verdict.attempt) == attempt)
            .collect()
    }

    /// What took this candidate's place and failed, so that it stands again.
    fn fallen(&self) -> Option<String> {
        let (made, evidence, _) = brief::fallen(self.team)?;
        let by = if self.is_hidden() { "the director" } else { made.author.as_str() };
        let red = evidence.checks.iter().find(|check| check.after.outcome != CheckOutcome::Passed)?;
        let words = format!(
            "✗ attempt {}, by {by}, failed: {}  {}",
            made.attempt,
            words::check_change(red),
            red.command
        );
        Some(clean_line(&words, 300).to_string())
    }
}

/// Lays out rows; cells are wrapped, not cut: what a judge says is read to its end before it is decided on.
struct Table<'a> {
    entries: Vec<Entry<'a>>,
    room: usize,
    lines: Vec<Line>,
}

impl Table<'_> {
    fn row(&mut self, name: &'static str, cell: &dyn Fn(&Entry<'_>) -> Cell) {
        let cells: Vec<(Vec<String>, Role)> = self
            .entries
            .iter()
            .map(|entry| {
                let (text, role) = cell(entry);
                let rows = wrap::rows(&text, self.room).into_iter();
                (rows.map(|range| text[range].trim_end().to_owned()).collect(), role)
            })
            .collect();
        let most = cells.iter().map(|(rows, _)| rows.len()).max().unwrap_or(1);
        for nth in 0..most {
            let cell =
                |(rows, role): &(Vec<String>, Role)| (rows.get(nth).cloned().unwrap_or_default(), *role);
            self.lines.push(Line::Cells(if nth == 0 { name } else { "" }, cells.iter().map(cell).collect()));
        }
    }

    fn most(&self, count: impl Fn(&Entry<'_>) -> usize) -> usize {
        self.entries.iter().map(count).max().unwrap_or(0)
    }
}

fn plain(text: impl Into<String>) -> Cell {
    (text.into(), Role::Text)
}

fn missing(what: &str) -> Cell {
    (format!("○ missing: {what}"), Role::Warn)
}

/// The table of the candidates shown, each in `room` columns.
pub(super) fn table(
    state: &State,
    mission: &Mission,
    board: &Board,
    (shown, room): (&[usize], usize),
) -> Vec<Line> {
    let entry = |side: &usize| {
        let column = board.columns.get(*side)?;
        let team = mission.teams.iter().find(|team| team.id == column.team)?;
        let (kept, judgement) = (team.entry(column.attempt), mission.judgement.as_ref());
        Some(Entry { side: *side, team, kept, board, judgement })
    };
    let entries: Vec<Entry<'_>> = shown.iter().filter_map(entry).collect();
    if entries.is_empty() {
        return vec![Line::Span("No candidate yet.".into(), Role::Muted)];
    }
    let mut table = Table { entries, room, lines: Vec::new() };
    table.row("", &|it| (it.name(), Role::Title));
    if table.entries.iter().any(|it| it.kept.is_some_and(|(candidate, _)| !candidate.author.is_empty())) {
        table.row("made by", &|it| match it.kept.map(|(candidate, _)| candidate.author.as_str()) {
            Some("") | None => plain("the team"),
            Some(_) if it.is_hidden() => (String::from("◆ the director"), Role::Attention),
            Some(author) => (format!("◆ {}", clean_line(author, 200)), Role::Attention),
        });
    }
    if table.entries.iter().any(|it| it.fallen().is_some()) {
        table.row("before it", &|it| (it.fallen().unwrap_or_default(), Role::Bad));
    }
    if board.evidence == Evidence::Folded {
        table.row("evidence", &|it| match it.evidence() {
            Some(found) => plain(words::evidence_line(found)),
            None => ("● not yet checked".into(), Role::Warn),
        });
        return table.lines;
    }
    checks(&mut table);
    facts(&mut table);
    verdicts(&mut table);
    record(&mut table, state, mission);
    table.lines
}

fn checks(table: &mut Table<'_>) {
    table.row("checks", &|it| match it.evidence() {
        Some(found) if found.passed() => ("✓ pass".into(), Role::Ok),
        Some(found) if found.checks.is_empty() => missing("none were run"),
        Some(_) => ("✗ fail".into(), Role::Bad),
        None => ("● not yet checked".into(), Role::Warn),
    });
    let kinds = [
        (CheckKind::Build, "build"),
        (CheckKind::Test, "tests"),
        (CheckKind::Acceptance, "your check"),
        (CheckKind::Lint, "lint"),
    ];
    for (kind, name) in kinds {
        let of = |it: &Entry<'_>| {
            it.evidence().map_or(0, |found| found.checks.iter().filter(|check| check.kind == kind).count())
        };
        let most = table.most(of);
        if most == 0 && kind == CheckKind::Acceptance {
            continue;
        }
        for nth in 0..most.max(1) {
            table.row(if nth == 0 { name } else { "" }, &|it| match (it.check(kind, nth), it.evidence()) {
                (Some(check), _) => {
                    let (glyph, role) = match check.after.outcome {
                        CheckOutcome::Passed => ("✓", Role::Ok),
                        CheckOutcome::Failed | CheckOutcome::TimedOut => ("✗", Role::Bad),
                        CheckOutcome::Broken => ("!", Role::Warn),
                    };
                    let command = clean_line(&check.command, 60);
                    (format!("{glyph} {}  {command}", words::check_change(check)), role)
                }
                (None, Some(_)) => missing("none was run"),
                (None, None) => plain(""),
            });
        }
    }
    table.row("new tests", &|it| match it.evidence() {
        None => plain(""),
        Some(found) if found.new_passing.is_empty() => ("○ none that failed before".into(), Role::Muted),
        Some(found) => {
            let proves = if found.reproduces { ", one reproduces the fault" } else { "" };
            plain(format!("✓ {} failed before{proves}", count(found.new_passing.len(), "test")))
        }
    });
}

fn facts(table: &mut Table<'_>) {
    table.row("size", &|it| {
        it.kept.map_or(plain(""), |(candidate, _)| {
            let stat = &candidate.stat;
            plain(format!("+{} -{} in {}", stat.additions, stat.deletions, count(stat.files.len(), "file")))
        })
    });
    table.row("new deps", &|it| {
        let known = it.board.laid().and_then(|laid| laid.packages.get(it.side));
        let manifests = it.kept.map(|(candidate, _)| candidate.stat.manifests.as_slice()).unwrap_or_default();
        let touched = clean_line(&manifests.join(", "), 120);
        match (known.map(Vec::as_slice), manifests) {
            (None, _) => ("● not yet read".into(), Role::Muted),
            (Some([]), []) => plain("none"),
            (Some([]), _) => plain(format!("none named; touches {touched}")),
            (Some(names), _) => (format!("! {}: {}", names.len(), names.join(", ")), Role::Warn),
        }
    });
    table.row("cost", &|it| match it.evidence().map(|found| found.cost) {
        Some(crate::domain::money::Cost::Unknown) => missing("a price is unknown"),
        Some(known) => plain(format!("{}{}", words::cost(known), it.of_the_team())),
        None => plain(""),
    });
    table.row("time", &|it| {
        plain(it.evidence().map_or(String::new(), |found| format!("{}{}", found.elapsed, it.of_the_team())))
    });
    table.row("says", &|it| {
        it.kept.map_or(plain(""), |(candidate, _)| {
            // What the director put together names whom it was taken from.
            if it.is_hidden() && !candidate.author.is_empty() {
                return plain("hidden while names are");
            }
            plain(String::from(clean_line(&candidate.summary, 200)))
        })
    });
}

fn verdicts(table: &mut Table<'_>) {
    let Some(judgement) = table.entries.first().and_then(|it| it.judgement) else {
        table.lines.push(Line::Span("judges      ○ no verdict yet".into(), Role::Warn));
        return;
    };
    let most = table.most(|it| it.verdicts().len());
    for nth in 0..most.max(1) {
        table.row(if nth == 0 { "judges" } else { "" }, &|it| match it.verdicts().get(nth) {
            Some(verdict) => {
                let by = if it.is_hidden() { String::new() } else { format!(" by {}", verdict.judge) };
                let [first, second] = verdict.orders;
                plain(format!("{}/100{by}: {first} in one order, {second} swapped", verdict.score))
            }
            None if nth == 0 => missing("no verdict"),
            None => plain(""),
        });
        table.row("", &|it| match it.verdicts().get(nth) {
            Some(verdict) => {
                let note =
                    verdict.note.as_ref().map(|note| format!("! {}  ", it.told(note))).unwrap_or_default();
                let role = if note.is_empty() { Role::Text } else { Role::Warn };
                (clean_line(&format!("{note}{}", verdict.reasons), 200).to_string(), role)
            }
            None => plain(""),
        });
    }
    let apart = |it: &Entry<'_>| {
        let scores: Vec<u8> = it.verdicts().iter().map(|verdict| verdict.score).collect();
        let (low, high) = (scores.iter().min().copied()?, scores.iter().max().copied()?);
        (high - low > APART).then(|| format!("! the judges disagree: {low} to {high}"))
    };
    if table.entries.iter().any(|it| apart(it).is_some()) {
        table.row("", &|it| (apart(it).unwrap_or_default(), Role::Warn));
    }
    let Some(first) = table.entries.first() else { return };
    let line = |what: &String| {
        Line::Span(format!("missing     ○ {}", clean_line(first.told(what), 200)), Role::Warn)
    };
    let missing: Vec<Line> = judgement.missing.iter().map(line).collect();
    table.lines.extend(missing);
}

/// The chooser's record in this kind of task; not while names are hidden and nothing is decided.
fn record(table: &mut Table<'_>, state: &State, mission: &Mission) {
    let kind = kind_of(mission);
    let races = state.records.board().of(&kind);
    let Some(board) = table.entries.first().map(|it| it.board) else { return };
    if races.is_empty() {
        return;
    }
    if board.names == Names::Hidden && mission.result.chosen.is_none() {
        table.lines.push(Line::Span("record      hidden while names are".into(), Role::Muted));
        return;
    }
    let told = |race: &&Race| format!("{} {} of {}", clean_line(&race.team, 40), race.chosen, race.raced);
    let told: Vec<String> = races.iter().take(4).map(told).collect();
    let words = format!("record      {}: chosen {}", clean_line(&kind, 60), told.join(", "));
    table.lines.push(Line::Span(words, Role::Muted));
}
