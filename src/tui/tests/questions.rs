//! Questions before work starts: answered, skipped, put aside, and found again.

use super::*;
use crate::tui::sheets::Sheet;

#[test]
fn a3_questions_are_answered_skipped_or_put_aside() {
    let mut bench = Bench::new((120, 40));
    bench.state(clarifying()).press("1");
    assert!(bench.last_words().contains("just come up"));
    bench.wait(400).press("1 1 2 enter tab");
    let answer = |question: &str, text: &str, assumed| Answer {
        question: question.into(),
        text: text.into(),
        assumed,
    };
    let want = Command::Mission(MissionCommand::Answer(
        MissionId(12),
        vec![
            answer("May the total of an empty cart be 0?", "yes", false),
            answer("Which layers?", "api, web", false),
            answer("Anything else?", "", true),
        ],
    ));
    assert_eq!(sent(&bench), [&want]);
    let mut bench = Bench::new((120, 40));
    bench.state(clarifying()).press("esc").state(clarifying());
    assert!(bench.app.sheet.is_none(), "put aside, it does not come back by itself");
    bench.press("ctrl-n");
    assert!(bench.app.sheet.is_some());
    bench.wait(400).press("n enter");
    assert!(bench.last_words().contains("or tab to skip"), "{}", bench.last_words());
    bench.press("2 esc ctrl-n");
    assert!(picture(&bench).0.contains("2 of 3") && picture(&bench).0.contains("[x] web"), "as it was left");
    assert!(picture(&bench).0.contains("space ticks"));
}

#[test]
fn questions_do_not_open_over_another_screen() {
    let mut bench = Bench::new((120, 40));
    bench.press("esc f2").state(clarifying());
    assert!(bench.app.sheet.is_none());
    bench.press("f1");
    assert!(bench.app.sheet.is_some());
}

#[test]
fn a9_questions_that_were_put_aside_stand_in_nobodys_way_and_are_found_again() {
    let mut state = waiting();
    let asks = clarifying();
    let (id, mission) = asks.missions.iter().next().map(|(id, mission)| (*id, mission.clone())).unwrap();
    let other = MissionId(id.0 + 90);
    let mut mission = (*mission).clone();
    mission.id = other;
    state.missions.insert(other, mission.into());
    let mut bench = Bench::new((120, 40));
    bench.state(state).press("esc esc g d").wait(400).press("ctrl-n");
    let at = (bench.app.waits(), bench.app.focus.0, bench.app.shown);
    assert!(matches!(bench.app.sheet, Some(Sheet::Clarify(_))), "{at:?} {}", bench.last_words());
    bench.press("esc ctrl-n");
    assert_eq!(
        (bench.app.focus.0, bench.app.shown),
        (Focus::Desk, Some(MissionId(12))),
        "the request is reached"
    );
    bench.press("ctrl-n");
    assert!(matches!(bench.app.sheet, Some(Sheet::Clarify(_))), "and the questions come round again");
    bench.press("esc f3 ctrl-n");
    assert_eq!(bench.app.shown, Some(other), "from the approvals screen, too: {}", bench.last_words());
}
