//! The settings screen as a person meets it: pictures at each size, and keys to the exact change.

use super::{
    app::Action,
    fixtures::Bench,
    screens::ScreenId,
    task::{Done, Task},
    tests::{picture, pictures},
};
use crate::{
    config::{
        self,
        book::{Book, book},
        document::At,
        edit::Change,
        environment::Environment,
        layers::{FileLayer, Layer, Sources},
    },
    domain::{team::Vendor, time::Millis},
};
use std::{path::Path, sync::Arc};

/// All settings as built in, but for three that a file, a variable and a repository set.
fn settings() -> Arc<Book> {
    let environment = Environment::of([
        ("HOME", "/home/ada"),
        ("ANTHROPIC_API_KEY", "sk-secret"),
        ("CHIMERA_THEME", "light"),
    ]);
    let loaded = config::load(&Default::default(), &environment, Path::new("/")).unwrap();
    let sources = Sources {
        user: Some("/home/ada/.config/chimera/chimera.toml".into()),
        repository: Some("/srv/shop/chimera.toml".into()),
        ..Sources::default()
    };
    let mut book = book(&loaded, &sources, &environment);
    let at = |file: &str, line| At { file: file.into(), line, column: 1 };
    for setting in &mut book.settings {
        match setting.path.as_str() {
            "budget.daily_usd" => {
                setting.layer = Layer::User(at("/home/ada/.config/chimera/chimera.toml", 3))
            }
            "protected.max_files" => setting.layer = Layer::Repository(at("/srv/shop/chimera.toml", 9)),
            _ => {}
        }
    }
    Arc::new(book)
}

fn open(bench: &mut Bench) -> &mut Bench {
    bench.press("f1 f6");
    assert_eq!(bench.tasks.pop(), Some(Task::Book));
    bench.act(Action::Done(Done::Book(Ok(settings()))))
}

/// With the cursor on this key.
fn on<'a>(bench: &'a mut Bench, path: &str) -> &'a mut Bench {
    open(bench);
    let at = bench.app.screens.settings.shown().iter().position(|setting| setting.path == path).unwrap();
    bench.press("g g");
    for _ in 0..at {
        bench.press("j");
    }
    bench
}

fn changes(bench: &mut Bench) -> Vec<Change> {
    let tasks = std::mem::take(&mut bench.tasks);
    let change = |task| if let Task::Change(change) = task { Some(*change) } else { None };
    tasks.into_iter().filter_map(change).collect()
}

#[test]
fn pictures_of_the_settings() {
    pictures("settings", |b| open(b));
    pictures("settings_budget", |b| on(b, "budget.daily_usd"));
    pictures("settings_vendor", |b| {
        on(b, "providers.anthropic.key").press("t");
        let models = vec!["claude-sonnet-4-5".to_owned(), "claude-haiku-4-5".to_owned()];
        b.act(Action::Done(Done::Vendor(Vendor::Anthropic, Ok((models, Millis(212))))))
    });
    pictures("settings_edit", |b| {
        on(b, "budget.daily_usd").press("enter ctrl-u").write("lots").press("enter");
        let why = "budget.daily_usd: \"lots\" is not an amount of dollars such as 0.50";
        b.act(Action::Done(Done::Changed(Err(why.into()))))
    });
    pictures("settings_found", |b| open(b).press("/").write("usd").press("enter"));
    pictures("settings_mistaken", |b| {
        let why = "the settings have mistakes:\n/home/ada/x.toml:2:1: unknown key a.b";
        b.press("f6").act(Action::Done(Done::Book(Err(why.into()))))
    });
}

#[test]
fn s5_a_setting_is_edited_into_the_chosen_file_and_a_refusal_keeps_what_was_typed() {
    let mut bench = Bench::new((120, 40));
    on(&mut bench, "budget.daily_usd").press("enter ctrl-u").write("lots").press("enter");
    let change =
        |value: &str, file| Change { path: "budget.daily_usd".into(), value: Some(value.into()), file };
    assert_eq!(changes(&mut bench), [change("lots", FileLayer::User)]);
    bench.press("x enter");
    assert_eq!(changes(&mut bench), [], "one change at a time");
    bench.act(Action::Done(Done::Changed(Err("\"lots\" is not an amount".into()))));
    let seen = picture(&bench).0;
    assert!(seen.contains("› lots") && seen.contains("\"lots\" is not an amount"), "{seen}");
    bench.press("ctrl-u").write("7.50").press("tab enter");
    assert_eq!(changes(&mut bench), [change("7.50", FileLayer::Repository)]);
    bench.act(Action::Done(Done::Changed(Ok("budget.daily_usd is set".into()))));
    assert!(bench.app.sheet.is_none() && bench.last_words().contains("is set"));
    assert!(matches!(bench.tasks.last(), Some(Task::Book)), "what holds now is read anew");
    bench.press("esc");
    assert_eq!(bench.app.screens.at, ScreenId::Command);
}

#[test]
fn s5_a_setting_is_taken_out_of_the_file_that_sets_it() {
    let mut bench = Bench::new((120, 40));
    on(&mut bench, "protected.max_files").press("d");
    let change = Change { path: "protected.max_files".into(), value: None, file: FileLayer::Repository };
    assert_eq!(changes(&mut bench), [change]);
    on(&mut bench, "ui.theme").press("d");
    assert_eq!(changes(&mut bench), []);
    assert!(bench.last_words().contains("environment CHIMERA_THEME sets it"), "{}", bench.last_words());
}

#[test]
fn s5_a_connection_is_tried_once_at_a_time_and_no_key_is_ever_shown() {
    let mut bench = Bench::new((200, 60));
    on(&mut bench, "providers.anthropic.key").press("t t");
    let tried = bench.tasks.iter().filter(|task| **task == Task::Vendor(Vendor::Anthropic)).count();
    assert_eq!(tried, 1);
    let why = "401: the key was refused\u{1b}[2J".to_owned();
    bench.act(Action::Done(Done::Vendor(Vendor::Anthropic, Err(why))));
    let seen = picture(&bench).0;
    assert!(
        seen.contains("✗ 401: the key was refused") && seen.contains("set in ANTHROPIC_API_KEY"),
        "{seen}"
    );
    bench.press("enter");
    assert!(!picture(&bench).0.contains("sk-secret"));
    on(bench.press("esc"), "ui.theme").press("t");
    assert!(bench.last_words().contains("choose a setting of a provider"));
}

#[test]
fn s5_settings_are_found_by_name_and_the_cursor_stays_on_its_own_when_they_are_read_anew() {
    let mut bench = Bench::new((80, 24));
    open(&mut bench).press("/").write("nothing like it").press("enter");
    assert!(bench.last_words().contains("no setting has"));
    bench.press("/").write("BUDGET.PER_").press("enter j");
    let chosen = |bench: &Bench| bench.app.screens.settings.chosen().map(|setting| setting.path.clone());
    assert_eq!(chosen(&bench).as_deref(), Some("budget.per_team_usd"));
    bench.act(Action::Done(Done::Book(Ok(settings()))));
    assert_eq!(chosen(&bench).as_deref(), Some("budget.per_team_usd"));
    bench.press("esc");
    assert_eq!(bench.app.screens.at, ScreenId::Settings, "the first esc shows all again");
    assert!(bench.app.screens.settings.shown().len() > 40);
}
