//! The judge: reads candidates with their evidence under blinded names, is asked twice with the order swapped,
//! and scores. Where it can it is of another vendor than the author; whatever weakens a verdict is said in it,
//! and what is missing from a full judgement is said beside it. A missing verdict is never a good one.

use crate::{
    agents::{
        answer::{self, Question},
        failure::{AgentFailure, FailureKind},
        office::{Office, until_stopped},
        prompt,
        tools::finish::percent,
    },
    domain::{
        brief::Brief,
        candidate::{Candidate, CheckOutcome, CheckRun, Evidence, Verdict},
        team::{ModelRef, Vendor},
        text,
    },
    providers::wire::{Block, Switchboard},
};
use schemars::JsonSchema;
use serde::Deserialize;

const PROMPT: &str = include_str!("../../assets/prompts/judge.md");
/// Tokens of an answer.
const OUTPUT: u32 = 4_000;
/// Tokens of reasoning.
const THINKING: u32 = 4_000;
/// Bytes of all patches together that are shown.
const PATCHES_MOST: usize = 160 * 1024;
/// Bytes of a candidate's own words that are shown.
const WORDS_MOST: usize = 4 * 1024;
/// Points between both orders above which the disagreement is noted.
const DISAGREEMENT: u8 = 20;
/// Characters of a judge's reasons that are kept.
const REASONS_MOST: usize = 2_000;

/// One candidate up for judgement.
#[derive(Clone, Copy)]
pub struct Contender<'a> {
    /// The candidate.
    pub candidate: &'a Candidate,
    /// Its evidence.
    pub evidence: &'a Evidence,
    /// Its team's name.
    pub name: &'a str,
    /// Whose model wrote it.
    pub author: Vendor,
}

/// What to judge.
#[derive(Clone, Copy)]
pub struct JudgeJob<'a> {
    /// The house.
    pub office: &'a dyn Office,
    /// Calls models.
    pub switchboard: &'a dyn Switchboard,
    /// Judges in order of preference, each with who answers instead. For each candidate the first of another
    /// vendor than its author judges; if there is none, the first.
    pub judges: &'a [Vec<ModelRef>],
    /// What was asked for.
    pub brief: &'a Brief,
    /// Candidates.
    pub contenders: &'a [Contender<'a>],
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// Verdicts, in order of the candidates.
    pub verdicts: Vec<Verdict>,
    /// What is missing from a full judgement, in words.
    pub missing: Vec<String>,
}

/// The judge's answer.
#[derive(Debug, Deserialize, JsonSchema)]
struct Scores {
    /// One for each candidate.
    scores: Vec<Score>,
}

/// One candidate's score.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct Score {
    /// The candidate's letter.
    candidate: String,
    /// 0 (useless or harmful) to 100 (right, complete, and nothing to add).
    #[serde(deserialize_with = "percent")]
    #[schemars(range(min = 0, max = 100))]
    score: u8,
    /// How sure you are of this score, 0 to 100.
    #[serde(deserialize_with = "percent")]
    #[schemars(range(min = 0, max = 100))]
    confidence: u8,
    /// Why, in two or three sentences: what is right, what is wrong, what is not shown.
    #[serde(default)]
    reasons: String,
}

/// What one judge said of one candidate, in one order.
#[derive(Clone)]
struct Opinion {
    score: Score,
    by: ModelRef,
}

/// Judges all candidates.
///
/// # Errors
/// Only when work is stopped or a cap is reached: any other failure of a judge is told in [`Judged::missing`].
pub async fn judge(job: JudgeJob<'_>) -> Result<Judged, AgentFailure> {
    until_stopped(job.office, job.hear()).await
}

impl JudgeJob<'_> {
    async fn hear(&self) -> Result<Judged, AgentFailure> {
        let mut judged = Judged::default();
        let mut found: Vec<Option<Verdict>> = vec![None; self.contenders.len()];
        let assigned: Vec<Option<usize>> =
            self.contenders.iter().map(|one| self.judge_for(one.author)).collect();
        for (judge, chain) in self.judges.iter().enumerate() {
            let mine: Vec<usize> =
                (0..self.contenders.len()).filter(|n| assigned[*n] == Some(judge)).collect();
            if mine.is_empty() {
                continue;
            }
            let orders = [self.opinions(chain, false).await, self.opinions(chain, true).await];
            for failure in orders.iter().filter_map(|order| order.as_ref().err()) {
                if matches!(failure.kind, FailureKind::Cancelled | FailureKind::OverBudget(_)) {
                    return Err(failure.clone());
                }
            }
            for (order, heard) in ["first", "swapped"].iter().zip(&orders) {
                if let Err(failure) = heard {
                    judged.missing.push(format!("no judgement in {order} order: {failure}"));
                }
            }
            for n in mine {
                let said = orders.each_ref().map(|order| order.as_ref().ok().and_then(|all| all[n].clone()));
                found[n] = verdict(&self.contenders[n], said);
            }
        }
        for (one, verdict) in self.contenders.iter().zip(&found) {
            if verdict.is_none() {
                let why = if self.judges.is_empty() { "there is no judge" } else { "no judge scored it" };
                judged.missing.push(format!("no verdict on the candidate of {}: {why}", one.name));
            }
        }
        judged.verdicts = found.into_iter().flatten().collect();
        Ok(judged)
    }

    fn judge_for(&self, author: Vendor) -> Option<usize> {
        let other = |chain: &Vec<ModelRef>| chain.first().is_some_and(|model| model.vendor != author);
        self.judges.iter().position(other).or_else(|| self.judges.iter().position(|chain| !chain.is_empty()))
    }

    /// Asks one judge in one order; opinions in the order of the contenders.
    async fn opinions(
        &self,
        chain: &[ModelRef],
        swapped: bool,
    ) -> Result<Vec<Option<Opinion>>, AgentFailure> {
        let mut order: Vec<usize> = (0..self.contenders.len()).collect();
        if swapped {
            order.reverse();
        }
        let question = Question {
            name: "verdict",
            system: PROMPT,
            blocks: vec![Block::Text(self.words(&order)?)],
            output: OUTPUT,
            thinking: THINKING,
        };
        let answered = answer::ask::<Scores>(self.office, self.switchboard, chain, question).await?;
        let mut opinions = vec![None; self.contenders.len()];
        for score in answered.value.scores {
            let letters: String = score.candidate.to_uppercase().replace("CANDIDATE", "");
            let place = letters.trim().bytes().next().and_then(|letter| letter.checked_sub(b'A'));
            if let Some(n) = place.and_then(|place| order.get(usize::from(place))) {
                opinions[*n] = Some(Opinion { score, by: answered.by.clone() });
            }
        }
        Ok(opinions)
    }

    /// The case in words, candidates lettered in this order.
    fn words(&self, order: &[usize]) -> Result<String, AgentFailure> {
        let share = PATCHES_MOST / order.len().max(1);
        let mut parts = vec![
            prompt::fence("the director's brief", &self.brief.text),
            format!("Constraints:\n{}", prompt::bullets(&self.brief.constraints, "none")),
        ];
        for (letter, n) in (b'A'..=b'Z').map(char::from).zip(order) {
            let one = &self.contenders[*n];
            let lost = |error| AgentFailure::transient(format!("a patch could not be read back: {error}"));
            let patch = self.office.fetch(one.candidate.patch).map_err(lost)?;
            let patch = text::head_tail(&text::clean_bytes(&patch), share);
            let said = format!("{}\nRoot cause: {}", one.candidate.summary, one.candidate.root_cause);
            parts.push(format!(
                "## Candidate {letter}\n\nEvidence (measured, not claimed):\n{}",
                evidence_words(one)
            ));
            parts.push(prompt::fence("what its author says", &blind(&text::head_tail(&said, WORDS_MOST))));
            parts.push(prompt::fence("its patch", &patch));
        }
        Ok(parts.join("\n\n"))
    }
}

/// Vendors' and models' names do not reach the judge by the author's own words.
fn blind(words: &str) -> String {
    const NAMES: [&str; 8] =
        ["anthropic", "claude", "google", "gemini", "openai", "gpt", "openrouter", "llama"];
    let pattern = format!(r"(?i)\b(?:{})\b", NAMES.join("|"));
    regex::Regex::new(&pattern)
        .map_or_else(|_| words.to_owned(), |regex| regex.replace_all(words, "[name]").into_owned())
}

fn evidence_words(one: &Contender<'_>) -> String {
    let run = |run: &CheckRun| {
        let how = run.outcome.words();
        match (run.passed, run.failed) {
            (Some(passed), Some(failed)) => {
                format!("{how} ({} passed, {failed} failed)", text::count(passed, "test"))
            }
            _ => how.to_owned(),
        }
    };
    let mut lines: Vec<String> = Vec::new();
    for check in &one.evidence.checks {
        let before = check.before.as_ref().map_or("not run".to_owned(), run);
        lines.push(format!(
            "{} `{}`: before {before}; after {}",
            super::context::kind_word(check.kind),
            text::clean_line(&check.command, 200),
            run(&check.after)
        ));
        if check.after.outcome != CheckOutcome::Passed {
            lines.push(prompt::fence("end of its output", &check.after.tail));
        }
    }
    if lines.is_empty() {
        lines.push("no check was run".to_owned());
    }
    let stat = &one.evidence.stat;
    lines.push(format!("{}, +{} -{}", text::count(stat.files.len(), "file"), stat.additions, stat.deletions));
    lines.push(format!(
        "newly passing tests: {}; a new test fails without the patch and passes with it: {}",
        one.evidence.new_passing.len(),
        if one.evidence.reproduces { "yes" } else { "not shown" }
    ));
    lines.join("\n")
}

/// One verdict from what was said in both orders; `None` if nothing was.
fn verdict(one: &Contender<'_>, said: [Option<Opinion>; 2]) -> Option<Verdict> {
    let mut notes = Vec::new();
    let (first, second) = match said {
        [Some(first), Some(second)] => (first, second),
        [Some(only), None] | [None, Some(only)] => {
            notes.push("only one of two orders was answered".to_owned());
            (only.clone(), only)
        }
        [None, None] => return None,
    };
    let orders = [first.score.score, second.score.score];
    let apart = orders[0].abs_diff(orders[1]);
    if apart > DISAGREEMENT {
        notes.push(format!("the two orders disagree by {apart} points"));
    }
    if first.by.vendor == one.author || second.by.vendor == one.author {
        notes.push(format!("the judge is of the author's own vendor ({})", one.author));
    }
    if first.by != second.by {
        notes.push(format!("two different models answered: {} and {}", first.by, second.by));
    }
    let mean = |a: u8, b: u8| u8::try_from((u16::from(a) + u16::from(b)).div_ceil(2)).unwrap_or(u8::MAX);
    let reasons = if first.score.reasons == second.score.reasons || second.score.reasons.is_empty() {
        first.score.reasons
    } else {
        format!("{}\nIn swapped order: {}", first.score.reasons, second.score.reasons)
    };
    Some(Verdict {
        team: one.candidate.team,
        attempt: one.candidate.attempt,
        judge: first.by.vendor,
        model: first.by.model,
        score: mean(orders[0], orders[1]),
        orders,
        confidence: mean(first.score.confidence, second.score.confidence),
        reasons: text::head_tail(&text::clean(reasons.trim()), REASONS_MOST),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agents::testing::{Desk, Line, Script, brief, calls, model},
        domain::{
            candidate::{CommitId, DiffStat},
            ids::{Revision, TeamId},
            money::{Cost, Usage},
            time::Millis,
        },
        providers::wire::CallErrorKind,
    };
    use serde_json::{Value, json};

    fn candidate(desk: &Desk, team: u8, patch: &str) -> Candidate {
        Candidate {
            team: TeamId(team),
            attempt: 1,
            based_on: Revision(1),
            base: CommitId("b".to_owned()),
            commit: CommitId("c".to_owned()),
            patch: desk.keep(patch.as_bytes()).unwrap(),
            stat: DiffStat::default(),
            summary: "As Claude I guarded it".to_owned(),
            root_cause: String::new(),
            confidence: 99,
            author: String::new(),
            sealed: None,
        }
    }

    fn evidence() -> Evidence {
        Evidence {
            revision: Revision(1),
            checks: Vec::new(),
            new_passing: Vec::new(),
            reproduces: false,
            stat: DiffStat::default(),
            cost: Cost::Unknown,
            usage: Usage::default(),
            elapsed: Millis(1),
        }
    }

    fn scores(pairs: &[(&str, u8)]) -> Line {
        let scores: Vec<Value> =
            pairs.iter().map(|(c, s)| json!({"candidate": c, "score": s, "confidence": 80, "reasons": format!("{c} is so")})).collect();
        calls("1", "verdict", json!({ "scores": scores }))
    }

    async fn hear(
        lines: Vec<Line>,
        judges: &[Vec<ModelRef>],
        authors: &[Vendor],
    ) -> (Result<Judged, AgentFailure>, Script) {
        let desk = Desk::default();
        let candidates: Vec<_> =
            (1..).zip(authors).map(|(n, _)| candidate(&desk, n, &format!("PATCH-{n}"))).collect();
        let (evidence, brief) = (evidence(), brief());
        let contenders: Vec<_> = candidates
            .iter()
            .zip(authors)
            .map(|(candidate, author)| Contender {
                candidate,
                evidence: &evidence,
                name: "A Team",
                author: *author,
            })
            .collect();
        let script = Script::new(lines);
        let job =
            JudgeJob { office: &desk, switchboard: &script, judges, brief: &brief, contenders: &contenders };
        (judge(job).await, script)
    }

    fn shown(script: &Script, nth: usize) -> String {
        match &script.asked(nth).messages[0].blocks[0] {
            Block::Text(words) => words.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn letters_follow_the_swapped_order_and_names_are_blinded() {
        let judges = [vec![model(Vendor::Openai)]];
        let lines = vec![scores(&[("A", 90), ("B", 40)]), scores(&[("Candidate A", 50), ("b", 80)])];
        let (judged, script) = hear(lines, &judges, &[Vendor::Anthropic, Vendor::Google]).await;
        let judged = judged.unwrap();
        assert!(judged.missing.is_empty());
        let told: Vec<_> =
            judged.verdicts.iter().map(|v| (v.team, v.orders, v.score, v.note.clone())).collect();
        assert_eq!(told, [(TeamId(1), [90, 80], 85, None), (TeamId(2), [40, 50], 45, None)]);
        let (first, second) = (shown(&script, 0), shown(&script, 1));
        assert!(
            first.find("PATCH-1") < first.find("PATCH-2") && second.find("PATCH-1") > second.find("PATCH-2")
        );
        assert!(!first.contains("Claude") && first.contains("As [name] I guarded it"));
        assert!(first.contains("no check was run"));
    }

    #[tokio::test]
    async fn b11_disagreement_and_the_authors_own_vendor_are_noted() {
        let judges = [vec![model(Vendor::Anthropic)]];
        let (judged, _) =
            hear(vec![scores(&[("A", 90)]), scores(&[("A", 60)])], &judges, &[Vendor::Anthropic]).await;
        let verdict = judged.unwrap().verdicts.remove(0);
        let note = verdict.note.unwrap();
        assert!(note.contains("disagree by 30") && note.contains("own vendor"), "{note}");
        assert_eq!((verdict.score, verdict.orders), (75, [90, 60]));
    }

    #[tokio::test]
    async fn b11_each_candidate_is_judged_by_another_vendor_where_there_is_one() {
        let judges = [vec![model(Vendor::Anthropic)], vec![model(Vendor::Google)]];
        let both = |a, b| scores(&[("A", a), ("B", b)]);
        let lines = vec![both(10, 70), both(70, 10), both(60, 20), both(20, 60)];
        let (judged, _) = hear(lines, &judges, &[Vendor::Anthropic, Vendor::Google]).await;
        let judged = judged.unwrap();
        let told: Vec<_> = judged.verdicts.iter().map(|v| (v.team, v.judge, v.score)).collect();
        assert_eq!(told, [(TeamId(1), Vendor::Google, 60), (TeamId(2), Vendor::Anthropic, 70)]);
    }

    #[tokio::test]
    async fn a_failing_judge_is_missing_never_green() {
        let judges = [vec![model(Vendor::Openai)]];
        let down = || Line::Error(CallErrorKind::Overloaded);
        let (judged, _) = hear(vec![down(), down()], &judges, &[Vendor::Google]).await;
        let judged = judged.unwrap();
        assert!(judged.verdicts.is_empty() && judged.missing.len() == 3, "{:?}", judged.missing);
        let (judged, _) = hear(vec![scores(&[("A", 50)]), down()], &judges, &[Vendor::Google]).await;
        let judged = judged.unwrap();
        assert!(judged.verdicts[0].note.as_ref().unwrap().contains("only one of two orders"));
        assert!(judged.missing[0].contains("swapped order"));
        let (judged, _) = hear(Vec::new(), &[], &[Vendor::Google]).await;
        assert!(judged.unwrap().missing[0].contains("there is no judge"));
        let (judged, _) = hear(
            vec![scores(&[("A", 1)]), Line::Error(CallErrorKind::OverBudget(None))],
            &judges,
            &[Vendor::Google],
        )
        .await;
        assert_eq!(judged.unwrap_err().kind, FailureKind::OverBudget(None));
    }
}
