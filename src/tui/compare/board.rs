//! What the comparison shows and what the director has made of it so far: columns, the place under the cursor, what
//! is taken from whom. Changes by keys only; drawing reads it.

use super::{
    align::{Agreement, Alignment, Place},
    compose::{ComposeError, Taken, agreed, compose},
};
use crate::{
    domain::{digest::Digest, ids::MissionId, ids::TeamId, text::clean_line},
    engine::state::Mission,
    tui::shot::DiffDoc,
};

/// Lines of one candidate's version of a place that are shown.
pub const LINES_MOST: usize = 12;

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

/// The patches behind the columns.
#[derive(Debug)]
pub enum Patches {
    /// Being read.
    Reading,
    /// Laid side by side.
    Aligned(Alignment),
    /// Not to be had, in words.
    Missing(String),
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
    /// Whether vendors are named.
    pub names: Names,
    /// How much of the evidence is shown.
    pub evidence: Evidence,
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
            names: Names::Shown,
            evidence: Evidence::Whole,
            top: 0,
            scrolled: false,
        }
    }

    /// The patches to read, in the order of the columns.
    #[must_use]
    pub fn wanted(&self) -> Vec<Digest> {
        self.columns.iter().map(|column| column.patch).collect()
    }

    /// Patches have been read: laid side by side if they are still those of the columns.
    pub fn fill(&mut self, of: &[Digest], patches: Result<Vec<String>, String>) {
        if of != self.wanted() {
            return;
        }
        self.patches = match patches {
            Ok(texts) => {
                let alignment = Alignment::new(texts.iter().map(|text| DiffDoc::parse(text)).collect());
                self.taken = agreed(&alignment);
                Patches::Aligned(alignment)
            }
            Err(why) => Patches::Missing(clean_line(&why, 300).into()),
        };
    }

    /// Whether a newer candidate has come since.
    #[must_use]
    pub fn is_old(&self, mission: &Mission) -> bool {
        Self::new(mission).columns.iter().any(|column| !self.columns.contains(column))
    }

    /// The alignment, once there is one.
    #[must_use]
    pub fn alignment(&self) -> Option<&Alignment> {
        match &self.patches {
            Patches::Aligned(alignment) => Some(alignment),
            Patches::Reading | Patches::Missing(_) => None,
        }
    }

    /// The place under the cursor.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.alignment()?.files.get(self.at.0)?.places.get(self.at.1)
    }

    /// To the n-th place from here.
    pub fn step(&mut self, by: isize) {
        let Some(alignment) = self.alignment() else { return };
        let files = alignment.files.iter().enumerate();
        let all: Vec<(usize, usize)> =
            files.flat_map(|(nth, file)| (0..file.places.len()).map(move |at| (nth, at))).collect();
        let here = all.iter().position(|at| *at == self.at).unwrap_or(0);
        let next = here.saturating_add_signed(by).min(all.len().saturating_sub(1));
        self.at = all.get(next).copied().unwrap_or_default();
        self.scrolled = false;
    }

    /// To the first place of the n-th file from here.
    pub fn step_file(&mut self, by: isize) {
        let Some(alignment) = self.alignment() else { return };
        let last = alignment.files.len().saturating_sub(1);
        self.at = (self.at.0.saturating_add_signed(by).min(last), 0);
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
        let file = self.alignment().and_then(|alignment| alignment.files.get(self.at.0));
        let changed = file.zip(self.place()).is_some_and(|(file, place)| file.is_changed(place, side));
        if !changed {
            return Err("this candidate leaves the place as it is: nothing to take".into());
        }
        if self.taken.get(&self.at) == Some(&side) {
            self.taken.remove(&self.at);
        } else {
            self.taken.insert(self.at, side);
        }
        Ok(())
    }

    /// Takes the version of the column under the cursor wherever it has one.
    pub fn take_all(&mut self) {
        let side = self.side();
        let Some(alignment) = self.alignment() else { return };
        let mut taken = Vec::new();
        for (nth, file) in alignment.files.iter().enumerate() {
            for (at, place) in file.places.iter().enumerate() {
                if file.is_changed(place, side) {
                    taken.push(((nth, at), side));
                }
            }
        }
        self.taken.extend(taken);
    }

    /// Places in conflict of which nothing is taken.
    #[must_use]
    pub fn open_conflicts(&self) -> usize {
        let Some(alignment) = self.alignment() else { return 0 };
        let files = alignment.files.iter().enumerate();
        let open = |(nth, file): (usize, &super::align::AlignedFile)| {
            let conflicts = file.places.iter().enumerate();
            conflicts
                .filter(|(at, place)| {
                    place.agreement == Agreement::Conflict && !self.taken.contains_key(&(nth, *at))
                })
                .count()
        };
        files.map(open).sum()
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
        let count = |side: usize| self.taken.values().filter(|from| **from == side).count();
        let most = (0..self.columns.len()).rev().max_by_key(|side| count(*side)).unwrap_or(0);
        let team = self.columns.get(most).map(|column| column.team).ok_or("there is no candidate")?;
        Ok((team, patch))
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
