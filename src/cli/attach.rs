//! `@file` mentions of a brief: which words are meant, and what of the file goes to the models; and images whose path a
//! person pasted.
//!
//! A mention is taken only from inside the repository or the current directory: a brief may be piped in from
//! somewhere, and must not be able to send any file of this machine to a vendor. What a person drags onto the screen
//! may lie anywhere, but is taken only if its bytes are those of an image, and the screen names it before it is sent.

use crate::{
    domain::{
        brief::Attachment,
        picture::{self, BYTES_MOST, SIDE_MOST},
        text,
    },
    runtime::handle::{Handle, SendError},
};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// Files of one brief.
pub const FILES_MOST: usize = 16;
/// Bytes of a text file.
const TEXT_MOST: u64 = 256 * 1024;
/// First bytes of a pasted path's file that tell whether it is an image.
const HEAD: usize = 16;

/// A file that is meant, read.
#[derive(Debug, PartialEq)]
pub struct Found {
    /// As written.
    pub path: String,
    /// What it is.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The files that a text mentions, and why others were not taken. A word after `@` that names no file is a word.
#[must_use]
pub fn mentioned(words: &str, repository: &Path, here: &Path) -> (Vec<Found>, Vec<String>) {
    let (mut found, mut notes) = (Vec::<Found>::new(), Vec::new());
    for name in mentions(words) {
        let Some((name, path)) = locate(name, repository, here) else { continue };
        if found.iter().any(|file| file.path == name) {
            continue;
        }
        if found.len() == FILES_MOST {
            notes.push(format!("@{name} is not attached: {FILES_MOST} files at most"));
            break;
        }
        match read(&path, repository, here) {
            Ok((media_type, bytes)) => found.push(Found { path: name.to_owned(), media_type, bytes }),
            Err(why) => notes.push(format!("@{name} is not attached: {why}")),
        }
    }
    (found, notes.iter().map(|note| text::clean_line(note, 300).to_string()).collect())
}

/// Keeps the contents.
///
/// # Errors
/// The store took one not.
pub async fn keep(handle: &Handle, files: Vec<Found>) -> Result<Vec<Attachment>, SendError> {
    let mut kept = Vec::with_capacity(files.len());
    for file in files {
        let bytes = file.bytes.len() as u64;
        let content = handle.keep(file.bytes).await?;
        kept.push(Attachment { path: file.path, media_type: file.media_type.to_owned(), content, bytes });
    }
    Ok(kept)
}

/// One mentioned file: media type and content.
///
/// # Errors
/// In words why it is not attached.
pub fn one(name: &str, repository: &Path, here: &Path) -> Result<(String, Vec<u8>), String> {
    let (_, path) = locate(name, repository, here).ok_or_else(|| format!("there is no file {name}"))?;
    read(&path, repository, here).map(|(media_type, bytes)| (media_type.to_owned(), bytes))
}

/// What follows an `@` at the beginning of a word.
fn mentions(words: &str) -> impl Iterator<Item = &str> {
    words.split_whitespace().filter_map(|word| {
        let name = word.trim_start_matches(['(', '"', '\'', '[']).strip_prefix('@')?;
        (!name.is_empty()).then_some(name)
    })
}

/// The file a mention means: as written, or without the punctuation after it.
fn locate<'a>(name: &'a str, repository: &Path, here: &Path) -> Option<(&'a str, PathBuf)> {
    let bare = name.trim_end_matches(['.', ',', ';', ':', ')', ']', '"', '\'', '?', '!']);
    [name, bare].into_iter().filter(|name| !name.is_empty()).find_map(|name| {
        let tries = [here.join(name), repository.join(name)];
        tries.into_iter().find(|path| path.is_file()).map(|path| (name, path))
    })
}

fn read(path: &Path, repository: &Path, here: &Path) -> Result<(&'static str, Vec<u8>), String> {
    let real = std::fs::canonicalize(path).map_err(|e| e.to_string())?;
    let here = std::fs::canonicalize(here).map_err(|e| e.to_string())?;
    if !real.starts_with(repository) && !real.starts_with(here) {
        return Err("it lies outside the repository and the current directory".into());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&real).map_err(|e| e.to_string())?;
    file.take(BYTES_MOST + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let (media_type, most) = match picture::kind(&bytes) {
        Some(media_type) => (media_type, BYTES_MOST),
        None if std::str::from_utf8(&bytes[..bytes.len().min(8_000)])
            .is_ok_and(|text| !text.contains('\0')) =>
        {
            ("text/plain", TEXT_MOST)
        }
        None if bytes.len() as u64 > TEXT_MOST => return Err(format!("it is longer than {TEXT_MOST} bytes")),
        None if std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains('\0')) => {
            ("text/plain", TEXT_MOST)
        }
        None => return Err("it is neither text nor a PNG, JPEG, GIF or WebP image".into()),
    };
    if bytes.len() as u64 > most {
        return Err(format!("it is longer than {most} bytes"));
    }
    fits(&bytes)?;
    Ok((media_type, bytes))
}

/// An image whose path was pasted: media type and content; none where there is none.
///
/// # Errors
/// There is one that no model takes.
pub fn pasted(path: &Path, here: &Path) -> Result<Option<(String, Vec<u8>)>, String> {
    let path = here.join(path);
    // A pipe or a device could be waited for for ever.
    if !std::fs::metadata(&path).is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let Ok(file) = std::fs::File::open(&path) else { return Ok(None) };
    let mut file = file.take(BYTES_MOST + 1);
    let mut bytes = Vec::new();
    let read = file.by_ref().take(HEAD as u64).read_to_end(&mut bytes);
    let Some(media_type) = read.ok().and_then(|_| picture::kind(&bytes)) else { return Ok(None) };
    file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > BYTES_MOST {
        return Err(format!("it is longer than {BYTES_MOST} bytes"));
    }
    fits(&bytes)?;
    Ok(Some((media_type.to_owned(), bytes)))
}

fn fits(bytes: &[u8]) -> Result<(), String> {
    match picture::size(bytes) {
        Some(size) if size.width.max(size.height) > SIDE_MOST => {
            Err(format!("{size} pixels are more than the {SIDE_MOST} a side may have"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_files_and_images_of_the_repository_are_taken_and_nothing_else() {
        let top = tempfile::tempdir().unwrap();
        let repo = std::fs::canonicalize(top.path()).unwrap().join("repo");
        std::fs::create_dir_all(repo.join("src")).unwrap();
        std::fs::write(repo.join("src/cart.rs"), "fn é() {}").unwrap();
        std::fs::write(repo.join("shot.txt"), b"\x89PNG\r\n\x1a\nrest").unwrap();
        std::fs::write(repo.join("blob"), b"\0\xff").unwrap();
        std::fs::write(repo.join("big"), "x".repeat(300_000)).unwrap();
        std::fs::write(top.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(top.path().join("secret"), repo.join("link")).unwrap();
        let words = "Fix @src/cart.rs, see (@shot.txt) and @src/cart.rs. Not a@b.c, @nobody, @../secret @link @blob @big";
        let (found, notes) = mentioned(words, &repo, &repo);
        let taken: Vec<(&str, &str)> =
            found.iter().map(|file| (file.path.as_str(), file.media_type)).collect();
        assert_eq!(taken, [("src/cart.rs", "text/plain"), ("shot.txt", "image/png")]);
        assert_eq!(notes.len(), 4, "{notes:?}");
        assert!(notes[0].contains("outside") && notes[1].contains("outside"), "{notes:?}");
        assert!(notes[2].contains("neither") && notes[3].contains("longer"), "{notes:?}");
    }

    #[test]
    fn a6_a_pasted_path_is_an_image_by_its_bytes_or_nothing() {
        let top = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(top.path().join(name), bytes).unwrap();
        let head = |side: [u8; 4]| {
            [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &side, &side, b"\x08\x02\0\0\0"].concat()
        };
        put("shot", &head([0, 0, 1, 0]));
        put("fake.png", b"#!/bin/sh\nrm -rf /\n");
        put("wide.png", &head([0, 1, 0, 0]));
        put("big.png", &[head([0, 0, 1, 0]), vec![0; 6_000_000]].concat());
        put("empty.png", b"");
        let look = |name: &str| pasted(Path::new(name), top.path());
        let (media_type, bytes) = look("shot").unwrap().unwrap();
        assert_eq!((media_type.as_str(), bytes.len()), ("image/png", 29));
        let whole = top.path().join("shot");
        assert!(pasted(&whole, Path::new("/")).unwrap().is_some(), "it may lie anywhere");
        for none in ["fake.png", "empty.png", "nowhere.png", "."] {
            assert_eq!(look(none), Ok(None), "{none}");
        }
        assert!(look("big.png").unwrap_err().contains("longer than"));
        assert!(look("wide.png").unwrap_err().contains("65536×65536"));
    }
}
