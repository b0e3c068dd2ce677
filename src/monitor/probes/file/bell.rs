//! Rings when something happens to the followed files or at their path (inotify). Only says that it is time to look;
//! what it misses costs time, never a line. Where the system refuses it, one looks by the clock.

use crate::domain::time::Millis;
use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags},
    io::Errno,
};
use std::{
    ffi::OsString,
    io,
    mem::MaybeUninit,
    os::{
        fd::{OwnedFd, RawFd},
        unix::ffi::OsStrExt as _,
    },
    path::{Path, PathBuf},
};
use tokio::{io::unix::AsyncFd, time};

/// Looked at so often where nothing rings ...
const ALONE: Millis = Millis(500);
/// ... and where it does: remote file systems and links in the middle of a path do not ring.
const BESIDE: Millis = Millis::secs(2);
/// What comes within this time is read together.
const GATHER: Millis = Millis(20);
/// Bytes of news read at once.
const NEWS: usize = 4_096;

/// Hangs at one path.
pub(super) struct Bell {
    queue: Option<AsyncFd<OwnedFd>>,
    folder: PathBuf,
    name: OsString,
    /// Files that are watched, each with its watch.
    files: Vec<((u64, u64), i32)>,
}

impl Bell {
    /// Hangs it at this path, whether something is there or not.
    pub(super) fn hang(path: &Path) -> Self {
        let hung = || -> io::Result<AsyncFd<OwnedFd>> {
            let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            #[expect(deprecated, reason = "it is unsound only for what does not own its descriptor")]
            let queue = AsyncFd::new(queue)?;
            Ok(queue)
        };
        let queue =
            hung().inspect_err(|error| tracing::debug!(%error, "files are looked at by the clock")).ok();
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let bell =
            Self { queue, folder, name: path.file_name().unwrap_or_default().to_owned(), files: Vec::new() };
        bell.watch_folder();
        bell
    }

    /// Watches these files and no others.
    pub(super) fn watch(&mut self, files: &[(RawFd, (u64, u64))]) {
        let Some(queue) = &self.queue else { return };
        self.watch_folder();
        self.files.retain(|(id, watch)| {
            let stays = files.iter().any(|(_, known)| known == id);
            if !stays {
                // Gone already with its file: nothing to take down.
                let _ = inotify::remove_watch(queue.get_ref(), *watch);
            }
            stays
        });
        let written =
            WatchFlags::MODIFY | WatchFlags::ATTRIB | WatchFlags::MOVE_SELF | WatchFlags::DELETE_SELF;
        for (descriptor, id) in files {
            if self.files.iter().all(|(known, _)| known != id) {
                // By its descriptor: the path may be another file's by now.
                let way = format!("/proc/self/fd/{descriptor}");
                if let Ok(watch) = inotify::add_watch(queue.get_ref(), way, written) {
                    self.files.push((*id, watch));
                }
            }
        }
    }

    /// Returns when it is time to look. May be dropped at any await.
    pub(super) async fn rung(&self) {
        let Some(queue) = &self.queue else { return time::sleep(ALONE.to_std()).await };
        let rung = async {
            loop {
                match queue.readable().await {
                    Ok(mut ready) => {
                        let is_ours = news(queue.get_ref(), &self.name);
                        ready.clear_ready();
                        if is_ours {
                            return time::sleep(GATHER.to_std()).await;
                        }
                    }
                    // The runtime ends, and this task with it.
                    Err(_) => std::future::pending().await,
                }
            }
        };
        let _ = time::timeout(BESIDE.to_std(), rung).await;
    }

    /// The same again changes nothing; a folder that is not there yet is found by the clock.
    fn watch_folder(&self) {
        let Some(queue) = &self.queue else { return };
        let moved = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM | WatchFlags::DELETE;
        let _ = inotify::add_watch(queue.get_ref(), &self.folder, moved | WatchFlags::ONLYDIR);
    }
}

/// Reads all the news there are; whether some are of this name or of a watched file itself.
fn news(queue: &OwnedFd, name: &OsString) -> bool {
    let mut bytes = [MaybeUninit::uninit(); NEWS];
    let mut reader = inotify::Reader::new(queue, &mut bytes);
    let mut is_ours = false;
    loop {
        match reader.next() {
            Ok(event) => {
                let is_named = event.file_name().is_none_or(|told| told.to_bytes() == name.as_bytes());
                is_ours |= is_named || event.events().contains(ReadFlags::QUEUE_OVERFLOW);
            }
            Err(Errno::INTR) => {}
            Err(_) => return is_ours,
        }
    }
}
