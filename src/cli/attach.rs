//! `@file` mentions of a brief: which words are meant, and what of the file goes to the models.
//!
//! A mention is taken only from inside the repository or the current directory: a brief may be piped in from
//! somewhere, and must not be able to send any file of this machine to a vendor.

use crate::{
    domain::{brief::Attachment, text},
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
/// Bytes of an image: what vendors take.
const IMAGE_MOST: u64 = 5 * 1024 * 1024;

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
    file.take(IMAGE_MOST + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let (media_type, most) = match image_type(&bytes) {
        Some(media_type) => (media_type, IMAGE_MOST),
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
    Ok((media_type, bytes))
}

/// By its first bytes; a name proves nothing.
fn image_type(bytes: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if starts(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if starts(b"GIF87a") || starts(b"GIF89a") {
        Some("image/gif")
    } else if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
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
}
