//! The bell at the door: the system tells when an order or a control file comes (inotify), so that nobody needs to
//! look all the time. It only says that it is time to look; what it misses costs time, never an order.

use super::post::{BOX, CONTROL_FILES, ORDER};
use crate::domain::time::Millis;
use rustix::{
    fs::inotify::{self, CreateFlags, Event, ReadFlags, WatchFlags},
    io::Errno,
};
use std::{
    io,
    mem::MaybeUninit,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};
use tokio::{
    io::unix::AsyncFd,
    time::{self, Instant},
};

/// How long a file that was made may take to be written; most are within a millisecond.
const WRITTEN_WITHIN: Millis = Millis(20);
/// Bytes of news read at once: the longest of names fits many times.
const NEWS: usize = 4_096;

/// Hangs at a data directory.
pub(super) struct Bell {
    queue: AsyncFd<OwnedFd>,
    data: PathBuf,
    /// A control file was made and is not written yet.
    soon: Option<Instant>,
}

/// What some news mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rung {
    Not,
    Soon,
    Now,
}

impl Bell {
    /// Hangs it; `None` where the system refuses. What comes from now on rings.
    pub(super) fn hang(data: &Path) -> Option<Self> {
        let hung = || -> io::Result<Self> {
            let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            inotify::add_watch(
                &queue,
                data,
                WatchFlags::CREATE | WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO,
            )?;
            #[expect(deprecated, reason = "it is unsound only for what does not own its descriptor")]
            let queue = AsyncFd::new(queue)?;
            Ok(Self { queue, data: data.to_owned(), soon: None })
        };
        let bell =
            hung().inspect_err(|error| tracing::warn!(%error, "no bell: the door is looked at")).ok()?;
        bell.watch_box();
        Some(bell)
    }

    /// Returns when it is time to look. May be dropped at any await.
    pub(super) async fn rung(&mut self) {
        loop {
            let soon = self.soon.unwrap_or_else(Instant::now);
            let rung = tokio::select! {
                ready = self.queue.readable() => match ready {
                    Ok(mut ready) => {
                        let rung = news(self.queue.get_ref());
                        ready.clear_ready();
                        rung
                    }
                    // The runtime ends, and this task with it.
                    Err(_) => std::future::pending().await,
                },
                () = time::sleep_until(soon), if self.soon.is_some() => Rung::Now,
            };
            match rung {
                Rung::Not => {}
                Rung::Soon => {
                    self.soon.get_or_insert_with(|| Instant::now() + WRITTEN_WITHIN.to_std());
                }
                Rung::Now => {
                    self.soon = None;
                    // The box may be a new one; what is in it is found by the look that follows.
                    self.watch_box();
                    return;
                }
            }
        }
    }

    /// The box of orders is made at the start, and by whoever sends an order where it is gone.
    fn watch_box(&self) {
        let put = WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE;
        // Absent: its making rings. The same again changes nothing.
        let _ = inotify::add_watch(self.queue.get_ref(), self.data.join(BOX), put | WatchFlags::ONLYDIR);
    }
}

/// Reads all the news there are.
fn news(queue: &OwnedFd) -> Rung {
    let mut bytes = [MaybeUninit::uninit(); NEWS];
    let mut reader = inotify::Reader::new(queue, &mut bytes);
    let mut rung = Rung::Not;
    loop {
        match reader.next() {
            Ok(event) => rung = rung.max(meaning(&event)),
            Err(Errno::INTR) => {}
            Err(_) => return rung,
        }
    }
}

fn meaning(event: &Event<'_>) -> Rung {
    // Too much news to keep, or a directory that went away: everything may have happened.
    let Some(name) = event.file_name() else { return Rung::Now };
    let name = name.to_bytes();
    let is_made = event.events().contains(ReadFlags::CREATE);
    let is_control = CONTROL_FILES.iter().any(|file| file.as_bytes() == name);
    let is_order = name.strip_suffix(ORDER.as_bytes()).is_some_and(|stem| stem.ends_with(b"."));
    match is_made {
        _ if name == BOX.as_bytes() || is_order => Rung::Now,
        true if is_control => Rung::Soon,
        false if is_control => Rung::Now,
        _ => Rung::Not,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::Timestamp,
        engine::command::{Command, ControlCommand},
        runtime::post::{self, Answer, Letter},
    };

    async fn rings(bell: &mut Bell, why: &str) {
        let rung = tokio::time::timeout(Millis::secs(60).to_std(), bell.rung()).await;
        assert!(rung.is_ok(), "{why} does not ring");
        heard(bell);
    }

    /// What came since, without waiting.
    fn heard(bell: &Bell) -> Rung {
        news(bell.queue.get_ref())
    }

    fn send(data: &Path, n: i64) {
        let letter = Letter { command: Command::Control(ControlCommand::Resume) };
        post::send(data, &letter, Timestamp(n)).unwrap();
    }

    #[tokio::test]
    async fn orders_ring_and_what_the_house_writes_itself_does_not() {
        let data = tempfile::tempdir().unwrap();
        let mut bell = Bell::hang(data.path()).unwrap();
        assert_eq!(heard(&bell), Rung::Not);
        send(data.path(), 1);
        rings(&mut bell, "the first order, which makes the box,").await;
        send(data.path(), 2);
        rings(&mut bell, "the second order").await;
        std::fs::write(data.path().join("owner.json"), "{}").unwrap();
        let orders = post::waiting(data.path());
        assert_eq!(orders.len(), 2);
        for order in orders {
            post::take(&order).unwrap();
            post::reply(&order, &Answer::Failed("no".into())).unwrap();
        }
        assert_eq!(heard(&bell), Rung::Not);
    }

    #[tokio::test]
    async fn c10_a_control_file_rings_when_it_is_written_and_soon_when_it_is_only_made() {
        let data = tempfile::tempdir().unwrap();
        let mut bell = Bell::hang(data.path()).unwrap();
        let stop = data.path().join("STOP");
        let mut file = std::fs::File::create(&stop).unwrap();
        assert_eq!(heard(&bell), Rung::Soon);
        std::io::Write::write_all(&mut file, b"fire").unwrap();
        drop(file);
        assert_eq!(heard(&bell), Rung::Now);
        std::fs::rename(&stop, data.path().join("PAUSE")).unwrap();
        assert_eq!(heard(&bell), Rung::Now);
        std::os::unix::fs::symlink("/dev/null", &stop).unwrap();
        rings(&mut bell, "a control file that is only made").await;
    }

    #[tokio::test]
    async fn a_box_that_went_away_and_came_back_rings_again() {
        let data = tempfile::tempdir().unwrap();
        let mut bell = Bell::hang(data.path()).unwrap();
        for n in 1..=3 {
            send(data.path(), n);
            rings(&mut bell, "an order").await;
            assert_eq!(post::waiting(data.path()).len(), 1);
            std::fs::remove_dir_all(data.path().join("orders")).unwrap();
            rings(&mut bell, "the end of the box").await;
        }
    }
}
