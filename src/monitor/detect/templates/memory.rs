//! What a miner knows, within bounds: shapes, templates, holes and openings. What was used longest ago is forgotten first,
//! half a map at once, so that forgetting costs nothing that is felt; age is counted in lines, so every run forgets alike.

use super::{hashing::Map, shape::Shape};
use crate::domain::digest::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Different words in one place, from which on the place is a value.
pub const HOLE_WORDS: usize = 8;
/// The same for the first place, which is more often the name of what speaks.
pub const FIRST_WORDS: usize = 16;
/// Shapes with one opening, from which on the opening is the template.
pub const FLOOD_SHAPES: usize = 64;
/// Templates known at once.
pub const TEMPLATES_MOST: usize = 2 * 1024;
/// Shapes known at once.
pub const SHAPES_MOST: usize = 16 * 1024;
/// Holes watched at once.
pub const HOLES_MOST: usize = 32 * 1024;
/// Openings watched at once.
pub const OPENINGS_MOST: usize = 1024;
/// Frames in which places have become values.
pub const FRAMES_MOST: usize = 1024;
/// Templates of one frame that are compared with a new shape.
const FRAME_TEMPLATES: usize = 16;
/// Holes watched of one shape.
const HOLES_OF_ONE: usize = 24;
/// Parts of an opening.
const OPENING_PARTS: usize = 3;
/// Words a shape needs besides its hole.
const HOLE_CONTEXT: usize = 2;
/// Part of every id: a change of how shapes are made never takes two templates for one.
const VERSION: &str = "template/1";

/// Identity of a template, shown as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateId(pub u64);

impl TemplateId {
    /// Of the shape by which a template of this service comes to be.
    fn of(service: &str, shape: &Shape) -> Self {
        let digest = Digest::of_parts(&[VERSION.as_bytes(), service.as_bytes(), shape.canon().as_bytes()]);
        Self(digest.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first)))
    }
}

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a line turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// Its template.
    pub id: TemplateId,
    /// Whether the template was not known.
    pub fresh: bool,
    /// Templates that this line joined to that one: their ids name it from now on.
    pub ended: Vec<TemplateId>,
}

/// A template, or the one it was joined to.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum State {
    Live(Box<Shape>),
    Joined(TemplateId),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    state: State,
    count: u64,
    born: u64,
    seen: u64,
}

/// Where a hole or an opening stands.
#[derive(Debug, Clone)]
enum Watch {
    /// What was seen in it, and in which template.
    Open(Vec<(u64, TemplateId)>),
    /// It is a value of this template.
    Closed(TemplateId),
}

/// What is known, to be kept over a restart. Holes that were not yet full start again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Saved {
    line: u64,
    templates: Vec<(TemplateId, Kept)>,
    shapes: Vec<(u64, TemplateId)>,
    holes: Vec<(u64, TemplateId)>,
    openings: Vec<(u64, TemplateId)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept(Known);

/// What a miner knows.
#[derive(Debug, Default)]
pub struct Memory {
    service: String,
    line: u64,
    templates: Map<Known>,
    shapes: Map<(TemplateId, u64)>,
    holes: Map<(Watch, u64)>,
    openings: Map<(Watch, u64)>,
    /// By frame: templates with places that became values.
    frames: Map<(Vec<TemplateId>, u64)>,
}

impl Memory {
    pub fn of(service: &str) -> Self {
        Self { service: service.to_owned(), ..Self::default() }
    }

    /// The template of a shape that has been seen, which is seen again.
    pub fn known(&mut self, hash: u64) -> Option<TemplateId> {
        self.line += 1;
        let (id, seen) = self.shapes.get_mut(&hash)?;
        *seen = self.line;
        let mut known = self.templates.get_mut(&id.0)?;
        if let State::Joined(_) = known.state {
            known.seen = self.line;
            let now = self.current(self.shapes.get(&hash)?.0);
            self.shapes.insert(hash, (now, self.line));
            known = self.templates.get_mut(&now.0)?;
            (known.seen, known.count) = (self.line, known.count + 1);
            return matches!(known.state, State::Live(_)).then_some(now);
        }
        (known.seen, known.count) = (self.line, known.count + 1);
        Some(*id)
    }

    /// The template of a shape, if it is known.
    pub fn peek(&self, hash: u64) -> Option<TemplateId> {
        self.shapes.get(&hash).map(|(id, _)| self.current(*id))
    }

    /// Takes up a shape that is not known.
    pub fn place(&mut self, hash: u64, shape: Shape) -> Learned {
        let fits = self.fitting(&shape).unwrap_or_else(|| TemplateId::of(&self.service, &shape));
        let id = self.current(fits);
        self.remember(hash, id);
        let line = self.line;
        if let Some(known) = self.templates.get_mut(&id.0) {
            (known.seen, known.count) = (line, known.count + 1);
            return Learned { id, fresh: false, ended: vec![] };
        }
        self.make_room();
        let opening = shape.opening(OPENING_PARTS);
        let known = Known { state: State::Live(Box::new(shape)), count: 1, born: line, seen: line };
        self.templates.insert(id.0, known);
        let mut ended = Vec::new();
        let mut now = self.watch(id, &mut ended);
        if let Some(opening) = opening {
            now = self.flood(opening, now, &mut ended);
        }
        ended.retain(|old| *old != id);
        Learned { id: now, fresh: now == id, ended }
    }

    /// The template of a hole or an opening that this shape fits.
    fn fitting(&self, shape: &Shape) -> Option<TemplateId> {
        let live = |watch: Option<&(Watch, u64)>| match watch {
            Some((Watch::Closed(id), _)) => {
                let now = self.current(*id);
                self.shape(now).is_some().then_some(now)
            }
            _ => None,
        };
        let opened = shape.opening(OPENING_PARTS).and_then(|opening| live(self.openings.get(&opening)));
        let covered = || {
            let (ids, _) = self.frames.get(&shape.frame())?;
            let mut ids = ids.iter().map(|id| self.current(*id));
            ids.find(|id| self.shape(*id).is_some_and(|general| general.covers(shape)))
        };
        opened.or_else(covered)
    }

    /// Lets new shapes be compared with a template that became more general.
    fn frame(&mut self, frame: u64, id: TemplateId) {
        make_room(&mut self.frames, FRAMES_MOST, |(_, seen)| *seen);
        let (ids, seen) = self.frames.entry(frame).or_default();
        *seen = self.line;
        if !ids.contains(&id) {
            if ids.len() >= FRAME_TEMPLATES {
                ids.remove(0);
            }
            ids.push(id);
        }
    }

    /// Watches the holes of a template; joins what a full one shows to be one. Gives back what the template is now.
    fn watch(&mut self, id: TemplateId, ended: &mut Vec<TemplateId>) -> TemplateId {
        let mut id = id;
        while let Some((place, hole, ids)) = self.full_hole(id) {
            id = self.join(&ids, ended);
            self.holes.insert(hole, (Watch::Closed(id), self.line));
            let Some(Known { state: State::Live(shape), .. }) = self.templates.get_mut(&id.0) else { break };
            shape.generalize(place);
            let (hash, frame) = (shape.hash(), shape.frame());
            if let Some(there) = self.peek(hash).filter(|there| *there != id && self.shape(*there).is_some())
            {
                // The same with a value in that place was known already.
                id = self.join(&[id, there], ended);
            }
            self.remember(hash, id);
            self.frame(frame, id);
        }
        id
    }

    fn full_hole(&mut self, id: TemplateId) -> Option<(usize, u64, Vec<TemplateId>)> {
        let shape = self.shape(id)?;
        if shape.words() <= HOLE_CONTEXT {
            return None;
        }
        let holes: Vec<_> = shape.holes().take(HOLES_OF_ONE).collect();
        for (place, word, hole) in holes {
            make_room(&mut self.holes, HOLES_MOST, |(_, seen)| *seen);
            let entry = self.holes.entry(hole).or_insert_with(|| (Watch::Open(vec![]), 0));
            entry.1 = self.line;
            let ids = match &mut entry.0 {
                Watch::Closed(other) => vec![*other, id],
                Watch::Open(words) => {
                    if words.iter().all(|(known, _)| *known != word) {
                        words.push((word, id));
                    }
                    let most = if place == 0 { FIRST_WORDS } else { HOLE_WORDS };
                    if words.len() < most {
                        continue;
                    }
                    words.iter().map(|(_, id)| *id).chain([id]).collect()
                }
            };
            return Some((place, hole, ids));
        }
        None
    }

    /// Counts the shapes of one opening; makes them one template when they are too many.
    fn flood(&mut self, opening: u64, id: TemplateId, ended: &mut Vec<TemplateId>) -> TemplateId {
        make_room(&mut self.openings, OPENINGS_MOST, |(_, seen)| *seen);
        let entry = self.openings.entry(opening).or_insert_with(|| (Watch::Open(vec![]), 0));
        entry.1 = self.line;
        let Watch::Open(ids) = &mut entry.0 else { return id };
        ids.push((0, id));
        if ids.len() < FLOOD_SHAPES {
            return id;
        }
        let mut now: Vec<_> = std::mem::take(ids).iter().map(|(_, id)| self.current(*id)).collect();
        now.sort_unstable();
        now.dedup();
        now.retain(|id| self.shape(*id).is_some());
        if now.len() < FLOOD_SHAPES / 2 {
            let kept = now.into_iter().map(|id| (0, id)).collect();
            self.openings.insert(opening, (Watch::Open(kept), self.line));
            return id;
        }
        let one = self.join(&now, ended);
        self.openings.insert(opening, (Watch::Closed(one), self.line));
        if let Some(Known { state: State::Live(shape), .. }) = self.templates.get_mut(&one.0) {
            shape.cut(OPENING_PARTS);
        }
        one
    }

    /// Makes these one: the oldest.
    fn join(&mut self, ids: &[TemplateId], ended: &mut Vec<TemplateId>) -> TemplateId {
        let mut live: Vec<(u64, TemplateId)> = ids
            .iter()
            .map(|id| self.current(*id))
            .filter_map(|id| self.templates.get(&id.0).map(|known| (known.born, id)))
            .collect();
        live.sort_unstable();
        live.dedup();
        let Some((_, oldest)) = live.first().copied() else {
            return ids.first().copied().unwrap_or(TemplateId(0));
        };
        let mut moved = 0;
        for (_, id) in live.drain(1..) {
            if let Some(known) = self.templates.get_mut(&id.0) {
                moved += std::mem::take(&mut known.count);
                known.state = State::Joined(oldest);
                ended.push(id);
            }
        }
        if let Some(known) = self.templates.get_mut(&oldest.0) {
            (known.count, known.seen) = (known.count + moved, self.line);
        }
        oldest
    }

    /// The id by which a template goes now.
    pub fn current(&self, id: TemplateId) -> TemplateId {
        let mut now = id;
        // A template joins an older one only, so this ends; the bound is for what was restored.
        for _ in 0..TEMPLATES_MOST {
            match self.templates.get(&now.0) {
                Some(Known { state: State::Joined(next), .. }) => now = *next,
                _ => break,
            }
        }
        now
    }

    pub fn shape(&self, id: TemplateId) -> Option<&Shape> {
        match &self.templates.get(&self.current(id).0)?.state {
            State::Live(shape) => Some(shape),
            State::Joined(_) => None,
        }
    }

    pub fn count(&self, id: TemplateId) -> u64 {
        self.templates.get(&self.current(id).0).map_or(0, |known| known.count)
    }

    pub fn len(&self) -> usize {
        self.templates.values().filter(|known| matches!(known.state, State::Live(_))).count()
    }

    fn remember(&mut self, hash: u64, id: TemplateId) {
        make_room(&mut self.shapes, SHAPES_MOST, |(_, seen)| *seen);
        self.shapes.insert(hash, (id, self.line));
    }

    fn make_room(&mut self) {
        make_room(&mut self.templates, TEMPLATES_MOST, |known| known.seen);
    }

    pub fn saved(&self) -> Saved {
        let sorted = |mut pairs: Vec<(u64, TemplateId)>| {
            pairs.sort_unstable();
            pairs
        };
        let closed = |watched: &Map<(Watch, u64)>| {
            let closed = watched.iter().filter_map(|(hash, (watch, _))| match watch {
                Watch::Closed(id) => Some((*hash, *id)),
                Watch::Open(_) => None,
            });
            sorted(closed.collect())
        };
        let mut templates: Vec<_> =
            self.templates.iter().map(|(id, known)| (TemplateId(*id), Kept(known.clone()))).collect();
        templates.sort_unstable_by_key(|(id, _)| *id);
        Saved {
            line: self.line,
            templates,
            shapes: sorted(self.shapes.iter().map(|(hash, (id, _))| (*hash, *id)).collect()),
            holes: closed(&self.holes),
            openings: closed(&self.openings),
        }
    }

    pub fn restore(&mut self, saved: &Saved) {
        self.line = saved.line;
        let closed = |pairs: &[(u64, TemplateId)], most: usize| -> Map<(Watch, u64)> {
            pairs.iter().take(most).map(|(hash, id)| (*hash, (Watch::Closed(*id), saved.line))).collect()
        };
        self.holes = closed(&saved.holes, HOLES_MOST);
        self.openings = closed(&saved.openings, OPENINGS_MOST);
        self.shapes =
            saved.shapes.iter().take(SHAPES_MOST).map(|(hash, id)| (*hash, (*id, saved.line))).collect();
        let templates = saved.templates.iter().take(TEMPLATES_MOST);
        self.templates = templates.map(|(id, Kept(known))| (id.0, known.clone())).collect();
        for (_, id) in saved.holes.iter().take(HOLES_MOST) {
            if let Some(frame) = self.shape(*id).map(Shape::frame) {
                self.frame(frame, self.current(*id));
            }
        }
    }
}

/// Forgets the older half of a map that is full.
fn make_room<V>(map: &mut Map<V>, most: usize, seen: impl Fn(&V) -> u64) {
    if map.len() < most {
        return;
    }
    let mut ages: Vec<u64> = map.values().map(&seen).collect();
    let middle = ages.len() / 2;
    let (_, median, _) = ages.select_nth_unstable(middle);
    let median = *median;
    map.retain(|_, value| seen(value) > median);
}
