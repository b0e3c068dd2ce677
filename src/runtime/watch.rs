//! Folders that are watched for files that change (inotify): the system tells, nobody looks meanwhile. Folders that are
//! not there yet are found when they are made.

use crate::domain::time::Millis;
use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags},
    io::Errno,
};
use std::{io, mem::MaybeUninit, os::fd::OwnedFd, path::PathBuf};
use tokio::{io::unix::AsyncFd, time};

/// How long files must rest before it is told: editors write in several steps.
const RESTS: Millis = Millis(60);
/// Bytes of news read at once.
const NEWS: usize = 4_096;
/// Folders above a watched one that are watched for it to be made.
const ABOVE: usize = 3;

/// Watches folders.
pub struct Watch {
    queue: AsyncFd<OwnedFd>,
    folders: Vec<PathBuf>,
}

/// What some news mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Nothing,
    /// A folder came or went: there may be others to watch.
    Folders,
    /// A file came, went or was written.
    Files,
}

impl Watch {
    /// Watches these folders from now on; `None` where the system refuses.
    #[must_use]
    pub fn hang(folders: Vec<PathBuf>) -> Option<Self> {
        let hung = || -> io::Result<Self> {
            let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            #[expect(deprecated, reason = "it is unsound only for what does not own its descriptor")]
            let queue = AsyncFd::new(queue)?;
            Ok(Self { queue, folders })
        };
        let watch = hung().inspect_err(|error| tracing::warn!(%error, "own files are not watched")).ok()?;
        watch.look_for_folders();
        Some(watch)
    }

    /// Returns when files have changed and rest again. May be dropped at any await: what was heard is told later.
    pub async fn changed(&mut self) {
        let mut files = false;
        loop {
            let rest = time::sleep(RESTS.to_std());
            let news = tokio::select! {
                biased;
                ready = self.queue.readable() => match ready {
                    Ok(mut ready) => {
                        let news = news(self.queue.get_ref());
                        ready.clear_ready();
                        news
                    }
                    // The runtime ends, and this task with it.
                    Err(_) => std::future::pending().await,
                },
                () = rest, if files => return,
            };
            match news {
                News::Nothing => {}
                // A folder that comes may have files in it already.
                News::Folders => {
                    self.look_for_folders();
                    files = true;
                }
                News::Files => files = true,
            }
        }
    }

    /// Watches the folders that are there, and those above for the others to be made. The same again changes nothing.
    fn look_for_folders(&self) {
        let made = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
        let written = WatchFlags::CLOSE_WRITE | WatchFlags::DELETE | WatchFlags::MOVED_FROM;
        for folder in &self.folders {
            // Each round finds one that was made since the round before, if there is one.
            for _ in 0..=ABOVE {
                if inotify::add_watch(self.queue.get_ref(), folder, made | written).is_ok() {
                    break;
                }
                let mut below = folder.as_path();
                for above in folder.ancestors().skip(1).take(ABOVE) {
                    if inotify::add_watch(self.queue.get_ref(), above, made).is_ok() {
                        break;
                    }
                    below = above;
                }
                if !below.exists() {
                    break;
                }
            }
        }
    }
}

/// Reads all the news there are.
fn news(queue: &OwnedFd) -> News {
    let mut bytes = [MaybeUninit::uninit(); NEWS];
    let mut reader = inotify::Reader::new(queue, &mut bytes);
    let mut told = News::Nothing;
    loop {
        match reader.next() {
            Ok(event) => {
                let events = event.events();
                // A watch that ended, or more news than were kept: everything may have happened.
                let folder =
                    events.intersects(ReadFlags::ISDIR | ReadFlags::IGNORED | ReadFlags::QUEUE_OVERFLOW);
                let name = event.file_name().map(|name| name.to_bytes().to_vec()).unwrap_or_default();
                // A file that was only made is told when it is written; swap files of editors mean nothing.
                let file = name.ends_with(b".toml") && !events.contains(ReadFlags::CREATE);
                told = match (folder, file, told) {
                    (true, ..) => News::Folders,
                    (false, true, News::Nothing) => News::Files,
                    (.., told) => told,
                };
            }
            Err(Errno::INTR) => {}
            Err(_) => return told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    async fn told(watch: &mut Watch, why: &str) {
        let told = time::timeout(Millis::secs(60).to_std(), watch.changed()).await;
        assert!(told.is_ok(), "{why} is not told");
    }

    #[tokio::test]
    async fn files_that_are_written_renamed_and_removed_are_told_and_others_are_not() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("themes");
        fs::create_dir(&folder).unwrap();
        let mut watch = Watch::hang(vec![folder.clone()]).unwrap();
        fs::write(folder.join("mine.toml~"), "x").unwrap();
        fs::write(folder.join(".mine.toml.swp"), "x").unwrap();
        assert_eq!(news(watch.queue.get_ref()), News::Nothing);
        fs::write(folder.join("mine.toml"), "x").unwrap();
        told(&mut watch, "a written file").await;
        fs::rename(folder.join("mine.toml~"), folder.join("mine.toml")).unwrap();
        told(&mut watch, "a file put over another").await;
        fs::remove_file(folder.join("mine.toml")).unwrap();
        told(&mut watch, "a file that went").await;
        assert_eq!(news(watch.queue.get_ref()), News::Nothing);
    }

    #[tokio::test]
    async fn folders_that_are_made_later_are_found_and_found_again() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("config/chimera/themes");
        let mut watch = Watch::hang(vec![folder.clone()]).unwrap();
        for n in 1..=2 {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("mine.toml"), "x").unwrap();
            told(&mut watch, "a file in a new folder").await;
            fs::write(folder.join("mine.toml"), "y").unwrap();
            told(&mut watch, "the same file again").await;
            if n == 1 {
                fs::remove_dir_all(&folder).unwrap();
                told(&mut watch, "a folder that went").await;
            }
        }
    }
}
