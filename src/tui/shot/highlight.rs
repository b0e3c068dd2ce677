//! Paints blocks of diff lines on a thread of its own, the newest wish first. Drawing asks [`Highlighter::get`]:
//! what is not painted yet is drawn plain, and `notify` is called when it is there. The same thread makes what takes
//! longer than a frame may ([`Highlighter::make`]), before it paints.
//!
//! The thread starts with the first wish, so start-up costs nothing, and ends with the last handle. Bounds:
//! [`QUEUE_MOST`] wishes (the oldest is forgotten; it is wished again when it is drawn again) and
//! [`CACHE_MOST`] bytes of painted blocks, least recently drawn out first. Keys hold the text of a block and its
//! language, so files that did not change between two shots keep their paint. They hold no theme: paint is in
//! roles, which the theme turns into colours when it is drawn.

use super::{
    doc::DiffDoc,
    syntax::{LinePaint, Painter},
};
use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

/// Lines of a block: what is painted at once. Two screens high.
pub const BLOCK_LINES: usize = 128;
/// Blocks that wait to be painted.
pub const QUEUE_MOST: usize = 32;
/// Bytes of painted blocks that are kept.
pub const CACHE_MOST: usize = 8 * 1024 * 1024;
/// A block that was not looked at for so many looks at others is of a patch that is gone.
pub const LOOKS_MOST: u64 = 20_000;

/// Which lines of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockAt {
    /// Index of the file.
    pub file: usize,
    /// Index of the hunk in the file.
    pub hunk: usize,
    /// Index of the block in the hunk.
    pub block: usize,
}

impl BlockAt {
    fn lines(self) -> Range<usize> {
        self.block * BLOCK_LINES..(self.block + 1) * BLOCK_LINES
    }

    /// The same number for the same lines in the same language.
    fn key(self, doc: &DiffDoc) -> Option<u64> {
        let file = doc.files.get(self.file)?;
        let hunk = file.hunks.get(self.hunk)?;
        let lines = hunk.lines.get(self.lines().start..self.lines().end.min(hunk.lines.len()))?;
        let mut hasher = DefaultHasher::new();
        file.language().hash(&mut hasher);
        for line in lines {
            (line.kind, doc.text(line)).hash(&mut hasher);
        }
        Some(hasher.finish())
    }
}

/// A painted block, by position in the block.
pub type Paint = Arc<[LinePaint]>;

/// Handle of the painting thread. Clones are the same thread and cache.
#[derive(Clone)]
pub struct Highlighter {
    handle: Arc<Handle>,
}

struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.inner().ended = true;
        self.0.wake.notify_all();
    }
}

struct Shared {
    inner: Mutex<Inner>,
    wake: Condvar,
    notify: Box<dyn Fn() + Send + Sync>,
}

/// Something that is being made on the painting thread; when the last of it is dropped, it is not wanted any more.
pub struct Later<T>(Arc<OnceLock<T>>);

impl<T> std::fmt::Debug for Later<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.get().is_some() { "Later(made)" } else { "Later(being made)" })
    }
}

impl<T> Later<T> {
    /// It is there already.
    #[must_use]
    pub fn made(thing: T) -> Self {
        Self(Arc::new(OnceLock::from(thing)))
    }

    /// Takes it if it is there; else gives back the wait for it.
    ///
    /// # Errors
    /// It is being made.
    pub fn take(self) -> Result<T, Self> {
        if self.0.get().is_none() {
            return Err(self);
        }
        match Arc::try_unwrap(self.0) {
            Ok(cell) => cell.into_inner().ok_or_else(|| Self(Arc::default())),
            Err(shared) => Err(Self(shared)),
        }
    }
}

/// Work for the thread, as long as somebody waits for what it makes.
struct Job {
    wanted: Weak<dyn std::any::Any + Send + Sync>,
    work: Box<dyn FnOnce() + Send>,
}

#[derive(Default)]
struct Inner {
    started: bool,
    ended: bool,
    jobs: VecDeque<Job>,
    working: bool,
    wishes: VecDeque<Wish>,
    /// Key of the block being painted.
    current: Option<u64>,
    cache: HashMap<u64, Kept>,
    bytes: usize,
    clock: u64,
}

struct Wish {
    key: u64,
    doc: Arc<DiffDoc>,
    at: BlockAt,
}

struct Kept {
    paint: Paint,
    bytes: usize,
    used: u64,
}

impl Shared {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Highlighter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Highlighter").field("bytes", &self.kept_bytes()).finish()
    }
}

impl Highlighter {
    /// Starts nothing yet. `notify` is called on the painting thread after each block: it should ask for a
    /// frame and return at once.
    #[must_use]
    pub fn new(notify: impl Fn() + Send + Sync + 'static) -> Self {
        let shared = Shared { inner: Mutex::default(), wake: Condvar::new(), notify: Box::new(notify) };
        Self { handle: Arc::new(Handle(Arc::new(shared))) }
    }

    /// The paint of a block if it is there; else it is wished for.
    #[must_use]
    pub fn get(&self, doc: &Arc<DiffDoc>, at: BlockAt) -> Option<Paint> {
        let key = at.key(doc)?;
        let shared = &self.handle.0;
        let mut inner = shared.inner();
        inner.clock += 1;
        let now = inner.clock;
        if let Some(kept) = inner.cache.get_mut(&key) {
            kept.used = now;
            return Some(kept.paint.clone());
        }
        if inner.current == Some(key) {
            return None;
        }
        inner.wishes.retain(|wish| wish.key != key);
        inner.wishes.push_back(Wish { key, doc: doc.clone(), at });
        if inner.wishes.len() > QUEUE_MOST {
            inner.wishes.pop_front();
        }
        // Without a thread everything stays plain, which is all that is lost.
        let _ = start(shared, &mut inner);
        drop(inner);
        shared.wake.notify_one();
        None
    }

    /// Makes something on the thread; `notify` is called when it is there.
    #[must_use]
    pub fn make<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T + Send + 'static) -> Later<T> {
        let shared = &self.handle.0;
        let mut inner = shared.inner();
        if !start(shared, &mut inner) {
            drop(inner);
            return Later::made(make());
        }
        let cell: Arc<OnceLock<T>> = Arc::default();
        let weak: Weak<OnceLock<T>> = Arc::downgrade(&cell);
        let wanted: Weak<dyn std::any::Any + Send + Sync> = weak.clone();
        let work = Box::new(move || {
            let made = make();
            if let Some(cell) = weak.upgrade() {
                let _ = cell.set(made);
            }
        });
        inner.jobs.retain(|job| job.wanted.strong_count() > 0);
        inner.jobs.push_back(Job { wanted, work });
        drop(inner);
        shared.wake.notify_one();
        Later(cell)
    }

    /// Bytes of painted blocks that are kept now.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.handle.0.inner().bytes
    }

    /// Whether nothing is wished for or being painted.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let inner = self.handle.0.inner();
        inner.wishes.is_empty() && inner.current.is_none() && inner.jobs.is_empty() && !inner.working
    }
}

/// Starts the thread if it does not run; whether it runs.
fn start(shared: &Arc<Shared>, inner: &mut Inner) -> bool {
    if !inner.started {
        let own = shared.clone();
        let thread = std::thread::Builder::new().name("highlighter".into()).spawn(move || work(&own));
        inner.started = thread.is_ok();
    }
    inner.started
}

/// What the thread does next.
enum Next {
    Job(Job),
    Wish(Wish),
}

fn work(shared: &Shared) {
    let mut painter = Painter::default();
    loop {
        let mut inner = shared.inner();
        let next = loop {
            if inner.ended {
                return;
            }
            let job = inner.jobs.pop_front().map(Next::Job);
            match job.or_else(|| inner.wishes.pop_back().map(Next::Wish)) {
                Some(next) => break next,
                None => inner = shared.wake.wait(inner).unwrap_or_else(PoisonError::into_inner),
            }
        };
        let wish = match next {
            Next::Wish(wish) => wish,
            Next::Job(job) => {
                inner.working = true;
                drop(inner);
                if job.wanted.strong_count() > 0 {
                    // What cannot be made is waited for in vain; the thread lives on.
                    let _ = catch_unwind(AssertUnwindSafe(job.work));
                }
                shared.inner().working = false;
                (shared.notify)();
                continue;
            }
        };
        inner.current = Some(wish.key);
        drop(inner);
        let paint = catch_unwind(AssertUnwindSafe(|| paint(&mut painter, &wish)));
        let paint = paint.unwrap_or_else(|_| {
            // A grammar that panics must not end the thread; its block stays plain.
            painter = Painter::default();
            Arc::from([])
        });
        let mut inner = shared.inner();
        inner.current = None;
        inner.keep(wish.key, paint);
        drop(inner);
        (shared.notify)();
    }
}

fn paint(painter: &mut Painter, wish: &Wish) -> Paint {
    let found = wish.doc.files.get(wish.at.file).and_then(|file| Some((file, file.hunks.get(wish.at.hunk)?)));
    found.map_or_else(|| Arc::from([]), |place| painter.paint(&wish.doc, place, wish.at.lines()).into())
}

impl Inner {
    fn keep(&mut self, key: u64, paint: Paint) {
        let line =
            |line: &LinePaint| size_of_val(line) + size_of_val(&*line.syntax) + size_of_val(&*line.words);
        let bytes = size_of::<Kept>() + paint.iter().map(line).sum::<usize>();
        self.clock += 1;
        if let Some(old) = self.cache.insert(key, Kept { paint, bytes, used: self.clock }) {
            self.bytes -= old.bytes;
        }
        self.bytes += bytes;
        let (now, mut gone) = (self.clock, 0);
        self.cache.retain(|_, kept| {
            let stays = now - kept.used <= LOOKS_MOST;
            gone += if stays { 0 } else { kept.bytes };
            stays
        });
        self.bytes -= gone;
        while self.bytes > CACHE_MOST && self.cache.len() > 1 {
            let oldest = self.cache.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| *key);
            let Some(gone) = oldest.and_then(|key| self.cache.remove(&key)) else { return };
            self.bytes -= gone.bytes;
        }
    }
}
