//! One patch out of places taken from several candidates. Pure: text in, text out; whether it builds is for the
//! checks to say. Every line of context comes from the candidates' own patches, so the result applies to their base.

use super::align::{Alignment, Change, Place};
use crate::tui::shot::doc::{Kind, Line};
use std::{collections::BTreeMap, fmt::Write as _, ops::Range};

/// Lines of context around a change.
const CONTEXT: u32 = 3;

/// What is taken of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// One candidate's version.
    One(usize),
    /// The lines of the first, then those of the second; what either removes goes.
    Both(usize, usize),
}

impl Take {
    /// Whether it takes something of this candidate.
    #[must_use]
    pub fn is_of(self, side: usize) -> bool {
        match self {
            Self::One(one) => one == side,
            Self::Both(first, second) => first == side || second == side,
        }
    }
}

/// What is taken, by file and place.
pub type Taken = BTreeMap<(usize, usize), Take>;

/// Why no patch could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Nothing is taken.
    #[error("nothing is taken yet")]
    Nothing,
    /// Both versions of a place are taken, but not one after the other can they be had.
    #[error("both versions of {0} cannot be put one after the other: take one of them")]
    Apart(String),
    /// A candidate's patch was longer than what is read, or is not in git's form.
    #[error("the patch of candidate {} cannot be taken apart", .0 + 1)]
    Unreadable(usize),
}

/// The patch of the taken places, in git's form.
///
/// # Errors
/// Nothing is taken, or a patch cannot be taken apart.
pub fn compose(alignment: &Alignment, taken: &Taken) -> Result<String, ComposeError> {
    let mut sections = Vec::new();
    for (side, doc) in alignment.docs.iter().enumerate() {
        let pieces = split(doc.source());
        if doc.cut || doc.skipped > 0 || pieces.len() != doc.files.len() {
            return Err(ComposeError::Unreadable(side));
        }
        sections.push(pieces);
    }
    let mut patch = String::new();
    for (nth, file) in alignment.files.iter().enumerate() {
        let mut chosen: Vec<Piece<'_>> = Vec::new();
        let mut source = None;
        for (at, place) in file.places.iter().enumerate() {
            let Some(take) = taken.get(&(nth, at)).copied() else { continue };
            let (Take::One(side) | Take::Both(side, _)) = take;
            let section = file.of.get(side).copied().flatten().and_then(|of| sections.get(side)?.get(of));
            let Some(section) = section else { continue };
            if place.whole && matches!(take, Take::Both(..)) {
                return Err(ComposeError::Apart(file.path.clone()));
            }
            if place.whole {
                patch.push_str(section);
                continue;
            }
            let apart = || ComposeError::Apart(format!("{}:{}", file.path, place.base.start));
            chosen.extend(pieces(place, take).ok_or_else(apart)?);
            source = source.or(Some(section));
        }
        if let Some(section) = source.filter(|_| !chosen.is_empty()) {
            header(section, &mut patch);
            Sheet::of(alignment, nth).write(&chosen, &mut patch);
        }
    }
    if patch.is_empty() { Err(ComposeError::Nothing) } else { Ok(patch) }
}

/// A stretch of the base that goes, and what comes instead.
struct Piece<'a> {
    base: Range<u32>,
    /// Whose added lines, in order.
    parts: Vec<(usize, &'a Change)>,
}

/// What is taken of a place, top to bottom. Both versions can be had where each is one change: then every line of the
/// base from the first to the last is removed by one of them.
fn pieces<'a>(place: &'a Place, take: Take) -> Option<Vec<Piece<'a>>> {
    let of = |side: usize| place.sides.get(side).map(Vec::as_slice).unwrap_or_default();
    match take {
        Take::One(side) => {
            let piece = |change: &'a Change| Piece { base: change.base.clone(), parts: vec![(side, change)] };
            Some(of(side).iter().map(piece).collect())
        }
        Take::Both(first, second) => match (of(first), of(second)) {
            ([one], [other]) if first != second && !place.whole => {
                let base = one.base.start.min(other.base.start)..one.base.end.max(other.base.end);
                Some(vec![Piece { base, parts: vec![(first, one), (second, other)] }])
            }
            _ => None,
        },
    }
}

/// Whether both versions of a place can be taken, one after the other.
#[must_use]
pub fn can_take_both(place: &Place, first: usize, second: usize) -> bool {
    pieces(place, Take::Both(first, second)).is_some()
}

/// A patch file by file; what stands before the first is no file's.
fn split(patch: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in patch.split_inclusive('\n') {
        if line.starts_with("diff --git ") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([patch.len()]);
    starts.iter().zip(ends).map(|(start, end)| patch.get(*start..end).unwrap_or_default()).collect()
}

/// What stands above the hunks, without the ids of contents that will be others.
fn header(section: &str, patch: &mut String) {
    let lines = section.split_inclusive('\n').take_while(|line| !line.starts_with("@@ "));
    lines.filter(|line| !line.starts_with("index ")).for_each(|line| patch.push_str(line));
}

/// A line as a patch writes it, without its sign.
type Raw<'a> = (&'a str, bool, bool);

/// What the candidates' patches tell of a file's base.
struct Sheet<'a> {
    alignment: &'a Alignment,
    file: usize,
    base: BTreeMap<u32, Raw<'a>>,
}

impl<'a> Sheet<'a> {
    fn of(alignment: &'a Alignment, file: usize) -> Self {
        let mut base = BTreeMap::new();
        if let Some(aligned) = alignment.files.get(file) {
            for (side, doc) in alignment.docs.iter().enumerate() {
                let hunks = alignment.file(aligned, side).map(|diff| &diff.hunks);
                for line in hunks.into_iter().flatten().flat_map(|hunk| &hunk.lines) {
                    if line.kind != Kind::Add {
                        base.insert(line.old, (doc.text(line), line.crlf, line.no_newline));
                    }
                }
            }
        }
        Self { alignment, file, base }
    }

    /// Writes changes that are in order and do not touch, or come from one candidate.
    fn write(&self, chosen: &[Piece<'_>], patch: &mut String) {
        let mut shift = 0_i64;
        let mut rest = chosen;
        while let [first, ..] = rest {
            let mut many = 1;
            let mut end = first.base.end;
            // One hunk as long as every line between two changes is known and they are near.
            while let Some(next) = rest.get(many)
                && next.base.start <= end.saturating_add(2 * CONTEXT)
                && (end..next.base.start).all(|line| self.base.contains_key(&line))
            {
                end = end.max(next.base.end);
                many += 1;
            }
            let (here, later) = rest.split_at(many);
            self.hunk(here, end, &mut shift, patch);
            rest = later;
        }
    }

    fn hunk(&self, pieces: &[Piece<'_>], end: u32, shift: &mut i64, patch: &mut String) {
        let Some(first) = pieces.first() else { return };
        let start = first.base.start;
        let above = (1..=CONTEXT)
            .take_while(|back| start.checked_sub(*back).is_some_and(|line| self.base.contains_key(&line)));
        let start = start - above.count() as u32;
        let below = (0..CONTEXT).take_while(|ahead| self.base.contains_key(&(end + ahead)));
        let stop = end + below.count() as u32;
        let (mut body, mut old, mut new) = (String::new(), 0_u32, 0_u32);
        let mut at = start;
        let base = |from: u32, to: u32, sign: char, body: &mut String| {
            let lines = (from..to).filter_map(|line| self.base.get(&line));
            lines.map(|raw| put(body, sign, *raw)).count() as u32
        };
        for piece in pieces {
            let same = base(at, piece.base.start, ' ', &mut body);
            let gone = base(piece.base.start, piece.base.end, '-', &mut body);
            let came = self.added(piece, &mut body);
            (old, new) = (old + same + gone, new + same + came);
            at = piece.base.end;
        }
        let same = base(at, stop, ' ', &mut body);
        (old, new) = (old + same, new + same);
        // A side without a line names the line before it.
        let from = i64::from(start) - i64::from(old == 0);
        let to = i64::from(start) + *shift - i64::from(new == 0);
        *shift += i64::from(new) - i64::from(old);
        // Writing to a string does not fail.
        let _ = writeln!(patch, "@@ -{from},{old} +{to},{new} @@");
        patch.push_str(&body);
    }

    fn added(&self, piece: &Piece<'_>, body: &mut String) -> u32 {
        let mut came = 0;
        for (nth, (side, change)) in piece.parts.iter().enumerate() {
            let found = self.alignment.files.get(self.file).and_then(|file| {
                let hunk = self.alignment.file(file, *side)?.hunks.get(change.hunk)?;
                Some((self.alignment.docs.get(*side)?, hunk.lines.get(change.added.clone())?))
            });
            let Some((doc, lines)) = found else { continue };
            // Only the last line of a file ends without a newline.
            let is_last = nth + 1 == piece.parts.len();
            let raw = |line: &Line| (doc.text(line), line.crlf, line.no_newline && is_last);
            lines.iter().for_each(|line| put(body, '+', raw(line)));
            came += lines.len() as u32;
        }
        came
    }
}

fn put(body: &mut String, sign: char, (text, crlf, no_newline): Raw<'_>) {
    body.push(sign);
    body.push_str(text);
    body.push_str(if crlf { "\r\n" } else { "\n" });
    if no_newline {
        body.push_str("\\ No newline at end of file\n");
    }
}

/// Places that nobody argues about: every candidate changes them alike.
#[must_use]
pub fn agreed(alignment: &Alignment) -> Taken {
    let places = |(nth, file): (usize, &super::align::AlignedFile)| {
        let same =
            file.places.iter().enumerate().filter(|(_, place)| place.agreement == super::Agreement::Same);
        same.map(|(at, _)| ((nth, at), Take::One(0))).collect::<Vec<_>>()
    };
    alignment.files.iter().enumerate().flat_map(places).collect()
}
