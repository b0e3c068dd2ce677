//! How an answer joins what rules came to. Pure. Invariants: a grade A of rules stands; a model's cause is B at most, and
//! only with two trusted pieces of evidence and none against it; what is cited and does not exist counts for nothing.

use super::answer::{Answer, HYPOTHESES_MOST, Hypothesis, Strategy, Verdict, numbers};
use crate::domain::{
    incident::{Clue, ClueSort, Culprit, Diagnosis, Grade, Remedy},
    runbook::RunPlan,
    signal::{Frame, Signal},
    team::ModelRef,
    text,
    time::Timestamp,
};
use std::fmt::Write as _;

/// Trusted pieces that a hypothesis needs for a grade B.
const TRUSTED_LEAST: usize = 2;
/// Characters of a cause, and of what is to be done.
const CAUSE_MOST: usize = 240;
const WHAT_MOST: usize = 600;
/// Characters of a path and a function.
const NAME_MOST: usize = 200;
/// Gaps of a model that are kept.
const GAPS_MOST: usize = 8;

/// What a model said in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Its answer.
    pub answer: Answer,
    /// Who gave it.
    pub by: ModelRef,
    /// Turns it took.
    pub turns: u32,
    /// What it looked at, numbered on from the evidence that it was shown.
    pub looked: Vec<Clue>,
}

/// What an answer is measured by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Least stated confidence, in percent.
    pub confidence_least: u8,
    /// Whether the incident is so now.
    pub firing: bool,
    /// Runbooks that could be carried out.
    pub offers: &'a [RunPlan],
    /// The commit that the looking holds for the cause.
    pub culprit: Option<&'a Culprit>,
    /// Now.
    pub now: Timestamp,
}

/// Joins them.
#[must_use]
pub fn merge(rules: Diagnosis, heard: &Heard, terms: Terms<'_>) -> Diagnosis {
    if rules.grade == Grade::A || rules.healthy {
        return rules;
    }
    let mut joined = rules.clone();
    for gap in heard.answer.gaps.iter().take(GAPS_MOST) {
        note(&mut joined, format!("the model could not tell: {gap}"));
    }
    match heard.answer.verdict {
        Verdict::NotKnown => note(&mut joined, "the model does not know the cause either".into()),
        Verdict::Healthy => healthy(&mut joined, heard, terms),
        Verdict::Cause => cause(&mut joined, heard, terms),
    }
    joined
}

/// Notes what people should know of it.
pub fn note(diagnosis: &mut Diagnosis, words: String) {
    let words: String = text::clean_line(&words, Clue::WORDS_MOST).into();
    if diagnosis.gaps.len() >= Diagnosis::GAPS_MOST {
        diagnosis.gaps.pop();
    }
    diagnosis.gaps.push(words);
}

/// Only what was looked at, is so now and is not contradicted by the incident itself ends it.
fn healthy(joined: &mut Diagnosis, heard: &Heard, terms: Terms<'_>) {
    let ids = numbers(&heard.answer.healthy_by);
    let sure = heard.answer.healthy_confidence >= terms.confidence_least;
    let speaks = |clue: &&Clue| ids.contains(&clue.id) && clue.trusted && clue.still_true == Some(true);
    let trusted: Vec<u16> = joined.clues.iter().filter(speaks).map(|clue| clue.id).collect();
    let checked =
        joined.clues.iter().any(|clue| trusted.contains(&clue.id) && matches!(clue.sort, ClueSort::Check));
    let refused = if terms.firing {
        Some("it is still seen")
    } else if joined.rule.is_some() {
        Some("a rule says otherwise")
    } else if trusted.len() < TRUSTED_LEAST || !checked {
        Some("too little that is so now speaks for it")
    } else if !sure {
        Some("it is not sure enough")
    } else {
        None
    };
    if let Some(why) = refused {
        return note(
            joined,
            format!("the model holds that nothing is wrong any more, which does not count: {why}"),
        );
    }
    joined.grade = Grade::B;
    joined.confidence = Some(heard.answer.healthy_confidence);
    joined.cause = "nothing is wrong any more".into();
    (joined.carried_by, joined.remedy, joined.healthy, joined.tainted) =
        (trusted, Remedy::Nothing, true, false);
    tell(joined, heard, None, terms.now);
}

/// A hypothesis with what it rests on.
struct Weighed<'a> {
    one: &'a Hypothesis,
    ids: Vec<u16>,
    grade: Grade,
    tainted: bool,
}

fn weigh<'a>(one: &'a Hypothesis, clues: &[Clue]) -> Option<Weighed<'a>> {
    let of = |written: &[String]| {
        let read = numbers(written);
        clues.iter().filter(|clue| read.contains(&clue.id)).collect::<Vec<_>>()
    };
    let (speaks, against) = (of(&one.evidence), of(&one.against));
    let trusted = speaks.iter().filter(|clue| clue.trusted).count();
    let founded = trusted >= TRUSTED_LEAST && against.is_empty();
    (!speaks.is_empty()).then(|| Weighed {
        one,
        ids: speaks.iter().map(|clue| clue.id).collect(),
        grade: if founded { Grade::B } else { Grade::C },
        tainted: trusted == 0,
    })
}

fn cause(joined: &mut Diagnosis, heard: &Heard, terms: Terms<'_>) {
    let clues: Vec<Clue> = joined.clues.iter().chain(&heard.looked).cloned().collect();
    let named = |one: &&Hypothesis| !one.cause.trim().is_empty();
    let weighed = heard.answer.hypotheses.iter().take(HYPOTHESES_MOST).filter(named);
    let weighed: Vec<Weighed<'_>> = weighed.filter_map(|one| weigh(one, &clues)).collect();
    let sure = |one: &&Weighed<'_>| one.one.confidence >= terms.confidence_least;
    let Some(best) = weighed.iter().find(sure) else {
        let why = match weighed.iter().map(|one| one.one.confidence).max() {
            Some(most) => format!("it is {most} % sure at most, {} % are wanted", terms.confidence_least),
            None => "nothing that it cites exists".into(),
        };
        note(joined, format!("the model's cause counts as not known: {why}"));
        return tell(joined, heard, None, terms.now);
    };
    // What a rule found stands unless the model's cause is founded better.
    if joined.rule.is_some() && joined.grade <= best.grade {
        joined.confidence = Some(best.one.confidence);
        return tell(joined, heard, Some(best), terms.now);
    }
    // Where no rule said what to do, what the director wrote for such a case stands unless the model knows what to do.
    let laid_down = joined.rule.is_none().then(|| joined.remedy.clone());
    joined.grade = best.grade;
    joined.rule = None;
    joined.confidence = Some(best.one.confidence);
    joined.cause = text::clean_line(best.one.cause.trim(), CAUSE_MOST).into();
    joined.carried_by.clone_from(&best.ids);
    joined.tainted = best.tainted;
    joined.remedy = match (remedy(best.one, terms), laid_down) {
        (Remedy::Nothing, Some(laid_down)) => laid_down,
        (remedy, _) => remedy,
    };
    joined.culprit = matches!(joined.remedy, Remedy::Revert(_)).then(|| terms.culprit.cloned()).flatten();
    if let Some(frame) = place(best.one) {
        joined.object =
            frame.line.map_or_else(|| frame.file.clone(), |line| format!("{}:{line}", frame.file));
        joined.frames.retain(|known| (&known.file, known.line) != (&frame.file, frame.line));
        joined.frames.insert(0, frame);
        joined.frames.truncate(Signal::FRAMES_MOST);
    }
    let room = Clue::MOST.saturating_sub(joined.clues.len() + 1);
    let cited = heard.looked.iter().filter(|clue| best.ids.contains(&clue.id)).take(room);
    joined.clues.extend(cited.cloned());
    tell(joined, heard, Some(best), terms.now);
}

fn place(one: &Hypothesis) -> Option<Frame> {
    let file = one.file.as_deref().map(str::trim).filter(|file| !file.is_empty() && !file.contains(".."))?;
    let function = one.function.as_deref().unwrap_or_default();
    Some(Frame {
        file: text::clean_line(file, NAME_MOST).into(),
        line: one.from_line.filter(|line| *line > 0),
        function: text::clean_line(function.trim(), NAME_MOST).into(),
    })
}

fn lines(one: &Hypothesis) -> String {
    match (&place(one), one.to_line) {
        (Some(Frame { file, line: Some(from), .. }), Some(to)) if to > *from => format!("{file}:{from}-{to}"),
        (Some(Frame { file, line: Some(from), .. }), _) => format!("{file}:{from}"),
        (Some(Frame { file, .. }), _) => file.clone(),
        (None, _) => String::new(),
    }
}

fn remedy(one: &Hypothesis, terms: Terms<'_>) -> Remedy {
    match one.strategy {
        Strategy::Person => Remedy::Nothing,
        Strategy::Runbook => {
            let plan = terms.offers.iter().find(|plan| Some(&plan.runbook) == one.runbook.as_ref());
            plan.map_or(Remedy::Nothing, |plan| Remedy::Runbook(Box::new(plan.clone())))
        }
        Strategy::Revert => {
            terms.culprit.map_or(Remedy::Nothing, |culprit| Remedy::Revert(culprit.commit.clone()))
        }
        Strategy::Code => {
            let mut words = text::clean_line(one.cause.trim(), CAUSE_MOST).to_string();
            let at = lines(one);
            if !at.is_empty() {
                let _ = write!(words, " It seems to lie at {at}.");
            }
            let _ = write!(words, " {}", text::clean_line(one.what.trim(), WHAT_MOST));
            Remedy::Code(words.trim().to_owned())
        }
    }
}

/// What the model made of it, beside the evidence.
fn tell(joined: &mut Diagnosis, heard: &Heard, best: Option<&Weighed<'_>>, now: Timestamp) {
    let turns = text::count(heard.turns, "turn");
    let words = match best {
        Some(Weighed { one, .. }) => {
            let minutes = one.minutes.map(|minutes| format!(", about {minutes} min")).unwrap_or_default();
            let Hypothesis { cause, confidence, strategy, .. } = one;
            let strategy = strategy.word();
            format!("{} in {turns}, {confidence} % sure: {cause} ({strategy}{minutes})", heard.by)
        }
        None => format!("{} in {turns}: nothing that counts", heard.by),
    };
    let mut detail = String::new();
    for one in heard.answer.hypotheses.iter().take(HYPOTHESES_MOST) {
        let ids = |written: &[String]| {
            numbers(written).iter().map(|id| format!("E{id}")).collect::<Vec<_>>().join(" ")
        };
        let against = ids(&one.against);
        let against = if against.is_empty() { String::new() } else { format!(", against it {against}") };
        let (sure, cause, at) = (one.confidence, text::clean_line(&one.cause, CAUSE_MOST), lines(one));
        let _ = writeln!(
            detail,
            "{sure} % {cause} {at} [{}{against}] {}",
            ids(&one.evidence),
            one.strategy.word()
        );
    }
    if joined.clues.len() >= Clue::MOST {
        return;
    }
    let last = joined.clues.iter().chain(&heard.looked).map(|clue| clue.id).max();
    joined.clues.push(Clue {
        id: last.unwrap_or(0).saturating_add(1),
        sort: ClueSort::Inquiry,
        words: text::clean_line(&words, Clue::WORDS_MOST).into(),
        detail: text::head_tail(&text::clean(&detail), Clue::DETAIL_MOST - 64),
        trusted: false,
        still_true: None,
        at: now,
    });
}

#[cfg(test)]
mod tests {
    use super::{super::case::tests::case, *};
    use crate::domain::{candidate::CommitId, team::Vendor};
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp(9);

    fn heard(answer: Value) -> Heard {
        Heard {
            answer: serde_json::from_value(answer).unwrap(),
            by: ModelRef { vendor: Vendor::Google, model: "m".into() },
            turns: 2,
            looked: vec![super::super::case::tests::clue(5, ClueSort::Code, false)],
        }
    }

    fn one(evidence: &[&str], more: Value) -> Value {
        let mut one = json!({"cause": "the pool is too small", "evidence": evidence, "confidence": 80,
            "strategy": "code", "what": "Set it to 50.", "file": "src/pool.rs", "from_line": 4, "to_line": 9,
            "minutes": 20});
        for (key, value) in more.as_object().unwrap() {
            one[key] = value.clone();
        }
        json!({"verdict": "cause", "hypotheses": [one]})
    }

    fn join(rules: Diagnosis, answer: Value) -> Diagnosis {
        let terms = Terms { confidence_least: 50, firing: false, offers: &[], culprit: None, now: NOW };
        merge(rules, &heard(answer), terms)
    }

    #[test]
    fn c3_two_trusted_pieces_make_a_b_and_nothing_makes_an_a() {
        let joined = join(case().rules, one(&["E1", "E2"], json!({})));
        assert_eq!((joined.grade, joined.confidence, joined.tainted), (Grade::B, Some(80), false));
        assert_eq!(
            (joined.cause.as_str(), joined.object.as_str()),
            ("the pool is too small", "src/pool.rs:4")
        );
        assert_eq!(joined.carried_by, [1, 2]);
        assert_eq!((joined.frames[0].file.as_str(), joined.frames[0].line), ("src/pool.rs", Some(4)));
        let Remedy::Code(words) = &joined.remedy else { panic!("{:?}", joined.remedy) };
        assert!(words.contains("src/pool.rs:4-9") && words.ends_with("Set it to 50."), "{words}");
        let told = joined.clues.last().unwrap();
        assert_eq!((told.sort, told.trusted, told.id), (ClueSort::Inquiry, false, 6));
        assert!(told.words.contains("google/m in 2 turns, 80 % sure") && told.words.contains("about 20 min"));
    }

    #[test]
    fn c3_invented_tainted_and_contradicted_evidence_makes_a_c() {
        for (answer, carried, tainted) in [
            (one(&["E1", "E77"], json!({})), vec![1], false),
            (one(&["E1", "E3"], json!({})), vec![1, 3], false),
            (one(&["E3"], json!({})), vec![3], true),
            (one(&["E1", "E2"], json!({"against": ["E3"]})), vec![1, 2], false),
            (one(&["E5", "E3"], json!({})), vec![3, 5], true),
        ] {
            let joined = join(case().rules, answer);
            assert_eq!((joined.grade, joined.carried_by, joined.tainted), (Grade::C, carried, tainted));
        }
        let joined = join(case().rules, one(&["E77"], json!({})));
        assert_eq!((joined.cause.as_str(), joined.carried_by), ("not known", vec![]));
        assert!(
            joined.gaps.iter().any(|gap| gap.contains("nothing that it cites exists")),
            "{:?}",
            joined.gaps
        );
    }

    #[test]
    fn c3_below_the_least_confidence_it_is_not_known() {
        let joined = join(case().rules, one(&["E1", "E2"], json!({"confidence": 49})));
        assert_eq!(
            (joined.grade, joined.cause.as_str(), joined.remedy),
            (Grade::C, "not known", Remedy::Nothing)
        );
        assert!(joined.gaps.iter().any(|gap| gap.contains("49 %")));
        let joined = join(case().rules, json!({"verdict": "not_known", "gaps": ["the database's log"]}));
        assert_eq!(joined.cause, "not known");
        assert!(joined.gaps.iter().any(|gap| gap.contains("the database's log")));
    }

    #[test]
    fn a_rule_stands_unless_the_cause_is_founded_better() {
        let ruled = |grade| Diagnosis {
            grade,
            rule: Some("r".into()),
            cause: "by rule".into(),
            remedy: Remedy::Code("mend".into()),
            ..case().rules
        };
        let founded = || one(&["E1", "E2"], json!({}));
        assert_eq!(join(ruled(Grade::A), founded()), ruled(Grade::A));
        let joined = join(ruled(Grade::B), founded());
        assert_eq!((joined.cause.as_str(), joined.confidence), ("by rule", Some(80)));
        assert_eq!(join(ruled(Grade::C), one(&["E1"], json!({}))).cause, "by rule");
        let joined = join(ruled(Grade::C), founded());
        assert_eq!(
            (joined.rule, joined.grade, joined.cause.as_str()),
            (None, Grade::B, "the pool is too small")
        );
    }

    #[test]
    fn c3_healthy_needs_what_is_so_now_and_ends_in_nothing() {
        let mut rules = case().rules;
        rules.clues[0].sort = ClueSort::Check;
        let well = json!({"verdict": "healthy", "healthy_by": ["E1", "E2"], "healthy_confidence": 90});
        let joined = join(rules.clone(), well.clone());
        assert!(joined.healthy && joined.remedy == Remedy::Nothing);
        let terms = Terms { confidence_least: 50, firing: true, offers: &[], culprit: None, now: NOW };
        assert!(!merge(rules.clone(), &heard(well), terms).healthy, "while it is seen no word ends it");
        for bad in [
            json!({"verdict": "healthy", "healthy_by": ["E1", "E3"], "healthy_confidence": 90}),
            json!({"verdict": "healthy", "healthy_by": ["E1", "E2"], "healthy_confidence": 20}),
        ] {
            assert!(!join(rules.clone(), bad).healthy);
        }
    }

    #[test]
    fn only_what_is_known_can_be_taken_back_and_only_what_is_offered_carried_out() {
        let answer = || one(&["E1", "E2"], json!({"strategy": "revert"}));
        assert_eq!(join(case().rules, answer()).remedy, Remedy::Nothing);
        let culprit =
            Culprit { commit: CommitId("c3".into()), subject: "s".into(), score: 60, runner_up: 10 };
        let terms =
            Terms { confidence_least: 50, firing: true, offers: &[], culprit: Some(&culprit), now: NOW };
        let joined = merge(case().rules, &heard(answer()), terms);
        assert_eq!((joined.remedy, joined.culprit), (Remedy::Revert(CommitId("c3".into())), Some(culprit)));
        let run = one(&["E1", "E2"], json!({"strategy": "runbook", "runbook": "rm-rf"}));
        assert_eq!(join(case().rules, run).remedy, Remedy::Nothing);
    }
}
