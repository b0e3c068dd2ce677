//! The comparison as text: every place that a candidate changes has a number, a word for how the candidates agree, and
//! each one's version under its letter. Pure.

use super::{
    named::{label, letter},
    phrases::evidence_words,
    say,
};
use crate::{
    domain::{
        ids::{RequestId, Revision, TeamId},
        text::count,
    },
    engine::state::Mission,
    tui::{
        compare::{
            Board,
            align::{Agreement, AlignedFile, Alignment, Place},
            board::Names,
            compose::Take,
        },
        shot::doc::Kind,
        words,
    },
};

/// Places that are said at once.
const PLACES_MOST: usize = 200;
/// Lines of one candidate's version of a place.
const LINES_MOST: usize = 12;

/// A comparison that was said, and what of the desk it was said for.
#[derive(Debug)]
pub struct Held {
    /// Columns, places, what is taken.
    pub board: Board,
    /// The request that a combined candidate would decide, as it was then.
    pub request: Option<(RequestId, Revision)>,
}

impl Held {
    /// Every place in the order of its number, which counts from 1.
    #[must_use]
    pub fn places(&self) -> Vec<(usize, usize)> {
        let files = self.board.alignment().map(|alignment| alignment.files.as_slice()).unwrap_or_default();
        let all = files.iter().enumerate();
        all.flat_map(|(nth, file)| (0..file.places.len()).map(move |at| (nth, at))).collect()
    }

    /// How a candidate is called: its letter, or where names are hidden its place in line.
    #[must_use]
    pub fn side_name(&self, side: usize) -> String {
        match self.board.names {
            Names::Shown => {
                self.board.columns.get(side).map_or('?', |column| letter(column.team)).to_string()
            }
            Names::Hidden => {
                let at = self.board.order.iter().position(|known| *known == side).unwrap_or(0);
                format!("candidate {}", at + 1)
            }
        }
    }

    fn take_name(&self, take: Take) -> String {
        match take {
            Take::One(side) => self.side_name(side),
            Take::Both(first, second) => {
                format!("{} and {}", self.side_name(first), self.side_name(second))
            }
        }
    }

    /// Places in conflict of which nothing is taken.
    #[must_use]
    pub fn open_conflicts(&self) -> usize {
        let place = |at: &(usize, usize)| self.board.alignment()?.files.get(at.0)?.places.get(at.1);
        let open = |at: &(usize, usize)| {
            let conflict = place(at).is_some_and(|place| place.agreement == Agreement::Conflict);
            conflict && !self.board.taken.contains_key(at)
        };
        self.places().iter().filter(|at| open(at)).count()
    }

    /// The candidate that a name means.
    #[must_use]
    pub fn side(&self, mission: &Mission, name: &str) -> Option<usize> {
        match self.board.names {
            Names::Shown => {
                let team = super::named::team(mission, name)?;
                self.board.columns.iter().position(|column| column.team == team)
            }
            Names::Hidden => {
                let number: usize = name.trim().trim_start_matches("candidate").trim().parse().ok()?;
                self.board.order.get(number.checked_sub(1)?).copied()
            }
        }
    }

    /// The team behind a name.
    #[must_use]
    pub fn team(&self, mission: &Mission, name: &str) -> Option<TeamId> {
        self.board.columns.get(self.side(mission, name)?).map(|column| column.team)
    }

    /// All of it.
    #[must_use]
    pub fn lines(&self, mission: &Mission) -> Vec<String> {
        let mut lines = self.evidence(mission);
        let Some(alignment) = self.board.alignment() else { return lines };
        let [same, single, conflicts] = alignment.tally();
        let places = self.places();
        lines.push(say::line(
            "compare",
            &format!(
                "{} in {}, {same} the same, {single} of one or some, {}",
                count(places.len(), "place"),
                count(alignment.files.len(), "file"),
                count(conflicts, "conflict")
            ),
        ));
        for number in 1..=places.len().min(PLACES_MOST) {
            lines.extend(self.place(number, LINES_MOST));
        }
        if places.len() > PLACES_MOST {
            let more = places.len() - PLACES_MOST;
            lines.push(say::line("compare", &format!("{more} more places; say place and a number")));
        }
        lines.push(say::line(
            "compare",
            "say take 1 from A, take all from B, leave 1, place 1 for all its lines, combine to build what is taken",
        ));
        lines
    }

    fn evidence(&self, mission: &Mission) -> Vec<String> {
        let mut lines = Vec::new();
        for side in &self.board.order {
            let Some(column) = self.board.columns.get(*side) else { continue };
            let Some(team) = mission.teams.iter().find(|team| team.id == column.team) else { continue };
            let Some((candidate, evidence)) = team.entry(column.attempt) else { continue };
            let name = match self.board.names {
                Names::Shown => label(mission, team.id),
                Names::Hidden => self.side_name(*side),
            };
            let checks = evidence.as_ref().map_or("no evidence yet".to_owned(), |e| evidence_words(e));
            let verdicts = mission.judgement.iter().flat_map(|judgement| &judgement.verdicts);
            let scores: Vec<String> = verdicts
                .filter(|verdict| verdict.team == team.id && verdict.attempt == column.attempt)
                .map(|verdict| match self.board.names {
                    Names::Shown => format!("{} of 100 by {}", verdict.score, verdict.judge),
                    Names::Hidden => format!("{} of 100", verdict.score),
                })
                .collect();
            let scores = if scores.is_empty() { "not judged".to_owned() } else { scores.join(", ") };
            let stat = &candidate.stat;
            let took = evidence.as_ref().map(|e| format!(", {} and {}", e.elapsed, words::cost(e.cost)));
            let manifests = count(stat.manifests.len(), "manifest");
            lines.push(say::line(
                "candidate",
                &format!(
                    "{name}, attempt {}, {checks}, {scores}, +{} -{} in {}, {manifests} touched{}",
                    column.attempt,
                    stat.additions,
                    stat.deletions,
                    count(stat.files.len(), "file"),
                    took.unwrap_or_default()
                ),
            ));
        }
        lines
    }

    /// One place: where it is, how the candidates agree, each one's version.
    #[must_use]
    pub fn place(&self, number: usize, most: usize) -> Vec<String> {
        let places = self.places();
        let at = number.checked_sub(1).and_then(|nth| places.get(nth)).copied();
        let found = at.zip(self.board.alignment()).and_then(|(at, alignment)| {
            let file = alignment.files.get(at.0)?;
            Some((at, alignment, file, file.places.get(at.1)?))
        });
        let Some((at, alignment, file, place)) = found else { return Vec::new() };
        let taken = self.board.taken.get(&at).map(|side| format!(", taken from {}", self.take_name(*side)));
        let mut lines = vec![say::line(
            &format!("place {number} of {}", places.len()),
            &format!(
                "{}, {}, {}{}",
                file.path,
                base_words(place),
                self.agreement(file, place),
                taken.unwrap_or_default()
            ),
        )];
        let changed: Vec<usize> =
            self.board.order.iter().copied().filter(|side| file.is_changed(place, *side)).collect();
        // What all make alike is said once.
        let alike = matches!(place.agreement, Agreement::Same | Agreement::Some);
        let shown = if alike { changed.get(..1).unwrap_or_default() } else { changed.as_slice() };
        for side in shown {
            let name = if alike && changed.len() > 1 {
                changed.iter().map(|side| self.side_name(*side)).collect::<Vec<_>>().join(" and ")
            } else {
                self.side_name(*side)
            };
            lines.extend(version(alignment, file, place, (*side, &name), most));
        }
        lines
    }

    fn agreement(&self, file: &AlignedFile, place: &Place) -> String {
        let sides = self.board.order.iter().copied().filter(|side| file.is_changed(place, *side));
        let names = || sides.map(|side| self.side_name(side)).collect::<Vec<_>>().join(" and ");
        match place.agreement {
            Agreement::Same => "same, all change it alike".into(),
            Agreement::Only(side) => format!("only {}", self.side_name(side)),
            Agreement::Some => format!("some, {} change it alike", names()),
            Agreement::Conflict => format!("conflict, {} differ", names()),
        }
    }
}

fn base_words(place: &Place) -> String {
    match (&place.base, place.whole) {
        (_, true) => "the whole file".into(),
        (base, _) if base.is_empty() => format!("before line {}", base.start),
        (base, _) if base.end == base.start + 1 => format!("line {}", base.start),
        (base, _) => format!("lines {} to {}", base.start, base.end - 1),
    }
}

fn version(
    alignment: &Alignment,
    file: &AlignedFile,
    place: &Place,
    (side, name): (usize, &str),
    most: usize,
) -> Vec<String> {
    let text = |nth: usize| {
        let (hunk, line) = Alignment::line(place, side, nth)?;
        let line = alignment.file(file, side)?.hunks.get(hunk)?.lines.get(line)?;
        Some((line.kind, alignment.docs.get(side)?.text(line)))
    };
    let all: Vec<(Kind, &str)> = (0..Alignment::tall(place, side)).filter_map(text).collect();
    let mut lines: Vec<String> = all
        .iter()
        .take(most)
        .map(|(kind, text)| {
            let word = match kind {
                Kind::Add => "adds",
                _ => "removes",
            };
            say::under(&format!("{name} {word}: {}", text.replace('\t', "    ")))
        })
        .collect();
    if all.is_empty() {
        let diff = alignment.file(file, side);
        let how = diff.map_or("changes the file".to_owned(), |diff| {
            match (diff.old.is_empty(), diff.new.is_empty()) {
                (true, _) => "makes the file".into(),
                (_, true) => "deletes the file".into(),
                _ if diff.old != diff.new => format!("moves the file to {}", diff.new),
                _ => "changes the file's mode or bytes".into(),
            }
        });
        lines.push(say::under(&format!("{name} {how}")));
    }
    if all.len() > most {
        lines.push(say::under(&format!("{name}: {} more", count(all.len() - most, "line"))));
    }
    lines
}
