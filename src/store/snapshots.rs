//! State snapshots: the folded state at some seq, so that start-up replays only what came after.
//!
//! `state/<seq, 20 digits>.json.snap`: one header line `chimera-state 1 <seq> <bytes> <crc32> <sha256>`, then
//! the bytes. The last two are kept; one that does not verify is passed over for the older one. Losing all of
//! them costs a replay, never data.

use super::{disk::write_atomically, error::StoreError};
use crate::domain::{digest::Digest, ids::Seq};
use std::{
    fs::{DirBuilder, File},
    io::{self, Read as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// Snapshots that are kept.
const KEPT: usize = 2;
/// Most bytes of one snapshot.
const MOST_STATE_BYTES: u64 = 256 << 20;

fn path(dir: &Path, seq: u64) -> PathBuf {
    dir.join(format!("{seq:020}.json.snap"))
}

/// Seqs of the snapshots present, newest first.
fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let mut seqs = Vec::new();
    for file in std::fs::read_dir(dir)? {
        let name = file?.file_name();
        seqs.extend(name.to_str().and_then(|name| name.strip_suffix(".json.snap")?.parse::<u64>().ok()));
    }
    seqs.sort_unstable_by(|a, b| b.cmp(a));
    Ok(seqs)
}

/// Writes one durably, then removes all but the newest [`KEPT`].
pub(super) fn save(dir: &Path, seq: Seq, bytes: &[u8]) -> Result<(), StoreError> {
    let target = path(dir, seq.0);
    let fail = |e: io::Error| StoreError::io("saving a state snapshot", &target, &e);
    if bytes.len() as u64 > MOST_STATE_BYTES {
        return Err(fail(io::Error::new(io::ErrorKind::FileTooLarge, format!("{} bytes", bytes.len()))));
    }
    if !dir.exists() {
        DirBuilder::new().mode(0o700).create(dir).map_err(fail)?;
    }
    let (crc, digest) = (crc32fast::hash(bytes), Digest::of(bytes));
    let mut file = format!("chimera-state 1 {} {} {crc:08x} {digest}\n", seq.0, bytes.len()).into_bytes();
    file.extend_from_slice(bytes);
    write_atomically(&target.with_extension("tmp"), &target, &file).map_err(fail)?;
    for old in list(dir).map_err(fail)?.into_iter().skip(KEPT) {
        let _ = std::fs::remove_file(path(dir, old));
    }
    Ok(())
}

/// The newest one that verifies and is not ahead of the journal, with a note for each that was passed over.
pub(super) fn newest(dir: &Path, last: Seq, notes: &mut Vec<String>) -> Option<(Seq, Vec<u8>)> {
    for seq in list(dir).unwrap_or_default() {
        let file = path(dir, seq);
        match read(&file, seq) {
            Ok(_) if seq > last.0 => {
                notes.push(format!("state snapshot #{seq} is ahead of the journal (#{}): not used", last.0));
            }
            Ok(bytes) => return Some((Seq(seq), bytes)),
            Err(e) => notes
                .push(format!("state snapshot {} is not usable ({e}): using an older one", file.display())),
        }
    }
    None
}

/// How far the newest one reaches that verifies.
pub(super) fn reach(dir: &Path) -> Option<Seq> {
    newest(dir, Seq(u64::MAX), &mut Vec::new()).map(|(seq, _)| seq)
}

/// Takes those away that are ahead of the journal: it has lost entries, and will have others of the same number.
pub(super) fn set_aside(dir: &Path, last: Seq) -> Result<(), StoreError> {
    for seq in list(dir).unwrap_or_default().into_iter().filter(|seq| *seq > last.0) {
        let (file, aside) = (path(dir, seq), path(dir, seq).with_extension("ahead"));
        std::fs::rename(&file, aside)
            .map_err(|e| StoreError::io("setting a state snapshot aside", &file, &e))?;
    }
    Ok(())
}

fn read(path: &Path, seq: u64) -> io::Result<Vec<u8>> {
    let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let mut all = Vec::new();
    File::open(path)?.take(MOST_STATE_BYTES + 256).read_to_end(&mut all)?;
    let end = all.iter().take(256).position(|b| *b == b'\n').ok_or_else(|| bad("no header"))?;
    let bytes = all.split_off(end + 1);
    let expected = format!(
        "chimera-state 1 {seq} {} {:08x} {}\n",
        bytes.len(),
        crc32fast::hash(&bytes),
        Digest::of(&bytes)
    );
    if all == expected.as_bytes() { Ok(bytes) } else { Err(bad("its bytes do not match its header")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_whole_one_is_used_and_two_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let mut notes = Vec::new();
        assert_eq!(newest(&state, Seq(9), &mut notes), None);
        for seq in 1..=4 {
            save(&state, Seq(seq), format!("s{seq}").as_bytes()).unwrap();
        }
        assert_eq!(list(&state).unwrap(), [4, 3]);
        assert_eq!(newest(&state, Seq(9), &mut notes), Some((Seq(4), b"s4".to_vec())));
        assert_eq!(newest(&state, Seq(3), &mut notes), Some((Seq(3), b"s3".to_vec())));
        assert!(notes.pop().unwrap().contains("ahead"));
        let whole = std::fs::read(path(&state, 4)).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(path(&state, 4), flipped).unwrap();
            assert_eq!(newest(&state, Seq(9), &mut notes), Some((Seq(3), b"s3".to_vec())), "byte {at}");
        }
        std::fs::write(path(&state, 4), &whole[..whole.len() - 1]).unwrap();
        std::fs::write(path(&state, 3), b"").unwrap();
        assert_eq!(newest(&state, Seq(9), &mut notes), None);
    }
}
