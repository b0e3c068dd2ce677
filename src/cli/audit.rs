//! `chimera audit`: proves the journal offline. Takes no lock, starts no engine, changes nothing.

use super::{
    exit::{Complaint, Exit, Said},
    out::{Form, Out},
    session::Session,
};
use crate::{
    domain::{ids::Seq, text::count},
    store::audit::{self, AuditError, Report},
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// What to prove.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditCommand {
    /// Check every entry, link and checkpoint; names the first bad entry
    Verify,
    /// Prove one entry to an outsider, with commands anybody can run
    Prove(ProveArgs),
    /// Write the whole journal as JSON Lines
    Export(ExportArgs),
}

/// Which entry.
#[derive(Debug, Clone, Args)]
pub struct ProveArgs {
    /// Position in the journal, from 1
    #[arg(value_name = "SEQ")]
    pub seq: u64,
}

/// Where to.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// New file; never over one that is there [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Does it.
///
/// # Errors
/// The journal does not verify, has no such entry, or cannot be read.
pub fn run(command: &AuditCommand, session: &Session, out: &mut Out) -> Said {
    let data = &session.settings().places.data;
    match command {
        AuditCommand::Verify => verify(data, out),
        AuditCommand::Prove(args) => prove(data, Seq(args.seq), out),
        AuditCommand::Export(args) => {
            export(data, args.output.as_ref().map(|file| session.here.join(file)), out)
        }
    }
}

fn verify(data: &Path, out: &mut Out) -> Said {
    let report = audit::verify(data).map_err(|error| refused(&error, out))?;
    summary("verified", &report, out);
    if let Some(torn) = &report.torn {
        out.say(&format!(
            "{}: an unfinished end of {} after byte {}: a write in progress, or one that a crash cut; the next \
             start removes it",
            torn.file.display(),
            count(torn.bytes, "byte"),
            torn.offset
        ));
    }
    Ok(Exit::Ok)
}

fn summary(word: &str, report: &Report, out: &mut Out) {
    out.both(
        &format!(
            "{word} {} and {} in {}, {}; head {}",
            count(report.entries, "entry"),
            count(report.checkpoints, "checkpoint"),
            count(report.segments, "file"),
            count(report.bytes, "byte"),
            report.head
        ),
        &json!({
            "kind": format!("audit_{word}"), "entries": report.entries, "checkpoints": report.checkpoints,
            "segments": report.segments, "bytes": report.bytes, "head": report.head,
            "torn_bytes": report.torn.as_ref().map(|torn| torn.bytes),
        }),
    );
}

fn refused(error: &AuditError, out: &mut Out) -> Complaint {
    if let AuditError::Bad(damage) = error {
        out.tell(&json!({
            "kind": "audit_failed", "seq": damage.seq, "file": damage.file, "offset": damage.offset,
            "reason": damage.reason,
        }));
    }
    Complaint::error(error.to_string())
}

fn prove(data: &Path, seq: Seq, out: &mut Out) -> Said {
    let proof = audit::prove(data, seq).map_err(|error| refused(&error, out))?;
    proof.check().map_err(|why| Complaint::error(format!("the proof of {seq} does not hold: {why}")))?;
    out.both(
        &proof.explain(),
        &json!({
            "kind": "audit_proof", "seq": seq, "head": proof.head, "entry": proof.entry,
            "checkpoint": proof.checkpoint, "commands": proof.explain(),
        }),
    );
    Ok(Exit::Ok)
}

fn export(data: &Path, file: Option<PathBuf>, out: &mut Out) -> Said {
    let Some(file) = file else {
        // The journal's own JSON has every control character escaped; each line must keep its bytes to verify.
        let mut sink = Piped { out, line: Vec::new() };
        audit::export(data, &mut sink).map_err(|error| Complaint::error(error.to_string()))?;
        return Ok(Exit::Ok);
    };
    let shown = file.display();
    let failed = |e: io::Error| {
        Complaint::error(format!("{shown}: cannot be written: {e}"))
            .hint("name a new file on a disk with room")
    };
    let target = OpenOptions::new().write(true).create_new(true).open(&file).map_err(failed)?;
    let mut writer = BufWriter::new(target);
    let exported = audit::export(data, &mut writer).map_err(|error| match error {
        AuditError::Export(e) => failed(e),
        other => Complaint::error(other.to_string()),
    });
    let report = exported.and_then(|report| {
        writer.into_inner().map_err(|e| failed(e.into_error()))?.sync_all().map_err(failed)?;
        Ok(report)
    });
    // Half an export proves nothing and would stand in the way of the next one.
    let report = report.inspect_err(|_| drop(std::fs::remove_file(&file)))?;
    if out.form() == Form::Human {
        out.say(&format!("wrote {shown}"));
    }
    summary("exported", &report, out);
    Ok(Exit::Ok)
}

/// Passes whole lines to stdout as they are.
struct Piped<'a> {
    out: &'a mut Out,
    line: Vec<u8>,
}

impl Write for Piped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if self.line.ends_with(b"\n") {
            self.flush()?;
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.raw(&std::mem::take(&mut self.line));
        Ok(())
    }
}
