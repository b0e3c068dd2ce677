//! Orders from another process of the same person, as files: `<data>/orders/<time>-<pid>-<n>.order`, answered by
//! `….answer` beside it. The directory is 0700 and files of other users are not opened, so whoever can write here
//! could have written the journal itself. What root writes belongs to the owner of the data directory, who can go on
//! giving and taking orders. An order is taken by renaming it: taken once, or not at all.

use crate::{
    domain::{ids::Seq, text, time::Timestamp},
    engine::{
        command::{Command, ControlCommand, DeskCommand, HealCommand, Refusal},
        event::Event,
    },
};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Bytes of an order or an answer.
const LETTER_MOST: u64 = 8 << 20;
/// Orders taken in one look.
pub(super) const ORDERS_MOST: usize = 64;
/// Characters of the reason in a control file.
const WORDS_MOST: usize = 200;
/// Numbers the orders of this process.
static SENT: AtomicU64 = AtomicU64::new(0);

/// An order. Whose it is stands nowhere in it: the owner of its file is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Letter {
    /// What is wanted.
    pub command: Command,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// It is durable.
    Done {
        /// Last journal entry of it.
        seq: Seq,
        /// What happened.
        events: Vec<Event>,
    },
    /// The core said no.
    Refused(Refusal),
    /// It could not be done.
    Failed(String),
}

/// An order that is on its way.
#[derive(Debug)]
pub(super) struct Sent(PathBuf);

/// Where orders lie, in the data directory.
pub(super) const BOX: &str = "orders";
/// Extension of an order.
pub(super) const ORDER: &str = "order";

/// Files whose presence means a command, for whoever has no chimera at hand.
pub(super) const CONTROL_FILES: [&str; 2] = ["STOP", "PAUSE"];

fn orders(data: &Path) -> PathBuf {
    data.join(BOX)
}

/// Puts an order into the owner's box.
pub(super) fn send(data: &Path, letter: &Letter, now: Timestamp) -> io::Result<Sent> {
    let dir = orders(data);
    make(data)?;
    let number = SENT.fetch_add(1, Ordering::Relaxed);
    let order = dir.join(format!("{:020}-{}-{number}.{ORDER}", now.0, std::process::id()));
    write(&order, &serde_json::to_vec(letter)?)?;
    Ok(Sent(order))
}

/// The answer, once there is one.
pub(super) fn answer(sent: &Sent) -> io::Result<Option<Answer>> {
    let path = sent.0.with_extension("answer");
    match read(&path, data_of(&path)) {
        Ok(bytes) => {
            fs::remove_file(&path)?;
            Ok(Some(serde_json::from_slice(&bytes)?))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes an unanswered order back; true if nobody had taken it, so that it will never be carried out.
pub(super) fn withdraw(sent: &Sent) -> bool {
    fs::remove_file(&sent.0).is_ok()
}

/// Orders in the box, oldest first.
pub(super) fn waiting(data: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(orders(data)).into_iter().flatten().flatten().map(|file| file.path());
    let mut found: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == ORDER)).collect();
    found.sort();
    found.truncate(ORDERS_MOST);
    found
}

/// Takes an order out of the box, and whose it is by the file's owner; after this nobody else can.
pub(super) fn take(order: &Path) -> io::Result<(u32, Letter)> {
    let taken = order.with_extension("taken");
    fs::rename(order, &taken)?;
    let found = owned(&taken, data_of(&taken));
    fs::remove_file(&taken)?;
    let (owner, bytes) = found?;
    Ok((owner, serde_json::from_slice(&bytes)?))
}

/// Answers an order.
pub(super) fn reply(order: &Path, answer: &Answer) -> io::Result<()> {
    write(&order.with_extension("answer"), &serde_json::to_vec(answer)?)
}

/// Makes the box, so that it is its owner's, and removes what an earlier one left: whoever sent it has been told that
/// nobody answered.
pub(super) fn open(data: &Path) {
    let dir = orders(data);
    if fs::read_dir(&dir).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        // It was made by another user: whose data this is may put a new one there.
        let _ = fs::remove_dir(&dir);
    }
    if let Err(error) = make(data) {
        tracing::warn!(%error, "the box of orders cannot be made");
    }
    for file in fs::read_dir(orders(data)).into_iter().flatten().flatten() {
        // What cannot be removed cannot be read either.
        let _ = fs::remove_file(file.path());
    }
}

/// Whether a command may come from another process: what a person can want, and nothing that only the house says to
/// itself.
#[must_use]
pub fn is_a_persons(command: &Command) -> bool {
    match command {
        Command::Mission(_)
        | Command::Idea(_)
        | Command::Desk(
            DeskCommand::Decide(..) | DeskCommand::Hold(..) | DeskCommand::Undo(_) | DeskCommand::Revoke(_),
        ) => true,
        Command::Control(control) => {
            matches!(
                control,
                ControlCommand::Pause(_)
                    | ControlCommand::Resume
                    | ControlCommand::Stop(_)
                    | ControlCommand::Change { .. }
            )
        }
        Command::Heal(command) => !matches!(command, HealCommand::Observe(_)),
        Command::Under(_, command) => is_a_persons(command),
        Command::Desk(DeskCommand::Ask(..))
        | Command::Money(_)
        | Command::Begin(_)
        | Command::Report(_)
        | Command::Tick => false,
    }
}

/// What the control files say now: the kill switch first.
pub(super) fn control_files(data: &Path) -> Option<ControlCommand> {
    CONTROL_FILES.into_iter().find_map(|file| {
        let path = data.join(file);
        if !path.exists() {
            return None;
        }
        let words = read(&path, data).unwrap_or_default();
        let words = text::clean_bytes(&words);
        let first = text::clean_line(words.lines().next().unwrap_or_default(), WORDS_MOST);
        let why = match first.trim() {
            "" => format!("the file {file} is in the data directory"),
            words => format!("{words} (file {file})"),
        };
        Some(if file == "STOP" { ControlCommand::Stop(why) } else { ControlCommand::Pause(why) })
    })
}

/// Removes the control files, so that a resume lasts.
///
/// # Errors
/// One cannot be removed.
pub fn clear_control_files(data: &Path) -> io::Result<()> {
    for file in CONTROL_FILES {
        match fs::remove_file(data.join(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn make(data: &Path) -> io::Result<()> {
    let dir = orders(data);
    match DirBuilder::new().mode(0o700).create(&dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if is_root() {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
        entrust(&unfollowed(&dir, flags)?, data)?;
    }
    Ok(())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What root has made belongs to whose data it is.
fn entrust(file: &File, data: &Path) -> io::Result<()> {
    let (owner, now) = (fs::metadata(data)?, file.metadata()?);
    if is_root() && owner.uid() != now.uid() {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// Opens a file to read it, and no link to one.
fn unfollowed(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = (flags | OFlags::NOFOLLOW).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// The data directory of a file in its box.
fn data_of(path: &Path) -> &Path {
    path.parent().and_then(Path::parent).unwrap_or(path)
}

/// Writes a whole file: readers see all of it or nothing.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    entrust(&file, data_of(path))?;
    file.write_all(bytes)?;
    fs::rename(&fresh, path)
}

/// Reads a plain file of this user or of root; root also reads those of whose data it is.
fn read(path: &Path, data: &Path) -> io::Result<Vec<u8>> {
    owned(path, data).map(|(_, bytes)| bytes)
}

/// The same with its owner, as of the very file that is read.
fn owned(path: &Path, data: &Path) -> io::Result<(u32, Vec<u8>)> {
    let file = unfollowed(path, OFlags::NONBLOCK)?;
    let (found, own) = (file.metadata()?, rustix::process::geteuid().as_raw());
    let owners = || fs::metadata(data).is_ok_and(|data| data.uid() == found.uid());
    let trusted = [0, own].contains(&found.uid()) || is_root() && owners();
    if !found.is_file() || !trusted || found.len() > LETTER_MOST {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is no order of this user"));
    }
    let mut bytes = Vec::new();
    file.take(LETTER_MOST).read_to_end(&mut bytes)?;
    Ok((found.uid(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::MissionId;

    fn letter(command: Command) -> Letter {
        Letter { command }
    }

    #[test]
    fn an_order_is_taken_once_or_taken_back() {
        let data = tempfile::tempdir().unwrap();
        let stop = || letter(Command::Control(ControlCommand::Stop("now".into())));
        let first = send(data.path(), &stop(), Timestamp(1)).unwrap();
        let second = send(data.path(), &stop(), Timestamp(2)).unwrap();
        let box_of = waiting(data.path());
        assert_eq!(box_of.len(), 2);
        let (owner, taken) = take(&box_of[0]).unwrap();
        assert_eq!(taken.command, stop().command);
        assert_eq!(owner, rustix::process::geteuid().as_raw(), "whose it is, the system says");
        assert!(take(&box_of[0]).is_err(), "a second time");
        assert!(!withdraw(&first), "it was taken");
        assert!(withdraw(&second) && waiting(data.path()).is_empty());
        assert!(answer(&first).unwrap().is_none());
        reply(&box_of[0], &Answer::Failed("no".into())).unwrap();
        assert!(matches!(answer(&first).unwrap(), Some(Answer::Failed(why)) if why == "no"));
        assert!(answer(&first).unwrap().is_none(), "an answer is read once");
    }

    #[test]
    fn only_what_a_person_can_want_comes_by_post_and_links_are_not_followed() {
        assert!(is_a_persons(&Command::Control(ControlCommand::Resume)));
        let load = ControlCommand::Load(Box::default());
        let start = ControlCommand::Start { version: "1".into() };
        for command in [Command::Tick, Command::Control(load), Command::Control(start)] {
            assert!(!is_a_persons(&command), "{command:?}");
        }
        let ask = DeskCommand::Ask(
            MissionId(1),
            Box::new(crate::domain::request::Subject::Choose { teams: Vec::new() }),
        );
        assert!(!is_a_persons(&Command::Desk(ask)));
        let data = tempfile::tempdir().unwrap();
        make(data.path()).unwrap();
        let target = data.path().join("elsewhere");
        fs::write(&target, serde_json::to_vec(&letter(Command::Tick)).unwrap()).unwrap();
        let link = orders(data.path()).join("1.order");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(take(&link).is_err() && target.exists());
    }

    #[test]
    fn c10_an_order_of_root_is_its_owners_who_can_go_on_giving_orders() {
        let data = tempfile::tempdir().unwrap();
        let pause = || letter(Command::Control(ControlCommand::Pause("lunch".into())));
        open(data.path());
        assert!(orders(data.path()).is_dir(), "made at the start");
        if !is_root() {
            return;
        }
        let nobody = 65_534;
        std::os::unix::fs::chown(data.path(), Some(nobody), Some(nobody)).unwrap();
        let sent = send(data.path(), &pause(), Timestamp(1)).unwrap();
        let order = waiting(data.path()).remove(0);
        for path in [&orders(data.path()), &order] {
            assert_eq!(fs::metadata(path).unwrap().uid(), nobody, "{}", path.display());
        }
        assert_eq!(take(&order).unwrap().1.command, pause().command);
        reply(&order, &Answer::Failed("no".into())).unwrap();
        std::os::unix::fs::chown(order.with_extension("answer"), Some(nobody), None).unwrap();
        assert!(answer(&sent).unwrap().is_some(), "root reads what the owner answers");
    }

    #[test]
    fn c10_the_kill_switch_is_a_file_too() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(control_files(data.path()), None);
        fs::write(data.path().join("PAUSE"), "lunch\u{1b}[2J\nmore").unwrap();
        assert_eq!(control_files(data.path()), Some(ControlCommand::Pause("lunch (file PAUSE)".into())));
        fs::write(data.path().join("STOP"), "").unwrap();
        assert!(matches!(control_files(data.path()), Some(ControlCommand::Stop(_))));
        clear_control_files(data.path()).unwrap();
        assert_eq!(control_files(data.path()), None);
    }
}
