//! A mission written down for others: a report, its journal entries, or everything in one zip file. A file that is
//! there is never written over unless that is asked for; half a file is never left.

use super::{
    dossier::{Dossier, gather},
    report,
    shelf::Shelf,
    talk::Talk,
};
use crate::{
    domain::{
        candidate::Candidate,
        digest::Digest,
        ids::{MissionId, TeamId},
        text::clean_bytes,
    },
    engine::event::{Event, TeamEvent},
};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Bytes of patches and transcripts that one file holds, before they are packed.
const PARCEL_MOST: usize = 256 << 20;

/// In what form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A report for people.
    Markdown,
    /// Its journal entries with their hashes, one a line.
    Jsonl,
    /// Both, with the proof, every patch and every transcript.
    Zip,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Markdown, Self::Jsonl, Self::Zip];
    /// The word of the command line, and the end of the file's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Jsonl => "jsonl",
            Self::Zip => "zip",
        }
    }
}

impl FromStr for Form {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|form| form.word() == text);
        known.ok_or_else(|| format!("{text:?} is no form of an export: md, jsonl or zip"))
    }
}

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It stays, and nothing is written.
    Never,
    /// It is replaced, at once and whole.
    Replace,
}

/// What to write where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which mission.
    pub mission: MissionId,
    /// In what form.
    pub form: Form,
    /// The file.
    pub path: PathBuf,
    /// What becomes of one that is there.
    pub over: Over,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Journal entries in it.
    pub entries: usize,
    /// What is not in it, one line each.
    pub left_out: Vec<String>,
}

/// Writes a file; durable when it returns. Blocks.
///
/// # Errors
/// In words: the file is there, cannot be written, or there is no such mission.
pub fn to_file(shelf: &dyn Shelf, wanted: &Wanted) -> Result<Exported, String> {
    let shown = wanted.path.display();
    let failed = |error: io::Error| format!("{shown}: cannot be written: {error}");
    if wanted.over == Over::Never && wanted.path.symlink_metadata().is_ok() {
        return Err(format!("{shown} is there already; name another file, or --force to replace it"));
    }
    let (bytes, entries, left_out) = to_bytes(shelf, wanted.mission, wanted.form)?;
    let length = bytes.len() as u64;
    let place = match wanted.over {
        Over::Never => wanted.path.clone(),
        Over::Replace => beside(&wanted.path),
    };
    let written = write_new(&place, &bytes).and_then(|()| match wanted.over {
        Over::Never => Ok(()),
        Over::Replace => {
            std::fs::rename(&place, &wanted.path).inspect_err(|_| drop(std::fs::remove_file(&place)))
        }
    });
    written.map_err(failed)?;
    Ok(Exported { path: wanted.path.clone(), bytes: length, entries, left_out })
}

/// A name of our own beside a file.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let write = |file: File| {
        let mut out = BufWriter::new(file);
        out.write_all(bytes)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    };
    // Half an export proves nothing and would stand in the way of the next one.
    write(file).inspect_err(|_| drop(std::fs::remove_file(path)))
}

/// The bytes, the number of journal entries, and what is left out. Blocks.
///
/// # Errors
/// In words, when there is no such mission or the journal cannot be read.
pub fn to_bytes(
    shelf: &dyn Shelf,
    mission: MissionId,
    form: Form,
) -> Result<(Vec<u8>, usize, Vec<String>), String> {
    let dossier = gather(shelf, mission)?;
    let mut left_out = Vec::new();
    if dossier.cut {
        left_out.push("the newest entries: there are more than one export holds".to_owned());
    }
    let bytes = match form {
        Form::Markdown => markdown(shelf, &dossier).into_bytes(),
        Form::Jsonl => jsonl(&dossier).into_bytes(),
        Form::Zip => zip(shelf, &dossier, &mut left_out)?,
    };
    Ok((bytes, dossier.papers.len(), left_out))
}

fn markdown(shelf: &dyn Shelf, dossier: &Dossier) -> String {
    let patch = |content| shelf.blob(content).map(|bytes| clean_bytes(&bytes).into());
    report::markdown(dossier, &patch)
}

/// The same lines as `chimera audit export` has for these entries.
fn jsonl(dossier: &Dossier) -> String {
    let line = |paper: &super::dossier::Paper| {
        format!("{{\"hash\":\"{}\",\"record\":{}}}\n", paper.hash, paper.record)
    };
    dossier.papers.iter().map(line).collect()
}

fn zip(shelf: &dyn Shelf, dossier: &Dossier, left_out: &mut Vec<String>) -> Result<Vec<u8>, String> {
    let mut parcel = Parcel { zip: ZipWriter::new(io::Cursor::new(Vec::new())), room: PARCEL_MOST, left_out };
    parcel.put("report.md", markdown(shelf, dossier).as_bytes())?;
    parcel.put("journal.jsonl", jsonl(dossier).as_bytes())?;
    if let Some(last) = dossier.papers.iter().rfind(|paper| paper.kind.starts_with("mission.")) {
        match shelf.proof(last.seq) {
            Ok(proof) => parcel.put("proof.txt", proof.as_bytes())?,
            Err(why) => parcel.left_out.push(format!("proof.txt: {why}")),
        }
    }
    for candidate in candidates(dossier) {
        let name = format!("patches/{}-{}.patch", candidate.team, candidate.attempt);
        parcel.blob(shelf, &name, candidate.patch)?;
    }
    for (team, turn, number, content) in talks(dossier) {
        let name = format!("transcripts/{team}-{number}-turn-{turn}");
        if let Some(bytes) = parcel.blob(shelf, &format!("{name}.json"), content)?
            && let Ok(talk) = Talk::read(&bytes)
        {
            parcel.put(&format!("{name}.txt"), talk.text().as_bytes())?;
        }
    }
    parcel.zip.finish().map(io::Cursor::into_inner).map_err(|error| format!("packing failed: {error}"))
}

fn candidates(dossier: &Dossier) -> impl Iterator<Item = &Candidate> {
    dossier.papers.iter().filter_map(|paper| match &paper.fact.event {
        Event::Team(_, _, TeamEvent::CandidateProposed(candidate)) => Some(&**candidate),
        _ => None,
    })
}

/// The last transcript of each conversation: team, turn, number of the conversation, content.
fn talks(dossier: &Dossier) -> Vec<(TeamId, u32, usize, Digest)> {
    let mut found: Vec<(TeamId, u32, usize, Digest)> = Vec::new();
    for paper in &dossier.papers {
        let Event::Team(_, team, TeamEvent::TurnFinished { turn, transcript, .. }) = &paper.fact.event else {
            continue;
        };
        match found.iter_mut().rfind(|(of, ..)| of == team) {
            Some(last) if *turn > last.1 => (last.1, last.3) = (*turn, *transcript),
            last => {
                let number = last.map_or(0, |last| last.2) + 1;
                found.push((*team, *turn, number, *transcript));
            }
        }
    }
    found
}

struct Parcel<'a> {
    zip: ZipWriter<io::Cursor<Vec<u8>>>,
    room: usize,
    left_out: &'a mut Vec<String>,
}

impl Parcel<'_> {
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        if bytes.len() > self.room {
            self.left_out.push(format!("{name}: there is no room for its {} bytes", bytes.len()));
            return Ok(());
        }
        self.room -= bytes.len();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .unix_permissions(0o644);
        let written = self.zip.start_file(name, options).map_err(io::Error::other);
        written
            .and_then(|()| self.zip.write_all(bytes))
            .map_err(|error| format!("packing {name} failed: {error}"))
    }

    fn blob(&mut self, shelf: &dyn Shelf, name: &str, content: Digest) -> Result<Option<Vec<u8>>, String> {
        match shelf.blob(content) {
            Ok(bytes) => self.put(name, &bytes).map(|()| Some(bytes)),
            Err(why) => {
                self.left_out.push(format!("{name}: {why}"));
                Ok(None)
            }
        }
    }
}

/// The file's name where none is given.
#[must_use]
pub fn usual_name(mission: MissionId, form: Form) -> String {
    format!("{mission}.{}", form.word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            candidate::CommitId,
            ids::IncidentId,
            incident::{AttemptOutcome, Mark},
            request::Actor,
            time::Timestamp,
        },
        engine::event::{Fact, IncidentEvent, MissionEvent},
        runtime::{
            past::{shelf::Owned, talk::tests::transcript},
            records::entry_of,
        },
        store::{Options, Store},
    };
    use std::io::Read as _;

    async fn past(dir: &Path) -> Store {
        let store = Store::open(dir, Options::new(Timestamp(1), "test")).unwrap().store;
        let turn = |team, turn, words: &[&str]| {
            let transcript = store.blobs().put(&transcript(words, 0)).unwrap();
            Event::Team(
                MissionId(1),
                TeamId(team),
                TeamEvent::TurnFinished { turn, transcript, commit: None },
            )
        };
        let landed = MissionEvent::Landed(CommitId("c0ffee".into()), "main".into());
        let gone = TeamEvent::TurnFinished { turn: 1, transcript: Digest::of(b"gone"), commit: None };
        let events = [
            Event::Mission(MissionId(1), MissionEvent::Admitted),
            turn(1, 1, &["one"]),
            turn(1, 2, &["one", "two"]),
            Event::Mission(MissionId(2), MissionEvent::Admitted),
            turn(1, 1, &["anew"]),
            Event::Team(MissionId(1), TeamId(2), gone),
            Event::Mission(MissionId(1), landed),
        ];
        for (event, at) in events.into_iter().zip(1..) {
            let fact = Fact { actor: Actor::Engine, at: Timestamp(at), event };
            store.append(vec![entry_of(&fact).unwrap()]).await.unwrap();
        }
        store
    }

    #[tokio::test]
    async fn e3_what_became_of_its_release_is_of_the_mission() {
        let dir = tempfile::tempdir().unwrap();
        let store = past(dir.path()).await;
        let of = |incident: u64, event: IncidentEvent| Event::Incident(IncidentId(incident), event);
        let ended = |why: &str| IncidentEvent::AttemptEnded {
            number: 1,
            outcome: AttemptOutcome::RolledBack(why.into()),
        };
        let events = [
            of(7, IncidentEvent::MissionOpened(1, MissionId(1))),
            of(8, ended("another's")),
            of(7, IncidentEvent::Marked(1, Mark::TakingBack)),
            of(7, ended("it is slower")),
            of(7, ended("the next attempt's")),
        ];
        for (event, at) in events.into_iter().zip(8..) {
            let fact = Fact { actor: Actor::Engine, at: Timestamp(at), event };
            store.append(vec![entry_of(&fact).unwrap()]).await.unwrap();
        }
        let dossier = gather(&Owned(&store), MissionId(1)).unwrap();
        assert_eq!((dossier.papers.len(), dossier.rolled_back()), (9, Some("it is slower")));
    }

    #[tokio::test]
    async fn e3_a_zip_holds_what_it_says_and_every_line_its_hash() {
        let dir = tempfile::tempdir().unwrap();
        let store = past(dir.path()).await;
        let (bytes, entries, left_out) = to_bytes(&Owned(&store), MissionId(1), Form::Zip).unwrap();
        assert_eq!(entries, 6, "the other mission's entry is not in it");
        assert_eq!(left_out.len(), 1, "{left_out:?}");
        assert!(left_out[0].starts_with("transcripts/T-2-1-turn-1.json"), "{left_out:?}");
        let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        let mut names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        names.sort();
        let talks = ["1-turn-2.json", "1-turn-2.txt", "2-turn-1.json", "2-turn-1.txt"];
        let talks = talks.map(|name| format!("transcripts/T-1-{name}"));
        let all = [vec!["journal.jsonl".to_owned(), "proof.txt".into(), "report.md".into()], talks.to_vec()];
        assert_eq!(names, all.concat());
        let mut lines = String::new();
        zip.by_name("journal.jsonl").unwrap().read_to_string(&mut lines).unwrap();
        for line in lines.lines() {
            let (hash, record) = line.strip_prefix("{\"hash\":\"").unwrap().split_at(64);
            let record = record.strip_prefix("\",\"record\":").unwrap().strip_suffix('}').unwrap();
            assert_eq!(Digest::of(record.as_bytes()).to_string(), hash);
        }
        assert!(to_bytes(&Owned(&store), MissionId(9), Form::Zip).unwrap_err().contains("M-9"));
    }

    #[tokio::test]
    async fn a_file_that_is_there_stays_unless_that_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let store = past(&dir.path().join("data")).await;
        let path = dir.path().join("M-1.jsonl");
        let wanted = |over| Wanted { mission: MissionId(1), form: Form::Jsonl, path: path.clone(), over };
        let first = to_file(&Owned(&store), &wanted(Over::Never)).unwrap();
        assert_eq!(first.bytes, std::fs::metadata(&path).unwrap().len());
        std::fs::write(&path, "mine").unwrap();
        assert!(to_file(&Owned(&store), &wanted(Over::Never)).unwrap_err().contains("--force"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        to_file(&Owned(&store), &wanted(Over::Replace)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), first.bytes);
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(left.len(), 2, "nothing else is left: {left:?}");
    }
}
