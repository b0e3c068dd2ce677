//! The level over the network: it rules at once, is written where it counts, and never silently does not happen.

use super::*;
use crate::{
    config::{Wanted, edit},
    engine::command::ControlCommand,
    policy::settings::Policy,
};
use std::{fs, path::Path};

/// A house whose settings are files below a directory: the user's, and one of `--config` where one is named.
async fn house_at(top: &Path, named: bool, variables: &[(&str, &str)]) -> House {
    let home = top.display().to_string();
    let mut all = vec![("HOME", home.as_str()), ("XDG_CONFIG_HOME", home.as_str())];
    all.extend(variables);
    let environment = Environment::of(all);
    let wanted = Wanted { file: named.then(|| top.join("named.toml")), ..Wanted::default() };
    let (source, here) = ((wanted, environment), top.to_owned());
    let (book_of, place) = (source.clone(), here.clone());
    let house = house_with(
        Settings::default(),
        Ports {
            book: Arc::new(move || {
                let (wanted, environment) = &book_of;
                let sources = config::sources(wanted, environment, &place);
                let loaded = config::load(wanted, environment, &place).map_err(|error| error.to_string());
                let book = loaded.map(|loaded| config::book::book(&loaded, &sources, environment));
                async { book }.boxed()
            }),
            change: Arc::new(move |change| {
                let edited = edit::check(&change, &source.0, &source.1, &here);
                let edited = edited.map_err(|error| error.to_string());
                let edited = edited.and_then(|edited| match edited.write() {
                    Ok(()) => Ok(edited),
                    Err(error) => Err(error.to_string()),
                });
                async { edited }.boxed()
            }),
            ..ports()
        },
    );
    let policy = Policy { level: 3, ..Policy::default() };
    house.handle.send(Command::Control(ControlCommand::Load(Box::new(policy)))).await.unwrap();
    house
}

async fn set(house: &House, level: u8) -> (StatusCode, Value) {
    house.post("/api/control/level", None, json!({ "level": level })).await
}

#[tokio::test]
async fn a_level_is_written_to_the_file_that_the_daemon_was_started_with() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("named.toml"), "[autonomy]\nlevel = 3\n").unwrap();
    let house = house_at(top.path(), true, &[]).await;
    let (status, told) = set(&house, 2).await;
    assert_eq!((status, &told["level"], &told["until"]), (StatusCode::OK, &json!(2), &Value::Null), "{told}");
    assert_eq!(fs::read_to_string(top.path().join("named.toml")).unwrap(), "[autonomy]\nlevel = 2\n");
    assert_eq!(house.handle.snapshot().policy.level, 2);
}

#[tokio::test]
async fn a_level_that_another_layer_sets_too_is_lowered_until_the_settings_are_read_again_and_not_raised() {
    let top = tempfile::tempdir().unwrap();
    let house = house_at(top.path(), false, &[("CHIMERA_AUTONOMY_LEVEL", "3")]).await;
    let (status, told) = set(&house, 2).await;
    let until = told["until"].as_str().unwrap();
    assert_eq!((status, &told["level"]), (StatusCode::OK, &json!(2)), "{told}");
    assert!(
        until.starts_with("until the settings are read again") && until.contains("LEVEL sets 3"),
        "{until}"
    );
    assert_eq!(house.handle.snapshot().policy.level, 2);
    assert_eq!(house.get("/api/control").await.1["until"], Value::Null, "only the answer to it tells");
    let other = house_at(top.path(), false, &[("CHIMERA_AUTONOMY_LEVEL", "1")]).await;
    assert_eq!(set(&other, 1).await.0, StatusCode::OK);
    let (status, told) = set(&other, 2).await;
    assert_eq!(status, StatusCode::CONFLICT, "{told}");
    assert!(told["detail"].as_str().unwrap().starts_with("the level stays 1: "), "{told}");
    assert_eq!(other.handle.snapshot().policy.level, 1);
}

#[tokio::test]
async fn a_level_that_cannot_be_written_is_lowered_all_the_same_and_not_raised() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("named.toml"), "[autonomy]\nlevle = 3\n").unwrap();
    let house = house_at(top.path(), true, &[]).await;
    let (status, told) = set(&house, 1).await;
    assert_eq!((status, &told["level"]), (StatusCode::OK, &json!(1)), "{told}");
    assert!(told["until"].as_str().unwrap().contains("levle"), "{told}");
    assert_eq!(set(&house, 2).await.0, StatusCode::CONFLICT);
    assert_eq!(house.handle.snapshot().policy.level, 1);
}
