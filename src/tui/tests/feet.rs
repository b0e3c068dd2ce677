//! Feet: they name keys that act where they are, whole hints or none, and what is chosen is told without colour.

use super::*;
use crate::tui::{
    commands::CommandId,
    keymap,
    looks::{Own, OwnFile},
    sheets::Sheet,
};

type Setup = fn(&mut Bench) -> &mut Bench;

fn patch(bench: &mut Bench) -> &mut Bench {
    let patch = compare::tests::quarrel().concat().into_bytes();
    bench.state(waiting()).act(Action::Done(Done::Page("Google attempt 1".into(), Ok(patch))))
}

/// The screen in every posture that has a foot of its own.
fn places() -> Vec<(&'static str, Setup)> {
    vec![
        ("nothing", |b| b),
        ("left", |b| b.press("esc")),
        ("written", |b| b.write("a brief")),
        ("drafting", |b| {
            b.state(state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![])).stream()
        }),
        ("channels", |b| b.state(waiting()).stream().press("esc")),
        ("shot", |b| b.state(waiting()).stream().press("esc d")),
        ("missions", |b| b.state(waiting()).press("esc g m")),
        ("desk", |b| b.state(waiting()).press("ctrl-n").wait(400)),
        ("landed", |b| b.state(ended(Ending::Landed)).press("esc")),
        ("compare", |b| compare::tests::opened(b).press("]").wait(400)),
        ("compare blind", |b| compare::tests::opened(b).press("b ] l").wait(400)),
        ("patch", patch),
        ("versions", |b| b.state(waiting()).press("esc V")),
        ("card", |b| b.state(command_request()).press("ctrl-n enter").wait(400)),
        ("help", |b| b.press("?")),
        ("operations", |b| b.state(waiting()).press("esc f2")),
        ("operations, nothing", |b| b.press("esc f2")),
        ("spend", |b| b.state(waiting()).press("esc f2 tab tab")),
        ("approvals", |b| b.state(command_request()).press("esc f3").wait(400)),
        ("approvals, nothing", |b| b.press("esc f3")),
        ("grants, none", |b| b.state(waiting()).press("esc f3 tab tab")),
        ("ideas, none", |b| b.press("esc f4")),
        ("audit", |b| b.state(ended(Ending::Landed)).press("esc f5")),
        ("audit, nothing", |b| b.press("esc f5")),
        ("settings, unread", |b| b.press("esc f6")),
    ]
}

fn at(size: (u16, u16), keymap: &str, setup: Setup) -> Bench {
    let mut bench = Bench::new(size);
    setup(&mut bench);
    bench.app.choose_keymap(keymap.into());
    bench.app.voice.1.last = None;
    bench
}

/// The n-th row from the bottom.
fn row(bench: &Bench, nth: usize) -> String {
    let drawn = picture(bench).0;
    let rows: Vec<&str> = drawn.lines().collect();
    rows[rows.len() - 1 - nth].trim_matches('"').to_owned()
}

#[test]
fn s6_every_key_that_a_foot_offers_acts_there() {
    let mut pressed = 0;
    for keymap in keymap::NAMES {
        for (place, setup) in places() {
            let hints = at((120, 40), keymap, setup).app.hints();
            // What a comparison or a patch offers stands in the sheet itself.
            let sheet = row(&at((120, 40), keymap, setup), 2);
            let inside = sheet.trim_matches(['┃', ' ']).split("   ").map(|hint| hint.trim().to_owned());
            let inside = inside.filter(|_| matches!(place, "compare" | "compare blind" | "patch"));
            for hint in hints.into_iter().chain(inside) {
                let is_key = |word: &&str| keymap::read_keys(word).is_ok();
                let keys: Vec<&str> = hint.split(' ').take_while(is_key).collect();
                // What makes no difference to what happens to be shown, taken or left here.
                let looks = ["columns", "wrap", "next hunk", "next file", "rejects"]
                    .iter()
                    .any(|word| hint.ends_with(word));
                if keys.is_empty() || looks || hint.contains(" taken") {
                    continue;
                }
                let mut bench = at((120, 40), keymap, setup);
                let (before, tasks) = (picture(&bench), bench.tasks.len());
                bench.press(&keys.join(" "));
                let said = bench.last_words().to_owned();
                bench.app.voice.1.last = None;
                let acted = picture(&bench) != before || bench.tasks.len() > tasks;
                assert!(acted, "{keymap}, {place}: {hint:?} does nothing: {said}");
                pressed += 1;
            }
        }
    }
    assert!(pressed > 200, "{pressed}");
}

#[test]
fn s6_help_begins_with_the_keys_of_the_screen_that_it_was_opened_on() {
    let mut bench = Bench::new((80, 24));
    bench.press("f3 ?");
    let drawn = picture(&bench).0;
    let title = drawn.lines().position(|line| line.contains("HELP")).unwrap();
    assert!(drawn.lines().nth(title + 1).unwrap().contains("APPROVALS"), "{drawn}");
    assert!(!drawn.contains("WHILE WRITING"), "{drawn}");
}

#[test]
fn s6_feet_keep_whole_hints_and_the_key_of_help_at_every_width() {
    for (place, setup) in places() {
        let mut bench = at((140, 24), "default", setup);
        for width in (40..140).step_by(3) {
            bench.act(Action::Resize(width, 24));
            let foot = row(&bench, 0);
            assert!(!foot.contains('…'), "{place} at {width}: {foot}");
            if !matches!(bench.app.sheet, Some(Sheet::Help(..))) {
                assert!(foot.trim_end().ends_with("help"), "{place} at {width}: {foot}");
            }
            if matches!(bench.app.sheet, Some(Sheet::Compare(_) | Sheet::Diff(_))) {
                assert!(!row(&bench, 2).contains('…'), "{place} at {width}: {}", row(&bench, 2));
            }
        }
    }
}

#[test]
fn s6_what_does_nothing_is_not_offered() {
    let offered = |setup: Setup| at((160, 40), "default", setup).app.hints().join("   ");
    for (setup, absent) in [
        ((|b| b.press("esc f6")) as Setup, &["tab", "enter", "d take", "ctrl-n"][..]),
        (|b| b.press("esc f4"), &["tab", "enter", "S ", "x ", "ctrl-n"]),
        (|b| b.press("esc f3"), &["space", "*", "d ", "ctrl-n"]),
        (|b| b.press("esc f2"), &["enter", "ctrl-n"]),
        (|b| b, &["enter", "ctrl-n", "i brief"]),
    ] {
        let hints = offered(setup);
        for key in absent {
            assert!(!hints.split("   ").any(|hint| hint.starts_with(key)), "{key}: {hints}");
        }
    }
    let detail = picture(&at((120, 40), "default", |b| b.state(command_request()).press("esc f3"))).0;
    assert!(!detail.contains("approve all") && detail.contains("a approve"), "nothing is marked: {detail}");
    assert!(
        offered(|b| b.state(waiting()).stream().press("esc d")).contains("/ search"),
        "the whole patch has keys"
    );
}

#[test]
fn a10_whose_a_candidate_is_stays_in_sight_and_the_way_to_the_other_is_named() {
    let mut bench = Bench::new((80, 24));
    compare::tests::opened(&mut bench).press("pgdn pgdn");
    let shown = picture(&bench).0;
    assert!(
        shown.contains("1 of 2      [1] Anthropic") && shown.contains("right other candidate"),
        "{shown}"
    );
    bench.press("right pgdn");
    let shown = picture(&bench).0;
    assert!(shown.contains("2 of 2      [2] Google") && shown.contains("left other candidate"), "{shown}");
    bench.app.choose_keymap("emacs".into());
    bench.press("b pgdn");
    let shown = picture(&bench).0;
    assert!(shown.contains(" of 2      candidate "), "{shown}");
    assert!(!shown.contains("Anthropic") && !shown.contains("Google"), "{shown}");
    let mut bench = Bench::new((120, 24));
    compare::tests::opened(&mut bench).press("pgdn pgdn pgdn");
    let shown = picture(&bench).0;
    assert!(shown.contains("[1] Anthropic") && shown.contains("[2] Google"), "{shown}");
}

#[test]
fn a10_a_comparison_is_searched_and_a_refused_line_leaves_it_as_it_was() {
    let mut bench = Bench::new((80, 24));
    compare::tests::opened(&mut bench).press("space");
    let of = |bench: &mut Bench| {
        let board = bench.app.board().unwrap();
        (board.at, board.column, board.taken.len())
    };
    let before = of(&mut bench);
    bench.press("/").write("label");
    assert!(picture(&bench).0.contains("COMPARE"), "what is searched stays in sight");
    bench.press("enter");
    let found = of(&mut bench);
    assert_eq!(found.1, 1, "only Google has that line");
    assert_eq!((found.2, bench.last_words()), (before.2, "! found in 1 place; . and , go through them"));
    assert!(picture(&bench).0.contains("fn label"));
    for (words, end, said) in [
        ("nowhere", "enter", "no candidate changes a line with \"nowhere\""),
        ("", "enter", "write something"),
        ("emxq", "esc", ""),
    ] {
        bench.press("/").write(words).press(end);
        assert!(bench.last_words().contains(said), "{}", bench.last_words());
        if bench.app.board().is_none() {
            bench.press("esc");
        }
        assert_eq!(of(&mut bench), found, "{words:?}");
        assert!(bench.tasks.iter().all(|task| matches!(task, Task::Compare(_))), "{:?}", bench.tasks);
    }
    bench.press("z z");
    assert!(bench.last_words().contains("d opens this candidate's"), "{}", bench.last_words());
    // Patches that arrive while words are asked for are not lost.
    let mut bench = Bench::new((80, 24));
    bench.state(waiting()).press("ctrl-n c /");
    let Some(Task::Compare(wanted)) = bench.tasks.pop() else { panic!("{:?}", bench.tasks) };
    bench.act(Action::Done(Done::Compared(wanted, Ok(compare::tests::quarrel())))).press("esc");
    assert!(bench.app.board().unwrap().laid().is_some());
}

#[test]
fn s7_what_is_chosen_is_told_without_colour() {
    let lists: [(&str, Setup); 8] = [
        ("versions", |b| b.state(waiting()).press("esc V")),
        ("palette", |b| b.press("ctrl-p")),
        ("themes", |b| b.press("esc z t")),
        ("keymaps", |b| b.press("esc z k")),
        ("questions", |b| b.state(clarifying()).wait(400)),
        ("problems", |b| b.state(two_problems()).press("esc f2 tab tab tab tab")),
        ("agents", |b| b.state(waiting()).press("esc f2")),
        ("missions", |b| b.state(two_problems()).press("esc g m")),
    ];
    for (list, setup) in lists {
        let mut bench = at((120, 40), "default", setup);
        let marked = |bench: &Bench| {
            let drawn = picture(bench).0;
            let rows = drawn.lines().enumerate().filter(|(_, row)| row.contains('▸'));
            rows.map(|(y, row)| (y, row.find('▸').unwrap())).collect::<Vec<_>>()
        };
        let first = marked(&bench);
        bench.press(if list == "agents" { "right" } else { "down" });
        let second = marked(&bench);
        assert!(
            !first.is_empty() && first.len() == second.len() && first != second,
            "{list}: {first:?} {second:?}"
        );
    }
}

fn two_problems() -> crate::engine::state::State {
    let mut state = waiting();
    let mut asked = request(4, Subject::Ask { team: TeamId(1), question: "404 or 200?".into() });
    asked.mission = MissionId(13);
    let mut other = (*state.missions[&MissionId(12)]).clone();
    other.id = asked.mission;
    state.missions.insert(other.id, other.into());
    state.desk.insert(asked.id, asked.into());
    state
}

#[test]
fn s7_a_long_word_on_what_is_wrong_is_told_whole() {
    for (size, folder) in [((160, 48), 90), ((80, 24), 40)] {
        let path = format!("/home/ada/{}/themes/dark.toml", "long/".repeat(folder / 5));
        let text = "[palette]\ntext = \"#fffff\"\n".to_owned();
        let file = OwnFile { path: path.clone(), text: Ok(text) };
        let own = Own { themes: [("dark".to_owned(), file)].into(), ..Own::default() };
        let mut bench = Bench::new(size);
        bench.act(Action::Looks(Box::new(own)));
        let said = bench.last_words().to_owned();
        assert!(said.contains(&path) && said.ends_with("the theme stays as it was"), "{said}");
        let drawn = picture(&bench).0;
        let rows: Vec<&str> = drawn.lines().map(|row| row[1..row.len() - 1].trim()).collect();
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        assert!(squeezed(&rows.join("")).contains(&squeezed(&said)), "{drawn}");
        assert!(
            rows.last().unwrap().ends_with("help") && drawn.contains("⏎ TRANSMIT"),
            "nothing is covered: {drawn}"
        );
        bench.press("x");
        assert!(!picture(&bench).0.contains("dark.toml"), "the next key makes room");
    }
}

#[test]
fn a1_esc_leaves_the_text_before_there_is_a_mission_and_a_key_returns() {
    let mut bench = Bench::new((120, 40));
    assert!(picture(&bench).0.contains("┏ BRIEFING ROOM ━"));
    bench.write("half a brief").press("esc");
    let (drawn, caret) = picture(&bench);
    assert!(
        drawn.contains("┌ BRIEFING ROOM ─") && drawn.contains("┏ MISSIONS ━") && caret.is_none(),
        "{drawn}"
    );
    assert!(drawn.contains("i writes here") && bench.app.hints().contains(&"i brief".to_owned()));
    bench.press("x i").write("!");
    assert_eq!((bench.app.focus.0, bench.app.briefing.whole().as_str()), (Focus::Brief, "half a brief!"));
    bench.press("tab tab");
    assert!(picture(&bench).0.contains("checks      ▸"), "the field that is written in is marked");
}

#[test]
fn c10_what_cannot_be_stopped_is_not_asked_about() {
    let mut bench = Bench::new((120, 40));
    bench.state(ended(Ending::Landed)).press("esc X");
    assert!(bench.app.sheet.is_none());
    let said = bench.last_words();
    assert!(said.contains("M-12 has landed as 01234567") && said.contains("nothing to cancel"), "{said}");
    bench.state(ended(Ending::Failed("no candidate passed".into()))).press("X");
    assert!(
        bench.app.sheet.is_none() && bench.last_words().contains("R tries it again"),
        "{}",
        bench.last_words()
    );
    let mut bench = Bench::new((120, 40));
    bench.state(command_request()).press("esc X");
    let shown = picture(&bench).0;
    assert!(
        shown.contains("cancel M-12: 2 teams stop, 1 request is withdrawn, nothing lands; why?"),
        "{shown}"
    );
    bench.write("wrong idea").press("enter");
    let cancelled = MissionCommand::Cancel(MissionId(12), "wrong idea".into());
    assert_eq!(sent(&bench), [&Command::Mission(cancelled)]);
}

#[test]
fn a9_a_conflict_says_what_each_key_does() {
    let mut bench = Bench::new((120, 40));
    let subject =
        Subject::Conflict { team: TeamId(1), files: vec!["src/cart.rs".into()], detail: Digest::of(b"x") };
    let state = state_of(mission(Some(Step::Land), &TeamPhase::Ready), vec![request(5, subject)]);
    bench.state(state).press("ctrl-n");
    assert!(picture(&bench).0.contains("[a] team resolves it"), "{}", picture(&bench).0);
    bench.press("enter");
    let card = picture(&bench).0;
    for words in
        ["a  Anthropic begins again", "m  you resolve it", "r  as a, and you tell", "x  the mission ends"]
    {
        assert!(card.contains(words), "{words}: {card}");
    }
    let yes = CommandId::Approve;
    assert_eq!(bench.app.key_here(yes).as_deref(), Some("a"));
}
