//! What the comparison shows and what the director has made of it so far: columns, the place under the cursor, what
//! is taken from whom. Changes by keys only; drawing reads it, and costs what is visible.

use super::{
    align::{Agreement, AlignedFile, Alignment, Place},
    compose::{ComposeError, Take, Taken, agreed, can_take_both, compose},
    packages::new_packages,
    rows::{At, Rows},
};
use crate::{
    domain::{digest::Digest, ids::MissionId, ids::TeamId, text::clean_line},
    engine::state::Mission,
    tui::{
        shot::{DiffDoc, Highlighter, Later},
        stream::search::Needle,
    },
};
use std::collections::BTreeMap;

/// Bytes of patches that are laid side by side between two frames.
const AT_ONCE: usize = 256 * 1024;

/// One column: a team's newest candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Whose.
    pub team: TeamId,
    /// The team's shown name.
    pub name: String,
    /// Which of the team's.
    pub attempt: u32,
    /// Its patch.
    pub patch: Digest,
}

/// Patches laid side by side, with what is known of them.
#[derive(Debug)]
pub struct Laid {
    /// Place by place.
    pub alignment: Alignment,
    /// How many places are the same, not of all, and in conflict.
    pub tally: [usize; 3],
    /// New dependencies of each.
    pub packages: Vec<Vec<String>>,
}

impl Laid {
    fn of(texts: &[String]) -> Self {
        let alignment = Alignment::new(texts.iter().map(|text| DiffDoc::parse(text)).collect());
        let packages = alignment.docs.iter().map(|doc| new_packages(doc)).collect();
        Self { tally: alignment.tally(), packages, alignment }
    }
}

/// The patches behind the columns.
#[derive(Debug)]
pub enum Patches {
    /// Being read.
    Reading,
    /// Long ones: being laid side by side.
    Laying(Later<Laid>),
    /// Laid side by side.
    Aligned(Box<Laid>),
    /// Not to be had, in words.
    Missing(String),
}

/// Places named in what stands above a combined patch.
const TOLD_MOST: usize = 20;

/// How much is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// One place.
    Place,
    /// All places of its file.
    File,
}

/// Whether vendors are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Yes.
    Shown,
    /// No: columns are letters, in an order that tells nothing.
    Hidden,
}

/// How much of the evidence is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// All of it.
    Whole,
    /// One line a candidate.
    Folded,
}

/// A place that holds what is searched for, and the candidates that say it; none: its file's name does.
type Hit = (At, Vec<usize>);

/// A comparison.
#[derive(Debug)]
pub struct Board {
    /// Whose candidates.
    pub mission: MissionId,
    /// In the order of teams.
    pub columns: Vec<Column>,
    /// Their patches, in the same order.
    pub patches: Patches,
    /// The file and place under the cursor.
    pub at: (usize, usize),
    /// The column under the cursor, as shown from the left.
    pub column: usize,
    /// Which candidate each column shows, from the left.
    pub order: Vec<usize>,
    /// What is taken so far.
    pub taken: Taken,
    /// Whether anything was taken or left by hand.
    touched: bool,
    /// The index of rows.
    pub rows: Rows,
    /// Where both versions are taken: the lines that come, each by candidate, hunk and line.
    pub both: BTreeMap<At, Vec<(usize, usize, usize)>>,
    /// Places in conflict of which nothing is taken.
    pub open: usize,
    /// Whether vendors are named.
    pub names: Names,
    /// How much of the evidence is shown.
    pub evidence: Evidence,
    /// Places that were searched for with the candidates that say it, and the one gone to last.
    found: Option<(Vec<Hit>, usize)>,
    /// First row shown.
    pub top: usize,
    /// Whether the rows were moved by hand since the cursor was.
    pub scrolled: bool,
}

impl Board {
    /// The newest candidates of a mission, patches still to be read.
    #[must_use]
    pub fn new(mission: &Mission) -> Self {
        let newest = mission.teams.iter().filter_map(|team| {
            let (candidate, _) = team.candidates.last()?;
            let name = crate::tui::words::team_name_of(team);
            Some(Column { team: team.id, name, attempt: candidate.attempt, patch: candidate.patch })
        });
        let columns: Vec<Column> = newest.take(super::align::SIDES_MOST).collect();
        Self {
            mission: mission.id,
            order: (0..columns.len()).collect(),
            columns,
            patches: Patches::Reading,
            at: (0, 0),
            column: 0,
            taken: Taken::new(),
            touched: false,
            rows: Rows::default(),
            both: BTreeMap::new(),
            open: 0,
            names: Names::Shown,
            evidence: Evidence::Whole,
            found: None,
            top: 0,
            scrolled: false,
        }
    }

    /// The patches to read, in the order of the columns.
    #[must_use]
    pub fn wanted(&self) -> Vec<Digest> {
        self.columns.iter().map(|column| column.patch).collect()
    }

    /// Patches have been read: laid side by side if they are still those of the columns; long ones by the painter.
    pub fn fill(&mut self, of: &[Digest], texts: Result<Vec<String>, String>, painter: Option<&Highlighter>) {
        if of != self.wanted() {
            return;
        }
        match texts {
            Ok(texts) => {
                let long = texts.iter().map(String::len).sum::<usize>() > AT_ONCE;
                match painter.filter(|_| long) {
                    Some(painter) => self.patches = Patches::Laying(painter.make(move || Laid::of(&texts))),
                    None => self.lay(Laid::of(&texts)),
                }
            }
            Err(why) => self.patches = Patches::Missing(clean_line(&why, 300).into()),
        }
    }

    /// What was laid side by side meanwhile is shown from now on.
    pub fn settle(&mut self) {
        let waits = matches!(self.patches, Patches::Laying(_));
        let patches = if waits { std::mem::replace(&mut self.patches, Patches::Reading) } else { return };
        if let Patches::Laying(later) = patches {
            match later.take() {
                Ok(laid) => self.lay(laid),
                Err(later) => self.patches = Patches::Laying(later),
            }
        }
    }

    fn lay(&mut self, laid: Laid) {
        self.taken = agreed(&laid.alignment);
        self.patches = Patches::Aligned(Box::new(laid));
        self.recount();
    }

    /// Counts anew what hangs on what is taken.
    fn recount(&mut self) {
        let Patches::Aligned(laid) = &self.patches else { return };
        let alignment = &laid.alignment;
        let places = alignment.files.iter().enumerate().flat_map(|(nth, file)| {
            file.places.iter().enumerate().map(move |(at, place)| ((nth, at), place))
        });
        let open = |(at, place): &(At, &Place)| {
            place.agreement == Agreement::Conflict && !self.taken.contains_key(at)
        };
        self.open = places.filter(open).count();
        let both = self.taken.iter().filter_map(|(at, take)| {
            let Take::Both(first, second) = *take else { return None };
            let place = alignment.files.get(at.0)?.places.get(at.1)?;
            let lines = [first, second].into_iter().flat_map(|side| {
                let changes = place.sides.get(side).into_iter().flatten();
                changes
                    .flat_map(move |change| change.added.clone().map(move |line| (side, change.hunk, line)))
            });
            Some((*at, lines.collect::<Vec<_>>()))
        });
        let both: BTreeMap<At, Vec<_>> = both.collect();
        if both != self.both || self.rows.is_empty() {
            let lengths = both.iter().map(|(at, lines)| (*at, lines.len())).collect();
            self.rows = Rows::of(alignment, &lengths);
            self.both = both;
        }
    }

    /// Whether anything was taken or left by hand.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// Whether a newer candidate has come since.
    #[must_use]
    pub fn is_old(&self, mission: &Mission) -> bool {
        Self::new(mission).columns.iter().any(|column| !self.columns.contains(column))
    }

    /// The alignment, once there is one.
    #[must_use]
    pub fn alignment(&self) -> Option<&Alignment> {
        self.laid().map(|laid| &laid.alignment)
    }

    /// The same with what is known of the patches.
    #[must_use]
    pub fn laid(&self) -> Option<&Laid> {
        match &self.patches {
            Patches::Aligned(laid) => Some(laid),
            Patches::Reading | Patches::Laying(_) | Patches::Missing(_) => None,
        }
    }

    fn file(&self) -> Option<&AlignedFile> {
        self.alignment()?.files.get(self.at.0)
    }

    /// The place under the cursor.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.alignment()?.files.get(self.at.0)?.places.get(self.at.1)
    }

    /// To the n-th place from here.
    pub fn step(&mut self, by: isize) {
        self.at = self.rows.step(self.at, by);
        self.scrolled = false;
    }

    /// To the first place of the n-th file from here.
    pub fn step_file(&mut self, by: isize) {
        let Some(alignment) = self.alignment() else { return };
        let last = alignment.files.len().saturating_sub(1);
        self.at = (self.at.0.saturating_add_signed(by).min(last), 0);
        self.scrolled = false;
    }

    /// To the first place from here on a line of which, or whose file's name, holds these words, and to the candidate that
    /// says it; around the end. How many places do; where none does nothing is moved, and an earlier search stays.
    ///
    /// # Errors
    /// In words: the patches are not laid side by side yet.
    pub fn find(&mut self, words: &str) -> Result<usize, String> {
        let alignment = self.alignment().ok_or("the patches are not read yet: search again in a moment")?;
        let Some(needle) = Needle::new(words) else { return Ok(0) };
        let found = holding(alignment, &needle);
        let (many, next) = (found.len(), found.iter().position(|(at, _)| *at >= self.at).unwrap_or(0));
        if many > 0 {
            self.found = Some((found, next));
            self.go_to_found();
        }
        Ok(many)
    }

    /// To the place found after this one, or before it, around the end; which of how many. None: nothing was found.
    pub fn find_on(&mut self, forward: bool) -> Option<(usize, usize)> {
        let (found, at) = self.found.as_mut()?;
        let step = if forward { 1 } else { found.len().saturating_sub(1) };
        *at = (*at + step) % found.len().max(1);
        let place = (*at + 1, found.len());
        self.go_to_found();
        Some(place)
    }

    fn go_to_found(&mut self) {
        let Some((at, sides)) = self.found.as_ref().and_then(|(found, at)| found.get(*at)) else { return };
        let (at, side) = (*at, sides.first().copied().filter(|_| !sides.contains(&self.side())));
        self.at = at;
        let column = side.and_then(|side| self.order.iter().position(|known| *known == side));
        self.column = column.unwrap_or(self.column);
        self.scrolled = false;
    }

    /// What a column is called: the team, or a letter while names are hidden.
    #[must_use]
    pub fn name_of(&self, side: usize) -> String {
        let column = self.columns.get(side);
        match self.names {
            Names::Hidden => {
                let at = self.order.iter().position(|known| *known == side).unwrap_or(0);
                format!("candidate {}", ["A", "B", "C", "D"].get(at).copied().unwrap_or("?"))
            }
            Names::Shown => column
                .map_or_else(String::new, |column| format!("{} attempt {}", column.name, column.attempt)),
        }
    }

    /// Moves the rows, of which the first shown can be at most `most`.
    pub fn scroll(&mut self, by: isize, most: usize) {
        self.top = self.top.saturating_add_signed(by).min(most);
        self.scrolled = true;
    }

    /// The candidate in the column under the cursor.
    #[must_use]
    pub fn side(&self) -> usize {
        self.order.get(self.column).copied().unwrap_or(0)
    }

    /// To the column before or after.
    pub fn turn(&mut self, by: isize) {
        self.column = self.column.saturating_add_signed(by).min(self.columns.len().saturating_sub(1));
    }

    /// Takes the place under the cursor from the column under it, or leaves it if it was taken from there.
    ///
    /// # Errors
    /// In words: that candidate does not change the place.
    pub fn take(&mut self) -> Result<(), String> {
        let side = self.side();
        self.changed_by(side)?;
        if self.taken.get(&self.at) == Some(&Take::One(side)) {
            self.put(None);
        } else {
            self.put(Some(Take::One(side)));
        }
        Ok(())
    }

    /// Takes both versions of the place under the cursor, that of the column under it first; again: the other first;
    /// again: neither.
    ///
    /// # Errors
    /// In words: there are no two versions, or they cannot be put one after the other.
    pub fn take_both(&mut self) -> Result<(), String> {
        let side = self.side();
        self.changed_by(side)?;
        let next = match self.taken.get(&self.at) {
            Some(Take::Both(first, second)) if *first == side => Some(Take::Both(*second, side)),
            Some(Take::Both(_, second)) if *second == side => None,
            _ => {
                let turn = self.order.iter().cycle().skip(self.column + 1).take(self.order.len());
                let other = turn.copied().find(|other| *other != side && self.changed_by(*other).is_ok());
                let other = other.ok_or("no other candidate changes this place")?;
                Some(Take::Both(side, other))
            }
        };
        if let Some(Take::Both(first, second)) = next
            && !self.place().is_some_and(|place| can_take_both(place, first, second))
        {
            return Err("both versions cannot be put one after the other here: take one of them".into());
        }
        self.put(next);
        Ok(())
    }

    /// Whether the column under the cursor changes the place under it.
    #[must_use]
    pub fn can_take(&self) -> bool {
        self.changed_by(self.side()).is_ok()
    }

    fn changed_by(&self, side: usize) -> Result<(), String> {
        let changed = self.file().zip(self.place()).is_some_and(|(file, place)| file.is_changed(place, side));
        if changed { Ok(()) } else { Err("this candidate leaves the place as it is: nothing to take".into()) }
    }

    fn put(&mut self, take: Option<Take>) {
        match take {
            Some(take) => self.taken.insert(self.at, take),
            None => self.taken.remove(&self.at),
        };
        self.touched = true;
        self.recount();
    }

    /// Takes the version of the column under the cursor wherever it has one.
    pub fn take_all(&mut self) {
        let side = self.side();
        let Some(alignment) = self.alignment() else { return };
        let mut taken = Vec::new();
        for (nth, file) in alignment.files.iter().enumerate() {
            for (at, place) in file.places.iter().enumerate() {
                if file.is_changed(place, side) {
                    taken.push(((nth, at), Take::One(side)));
                }
            }
        }
        self.taken.extend(taken);
        self.touched = true;
        self.recount();
    }

    /// Rejects the place under the cursor, or its whole file: it stays as it was before. Where nothing was taken by
    /// hand yet, everything else of the column under the cursor is.
    pub fn reject(&mut self, whole: Whole) {
        if !self.touched {
            self.take_all();
        }
        match whole {
            Whole::Place => self.put(None),
            Whole::File => {
                let file = self.at.0;
                self.taken.retain(|at, _| at.0 != file);
                self.recount();
            }
        }
    }

    /// The patch of what is taken, and the team whose candidate it becomes: the one most is taken from.
    ///
    /// # Errors
    /// In words: nothing is taken, or a patch cannot be taken apart.
    pub fn combined(&self) -> Result<(TeamId, String), String> {
        let alignment = self.alignment().ok_or("the patches are not read yet")?;
        let patch = compose(alignment, &self.taken).map_err(|error| match error {
            ComposeError::Nothing => {
                "nothing is taken yet: space takes the place under the cursor".to_owned()
            }
            other => other.to_string(),
        })?;
        let most = self.sources().into_iter().max_by_key(|(side, many)| (*many, usize::MAX - side));
        let column = most.and_then(|(side, _)| self.columns.get(side)).or(self.columns.first());
        Ok((column.ok_or("there is no candidate")?.team, patch))
    }

    /// From which candidates places are taken, and how many.
    fn sources(&self) -> Vec<(usize, usize)> {
        let count = |side: usize| self.taken.values().filter(|take| take.is_of(side)).count();
        let sides = (0..self.columns.len()).map(|side| (side, count(side)));
        sides.filter(|(_, many)| *many > 0).collect()
    }

    /// Who made what is taken and what it is: what stands above its patch.
    #[must_use]
    pub fn letter(&self, mission: &Mission) -> String {
        let Some(alignment) = self.alignment() else { return String::new() };
        let mut sources = self.sources();
        sources.sort_by_key(|(side, many)| (std::cmp::Reverse(*many), *side));
        let name = |side: usize| self.columns.get(side).map_or("", |column| column.name.as_str());
        let names: Vec<&str> = sources.iter().map(|(side, _)| name(*side)).collect();
        let main = sources.first().and_then(|(side, _)| self.columns.get(*side));
        let team = main.and_then(|main| mission.teams.iter().find(|team| team.id == main.team));
        let entry = main.and_then(|main| team?.entry(main.attempt));
        let summary = entry.map_or("", |(candidate, _)| candidate.summary.lines().next().unwrap_or_default());
        let places = alignment.files.iter().map(|file| file.places.len()).sum::<usize>();
        let how = match names.as_slice() {
            [one] => format!("{} of {places} places of {one}", self.taken.len()),
            _ => names.join(" + "),
        };
        let mut text = format!(
            "From: the director, out of {how}\nSubject: {}\n\nTaken by the director out of {how}:\n",
            clean_line(if summary.is_empty() { &how } else { summary }, 200)
        );
        for (nth, (at, take)) in self.taken.iter().enumerate() {
            let Some(file) = alignment.files.get(at.0) else { continue };
            if nth == TOLD_MOST {
                text.push_str(&format!("- and {} more\n", self.taken.len() - TOLD_MOST));
                break;
            }
            let line = file.places.get(at.1).filter(|place| !place.whole);
            let line = line.map_or(String::new(), |place| format!(":{}", place.base.start));
            let from = match take {
                Take::One(side) => name(*side).to_owned(),
                Take::Both(first, second) => format!("{}, then {}", name(*first), name(*second)),
            };
            text.push_str(&format!("- {}{line} of {from}\n", clean_line(&file.path, 200)));
        }
        text.push('\n');
        text
    }

    /// Hides vendors, or names them again. Hidden, columns stand in the order of their patches' digests, which tells
    /// nothing of who wrote them.
    pub fn turn_names(&mut self) {
        let side = self.side();
        self.names = match self.names {
            Names::Shown => Names::Hidden,
            Names::Hidden => Names::Shown,
        };
        self.order.sort_unstable();
        if self.names == Names::Hidden {
            self.order.sort_by_key(|side| self.columns.get(*side).map(|column| column.patch.to_string()));
        }
        self.column = self.order.iter().position(|known| *known == side).unwrap_or(0);
    }
}

/// The places that hold what is searched for.
fn holding(alignment: &Alignment, needle: &Needle) -> Vec<Hit> {
    let holds = |text: &str| needle.find_in(text).next().is_some();
    let mut found = Vec::new();
    for (nth, file) in alignment.files.iter().enumerate() {
        for (at, place) in file.places.iter().enumerate() {
            let says = |side: &usize| {
                let doc = alignment.docs.get(*side).zip(alignment.file(file, *side));
                let line = |n| {
                    let (doc, (hunk, line)) = (doc?, Alignment::line(place, *side, n)?);
                    Some(doc.0.text(doc.1.hunks.get(hunk)?.lines.get(line)?))
                };
                (0..Alignment::tall(place, *side)).filter_map(line).any(holds)
            };
            let sides: Vec<usize> = (0..alignment.docs.len()).filter(says).collect();
            if !sides.is_empty() || (at == 0 && holds(&file.path)) {
                found.push(((nth, at), sides));
            }
        }
    }
    found
}
