//! The investigator's turn: what rules leave open about an incident is put to a model, within the policy's bounds. That
//! it could not be asked, or did not answer, never costs what the rules came to: it is a gap beside that.

use super::{
    super::site::Site,
    ground::{laid_down, service_of},
};
use crate::{
    agents::{
        bench::Bench,
        hands::Hands,
        investigator::{
            self, Inquiry,
            case::{About, Case, Past},
            merge::{self, Heard, Terms},
            wall::Told,
        },
    },
    domain::{
        feed::Channel,
        ids::MissionId,
        incident::{AttemptOutcome, Clue, Diagnosis, Grade},
        runbook::RunPlan,
        service::Service,
        text,
    },
    engine::{effect::Effect, healing::ward::Incident},
    monitor::{
        detect::templates::Miner,
        investigate::{self, Findings, Scene},
        redact::redact,
    },
    policy::healing,
    runtime::supervisor::StopSign,
};
use std::collections::BTreeMap;

/// The tree that investigators read, one for each repository.
const TREE: &str = "inquiry";
/// Lines of one text that are cut into templates.
const LINES_MOST: usize = 6;
/// Earlier incidents that are told.
const PAST_MOST: usize = 8;

/// What the rules judged on.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) incident: &'a Incident,
    pub(super) scene: &'a Scene,
    pub(super) findings: &'a Findings,
}

/// Asks a model where that is laid down, and joins what it says with what the rules came to.
pub(super) async fn deepen(
    (site, effect, stop): (&Site, &Effect, &StopSign),
    seen: Seen<'_>,
    judged: Diagnosis,
) -> Diagnosis {
    let bounds = site.lines.state.borrow().policy.healing.inquiry.clone();
    let chain = &site.rules.investigator;
    if judged.grade == Grade::A || judged.healthy || !bounds.model || chain.is_empty() {
        return judged;
    }
    let mut judged = judged;
    let hands = match bench(site, seen.incident).await {
        Ok(hands) => hands,
        Err(why) => {
            merge::note(&mut judged, format!("the code could not be read: {why}"));
            None
        }
    };
    let runbooks = laid_down(site).map(|rules| rules.runbooks.as_slice()).unwrap_or_default();
    let offers = investigate::offers(seen.scene, seen.findings, runbooks);
    let case = case(seen, judged, offers);
    let office = site.office(effect, Channel { mission: MissionId::HOUSE, team: None }, stop);
    let inquiry = Inquiry {
        office: &office,
        switchboard: site.switchboard.as_ref(),
        chain,
        bench: hands.as_ref().map(|hands| hands as &dyn Bench),
        case: &case,
        turns: bounds.turns,
        now: site.now(),
    };
    let asked = tokio::time::timeout(bounds.timeout.to_std(), investigator::inquire(inquiry)).await;
    match asked {
        Ok(Ok(heard)) => joined(site, case, (&heard, &bounds)),
        Ok(Err(failure)) => open(case.rules, &failure.reason),
        Err(_) => open(case.rules, &format!("it took longer than {}", bounds.timeout)),
    }
}

fn open(mut rules: Diagnosis, why: &str) -> Diagnosis {
    merge::note(&mut rules, format!("no model looked into it to the end: {}", redact(why)));
    rules
}

fn joined(site: &Site, case: Case, (heard, bounds): (&Heard, &healing::Inquiry)) -> Diagnosis {
    let Case { about, rules, culprit, offers, .. } = case;
    let terms = Terms {
        confidence_least: bounds.confidence_least_pct,
        firing: about.firing,
        offers: &offers,
        culprit: culprit.as_ref(),
        now: site.now(),
    };
    merge::merge(rules, heard, terms)
}

/// The service's code as it is committed, to be read; `None` where nobody said where it is.
async fn bench(site: &Site, incident: &Incident) -> Result<Option<Hands>, String> {
    let Service { repo: Some(repo), .. } = service_of(site, incident) else { return Ok(None) };
    let shop = site.workshop_at(&repo).await.map_err(|failure| failure.reason)?;
    let base = shop.base().await.map_err(|error| error.to_string())?.commit;
    let tree = shop.scratch(TREE, &base).await;
    Ok(Some(Hands::new(shop, tree.map_err(|error| error.to_string())?)))
}

fn case(seen: Seen<'_>, rules: Diagnosis, offers: Vec<RunPlan>) -> Case {
    let Seen { incident, scene, findings } = seen;
    Case {
        about: about(incident),
        told: told(scene, &rules.clues),
        culprit: findings.culprit.clone(),
        past: scene.earlier.iter().take(PAST_MOST).map(past).collect(),
        rules,
        offers,
    }
}

fn about(incident: &Incident) -> About {
    let seen = &incident.sightings;
    let times = format!(
        "First seen {}, last {}, {}, {} hit. {}",
        incident.began(),
        seen.last,
        text::count(seen.count, "time"),
        text::count(seen.affected, "person"),
        if seen.firing { "It is so now." } else { "It is not seen now." }
    );
    About {
        incident: incident.id.to_string(),
        service: format!("service {} ({})", incident.service, incident.env),
        kind: incident.kind.clone(),
        severity: incident.severity.to_string(),
        times,
        firing: seen.firing,
        labels: seen.labels.clone(),
    }
}

fn past(earlier: &investigate::Earlier) -> Past {
    Past {
        at: earlier.at.to_string(),
        cause: earlier.cause.clone(),
        remedy: earlier.remedy.words(),
        outcome: earlier.outcome.as_ref().map_or("no outcome", AttemptOutcome::word).into(),
    }
}

/// Texts from outside, cut into templates and values, by the clue that quotes them.
fn told(scene: &Scene, clues: &[Clue]) -> BTreeMap<u16, Vec<Told>> {
    let mut miner = Miner::of(&scene.service.name);
    let mut of = |clue: &Clue| {
        let quoted = clue.words.split_once('“').map_or(clue.words.as_str(), |(_, rest)| rest);
        let quoted = quoted.rsplit_once('”').map_or(quoted, |(quoted, _)| quoted);
        let lines = std::iter::once(quoted).chain(clue.detail.lines());
        lines
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .take(LINES_MOST)
            .map(|line| cut(&mut miner, line))
            .collect()
    };
    clues.iter().filter(|clue| !clue.trusted).map(|clue| (clue.id, of(clue))).collect()
}

fn cut(miner: &mut Miner, line: &str) -> Told {
    let line = redact(line);
    let id = miner.learn(&line).id;
    let template = miner.text(id).unwrap_or_default();
    let values = miner.parameters(&line).into_iter();
    let values = values.map(|value| (value.kind.to_string(), value.text.to_string())).collect();
    Told { sought: sought(&template), template, values }
}

/// What of a template stands in the code as it is: the runs between its values.
fn sought(template: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in template.split_inclusive(' ') {
        let masked = word.contains('<') && word.contains('>');
        match parts.last_mut().filter(|_| !masked) {
            Some(part) => part.push_str(word),
            None => parts.push(String::new()),
        }
    }
    let trim = |part: String| {
        let part = part.trim().trim_matches(|c: char| ":=,;()[]{}\"'“”`".contains(c)).trim();
        part.to_owned()
    };
    parts.into_iter().map(trim).filter(|part| part.contains(' ')).collect()
}
