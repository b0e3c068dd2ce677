//! The verdict: of all rules that fit, the one that is closest to the root of the matter, with what it rests on, what
//! speaks against it and what should be done. Pure: the same scene and findings always give the same diagnosis.

use super::{
    matching::{Fit, fit, lower},
    own::{self, Own},
    packs::Rules,
    phrase::Phrase,
    rollback,
    rule::{Cure, Rule},
};
use crate::{
    domain::{
        binding,
        incident::{AttemptOutcome, Diagnosis, Grade, Remedy, Severity, star},
        runbook::{ROLLBACK, RunPlan, Runbook},
        signal::SignalState,
        text,
    },
    monitor::investigate::{
        findings::Findings,
        instances,
        scene::{Earlier, Scene},
    },
};
use std::{cmp::Reverse, collections::BTreeMap};

/// What is said where nothing is known.
pub const NOT_KNOWN: &str = "not known";
/// Characters of a cause.
const CAUSE_MOST: usize = 240;
/// Characters of an object, and of what is said to the teams.
const OBJECT_MOST: usize = 160;
const CODE_MOST: usize = 600;
/// Other rules that fit and are said.
const RIVALS_MOST: usize = 4;
/// Runbooks that are offered.
const OFFERS_MOST: usize = 16;

/// Judges.
#[must_use]
pub fn judge(scene: &Scene, findings: &Findings, rules: &Rules, runbooks: &[Runbook]) -> Diagnosis {
    let mut fits: Vec<Fit<'_>> = rules
        .all()
        .iter()
        .filter(|rule| {
            scene.signals.iter().take(Scene::SIGNALS_MOST).any(|signal| rule.is_about(&signal.kind))
        })
        .filter_map(|rule| fit(rule, &findings.facts))
        .collect();
    // What only text speaks for stands behind everything that was seen, so that no text can take a remedy's place.
    fits.sort_by_key(|fit| {
        (!fit.trusted, Reverse(fit.rule.specific), fit.grade, Reverse(fit.held), fit.rule.id.as_str())
    });
    let is_well = is_well(scene, findings);
    if is_well {
        // Every check holds: only what is so now and has a second witness still counts as a cause.
        fits.retain(|fit| fit.grade == Grade::A);
    }
    let mut rest = fits.into_iter();
    match rest.next() {
        Some(best) => {
            let rivals: Vec<Fit<'_>> = rest.collect();
            Verdict { scene, findings, runbooks }.of(best, &rivals)
        }
        None if is_well => well(findings),
        None => Verdict { scene, findings, runbooks }.unknown(),
    }
}

/// Runbooks that are meant for this and could be carried out as things stand, on a diagnosis of grade B. None that did
/// not help before.
#[must_use]
pub fn offers(scene: &Scene, findings: &Findings, runbooks: &[Runbook]) -> Vec<RunPlan> {
    let verdict = Verdict { scene, findings, runbooks };
    let plans = runbooks.iter().filter_map(|runbook| match verdict.plan(&runbook.id, &[], Grade::B) {
        Ok(remedy) if verdict.tried(&remedy).is_some() => None,
        Ok(Remedy::Runbook(plan)) => Some(*plan),
        _ => None,
    });
    plans.take(OFFERS_MOST).collect()
}

/// Every check holds now, and nothing else still says that something is wrong. Without a check nothing is ever well.
fn is_well(scene: &Scene, findings: &Findings) -> bool {
    let quiet = scene.now.since(scene.last_seen) >= Scene::QUIET;
    // What a check tells of is asked of the check; what only lines or numbers tell of has to fall silent.
    let checked = |kind: &str| {
        ["http.", "tls.", "tcp.", "process.", "disk.", "db.", "cache."]
            .iter()
            .any(|start| kind.starts_with(start))
    };
    let speaks = |kind: &str| !checked(kind);
    let loud = scene.signals.iter().any(|signal| signal.state == SignalState::Firing && speaks(&signal.kind));
    findings.facts.is("check.all_hold") && !findings.facts.is("health.fails") && (!loud || quiet)
}

fn plain(findings: &Findings) -> Diagnosis {
    Diagnosis {
        grade: Grade::C,
        confidence: None,
        rule: None,
        cause: NOT_KNOWN.into(),
        object: String::new(),
        clues: findings.clues.clone(),
        carried_by: Vec::new(),
        gaps: findings.gaps.clone(),
        culprit: None,
        frames: findings.frames.clone(),
        remedy: Remedy::Nothing,
        tainted: false,
        healthy: false,
        passing: false,
        instances: instances::told(&findings.facts),
    }
}

fn well(findings: &Findings) -> Diagnosis {
    let carried = findings.facts.get("check.all_hold").map(|fact| fact.clue);
    Diagnosis {
        grade: Grade::B,
        cause: "nothing is wrong any more: every check holds now".into(),
        carried_by: carried.into_iter().collect(),
        healthy: true,
        ..plain(findings)
    }
}

struct Verdict<'a> {
    scene: &'a Scene,
    findings: &'a Findings,
    runbooks: &'a [Runbook],
}

impl Verdict<'_> {
    /// No rule fits: what the director wrote for it may still be tried, as far as it asks for nothing better founded.
    fn unknown(&self) -> Diagnosis {
        let clues = &self.findings.clues;
        let (remedy, mut said) = self.first((&own::meant_for(self.scene, self.runbooks), &[]), &[], Grade::C);
        if let Some(before) = self.tried(&remedy) {
            said.push(did_not_help(before));
        }
        // Nothing carries it, and if there is nothing but text it is tainted as well.
        let tainted = !clues.iter().any(|clue| clue.trusted);
        Diagnosis { tainted, remedy, gaps: self.gaps(&said), ..plain(self.findings) }
    }

    fn of(&self, best: Fit<'_>, rivals: &[Fit<'_>]) -> Diagnosis {
        let Self { scene, findings, .. } = self;
        let rule = best.rule;
        let facts = &findings.facts;
        let mut said = best.said.clone();
        let mut grade = best.grade;
        if let Some(rival) = rivals.iter().find(|rival| contradicts(&best, rival)) {
            grade = lower(grade);
            said.push(format!("rule {} fits as well and says otherwise", rival.rule.id));
        }
        for rival in rivals.iter().filter(|rival| !contradicts(&best, rival)).take(RIVALS_MOST) {
            said.push(format!("also fits: {}", rival.rule.id));
        }
        let culprit = matches!(rule.cure, Cure::Revert).then(|| findings.culprit.clone()).flatten();
        let (mut remedy, why) = self.cure(rule, grade);
        said.extend(why);
        if let Some(before) = self.tried(&remedy) {
            grade = lower(grade);
            said.push(did_not_help(before));
            // What is offered for the higher grade only is not offered any more.
            remedy = self.cure(rule, grade).0;
        }
        Diagnosis {
            grade,
            rule: Some(rule.id.clone()),
            cause: rule.cause.words(facts, &scene.service, CAUSE_MOST),
            object: rule.object.words(facts, &scene.service, OBJECT_MOST),
            carried_by: best.clues,
            gaps: self.gaps(&said),
            culprit,
            passing: rule.passing && remedy == Remedy::Nothing,
            remedy,
            tainted: !best.trusted,
            ..plain(findings)
        }
    }

    /// What was said, before what could not be looked at.
    fn gaps(&self, said: &[String]) -> Vec<String> {
        let said = said.iter().map(|words| text::clean_line(words, CAUSE_MOST).into());
        said.chain(self.findings.gaps.iter().cloned()).take(Diagnosis::GAPS_MOST).collect()
    }

    /// What the rule wants done, filled in; nothing, and why, where it cannot be. A runbook that the director wrote for this
    /// very service comes before those that the rule names, any other one of his after them.
    fn cure(&self, rule: &Rule, grade: Grade) -> (Remedy, Vec<String>) {
        let facts = &self.findings.facts;
        // What passes by itself needs nobody.
        let own = if rule.passing { Vec::new() } else { own::meant_for(self.scene, self.runbooks) };
        match &rule.cure {
            Cure::Nothing => self.first((&own, &[]), &[], grade),
            Cure::Code(words) => {
                (Remedy::Code(words.words(facts, &self.scene.service, CODE_MOST)), Vec::new())
            }
            Cure::Revert => match &self.findings.culprit {
                Some(culprit) => (Remedy::Revert(culprit.commit.clone()), Vec::new()),
                None => (Remedy::Nothing, vec!["no commit is known that could be taken back".to_owned()]),
            },
            Cure::Runbook { ids, with } => self.first((&own, ids), with, grade),
        }
    }

    /// The first runbook that can be filled in and was not done in vain, of the director's own and of those that a rule names;
    /// and why others before it are not it.
    fn first(
        &self,
        (own, ids): (&[Own<'_>], &[String]),
        with: &[(String, Phrase)],
        grade: Grade,
    ) -> (Remedy, Vec<String>) {
        let mine = |named: bool| own.iter().filter(move |own| own.named == named).map(|own| (own.id, true));
        let all = mine(true).chain(ids.iter().map(|id| (id.as_str(), false))).chain(mine(false));
        let (mut said, mut refused, mut vain) = (Vec::new(), Vec::new(), None);
        for (id, is_own) in all {
            match self.plan(id, with, grade) {
                Ok(remedy) if self.was_vain(&remedy) && is_own => {
                    said.push(not_offered(id, "it was done, and did not help"));
                }
                // Where nothing else can be done, whoever rules says that it was tried.
                Ok(remedy) if self.was_vain(&remedy) => vain = vain.or(Some(remedy)),
                Ok(remedy) => return (remedy, said),
                Err(why) if is_own => said.push(not_offered(id, &why)),
                Err(why) => refused.push(not_offered(id, &why)),
            }
        }
        said.extend(Some(refused.join("; ")).filter(|why| !why.is_empty()));
        (vain.unwrap_or(Remedy::Nothing), said)
    }

    fn plan(&self, id: &str, with: &[(String, Phrase)], grade: Grade) -> Result<Remedy, String> {
        let (scene, facts) = (self.scene, &self.findings.facts);
        let laid_down = self.runbooks.iter().find(|runbook| runbook.id == id);
        let built = if laid_down.is_none() && id == ROLLBACK { Some(rollback::of(scene)?) } else { None };
        let (runbook, mut given) = match (laid_down, &built) {
            (Some(runbook), _) => (runbook, BTreeMap::new()),
            (None, Some((runbook, given))) => (runbook, given.clone()),
            (None, None) => return Err("there is none of that name".into()),
        };
        let matches = &runbook.matches;
        let severity = scene.signals.iter().map(|signal| signal.severity).min().unwrap_or(Severity::P4);
        let kind = |pattern: &String| scene.signals.iter().any(|signal| star(pattern, &signal.kind));
        if !matches.kinds.iter().any(kind) {
            return Err(format!("it is not meant for {}", scene.kind()));
        }
        if !matches.services.iter().any(|pattern| star(pattern, &scene.service.name)) {
            return Err(format!("it is not meant for {}", scene.service.name));
        }
        if severity > matches.min_severity {
            return Err(format!("it is meant for {} or worse", matches.min_severity));
        }
        if grade > matches.requires_grade {
            return Err(format!("it wants grade {}, this is {grade}", matches.requires_grade));
        }
        for (name, phrase) in with.iter().filter(|(name, _)| runbook.variables.contains_key(name)) {
            given.insert(name.clone(), phrase.value(facts, &scene.service)?);
        }
        let target = format!("service {}", scene.service.name);
        let plan = binding::bind(runbook, &scene.service, &given, &target).map_err(|why| why.to_string())?;
        Ok(Remedy::Runbook(Box::new(plan)))
    }

    /// Whether the same was done for this incident and did not help.
    fn was_vain(&self, remedy: &Remedy) -> bool {
        self.scene.tried.iter().any(|tried| tried.plan() == remedy.plan())
    }

    /// The newest time the same was done for the same cause, if it did not help.
    fn tried(&self, remedy: &Remedy) -> Option<&Earlier> {
        if *remedy == Remedy::Nothing {
            return None;
        }
        let plan = remedy.plan();
        let same = |earlier: &&Earlier| {
            self.scene.signals.iter().any(|signal| signal.fingerprint == earlier.fingerprint)
                && earlier.remedy.plan() == plan
        };
        let last = self.scene.earlier.iter().take(Scene::EARLIER_MOST).find(same)?;
        matches!(
            last.outcome,
            Some(AttemptOutcome::Ineffective(_) | AttemptOutcome::Failed(_) | AttemptOutcome::RolledBack(_))
        )
        .then_some(last)
    }
}

fn not_offered(id: &str, why: &str) -> String {
    format!("runbook {id} is not offered: {why}")
}

fn did_not_help(before: &Earlier) -> String {
    format!("the same was done at {} and did not help", before.at)
}

/// Two rules that are as near to the root as each other, rest on what was seen, and would do different things.
fn contradicts(best: &Fit<'_>, rival: &Fit<'_>) -> bool {
    best.trusted == rival.trusted
        && best.now == rival.now
        && best.rule.specific == rival.rule.specific
        && best.rule.cure != rival.rule.cure
}
