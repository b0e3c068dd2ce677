//! `chimera level`: how much happens alone. Shown without a number; with one it is written to the file of `--config`
//! or your own, as `config set autonomy.level` does, and rules at once.

use super::{
    Everywhere,
    config::{self, ConfigCommand, SetArgs},
    exit::{Complaint, Exit, Said},
    house::{self, Purpose},
    out::Out,
    session::Session,
};
use crate::{
    config::{keys::LEVEL, layers::ConfigError},
    engine::command::{Command, ControlCommand},
    policy::settings::Policy,
};
use clap::Args;
use serde_json::json;

/// What a level is never below.
const LEAST: u8 = 1;

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
    let session = Session::load_anyway(everywhere)?;
    match (args.level, &session.fault) {
        (Some(level), Some(fault)) => {
            return super::runtime()?.block_on(lower(level, (&session, fault), out));
        }
        (Some(level), None) => {
            let args = SetArgs { key: LEVEL.into(), value: level.to_string(), file: None };
            return config::run(&ConfigCommand::Set(args), everywhere, out);
        }
        (None, _) => session.may_open()?,
    }
    let written = session.fault.is_none().then_some(session.settings().policy.level);
    let data = &session.settings().places.data;
    let ruling = if data.is_dir() { Some(house::look(session.settings())?) } else { None };
    let level = match &ruling {
        Some((state, Some(_))) => state.policy.level,
        ruling => written.or(ruling.as_ref().map(|(state, _)| state.policy.level)).unwrap_or(LEAST),
    };
    let words = match level {
        2 => "low-risk fixes happen alone, the rest asks",
        3 => "full autonomy: what is not urgent waits for a no, the rest is told afterwards",
        _ => "monitor only: every action asks",
    };
    let value = json!({"kind": "level", "level": level, "words": words, "settings": written});
    out.both(&format!("level {level}: {words}"), &value);
    if let Some(written) = written.filter(|written| *written != level) {
        out.say(&format!(
            "The settings say {written}: the process that does the work goes by {level} until it reads them again."
        ));
    }
    Ok(Exit::Ok)
}

/// Lowers it where the settings cannot be used, and so are not written: the process that runs goes by it until it reads them.
async fn lower(level: u8, (session, fault): (&Session, &ConfigError), out: &mut Out) -> Said {
    let house = session.open(Purpose::Command).await?;
    let ruling = house.handle.snapshot().policy.clone();
    let until =
        format!("until the settings are read again; not written, they cannot be used: {}", fault.first());
    let given = async {
        if level > ruling.level {
            let what =
                format!("the level is {} and is not raised while the settings cannot be used", ruling.level);
            return Err(Complaint::error(format!("{what}: {}", fault.first())).hint("correct them first"));
        }
        let value = Some(level.to_string());
        let file = format!("no file: it counts {until}");
        let change = ControlCommand::Change { key: LEVEL.into(), file, value };
        house.handle.send(Command::Control(change)).await?;
        if level < ruling.level {
            let load = ControlCommand::Load(Box::new(Policy { level, ..(*ruling).clone() }));
            house.handle.send(Command::Control(load)).await?;
        }
        Ok(())
    };
    let given = given.await;
    house.close().await;
    given?;
    let value = json!({"kind": "level", "level": level, "settings": null, "until": until});
    out.both(&format!("level {level} counts at once, {until}"), &value);
    Ok(Exit::Ok)
}
