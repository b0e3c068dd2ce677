//! A talk with the face: lines in, lines and wants out.

use super::{
    face::{Linear, Want, Writer},
    verbs::{self, Reach, VERBS},
};
use crate::{
    domain::{
        feed::{Channel, FeedItem},
        ids::{IncidentId, MissionId, RequestId, Revision, TeamId},
        money::{Cost, Money},
        picture::Size,
        request::{Decision, Modification},
        time::Millis,
    },
    engine::{
        command::{Command, DeskCommand, HealCommand, MissionCommand},
        state::State,
    },
    runtime::feeds::Batch,
    tui::{
        app::{App, Moment},
        commands,
        fixtures::{self, START},
        images::Weight,
        keymap::Keymap,
        task::{Done, Task},
        theme::Theme,
    },
};
use std::sync::Arc;

#[test]
fn a6_what_an_image_costs_is_said_before_the_brief_is_sent() {
    let mut talk = Talk::new(Writer::Person);
    let weighs = |wants: &[Want]| matches!(wants, [Want::Task(Task::Weigh(name, models))] if name == "shot.png" && models.len() == 2);
    let (_, wants) = talk.line("brief see @shot.png");
    assert!(weighs(&wants), "{}", wants.len());
    let costs = vec![(Some(1_334), Cost::Known(Money(4_002))), (Some(1_032), Cost::Unknown)];
    let weight = Weight { size: Some(Size { width: 1_000, height: 1_000 }), costs };
    let now = talk.now();
    let wants = talk.face.done(Done::Weighed("shot.png".into(), Some(weight)), now);
    assert!(matches!(&wants[..], [Want::Task(Task::Open { .. })]));
    let said = talk.said();
    for line in [
        "image: shot.png 1000×1000",
        "image: ≈1334 tok $0.0041 a call  Anthropic",
        "image: ≈1032 tok, price unknown  Google",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    // An answer that nobody waits for sends nothing.
    let late = talk.face.done(Done::Weighed("other.png".into(), None), now);
    assert!(late.is_empty());
}

/// A face with a clock the test moves.
struct Talk {
    face: Linear,
    mono: u64,
}

impl Talk {
    fn new(writer: Writer) -> Self {
        let options = fixtures::options(None);
        let keymap = Keymap::load(&options.keymap.name, None).unwrap();
        let app = App::new(&options, keymap, Theme::named("dark").unwrap(), (80, 24));
        Self { face: Linear::new(app, writer), mono: 10_000 }
    }

    /// In front of this state.
    fn over(state: State, writer: Writer) -> Self {
        let mut talk = Self::new(writer);
        talk.state(state);
        talk.face.greet("");
        talk
    }

    fn now(&self) -> Moment {
        Moment { mono: Millis(self.mono), wall: START + Millis(72_000) }
    }

    fn state(&mut self, state: State) {
        let now = self.now();
        self.face.state(Arc::new(state), now);
    }

    fn said(&mut self) -> String {
        let lines = self.face.take_lines();
        assert!(lines.iter().all(|line| !line.contains(['\u{1b}', '\n', '\r'])), "{lines:?}");
        lines.join("\n")
    }

    /// Says a line; what is answered, and what is wanted of the loop.
    fn line(&mut self, line: &str) -> (String, Vec<Want>) {
        self.face.take_lines();
        let now = self.now();
        let wants = self.face.line(line, now);
        (self.said(), wants)
    }

    fn decides(&mut self, line: &str) -> (RequestId, Revision, Decision) {
        let (said, mut wants) = self.line(line);
        match wants.pop() {
            Some(Want::Task(Task::Send(command, _))) => match *command {
                Command::Desk(DeskCommand::Decide(id, seen, decision)) => (id, seen, *decision),
                other => panic!("{line}: {other:?}"),
            },
            other => panic!("{line}: {other:?}\n{said}"),
        }
    }
}

const PATCHES: [&str; 2] = [
    "diff --git a/src/cart.rs b/src/cart.rs\n--- a/src/cart.rs\n+++ b/src/cart.rs\n@@ -1,5 +1,5 @@\n-one\n+uno\n two\n three\n-four\n+vier\n five\n",
    "diff --git a/src/cart.rs b/src/cart.rs\n--- a/src/cart.rs\n+++ b/src/cart.rs\n@@ -1,5 +1,5 @@\n-one\n+eins\n two\n three\n-four\n+vier\n five\n",
];

fn compared(talk: &mut Talk) -> String {
    let (_, mut wants) = talk.line("compare R-3");
    let Some(Want::Task(Task::Compare(of))) = wants.pop() else { panic!("nothing is compared") };
    let patches = Ok(PATCHES.map(str::to_owned).to_vec());
    let now = talk.now();
    talk.face.done(Done::Compared(of, patches), now);
    talk.said()
}

#[test]
fn every_command_of_the_screens_is_reached_or_it_is_said_why_not() {
    for entry in commands::ALL {
        match verbs::reach(entry.id) {
            Reach::Verb(verb) => assert!(VERBS.iter().any(|known| known.name == verb), "{verb}"),
            Reach::Nothing(why) => assert!(why.len() > 10, "{}", entry.name),
            Reach::Name => {
                let mut talk = Talk::over(fixtures::waiting(), Writer::Pipe);
                let (said, wants) = talk.line(&format!("run {}", entry.name));
                assert!(!said.is_empty() || !wants.is_empty(), "run {} does and says nothing", entry.name);
                assert!(!said.contains("no command"), "{}: {said}", entry.name);
            }
        }
    }
}

#[test]
fn every_verb_is_answered_even_where_nothing_is_there() {
    for verb in VERBS {
        for form in [verb.name.to_owned(), format!("{} R-9 M-9 A x", verb.name)] {
            let mut talk = Talk::over(State::default(), Writer::Pipe);
            let (said, wants) = talk.line(&form);
            let silent = said.is_empty() && wants.is_empty() && !talk.face.is_waiting();
            assert!(!silent, "{form} does and says nothing");
        }
        assert!(verb.help.ends_with('.'), "{}", verb.name);
    }
    let names: Vec<&str> =
        VERBS.iter().flat_map(|verb| [verb.name].into_iter().chain(verb.also.iter().copied())).collect();
    assert!(names.iter().enumerate().all(|(at, name)| !names[..at].contains(name)), "{names:?}");
}

#[test]
fn a_decision_is_of_what_was_said_and_echoes_it() {
    let mut talk = Talk::over(fixtures::waiting(), Writer::Pipe);
    assert!(
        talk.said().contains("waiting: R-3 choose, M-12, 2 candidates, A Anthropic, B Google, revision r3")
    );
    assert_eq!(
        talk.decides("approve R-3 google"),
        (RequestId(3), Revision(3), Decision::Approve { team: Some(TeamId(2)) })
    );
    let (said, wants) = talk.line("approve R-3");
    assert!(said.contains("which team: A Anthropic, B Google") && wants.is_empty(), "{said}");
    let mut changed = fixtures::waiting();
    Arc::make_mut(changed.desk.get_mut(&RequestId(3)).unwrap()).revision = Revision(4);
    talk.state(changed);
    assert!(talk.said().contains("changed: R-3"), "a change is said");
    let (said, wants) = talk.line("approve R-3 r3 A");
    assert!(wants.is_empty() && said.contains("at r4 now, not at r3; nothing was decided"), "{said}");
    let (_, seen, decision) = talk.decides("reject R-3 too big");
    assert_eq!((seen, decision), (Revision(4), Decision::Reject { reason: "too big".into() }));
    let (said, _) = talk.line("retry R-3 smaller steps");
    assert!(said.contains("sent: R-3 at r4, rejected, teams try again, smaller steps"), "{said}");
}

#[test]
fn what_was_not_said_is_not_decided_but_said() {
    let mut talk = Talk::new(Writer::Pipe);
    talk.state(fixtures::waiting());
    let (said, wants) = talk.line("approve R-3 A");
    assert!(wants.is_empty() && said.contains("not done: R-3 was not said yet"), "{said}");
    assert!(said.contains("because a manifest is touched") && said.contains("if denied:"), "{said}");
    assert_eq!(talk.decides("approve R-3 A").2, Decision::Approve { team: Some(TeamId(1)) });
}

#[test]
fn a_persons_line_that_comes_too_soon_after_a_change_decides_nothing() {
    let mut talk = Talk::over(fixtures::waiting(), Writer::Person);
    talk.mono += 299;
    let (said, wants) = talk.line("approve R-3 A");
    assert!(wants.is_empty() && said.contains("changed 299 ms ago"), "{said}");
    talk.mono += 300;
    assert_eq!(talk.decides("approve R-3 A").1, Revision(3));
}

#[test]
fn other_requests_are_changed_by_words() {
    let mut talk = Talk::over(fixtures::command_request(), Writer::Pipe);
    let change = Modification::Argv(vec!["git".into(), "push now".into()]);
    let (_, _, decision) = talk.decides("modify R-4 git 'push now'");
    assert_eq!(decision, Decision::Modify { team: None, change });
    let (said, wants) = talk.line("modify R-4 git 'push");
    assert!(wants.is_empty() && said.contains("not closed"), "{said}");
    let (said, _) = talk.line("show R-4");
    assert!(
        said.contains("command: git push '--force now'") && said.contains("its reason: to publish"),
        "{said}"
    );
    assert_eq!(talk.decides("approve R-4").2, Decision::Approve { team: None });
}

#[test]
fn candidates_are_compared_taken_and_combined_by_number() {
    let mut talk = Talk::over(fixtures::waiting(), Writer::Pipe);
    let said = compared(&mut talk);
    for part in [
        "candidate: A Anthropic, attempt 1, checks pass, tests 12 ok 1 bad then 13 ok, 88 of 100 by google",
        "compare: 2 places in 1 file, 1 the same, 0 of one or some, 1 conflict",
        "place 1 of 2: src/cart.rs, line 1, conflict, A and B differ",
        "  B adds: eins",
        "place 2 of 2: src/cart.rs, line 4, same, all change it alike, taken from A",
        "  A and B adds: vier",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let (said, _) = talk.line("take 3 from B");
    assert!(said.contains("1 to 2"), "{said}");
    let (said, _) = talk.line("take 1 from B");
    assert!(said.contains("taken: place 1 from B, 2 taken"), "{said}");
    let (_, mut wants) = talk.line("combine");
    let Some(Want::Task(Task::Patch { request, seen, text, .. })) = wants.pop() else { panic!("not sent") };
    assert_eq!((request, seen), (RequestId(3), Revision(3)));
    assert!(text.contains("+eins") && text.contains("+vier") && !text.contains("uno"), "{text}");
}

#[test]
fn hidden_names_are_in_no_line_and_decide_by_number() {
    let mut talk = Talk::over(fixtures::waiting(), Writer::Pipe);
    compared(&mut talk);
    let (said, _) = talk.line("blind");
    assert!(
        said.contains("candidate: candidate 1, attempt 1") && said.contains("candidate 2 adds:"),
        "{said}"
    );
    assert!(!said.contains("Anthropic") && !said.contains("google"), "{said}");
    let held = talk.face.held.as_ref().unwrap();
    let first = held.board.columns[held.board.order[0]].team;
    assert_eq!(talk.decides("approve R-3 1").2, Decision::Approve { team: Some(first) });
    let (said, wants) = talk.line("approve R-3 google");
    assert!(wants.is_empty(), "{said}");
}

#[test]
fn a_patch_is_written_line_by_line() {
    let mut talk = Talk::over(fixtures::waiting(), Writer::Pipe);
    let (said, _) = talk.line("modify R-3 B");
    assert!(said.contains("patch of B Google") && said.contains("single dot"), "{said}");
    for line in PATCHES[0].lines() {
        assert_eq!(talk.line(line), (String::new(), Vec::new()));
    }
    let (_, mut wants) = talk.line(".");
    let sent = Task::Patch {
        request: RequestId(3),
        seen: Revision(3),
        team: TeamId(2),
        text: PATCHES[0].to_owned(),
    };
    assert_eq!(wants.pop(), Some(Want::Task(sent)));
}

#[test]
fn questions_are_asked_one_by_one_with_numbers() {
    let mut talk = Talk::over(fixtures::clarifying(), Writer::Pipe);
    let (said, _) = talk.line("answer");
    assert!(said.contains("question: M-12, 1 of 3, May the total of an empty cart be 0?"), "{said}");
    assert!(said.contains("  1: yes\n  2: no"), "{said}");
    talk.line("answer 2");
    let (said, _) = talk.line("api, web");
    assert!(said.contains("answered: api, web") && said.contains("3 of 3"), "{said}");
    let (_, mut wants) = talk.line("skip");
    let Some(Want::Task(Task::Send(command, _))) = wants.pop() else { panic!("not answered") };
    let Command::Mission(MissionCommand::Answer(MissionId(12), answers)) = *command else {
        panic!("{command:?}")
    };
    let given: Vec<(&str, bool)> =
        answers.iter().map(|answer| (answer.text.as_str(), answer.assumed)).collect();
    assert_eq!(given, [("no", false), ("api, web", false), ("", true)]);
}

#[test]
fn a_brief_in_several_lines_ends_with_a_dot_and_never_without() {
    let mut talk = Talk::over(State::default(), Writer::Pipe);
    talk.line("check cargo test");
    talk.line("check cargo fmt --check");
    talk.line("budget 0.50");
    talk.line("brief");
    talk.line("Fix the checkout.");
    talk.line("approve R-1");
    talk.face.end_of_input();
    assert!(talk.said().contains("it was not sent"));
    let (said, mut wants) = talk.line(".");
    let Some(Want::Task(Task::Open { brief, .. })) = wants.pop() else { panic!("not sent: {said}") };
    assert_eq!(brief.text, "Fix the checkout.\napprove R-1");
    assert_eq!(brief.checks, ["cargo test", "cargo fmt --check"]);
    let (said, _) = talk.line("brief another");
    assert!(said.contains("still being sent"), "{said}");
}

#[test]
fn streams_are_lines_without_an_escape() {
    let mut talk = Talk::over(fixtures::waiting(), Writer::Pipe);
    talk.line("watch A");
    let channel = Channel { mission: MissionId(12), team: Some(TeamId(1)) };
    let long = "word ".repeat(80);
    let items = vec![
        FeedItem::Thought("the sum\nof an empty ".into()),
        FeedItem::Thought("cart\u{1b}[2J".into()),
        FeedItem::Tool { name: "read".into(), brief: "src/cart.rs".into() },
        FeedItem::Text(long),
    ];
    talk.face.feed(channel, Batch { items, next: 4, lost: 2 });
    let said = talk.said();
    let head = "missed: A Anthropic, 2 pieces went by unread\nthought: A Anthropic, the sum\n\
                thought: A Anthropic, of an empty cart\ntool: A Anthropic, read src/cart.rs\nsays: A Anthropic, word";
    assert!(said.starts_with(head), "{said}");
    talk.face.feed(channel, Batch { next: 4, ..Batch::default() });
    assert!(talk.said().ends_with("word"), "what is held is said when nothing more comes");
}

#[test]
fn prompts_and_pickers_of_the_screens_are_answered_by_the_next_line() {
    let mut talk = Talk::over(fixtures::waiting(), Writer::Pipe);
    let (said, _) = talk.line("run palette.open");
    assert!(said.contains("pick: palette") && said.contains("\n1: "), "{said}");
    let (said, _) = talk.line("list every candidate");
    assert!(said.contains("pick: palette, 0") || said.contains("versions"), "{said}");
    let (said, _) = talk.line("back");
    assert!(said.contains("left:"), "{said}");
    assert!(talk.line("status").0.starts_with("status: 1 mission, 1 open, 1 waiting for you"));
}

#[test]
fn nothing_is_said_twice() {
    let mut talk = Talk::over(fixtures::waiting(), Writer::Pipe);
    talk.said();
    talk.state(fixtures::waiting());
    assert_eq!(talk.said(), "");
    let mut decided = fixtures::waiting();
    decided.desk.clear();
    talk.state(decided);
    assert_eq!(talk.said(), "decided: R-3, no longer waits");
}

#[test]
fn incidents_and_probes_are_read_and_a_remedy_is_decided_by_lines() {
    let mut talk = Talk::over(crate::tui::incident_tests::vetoed(), Writer::Pipe);
    let now = talk.now();
    talk.face.probes(crate::tui::incident_tests::probes(), now);
    let (said, _) = talk.line("incidents");
    assert!(said.contains("incident: I-1 P2, web: /var is 96 % full, heals unless stopped"), "{said}");
    let (said, _) = talk.line("show I-1");
    for wanted in [
        "waiting: R-1, in 01:48 it happens by itself",
        "diagnosis: grade A, by the rule unit-failed",
        "evidence: E3 log, tainted, not asked again",
        "not looked at: the database",
        "remedy: runbook",
        "systemctl",
        "ruling: happens after",
        "timeline: ",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let (said, _) = talk.line("probes");
    assert!(said.contains("probe: web-http, failing, http of web, 503"), "{said}");
    let no = Decision::Reject { reason: "not now".into() };
    assert_eq!(talk.decides("reject R-1 not now"), (RequestId(1), Revision(1), no));
    let close = HealCommand::Resolve(IncidentId(1), "gone".into());
    let (_, wants) = talk.line("close I-1 gone");
    assert!(
        matches!(&wants[..], [Want::Task(Task::Send(command, _))] if **command == Command::Heal(close.clone()))
    );
}

#[test]
fn what_becomes_of_an_incident_is_said_once() {
    let mut talk = Talk::over(State::default(), Writer::Pipe);
    talk.said();
    talk.state(crate::tui::incident_tests::needs_human());
    let said = talk.said();
    assert_eq!(said.matches("incident: I-1 P1, web is down, needs a person").count(), 1, "{said}");
    talk.state(crate::tui::incident_tests::needs_human());
    assert_eq!(talk.said(), "");
}
