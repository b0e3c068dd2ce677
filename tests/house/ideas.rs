//! Ideas as a person meets them at a shell: told from what happened more than once, dismissed with a reason, and more
//! of them from the ideas agent.

use super::stage::*;
use chimera::providers::rehearsal::script::Turn;
use serde_json::{Value, json};

/// Both teams give a wrong answer, and the ideas agent has one idea.
pub fn wrong() -> Vec<Turn> {
    let input = json!({"ideas": [
        {"title": "Say in the README what the answer is", "why": "nobody says it", "brief": "Write it there.", "worth": 50},
    ]});
    let system = Some("You suggest what to do next".to_owned());
    let mut turns = vec![Turn { system, ..turn("", &[("ideas", input)]) }];
    turns.extend(office());
    for model in ["claude", "gemini"] {
        turns.extend(team(model, &[&[edit("answer.txt", "41", "43")]], "Give another answer"));
    }
    turns
}

fn ideas(stage: &Stage, more: &[&str]) -> Vec<Value> {
    stage.run(&[&["ideas", "--json"], more].concat()).exits(0).of("idea")
}

#[test]
fn s3_a_check_that_fails_again_and_again_is_an_idea_until_it_is_dismissed_with_a_reason() {
    let stage = Stage::new(wrong());
    stage.brief(&["--approve", "none"]);
    assert_eq!(ideas(&stage, &[]), Vec::<Value>::new(), "once is no pattern");
    stage.brief(&["--approve", "none"]);
    let found = ideas(&stage, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    let idea = &found[0];
    assert_eq!((&idea["pattern"], &idea["standing"]), (&"repeated failure".into(), &"open".into()));
    assert!(
        idea["title"].as_str().unwrap().contains(CHECK) && idea["missions"] == json!(["M-1", "M-2"]),
        "{idea}"
    );
    let sum: i64 = idea["reasons"].as_array().unwrap().iter().map(|r| r["points"].as_i64().unwrap()).sum();
    assert_eq!(idea["score"], sum.min(100));
    let id = idea["id"].as_str().unwrap();
    stage.run(&["ideas", "dismiss", id, "--why", " "]).exits(64);
    stage.run(&["ideas", "dismiss", "idea-00000000", "--why", "no"]).exits(1);
    stage.run(&["ideas", "dismiss", id]).exits(64);
    let done = stage.run(&["ideas", "dismiss", &id[..9], "--why", "it is wrong on purpose"]).exits(0);
    assert!(done.stdout.contains(&format!("{id} is dismissed")), "{done:?}");
    assert_eq!(ideas(&stage, &[]), Vec::<Value>::new());
    let all = ideas(&stage, &["--all"]);
    assert_eq!(
        (&all[0]["standing"], &all[0]["why"]),
        (&"dismissed".into(), &"it is wrong on purpose".into())
    );
    let told = stage.facts("idea.dismissed");
    assert_eq!((told.len(), &told[0]["idea"]["dismissed"]["id"]), (1, &id.into()));
    let done = stage.run(&["ideas"]).exits(0);
    assert!(done.stdout.contains("1 idea dismissed or taken"), "{done:?}");
    stage.verify();
}

#[test]
fn s3_the_ideas_agent_is_one_journaled_call_within_the_caps() {
    let stage = Stage::new(wrong());
    let found = ideas(&stage, &["--ask"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["title"], "Say in the README what the answer is");
    assert_eq!((&found[0]["source"], &found[0]["score"]), (&"ideas agent".into(), &40.into()));
    for kind in ["idea.asked", "money.reserved", "effect.started", "money.settled", "idea.suggested"] {
        assert_eq!(stage.facts(kind).len(), 1, "{kind}");
    }
    stage.settings("[budget]\nper_call_usd = 0.000001\n");
    let done = stage.run(&["ideas", "--ask"]).exits(1);
    assert!(done.all().contains("cap of one call"), "{done:?}");
    assert_eq!(stage.facts("idea.unanswered").len(), 1);
    assert_eq!(ideas(&stage, &[]).len(), 1, "what was suggested before stays");
    stage.verify();
}
