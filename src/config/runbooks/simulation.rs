//! Trying a runbook without a world: filled in with sample values, its expressions are checked against the facts there
//! are and asked over made-up ones. A condition that can never be true blocks for ever, one that can never be false
//! guards nothing.

use super::form::Page;
use crate::domain::{
    binding::{self, BindError},
    expr::{self, Expr, FACTS},
    runbook::{RunPlan, Runbook},
    service::Service,
};
use std::collections::BTreeMap;

/// Fills in sample values and asks everything; mistakes go onto the page.
pub(super) fn simulate(runbook: &Runbook, page: &mut Page<'_>) {
    let plan = match bind_sample(runbook, &sample_service(runbook)) {
        Ok(plan) => plan,
        Err(error) => return page.wrong_at("runbook.id", None, error.to_string()),
    };
    let pairs = plan.prechecks.iter().zip(&runbook.prechecks).enumerate();
    let prechecks: Vec<_> = pairs
        .map(|(at, (bound, raw))| (format!("precheck[{at}].expr"), None, &bound.expr, &raw.expr))
        .collect();
    let pairs = plan.verify.all.iter().zip(&runbook.verify.all).enumerate();
    let verify: Vec<_> =
        pairs.map(|(at, (bound, raw))| ("verify.all".to_owned(), Some(at), bound, raw)).collect();
    let told = page.problems.len();
    for (together, list) in [("the prechecks", &prechecks), ("the conditions under [verify]", &verify)] {
        let mut exprs = Vec::new();
        for (path, element, bound, raw) in list {
            exprs.extend(one(page, (path, *element), bound, raw));
        }
        let all: Vec<&Expr> = exprs.iter().collect();
        if page.problems.len() == told && exprs.len() > 1 && !expr::outcomes(&all).can_be_true {
            let path = list.first().map_or("runbook.id", |(path, ..)| path);
            page.wrong_at(path, None, format!("{together} can never all be true together"));
        }
    }
}

fn one(page: &mut Page<'_>, (path, element): (&str, Option<usize>), bound: &str, raw: &str) -> Option<Expr> {
    let expr = expr::parse(bound).ok()?;
    let mistakes = expr::check(bound, &expr, FACTS);
    let sound = mistakes.is_empty();
    for mistake in mistakes {
        if bound == raw {
            page.wrong(page.inside((path, element), raw, mistake.at), mistake.what, mistake.hint);
        } else {
            let what = format!("filled in as {bound:?}, column {}: {}", mistake.column, mistake.what);
            page.wrong(page.byte(path, element), what, mistake.hint);
        }
    }
    if !sound {
        return None;
    }
    let outcomes = expr::outcomes(&[&expr]);
    if !outcomes.can_be_true {
        page.wrong_at(path, element, format!("this can never be true: {raw:?}"));
    }
    if !outcomes.can_be_false {
        page.wrong_at(path, element, format!("this can never be false, so it guards nothing: {raw:?}"));
    }
    Some(expr)
}

/// Fills a runbook in for a service, with samples for what a director or rule would give.
pub(super) fn bind_sample(runbook: &Runbook, service: &Service) -> Result<RunPlan, BindError> {
    let own = runbook.variables.iter().filter(|(name, _)| !name.starts_with("service."));
    let given: BTreeMap<String, String> =
        own.map(|(name, kind)| (name.clone(), binding::sample(*kind).to_owned())).collect();
    binding::bind(runbook, service, &given, &format!("service {}", service.name))
}

/// A service that says everything this runbook asks.
fn sample_service(runbook: &Runbook) -> Service {
    let known = binding::SERVICE_VARIABLES.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
    let declared = runbook
        .variables
        .iter()
        .filter_map(|(name, kind)| Some((name.strip_prefix("service.")?.to_owned(), *kind)));
    let mut kinds: BTreeMap<String, _> = known.collect();
    for name in used(runbook) {
        kinds.entry(name).or_insert(crate::domain::runbook::VariableKind::Name);
    }
    kinds.extend(declared);
    let variables = kinds.into_iter().map(|(name, kind)| (name, binding::sample(kind).to_owned())).collect();
    Service { name: "sample".into(), env: "sample".into(), variables, ..Service::default() }
}

/// What a runbook asks of a service, without `service.`.
pub(super) fn used(runbook: &Runbook) -> Vec<String> {
    let steps = runbook.steps.iter().flat_map(|step| {
        step.run.iter().chain(step.dry_run.iter().flatten()).chain(step.undo.iter().flatten())
    });
    let exprs = runbook.prechecks.iter().map(|precheck| &precheck.expr).chain(&runbook.verify.all);
    let within = steps.chain(exprs.clone()).filter_map(|text| binding::names_in(text).ok()).flatten();
    let bare = exprs.filter_map(|text| expr::parse(text).ok()).flat_map(|expr| {
        let words = |call: expr::Call| {
            let args =
                (0..call.args.len()).filter_map(|at| call.text(at).map(str::to_owned)).collect::<Vec<_>>();
            args.into_iter().chain([call.name])
        };
        expr.calls().into_iter().flat_map(words).collect::<Vec<_>>()
    });
    let names = within.chain(bare).filter_map(|name| name.strip_prefix("service.").map(str::to_owned));
    names.filter(|name| binding::is_name(name)).collect()
}
