//! Where the past is read: through the owner's index, or from the files of a directory that anybody may own.

use crate::{
    domain::{digest::Digest, ids::Seq},
    store::{
        Store, audit,
        entry::Entry,
        history::Query,
        look::{self, blobs},
    },
};
use std::path::{Path, PathBuf};

/// Entries and blobs. Blocks; errors are in words.
pub trait Shelf {
    /// Entries as they are asked for.
    ///
    /// # Errors
    /// The journal cannot be read.
    fn entries(&self, query: &Query) -> Result<Vec<Entry>, String>;
    /// A blob.
    ///
    /// # Errors
    /// It is gone or damaged.
    fn blob(&self, content: Digest) -> Result<Vec<u8>, String>;
    /// The proof of one entry in words and commands for an outsider.
    ///
    /// # Errors
    /// The journal does not verify.
    fn proof(&self, seq: Seq) -> Result<String, String>;
}

fn proof(data: &Path, seq: Seq) -> Result<String, String> {
    let proof = audit::prove(data, seq).map_err(|error| error.to_string())?;
    proof.check().map(|()| proof.explain())
}

/// A store that this process owns.
pub struct Owned<'a>(pub &'a Store);

impl Shelf for Owned<'_> {
    fn entries(&self, query: &Query) -> Result<Vec<Entry>, String> {
        self.0.query(query).map_err(|error| error.to_string())
    }
    fn blob(&self, content: Digest) -> Result<Vec<u8>, String> {
        self.0.blobs().get(content).map_err(|error| error.to_string())
    }
    fn proof(&self, seq: Seq) -> Result<String, String> {
        proof(self.0.place(), seq)
    }
}

/// The files of a data directory; no lock is taken.
pub struct Files(pub PathBuf);

impl Shelf for Files {
    fn entries(&self, query: &Query) -> Result<Vec<Entry>, String> {
        look::query(&self.0, query).map_err(|error| error.to_string())
    }
    fn blob(&self, content: Digest) -> Result<Vec<u8>, String> {
        blobs(&self.0).and_then(|blobs| blobs.get(content)).map_err(|error| error.to_string())
    }
    fn proof(&self, seq: Seq) -> Result<String, String> {
        proof(&self.0, seq)
    }
}
