//! `chimera level`: how much happens alone. Shown without a number; with one it is written to the file of `--config`
//! or your own, as `config set autonomy.level` does, and rules at once.

use super::{
    Everywhere,
    config::{self, ConfigCommand, SetArgs},
    exit::{Exit, Said},
    house,
    out::Out,
    session::Session,
};
use crate::config::keys::LEVEL;
use clap::Args;
use serde_json::json;

/// Which level.
#[derive(Debug, Clone, Args)]
pub struct LevelArgs {
    /// 1 monitor only, 2 low-risk fixes alone, 3 full autonomy
    #[arg(value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub level: Option<u8>,
}

/// Shows or sets it.
///
/// # Errors
/// The settings have a mistake, or cannot be written.
pub fn run(args: &LevelArgs, everywhere: &Everywhere, out: &mut Out) -> Said {
    if let Some(level) = args.level {
        let args = SetArgs { key: LEVEL.into(), value: level.to_string(), file: None };
        return config::run(&ConfigCommand::Set(args), everywhere, out);
    }
    let session = Session::load(everywhere)?;
    let written = session.settings().policy.level;
    let data = &session.settings().places.data;
    let ruling = if data.is_dir() { Some(house::look(session.settings())?) } else { None };
    let level = match &ruling {
        Some((state, Some(_))) => state.policy.level,
        _ => written,
    };
    let words = match level {
        2 => "low-risk fixes happen alone, the rest asks",
        3 => "full autonomy: what is not urgent waits for a no, the rest is told afterwards",
        _ => "monitor only: every action asks",
    };
    let value = json!({"kind": "level", "level": level, "words": words, "settings": written});
    out.both(&format!("level {level}: {words}"), &value);
    if level != written {
        out.say(&format!(
            "The settings say {written}: the process that does the work goes by {level} until it reads them again."
        ));
    }
    Ok(Exit::Ok)
}
