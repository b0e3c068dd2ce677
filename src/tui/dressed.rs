//! Themes and keymaps on the real screen: what is drawn reads, what is pressed arrives, what changes is applied, what a
//! slow line costs.

use super::{
    app::{Action, Focus},
    commands::{self, CommandId, Context},
    decode::{Mouse, MouseDeed},
    fixtures::*,
    keymap::{self, Found, Keymap},
    looks::{Ground, Own, OwnFile, Shelf},
    pace::{Pace, Tempo, Why},
    screens::ScreenId,
    sheets::Sheet,
    task::Task,
    terminal::Screen,
    theme::{self, Depth, Role, Theme, color},
    view,
};
use crate::{
    config::settings::Motion,
    domain::{
        feed::{Channel, FeedItem},
        ids::{MissionId, TeamId},
        mission::{Ending, Step},
        time::Millis,
    },
    engine::state::{State, TeamPhase},
    runtime::feeds::Batch,
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Color,
};
use unicode_width::UnicodeWidthStr;

const SIZE: (u16, u16) = (120, 40);

fn drawn(bench: &Bench) -> (Buffer, Option<Position>) {
    let (columns, rows) = bench.app.focus.1;
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    let caret = view::draw(&bench.app, &mut buffer);
    (buffer, caret)
}

fn text(bench: &Bench) -> String {
    let (buffer, _) = drawn(bench);
    let rows = (0..buffer.area.height).map(|y| {
        let mut row = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += u16::try_from(symbol.width().max(1)).unwrap();
        }
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn drafting() -> State {
    state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![])
}

/// Contexts as they hold together somewhere.
fn places() -> Vec<&'static [Context]> {
    let mut places: Vec<&[Context]> = vec![
        &[Context::Text, Context::Everywhere],
        &[Context::Sheet, Context::Browse, Context::Everywhere],
        &[Context::Sheet, Context::Everywhere],
        &[Context::Diff, Context::Sheet, Context::Everywhere],
        &[Context::Diff, Context::Browse, Context::Everywhere],
    ];
    places.extend(ScreenId::ALL.map(ScreenId::contexts));
    places
}

/// Whether these keys, pressed one by one, come to this command there.
fn arrives(map: &Keymap, keys: &[keymap::Key], contexts: &[Context], wanted: CommandId) -> bool {
    (1..keys.len()).all(|n| map.find(&keys[..n], contexts) == Found::Prefix)
        && map.find(keys, contexts) == Found::Command(wanted)
}

#[test]
fn s7_every_command_is_reached_in_every_keymap_and_without_the_keys_of_multiplexers() {
    // tmux, screen, and the two that stop and start a terminal's output.
    let taken = keymap::read_keys("ctrl-b ctrl-a ctrl-s ctrl-q").unwrap();
    for name in keymap::NAMES {
        let map = Keymap::load(name, None).unwrap();
        for entry in commands::ALL {
            let rows = map.rows().iter().filter(|row| row.run == entry.id);
            let free = rows.filter(|row| !row.on.iter().any(|key| taken.contains(key)));
            let reached = |row: &keymap::Binding| {
                places()
                    .iter()
                    .any(|place| place.contains(&row.when) && arrives(&map, &row.on, place, entry.id))
            };
            assert!(free.into_iter().any(reached), "{name}: {} cannot be reached", entry.name);
        }
    }
}

#[test]
fn s7_keys_that_edit_a_text_mean_nothing_else_while_one_is_written() {
    for name in keymap::NAMES {
        let map = Keymap::load(name, None).unwrap();
        let mut edits = "ctrl-a ctrl-e ctrl-k ctrl-w ctrl-u ctrl-b ctrl-f alt-b alt-f".to_owned();
        if name == "emacs" {
            edits.push_str(" ctrl-n ctrl-p");
        }
        for key in keymap::read_keys(&edits).unwrap() {
            let found = map.find(&[key], &[Context::Text, Context::Everywhere]);
            assert_eq!(found, Found::Nothing, "{name}: {key}");
        }
    }
    let mut bench = Bench::new(SIZE);
    bench.app.choose_keymap("vim".into());
    bench.write("one two").press("ctrl-w").write("three");
    assert_eq!(bench.app.briefing.whole(), "one three", "ctrl-w takes a word away in INSERT");
}

/// The screen without its footer.
fn panes(bench: &Bench) -> String {
    text(bench).rsplit_once('\n').map(|(panes, _)| panes.to_owned()).unwrap_or_default()
}

#[test]
fn s6_what_may_follow_is_listed_once_a_person_hesitates() {
    let mut bench = Bench::new(SIZE);
    bench.state(drafting()).press("esc").press("z");
    assert!(!panes(&bench).contains("z …"));
    assert_eq!(bench.app.voice.0.hint_at(), Some(Millis(500)));
    bench.wait(499).act(Action::Tick);
    assert!(!panes(&bench).contains("z …"), "before it hesitates");
    bench.wait(1).act(Action::Tick);
    let shown = panes(&bench);
    assert!(shown.contains("z …") && shown.contains("t theme…") && shown.contains("m mouse"), "{shown}");
    bench.press("m");
    assert!(!panes(&bench).contains("z …") && bench.app.look.manner.mouse);
    assert_eq!(bench.app.voice.0.hint_at(), None, "nothing wakes the loop any more");
    for size in [(40, 10), (80, 24), (300, 100)] {
        let mut bench = Bench::new(size);
        bench.state(drafting()).press("esc").press("g").wait(600).act(Action::Tick);
        assert!(panes(&bench).contains("g …"), "{size:?}");
    }
}

fn own(kind: &str, files: &[(&str, &str)]) -> Shelf {
    let file = |&(name, text): &(&str, &str)| {
        (name.to_owned(), OwnFile { path: format!("{kind}/{name}.toml"), text: Ok(text.into()) })
    };
    files.iter().map(file).collect()
}

fn looks(bench: &mut Bench, themes: &[(&str, &str)], keymaps: &[(&str, &str)]) {
    let own = Own { themes: own("themes", themes), keymaps: own("keymaps", keymaps) };
    bench.act(Action::Looks(Box::new(own)));
}

#[test]
fn s7_own_files_are_applied_when_they_change_and_a_bad_one_keeps_the_last_good_one() {
    let mut bench = Bench::new(SIZE);
    let plain = bench.app.look.theme.serial();
    looks(&mut bench, &[("dark", "[palette]\ntext = \"#ffffff\"\n")], &[]);
    let first = bench.app.look.theme.serial();
    assert_ne!(first, plain);
    assert_eq!(bench.last_words(), "✓ theme dark is read again");
    looks(&mut bench, &[("dark", "[palette]\ntext = \"#fffff\"\n")], &[]);
    assert_eq!(bench.app.look.theme.serial(), first);
    assert!(
        bench.last_words().starts_with("✗ themes/dark.toml:2: palette `text` must be"),
        "{}",
        bench.last_words()
    );
    looks(&mut bench, &[], &[("default", "keys = [ { on = \"ctrl-t\", run = \"palette.open\" } ]")]);
    assert_eq!(bench.app.look.theme.serial(), plain, "the file is gone");
    bench.press("ctrl-t");
    assert!(matches!(bench.app.sheet, Some(Sheet::Picker(_))));
    bench.press("esc");
    looks(&mut bench, &[], &[("default", "keys = [\n { on = \"ctrl-t\", run = \"fly\" } ]")]);
    assert!(bench.last_words().starts_with("✗ keymaps/default.toml:2: there is no command \"fly\""));
    bench.press("ctrl-t");
    assert!(matches!(bench.app.sheet, Some(Sheet::Picker(_))), "the last good keymap stays");
}

#[test]
fn s7_theme_and_keymap_are_chosen_from_the_palette() {
    let mut bench = Bench::new(SIZE);
    looks(&mut bench, &[("mine", "base = \"light\"\n")], &[("keys", "base = \"vim\"\n")]);
    bench.press("ctrl-p").write("look.theme").press("enter");
    let list = text(&bench);
    for name in theme::NAMES.into_iter().chain(["auto", "mine"]) {
        assert!(list.contains(name), "{name}\n{list}");
    }
    bench.write("mine").press("enter");
    assert_eq!(bench.app.look.theme.canvas(), Theme::named("light").unwrap().canvas());
    bench.press("ctrl-p").write("look.keymap").press("enter").write("keys").press("enter");
    assert!(bench.last_words().contains("keymap keys until you leave"), "{}", bench.last_words());
    assert!(bench.app.briefing.modal.is_some(), "vim's modes came with it");
    bench.press("ctrl-p").write("look.keymap").press("enter").write("emacs").press("enter");
    assert!(bench.app.briefing.modal.is_none());
    bench.app.choose_theme("sepia".into());
    assert!(bench.last_words().contains("there is no theme \"sepia\""));
    assert_eq!(bench.app.look.wardrobe.theme.name, "mine", "what was worn stays");
}

#[test]
fn s7_auto_follows_what_the_terminal_tells() {
    let mut bench = Bench::new(SIZE);
    let canvas = |name: &str| Theme::named(name).unwrap().canvas();
    bench.act(Action::Ground(color::Rgb(250, 250, 250)));
    assert_eq!(bench.app.look.theme.canvas(), canvas("dark"), "a theme that is named is kept");
    bench.app.choose_theme("auto".into());
    assert_eq!(bench.app.look.theme.canvas(), canvas("light"));
    bench.act(Action::Ground(color::Rgb(0, 0, 0)));
    assert_eq!(bench.app.look.theme.canvas(), canvas("dark"));
    assert_eq!(bench.app.look.wardrobe.ground, Ground::Dark);
}

/// Every cell of every state, in every theme, at every depth: no text stands on a ground where it cannot be read.
#[test]
fn s7_whatever_is_drawn_reads() {
    let states: [fn(&mut Bench) -> &mut Bench; 8] = [
        |b| b,
        |b| b.state(clarifying()),
        |b| b.state(drafting()).stream().press("esc"),
        |b| b.state(waiting()).stream().press("ctrl-n"),
        |b| b.state(waiting()).stream().press("ctrl-n c"),
        |b| b.state(command_request()).press("ctrl-n enter"),
        |b| b.state(ended(Ending::Failed("no candidate passed".into()))).press("esc").press("?"),
        |b| b.state(waiting()).press("ctrl-p").write("paus"),
    ];
    let mut seen = 0;
    for (nth, state) in states.into_iter().enumerate() {
        let mut bench = Bench::new(SIZE);
        state(&mut bench);
        for name in theme::NAMES {
            for depth in [Depth::Truecolor, Depth::Indexed, Depth::Sixteen] {
                let theme = Theme::named(name).unwrap().at(depth);
                for theme in [theme.sparing(), theme] {
                    bench.app.look.theme = theme;
                    seen += read(&bench, &format!("state {nth}, {name} at {depth:?}"));
                }
            }
        }
    }
    assert!(seen > 100_000, "{seen} cells");
}

/// Looks at every cell that has something to read; how many there were.
fn read(bench: &Bench, what: &str) -> usize {
    let theme = &bench.app.look.theme;
    let (buffer, _) = drawn(bench);
    let frame = theme.style(Role::Border).fg.unwrap_or(Color::Reset);
    let mut seen = 0;
    for cell in buffer.content() {
        let is_frame =
            cell.fg == frame && cell.symbol().chars().all(|c| ('\u{2500}'..='\u{257f}').contains(&c));
        if cell.symbol().trim().is_empty() || is_frame {
            continue;
        }
        let (Some(fg), Some(bg)) = (color::shown(Some(cell.fg)), color::shown(Some(cell.bg))) else {
            assert_eq!(theme.depth(), Depth::Mono, "{what}: {cell:?} has the terminal's own colours");
            continue;
        };
        seen += 1;
        let ratio = color::contrast(fg, bg);
        assert!(ratio >= color::CONTRAST_LEAST, "{what}: {ratio:.2} {cell:?}");
    }
    seen
}

fn mouse(bench: &mut Bench, deed: MouseDeed, column: u16, row: u16) {
    bench.act(Action::Mouse(Mouse { deed, column, row }));
}

/// The place of some words on the screen.
fn place_of(bench: &Bench, words: &str) -> (u16, u16) {
    let shown = text(bench);
    let (row, line) = shown.lines().enumerate().find(|(_, line)| line.contains(words)).unwrap();
    let column = line[..line.find(words).unwrap()].width();
    (u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
}

#[test]
fn s6_the_mouse_is_off_until_asked_for_chooses_and_never_decides() {
    let mut bench = Bench::new(SIZE);
    bench.state(waiting()).stream();
    let (column, row) = place_of(&bench, "TEAM GOOGLE");
    mouse(&mut bench, MouseDeed::Click, column, row + 3);
    assert_eq!(bench.app.focus.0, Focus::Brief, "the mouse is not taken");
    bench.press("esc").press("z m");
    mouse(&mut bench, MouseDeed::Click, column, row + 3);
    assert_eq!((bench.app.focus.0, bench.app.channels.at), (Focus::Channels, 1));
    let (column, row) = place_of(&bench, "BRIEFING ROOM");
    mouse(&mut bench, MouseDeed::Click, column, row + 2);
    assert_eq!(bench.app.focus.0, Focus::Brief);
    bench.wait(1_000);
    // Every cell clicked, also those that name keys that decide.
    for row in 0..SIZE.1 {
        for column in 0..SIZE.0 {
            mouse(&mut bench, MouseDeed::Click, column, row);
        }
    }
    assert!(
        !bench.tasks.iter().any(|task| matches!(task, Task::Send(..) | Task::Open { .. })),
        "{:?}",
        bench.tasks
    );
    assert!(bench.app.sheet.is_none());
}

#[test]
fn s6_a_click_that_only_brings_the_terminal_to_the_front_does_nothing() {
    let mut bench = Bench::new(SIZE);
    bench.state(drafting()).stream().press("esc").press("z m").press("i");
    let (column, row) = place_of(&bench, "MISSIONS");
    bench.act(Action::Focus(false)).wait(5_000).act(Action::Focus(true)).wait(30);
    mouse(&mut bench, MouseDeed::Click, column, row + 1);
    assert_eq!(bench.app.focus.0, Focus::Brief);
    bench.wait(500);
    mouse(&mut bench, MouseDeed::Click, column, row + 1);
    assert_eq!(bench.app.focus.0, Focus::Missions);
}

#[test]
fn s6_the_wheel_scrolls_what_is_under_it_and_leaves_the_keys_where_they_are() {
    let mut bench = Bench::new(SIZE);
    bench.state(drafting()).press("esc").press("z m").press("i");
    let channel = Channel { mission: MissionId(12), team: Some(TeamId(2)) };
    let items = (0..200).map(|n| FeedItem::Text(format!("line {n}\n"))).collect();
    bench.act(Action::Feed(channel, Batch { items, next: 1, lost: 0 }));
    assert!(text(&bench).contains("line 199"));
    let (column, row) = place_of(&bench, "line 199");
    for _ in 0..10 {
        mouse(&mut bench, MouseDeed::WheelUp, column, row);
    }
    assert!(!text(&bench).contains("line 199"), "{}", text(&bench));
    assert_eq!(bench.app.focus.0, Focus::Brief);
    bench.press("esc").press("?");
    let top = text(&bench);
    mouse(&mut bench, MouseDeed::WheelDown, 60, 20);
    assert_ne!(text(&bench), top, "an open sheet scrolls");
}

#[test]
fn s6_a_copy_to_a_file_is_one_key_and_says_where() {
    let mut bench = Bench::new(SIZE);
    bench.state(waiting()).stream().press("ctrl-n W");
    assert!(bench.tasks.iter().any(|task| matches!(task, Task::CopyFile(_))));
    bench.act(Action::Done(super::task::Done::Copied(Ok("12 bytes written to /data/copies/x.patch".into()))));
    assert_eq!(bench.last_words(), "✓ 12 bytes written to /data/copies/x.patch");
}

/// Texts whose width a terminal knows and a count of characters does not: CJK, a family joined by ZWJ, a flag,
/// combining marks, Hebrew and Arabic, a keycap.
const SCRIPTS: [&str; 7] =
    ["日本語テスト", "👩‍👩‍👧 ok", "🇩🇪x", "e\u{301}a\u{308}o", "שלום עולם", "مرحبا", "1\u{fe0f}\u{20e3}!"];

#[test]
fn s6_the_caret_stands_where_the_text_ends_in_every_field_whatever_is_written() {
    for script in SCRIPTS {
        let width = u16::try_from(script.width()).unwrap();
        let caret = |bench: &Bench| drawn(bench).1.expect("there is a caret");
        let mut bench = Bench::new(SIZE);
        let start = caret(&bench);
        bench.write(script);
        assert_eq!(caret(&bench).x, start.x + width, "brief: {script}");
        assert!(text(&bench).contains(script), "brief: {script}\n{}", text(&bench));
        bench.press("ctrl-p");
        let start = caret(&bench);
        bench.write(script);
        assert_eq!(caret(&bench).x, start.x + width, "picker: {script}");
        let mut bench = Bench::new(SIZE);
        bench.state(drafting()).press("esc t");
        let start = caret(&bench);
        bench.write(script);
        assert_eq!(caret(&bench).x, start.x + width, "prompt: {script}");
        bench.press("home");
        assert_eq!(caret(&bench), start, "{script}");
        bench.press("end backspace");
        assert!(caret(&bench).x < start.x + width, "one character goes at a time: {script}");
    }
}

#[test]
fn s6_lists_of_any_script_keep_their_frames() {
    for script in SCRIPTS {
        let long = format!("{script} ").repeat(30);
        for size in [(40, 10), (80, 24), (120, 40)] {
            let mut bench = Bench::new(size);
            let mut state = waiting();
            let mission = std::sync::Arc::make_mut(state.missions.get_mut(&MissionId(12)).unwrap());
            std::sync::Arc::make_mut(&mut mission.brief).text.clone_from(&long);
            bench.state(state);
            let channel = Channel { mission: MissionId(12), team: Some(TeamId(1)) };
            let items = vec![
                FeedItem::Text(long.clone()),
                FeedItem::Tool { name: "read".into(), brief: long.clone() },
            ];
            bench.act(Action::Feed(channel, Batch { items, next: 1, lost: 0 }));
            for focus in [Focus::Brief, Focus::Missions, Focus::Channels, Focus::Desk] {
                bench.app.focus.0 = focus;
                view::fit(&mut bench.app);
                let (buffer, _) = drawn(&bench);
                // A wide character is never cut in two, and no cell beside one holds something of its own.
                for y in 0..size.1 {
                    let mut x = 0;
                    while x < size.0 {
                        let width = u16::try_from(buffer[(x, y)].symbol().width().max(1)).unwrap();
                        assert!(x + width <= size.0, "{script} at {x},{y} of {size:?} goes over the edge");
                        x += width;
                    }
                }
            }
        }
    }
}

#[test]
fn s6_at_20_by_5_and_less_every_screen_and_sheet_says_what_it_needs_and_nothing_panics() {
    let mut sizes = vec![(1, 1), (2, 5), (5, 2), (20, 5), (39, 9), (40, 10), (41, 11), (79, 23)];
    sizes.extend((1..60).map(|n| (n * 7 % 61 + 1, n * 5 % 23 + 1)));
    for keys in ["", "f2", "f3", "f4", "f5", "f6", "ctrl-p", "alt-?"] {
        let mut bench = Bench::new(SIZE);
        bench.state(waiting()).stream().press(keys);
        for &(columns, rows) in &sizes {
            bench.act(Action::Resize(columns, rows));
            drawn(&bench);
        }
    }
    let mut bench = Bench::new((20, 5));
    bench.state(waiting());
    assert_eq!(text(&bench).trim_end(), "Chimera needs\n40x10; this is 20x5.");
}

/// Words a model could say, as tokens of about four bytes.
fn tokens() -> impl Iterator<Item = &'static str> {
    const WORDS: [&str; 16] = [
        "The ", "cart", "'s ", "total ", "is ", "summed ", "before ", "the ", "guard ", "runs", ", so ",
        "an ", "empty ", "cart ", "divides ", "by 0.\n",
    ];
    WORDS.into_iter().cycle()
}

/// Bytes on the wire for each byte of text, while one channel says 100 tokens a second for 20 seconds.
fn wire(tempo: Tempo) -> f64 {
    let mut bench = Bench::new((160, 48));
    bench.app.look.manner.motion = if tempo == Tempo::Still { Motion::Reduced } else { Motion::Full };
    bench.state(drafting()).press("esc");
    if tempo == Tempo::Slow {
        bench.press("z b");
    }
    assert_eq!(bench.app.tempo(), tempo);
    let mut screen = Screen::new(160, 48);
    let mut pace = Pace::default();
    let channel = Channel { mission: MissionId(12), team: Some(TeamId(1)) };
    let (mut said, mut sent) = (0, 0);
    // The pane is full before it is measured: from then on it scrolls.
    for (nth, token) in tokens().take(4_000).enumerate() {
        bench.wait(10);
        bench.act(Action::Feed(
            channel,
            Batch { items: vec![FeedItem::Text(token.into())], next: 1, lost: 0 },
        ));
        pace.want(Why::Stream);
        if pace.due(tempo).is_some_and(|at| at.0 <= bench.mono) {
            let app = &bench.app;
            let bytes = screen.frame(|buffer| view::draw(app, buffer)).unwrap().len();
            pace.drew(Millis(bench.mono));
            sent += if nth >= 2_000 { bytes } else { 0 };
        }
        said += if nth >= 2_000 { token.len() } else { 0 };
    }
    sent as f64 / said as f64
}

#[test]
fn s6_a_stream_costs_a_bounded_number_of_bytes_for_each_of_its_own() {
    let (full, still, slow) = (wire(Tempo::Full), wire(Tempo::Still), wire(Tempo::Slow));
    eprintln!(
        "bytes on the wire for each byte of text: {full:.1} full, {still:.1} reduced, {slow:.1} low bandwidth"
    );
    assert!(full <= 25.0, "{full:.1}");
    assert!(still < full, "{still:.1}");
    assert!(slow <= 5.0, "{slow:.1}");
}

#[test]
fn s6_a_clock_that_ticks_costs_less_than_a_kilobyte_a_second_and_nothing_costs_nothing() {
    for (keys, least) in [("", 1), ("z b", 0)] {
        let mut bench = Bench::new((160, 48));
        bench.state(drafting()).stream().press("esc").press(keys);
        let mut screen = Screen::new(160, 48);
        let mut frame = |bench: &Bench| screen.frame(|buffer| view::draw(&bench.app, buffer)).unwrap().len();
        frame(&bench);
        let mut sent = 0;
        for _ in 0..60 {
            bench.wait(1_000).act(Action::Tick);
            sent += frame(&bench);
        }
        eprintln!("a clock: {} bytes a second", sent / 60);
        assert!(sent / 60 >= least && sent / 60 <= 1_024, "{sent}");
        assert_eq!(frame(&bench), 0, "what does not change is not sent");
    }
}
