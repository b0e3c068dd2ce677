//! The desk's cursor and what is on the screen stay together, whatever comes and goes: no key decides what is not shown.

use super::*;
use crate::{
    domain::time::Millis,
    engine::{command::ControlCommand, state::State},
};

/// M-12 waits with R-3, and M-13 with R-4, which is the more urgent.
fn two() -> State {
    let mut state = waiting();
    let mut other = (*state.missions[&MissionId(12)]).clone();
    other.id = MissionId(13);
    Arc::make_mut(&mut other.brief).priority = 9;
    let mut asks = request(4, Subject::Choose { teams: vec![TeamId(1), TeamId(2)] });
    asks.mission = other.id;
    state.missions.insert(other.id, other.into());
    state.desk.insert(asks.id, asks.into());
    state
}

fn without(mut state: State, id: u64) -> State {
    state.desk.remove(&RequestId(id));
    state
}

fn chosen(bench: &Bench) -> Option<u64> {
    bench.app.desk.request(&bench.app.state).map(|request| request.id.0)
}

fn approved(bench: &Bench) -> Vec<u64> {
    decided(bench).into_iter().map(|(id, ..)| id.0).collect()
}

#[test]
fn a9_what_comes_is_announced_and_moves_neither_the_cursor_nor_the_screen() {
    for keys in ["esc", "ctrl-n", "ctrl-n c", "ctrl-n enter", "f3"] {
        let mut bench = Bench::new((120, 40));
        bench.state(waiting()).press(keys).wait(1_000);
        assert_eq!((chosen(&bench), bench.app.shown), (Some(3), Some(MissionId(12))), "{keys}");
        bench.state(two());
        assert_eq!((chosen(&bench), bench.app.shown), (Some(3), Some(MissionId(12))), "{keys}");
        let said = "! R-4 has come: M-13 choose a candidate; ctrl-n leads there";
        assert_eq!(bench.last_words(), said, "{keys}");
        bench.press("1");
        assert_eq!(approved(&bench), [3], "{keys}: the key decides what was looked at");
    }
}

#[test]
fn a9_the_cursor_of_the_desk_takes_the_screen_along() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("ctrl-n").state(two()).wait(400).press("up");
    assert_eq!((chosen(&bench), bench.app.shown), (Some(4), Some(MissionId(13))));
    bench.press("down");
    assert_eq!((chosen(&bench), bench.app.shown), (Some(3), Some(MissionId(12))));
    bench.press("2");
    assert!(
        approved(&bench).is_empty() && bench.last_words().contains("is chosen since 0 ms"),
        "too soon after it changed"
    );
    bench.wait(400).press("2");
    assert_eq!(approved(&bench), [3]);
    // From another mission's channels the desk is entered at what is on the screen.
    let mut bench = Bench::new((120, 40));
    bench.state(two()).press("esc g m j");
    let shown = bench.app.shown;
    bench.press("g d");
    let request = bench.app.desk.request(&bench.app.state).unwrap();
    assert_eq!((Some(request.mission), bench.app.shown), (shown, shown));
}

#[test]
fn a9_when_the_chosen_one_goes_the_next_key_decides_nothing() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("ctrl-n").state(two()).wait(5_000);
    bench.state(without(two(), 3)).wait(5_000);
    assert_eq!((chosen(&bench), bench.app.shown), (Some(4), Some(MissionId(13))), "they went there together");
    bench.press("1");
    assert!(approved(&bench).is_empty(), "it was meant for R-3");
    assert!(bench.last_words().contains("R-3 waits no more and R-4 is chosen now"), "{}", bench.last_words());
    bench.press("1");
    assert_eq!(approved(&bench), [4]);
    // What was answered from here is no surprise when it goes.
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("ctrl-n").state(two()).wait(400).press("1");
    bench.state(without(two(), 3)).wait(400).press("2");
    assert_eq!(approved(&bench), [3, 4]);
}

#[test]
fn a10_a_comparison_or_card_that_waits_no_more_decides_nothing_else() {
    for open in ["ctrl-n c", "ctrl-n enter"] {
        let mut bench = Bench::new((120, 40));
        bench.state(waiting()).press(open).state(two()).state(without(two(), 3));
        for key in ["1", "2", "a", "1", "a", "2"] {
            if bench.app.sheet.is_none() {
                break;
            }
            bench.wait(1_000).press(key);
            assert!(approved(&bench).is_empty(), "{open} {key}: {:?}", bench.tasks);
        }
        if open.ends_with('c') {
            assert!(bench.app.sheet.is_some());
            assert!(
                bench.last_words().contains("waits for no decision any more, R-4 does"),
                "{}",
                bench.last_words()
            );
        }
    }
}

#[test]
fn a9_a_new_mission_leaves_the_screen_to_what_is_decided_there() {
    let mut state = two();
    state.desk.remove(&RequestId(4));
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("esc").state(state);
    assert_eq!((bench.app.shown, chosen(&bench)), (Some(MissionId(12)), Some(3)));
    assert_eq!(bench.app.now.mono, Millis(0));
}

#[test]
fn a9_nothing_is_decided_on_a_terminal_that_shows_nothing() {
    let mut bench = Bench::new((120, 40));
    bench.act(Action::Resize(20, 5)).press("g d").state(waiting()).wait(1_000).press("ctrl-n 2 a");
    assert!(approved(&bench).is_empty(), "nobody saw what it would have decided");
    bench.press("f3").write("half a").press("enter f9");
    assert!(sent(&bench).iter().all(|command| matches!(command, Command::Control(ControlCommand::Stop(_)))));
    assert_eq!(sent(&bench).len(), 1, "the house can be stopped without looking");
    bench.act(Action::Resize(120, 40)).press("ctrl-n 2");
    assert!(approved(&bench).is_empty(), "it has just come into sight");
    bench.wait(400).press("2");
    assert_eq!(approved(&bench), [3]);
}

#[test]
fn a12_an_earlier_candidate_is_put_up_again_and_checked_before_it_can_be_approved() {
    let mut state = waiting();
    let mut mission = (*state.missions[&MissionId(12)]).clone();
    let (mut newer, evidence) = mission.teams[0].candidates[0].clone();
    let first = newer.patch;
    Arc::make_mut(&mut newer).attempt = 2;
    Arc::make_mut(&mut newer).patch = Digest::of(b"another");
    mission.teams[0].candidates.push((newer, evidence));
    mission.teams[0].attempt = 2;
    state.missions.insert(mission.id, mission.into());
    let mut bench = Bench::new((120, 40));
    bench.state(state).press("esc V").wait(400);
    assert!(picture(&bench).0.contains("puts it up again"), "{}", picture(&bench).0);
    bench.press("u");
    let change = Modification::Patch(first);
    let wanted = (RequestId(3), Revision(3), Decision::Modify { team: Some(TeamId(1)), change });
    assert_eq!(decided(&bench), [wanted]);
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("esc V").wait(400).press("u");
    assert!(decided(&bench).is_empty() && bench.last_words().contains("up for the decision already"));
}
