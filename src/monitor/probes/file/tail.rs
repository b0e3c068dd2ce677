//! Reads on in a log file whatever becomes of it: renamed away, truncated, deleted, made again, put behind another
//! link. A file that was renamed is read to its end before the one that took its place, and for a while after, because
//! its writer may not have noticed yet. Blocks; memory is bounded by one chunk and the unfinished line of a few files.
//! Never writes, never waits: the time is an argument.

use super::place::{HEAD_MOST, PLACES_MOST, Place, digest};
use crate::{domain::time::Millis, monitor::probes::lines::Lines};
use rustix::fs::OFlags;
use std::{
    fs::{self, File, Metadata},
    io,
    os::{
        fd::{AsRawFd as _, RawFd},
        unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
    time::Instant,
};

/// Bytes read in one step.
pub(super) const CHUNK: usize = 256 * 1024;
/// A file that was never seen before and is longer is read from its end.
pub(super) const FRESH_MOST: u64 = 1024 * 1024;
/// Further behind than this is hopeless: ...
pub(super) const BEHIND_MOST: u64 = 4 << 30;
/// ... so much before the end is read, the rest is lost.
pub(super) const BEHIND_KEPT: u64 = 64 << 20;
/// How long a file that is at its path no more is read on after its last line.
pub(super) const LINGER: Millis = Millis::secs(30);
/// Entries of a directory that are searched for a file that was renamed while nobody looked.
const ENTRIES_MOST: usize = 4_096;

/// Follows one path.
pub(super) struct Tail {
    path: PathBuf,
    /// Where it was read to before the restart; empty once that is taken up.
    before: Vec<Place>,
    /// Whether the path has been looked at since the start.
    begun: bool,
    /// Oldest first; the last one is the one at the path, or was.
    open: Vec<Open>,
    /// Files that were let go, oldest first: one may come back.
    gone: Vec<Place>,
    chunk: Vec<u8>,
}

/// One step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Lines, oldest first.
    pub lines: Vec<String>,
    /// Lines that are skipped; reckoned from the length of those around.
    pub lost: u64,
    /// How it goes on.
    pub state: State,
}

/// How it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// There may be more at once.
    More,
    /// All is read.
    Rest,
    /// There is nothing to read, and why.
    Missing(String),
}

struct Open {
    file: File,
    id: (u64, u64),
    /// Read so far.
    offset: u64,
    /// How it begins.
    head: Vec<u8>,
    lines: Lines,
    /// Length and time of change when it was last looked at.
    looked: Option<(u64, i64, i64)>,
    /// When it last had something.
    spoke: Instant,
}

impl Tail {
    /// Follows this path; `before` is where an earlier life had read to.
    pub(super) fn new(path: PathBuf, before: Vec<Place>) -> Self {
        Self { path, before, begun: false, open: Vec::new(), gone: Vec::new(), chunk: Vec::new() }
    }

    /// How far each file has been read: right once the lines of all steps so far have arrived.
    pub(super) fn places(&self) -> Vec<Place> {
        if self.open.is_empty() { self.gone.clone() } else { self.open.iter().map(Open::place).collect() }
    }

    /// Descriptors of the files that are open, and which files they are.
    pub(super) fn files(&self) -> Vec<(RawFd, (u64, u64))> {
        self.open.iter().map(|open| (open.file.as_raw_fd(), open.id)).collect()
    }

    /// Reads on, at most one chunk.
    pub(super) fn step(&mut self, now: Instant) -> Step {
        let missing = self.look_at_path(now).err();
        let mut step = Step { lines: Vec::new(), lost: 0, state: State::Rest };
        self.chunk.resize(CHUNK, 0);
        while self.open.len() > PLACES_MOST {
            // Renamed away again and again, faster than it can be read.
            let behind = self.open.remove(0);
            let size = behind.file.metadata().map_or(0, |found| found.len());
            if size > behind.offset {
                let lost = behind.reckon(behind.offset, size, &mut self.chunk).unwrap_or(1);
                step.lost = step.lost.saturating_add(lost);
            }
        }
        for open in &mut self.open {
            match open.read(&mut self.chunk, &mut step, now) {
                Ok(true) => {
                    step.state = State::More;
                    return step;
                }
                Ok(false) => {}
                Err(error) => {
                    step.state = State::Missing(format!("cannot read {}: {error}", self.path.display()))
                }
            }
        }
        self.let_go(missing.is_none(), now, &mut step.lines);
        if let (Some(why), true) = (missing, self.open.is_empty()) {
            step.state = State::Missing(why);
        }
        step
    }

    /// Opens what is at the path now, if that is another file than before.
    fn look_at_path(&mut self, now: Instant) -> Result<(), String> {
        let path = self.path.clone();
        let said = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => format!("{} is not there", path.display()),
            _ => format!("cannot open {}: {error}", path.display()),
        };
        let found = fs::metadata(&path).map_err(said);
        let begins = !std::mem::replace(&mut self.begun, true);
        let before = std::mem::take(&mut self.before);
        let seen_before = !before.is_empty();
        for place in before {
            self.open.extend(taken_up(&path, &place, now));
        }
        let found = found?;
        if !found.is_file() {
            return Err(format!("{} is no regular file", path.display()));
        }
        let id = (found.dev(), found.ino());
        if let Some(at) = self.open.iter().position(|open| open.id == id) {
            let current = self.open.remove(at);
            self.open.push(current);
            return Ok(());
        }
        let mut open = Open::new(&path, now).map_err(said)?;
        if let Some(at) = self.gone.iter().position(|place| (place.dev, place.ino) == open.id) {
            open.take_up(&self.gone.remove(at)).map_err(said)?;
        } else if begins && !seen_before {
            open.offset = fresh_start(&open.file).map_err(said)?;
        }
        if !self.open.iter().any(|known| known.id == open.id) {
            self.open.push(open);
        }
        Ok(())
    }

    /// Closes files that are at their path no more and have been silent for a while.
    fn let_go(&mut self, current_is_last: bool, now: Instant, out: &mut Vec<String>) {
        let older = self.open.len().saturating_sub(usize::from(current_is_last));
        let current = self.open.split_off(older);
        let is_silent = |open: &Open| now.saturating_duration_since(open.spoke) >= LINGER.to_std();
        let (silent, speaking) = std::mem::take(&mut self.open).into_iter().partition::<Vec<_>, _>(is_silent);
        for mut open in silent {
            open.lines.end(out);
            self.gone.push(open.place());
        }
        let many = self.gone.len().saturating_sub(PLACES_MOST);
        self.gone.drain(..many);
        self.open = speaking;
        self.open.extend(current);
    }
}

impl Open {
    fn new(path: &Path, now: Instant) -> io::Result<Self> {
        // A pipe in the place of a file must not hold the opening up.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
        let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        Ok(Self {
            file,
            id: (found.dev(), found.ino()),
            offset: 0,
            head: Vec::new(),
            lines: Lines::default(),
            looked: None,
            spoke: now,
        })
    }

    /// Reads on; whether there was anything.
    fn read(&mut self, chunk: &mut [u8], step: &mut Step, now: Instant) -> io::Result<bool> {
        let found = self.file.metadata()?;
        let size = found.len();
        let looked = Some((size, found.mtime(), found.mtime_nsec()));
        if looked != self.looked {
            if size < self.offset || !self.begins_as_before(size)? {
                // Written anew: what was begun will not be finished.
                self.lines.end(&mut step.lines);
                self.offset = 0;
                self.head.clear();
                self.begins_as_before(size)?;
            }
            self.looked = looked;
        }
        if size <= self.offset {
            return Ok(!step.lines.is_empty());
        }
        if size - self.offset > BEHIND_MOST {
            step.lost = step.lost.saturating_add(self.skip(size, chunk)?);
        }
        let read = self.file.read_at(chunk, self.offset)?;
        self.offset += read as u64;
        self.lines.push(chunk.get(..read).unwrap_or_default(), &mut step.lines);
        if read > 0 {
            self.spoke = now;
        }
        Ok(read > 0)
    }

    /// Whether the beginning is what it was; learns more of it where there is more.
    fn begins_as_before(&mut self, size: u64) -> io::Result<bool> {
        let head = head_of(&self.file)?;
        if !head.starts_with(&self.head) {
            return Ok(false);
        }
        if self.head.len() < HEAD_MOST && size > self.head.len() as u64 {
            self.head = head;
        }
        Ok(true)
    }

    /// Goes to a line shortly before the end and reckons how many are left out.
    fn skip(&mut self, size: u64, chunk: &mut [u8]) -> io::Result<u64> {
        let to = size - BEHIND_KEPT;
        let lost = self.reckon(self.offset, to, chunk)?;
        let read = self.file.read_at(chunk, to)?;
        let end = memchr::memchr(b'\n', chunk.get(..read).unwrap_or_default());
        self.lines.forget();
        self.offset = to + end.map_or(0, |at| at as u64 + 1);
        Ok(lost)
    }

    /// How many lines lie between, by the length of those at both ends.
    fn reckon(&self, from: u64, to: u64, chunk: &mut [u8]) -> io::Result<u64> {
        let (mut bytes, mut ends) = (0_u64, 0_u64);
        for at in [from, to.saturating_sub(chunk.len() as u64).max(from)] {
            let read = self.file.read_at(chunk, at)?;
            let sample = chunk.get(..read).unwrap_or_default();
            bytes += read as u64;
            ends += memchr::memchr_iter(b'\n', sample).count() as u64;
        }
        let length = bytes.checked_div(ends).unwrap_or(to - from).max(1);
        Ok(((to - from) / length).max(1))
    }

    /// How far it has been read.
    fn place(&self) -> Place {
        Place {
            dev: self.id.0,
            ino: self.id.1,
            offset: self.offset.saturating_sub(self.lines.unfinished()),
            head: self.head.len(),
            digest: digest(&self.head),
        }
    }

    /// Reads on from this place if it begins as it did; whether it does.
    fn take_up(&mut self, place: &Place) -> io::Result<bool> {
        let head = head_of(&self.file)?;
        if !place.begins(&head) {
            return Ok(false);
        }
        // Shorter than it was: written anew, and so read from the start.
        let size = self.file.metadata()?.len();
        self.offset = if size < place.offset { 0 } else { place.offset };
        self.head = head;
        Ok(true)
    }
}

/// The beginning of a file.
fn head_of(file: &File) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD_MOST];
    let read = file.read_at(&mut head, 0)?;
    head.truncate(read);
    Ok(head)
}

/// Where a file that was never seen is read from: a long one from its last line's end.
fn fresh_start(file: &File) -> io::Result<u64> {
    let size = file.metadata()?.len();
    if size <= FRESH_MOST {
        return Ok(0);
    }
    let mut last = vec![0; CHUNK];
    let from = size - CHUNK as u64;
    let read = file.read_at(&mut last, from)?;
    last.truncate(read);
    Ok(memchr::memrchr(b'\n', &last).map_or(size, |at| from + at as u64 + 1))
}

/// The file of a place, at its path or where it was renamed to, read on from there.
fn taken_up(path: &Path, place: &Place, now: Instant) -> Option<Open> {
    let is_it = |found: &Metadata| found.is_file() && (found.dev(), found.ino()) == (place.dev, place.ino);
    let at_path = fs::metadata(path).ok().filter(is_it).map(|_| path.to_owned());
    let file = at_path.or_else(|| {
        let real = fs::canonicalize(path).ok();
        let dirs = [path.parent(), real.as_deref().and_then(Path::parent)];
        dirs.into_iter().flatten().find_map(|dir| {
            let entries = fs::read_dir(dir).ok()?.flatten().take(ENTRIES_MOST);
            let mut renamed = entries.filter(|entry| entry.metadata().is_ok_and(|found| is_it(&found)));
            renamed.next().map(|entry| entry.path())
        })
    })?;
    let mut open = Open::new(&file, now).ok()?;
    let is_known = open.take_up(place).ok()?;
    // Another file that was given the same inode: only the one at the path is of interest.
    (is_known || file == path).then_some(open)
}

#[cfg(test)]
mod tests;
