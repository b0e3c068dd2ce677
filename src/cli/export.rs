//! `chimera export`: one mission as a report, as its journal entries, or all of it in a zip file. Takes no lock,
//! starts no engine, changes nothing but the file it names.

use super::{
    exit::{Complaint, Exit, Said},
    out::Out,
    session::Session,
};
use crate::{
    domain::{ids::MissionId, text::count},
    runtime::past::{
        export::{Form, Over, Wanted, to_bytes, to_file, usual_name},
        shelf::Files,
    },
};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What to write where.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// Mission, such as M-1
    #[arg(value_name = "ID")]
    pub mission: MissionId,
    /// md: a report; jsonl: its journal entries with their hashes; zip: both with proof, patches and transcripts
    #[arg(long, value_name = "FORM", default_value = "md", value_parser = ["md", "jsonl", "zip"])]
    pub format: String,
    /// File; `-` is stdout [default: the mission's number in the current directory]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Writes it.
///
/// # Errors
/// There is no such mission, the file is there, or it cannot be written.
pub fn run(args: &ExportArgs, session: &Session, out: &mut Out) -> Said {
    session.ground()?;
    let form: Form = args.format.parse().map_err(Complaint::usage)?;
    let shelf = Files(session.settings().places.data.clone());
    if args.out.as_deref() == Some(Path::new("-")) {
        if form == Form::Zip {
            return Err(Complaint::usage("a zip file does not go to stdout").hint("name a file with --out"));
        }
        let (bytes, _, left_out) = to_bytes(&shelf, args.mission, form).map_err(unwritten)?;
        out.raw(&bytes);
        super::out::note(&left_out);
        return Ok(Exit::Ok);
    }
    let name = args.out.clone().unwrap_or_else(|| usual_name(args.mission, form).into());
    let over = if args.force { Over::Replace } else { Over::Never };
    let wanted = Wanted { mission: args.mission, form, path: session.here.join(name), over };
    let exported = to_file(&shelf, &wanted).map_err(unwritten)?;
    out.both(
        &format!(
            "wrote {}: {}, {}",
            exported.path.display(),
            count(exported.entries, "journal entry"),
            count(exported.bytes, "byte")
        ),
        &json!({
            "kind": "exported", "mission": args.mission.to_string(), "format": form.word(),
            "file": exported.path, "bytes": exported.bytes, "entries": exported.entries,
            "left_out": exported.left_out,
        }),
    );
    super::out::note(&exported.left_out.iter().map(|what| format!("not in it: {what}")).collect::<Vec<_>>());
    Ok(Exit::Ok)
}

fn unwritten(why: String) -> Complaint {
    Complaint::error(why).hint("`chimera missions` lists missions; --out names another file")
}
