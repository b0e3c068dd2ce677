//! One patch out of places taken from several candidates. Pure: text in, text out; whether it builds is for the
//! checks to say. Every line of context comes from the candidates' own patches, so the result applies to their base.

use super::align::{Alignment, Change};
use crate::tui::shot::doc::{Kind, Line};
use std::{collections::BTreeMap, fmt::Write as _};

/// Lines of context around a change.
const CONTEXT: u32 = 3;

/// Which candidate's version is taken, by file and place.
pub type Taken = BTreeMap<(usize, usize), usize>;

/// Why no patch could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Nothing is taken.
    #[error("nothing is taken yet")]
    Nothing,
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
        let mut chosen: Vec<(usize, &Change)> = Vec::new();
        let mut source = None;
        for (at, place) in file.places.iter().enumerate() {
            let Some(side) = taken.get(&(nth, at)).copied() else { continue };
            let section = file.of.get(side).copied().flatten().and_then(|of| sections.get(side)?.get(of));
            let Some(section) = section else { continue };
            if place.whole {
                patch.push_str(section);
                continue;
            }
            let changes = place.sides.get(side).into_iter().flatten();
            chosen.extend(changes.map(|change| (side, change)));
            source = source.or(Some(section));
        }
        if let Some(section) = source.filter(|_| !chosen.is_empty()) {
            header(section, &mut patch);
            Sheet::of(alignment, nth).write(&chosen, &mut patch);
        }
    }
    if patch.is_empty() { Err(ComposeError::Nothing) } else { Ok(patch) }
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
    fn write(&self, chosen: &[(usize, &Change)], patch: &mut String) {
        let mut shift = 0_i64;
        let mut rest = chosen;
        while let [(_, first), ..] = rest {
            let mut many = 1;
            let mut end = first.base.end;
            // One hunk as long as every line between two changes is known and they are near.
            while let Some((_, next)) = rest.get(many)
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

    fn hunk(&self, changes: &[(usize, &Change)], end: u32, shift: &mut i64, patch: &mut String) {
        let Some((_, first)) = changes.first() else { return };
        let start = first.base.start;
        let above = (1..=CONTEXT)
            .take_while(|back| start.checked_sub(*back).is_some_and(|line| self.base.contains_key(&line)));
        let start = start - above.count() as u32;
        let below = (0..CONTEXT).take_while(|ahead| self.base.contains_key(&(end + ahead)));
        let stop = end + below.count() as u32;
        let (mut body, mut old, mut new) = (String::new(), 0_u32, 0_u32);
        let mut at = start;
        let context = |from: u32, to: u32, body: &mut String| {
            let lines = (from..to).filter_map(|line| self.base.get(&line));
            lines.map(|raw| put(body, ' ', *raw)).count() as u32
        };
        for (side, change) in changes {
            let same = context(at, change.base.start, &mut body);
            let (gone, came) = self.change(*side, change, &mut body);
            (old, new) = (old + same + gone, new + same + came);
            at = change.base.end;
        }
        let same = context(at, stop, &mut body);
        (old, new) = (old + same, new + same);
        // A side without a line names the line before it.
        let from = i64::from(start) - i64::from(old == 0);
        let to = i64::from(start) + *shift - i64::from(new == 0);
        *shift += i64::from(new) - i64::from(old);
        // Writing to a string does not fail.
        let _ = writeln!(patch, "@@ -{from},{old} +{to},{new} @@");
        patch.push_str(&body);
    }

    fn change(&self, side: usize, change: &Change, body: &mut String) -> (u32, u32) {
        let found = self.alignment.files.get(self.file).and_then(|file| {
            let hunk = self.alignment.file(file, side)?.hunks.get(change.hunk)?;
            Some((self.alignment.docs.get(side)?, &hunk.lines))
        });
        let Some((doc, lines)) = found else { return (0, 0) };
        let mut write = |range: &std::ops::Range<usize>, sign: char| {
            let raw = |line: &Line| (doc.text(line), line.crlf, line.no_newline);
            let lines = lines.get(range.clone()).unwrap_or_default();
            lines.iter().for_each(|line| put(body, sign, raw(line)));
            lines.len() as u32
        };
        (write(&change.removed, '-'), write(&change.added, '+'))
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
        same.map(|(at, _)| ((nth, at), 0)).collect::<Vec<_>>()
    };
    alignment.files.iter().enumerate().flat_map(places).collect()
}
