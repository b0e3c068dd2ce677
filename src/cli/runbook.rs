//! `chimera runbook`: the safe operations there are, what is wrong with them, what one would do, and trying it out.

use super::{
    exit::{Complaint, Exit, Said},
    out::Out,
    senses,
    session::Session,
};
use crate::{
    config::runbooks::{self, Origin, Shelf},
    domain::{
        binding::bind,
        expr::{self, Call, Value},
        incident::Remedy,
        runbook::{RunPlan, Runbook},
        service::Service,
        text::{clean, clean_line},
    },
    engine::account,
    monitor::{
        looking::{self, Read, Sight},
        redact::redact,
    },
    operations::runbooks::{Ground, Looking, Rehearsal, dry_run},
};
use clap::{Args, Subcommand};
use futures::future::{BoxFuture, FutureExt as _};
use serde_json::json;
use std::{collections::BTreeMap, future::pending, path::PathBuf};

/// What to do with runbooks.
#[derive(Debug, Clone, Subcommand)]
pub enum RunbookCommand {
    /// List them
    List,
    /// Find mistakes: in files of your own, and in what services leave unsaid
    Lint(LintArgs),
    /// Print exactly what one would do to a service, and whether its prechecks hold now; nothing is done
    Simulate(RunArgs),
    /// Try one out: --dry-run runs its dry runs. Without it nothing is done by hand: the gate rules on incidents
    Run(DryArgs),
}

/// Which files.
#[derive(Debug, Clone, Args)]
pub struct LintArgs {
    /// Directory with runbooks [default: runbooks.dir of the settings]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Also whether each condition can come true and can fail; always done
    #[arg(long)]
    pub simulate: bool,
}

/// Which runbook, on what.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Its id
    #[arg(value_name = "ID")]
    pub id: String,
    /// The service it acts on
    #[arg(long, value_name = "NAME")]
    pub service: String,
    /// Variables, as NAME=VALUE
    #[arg(long = "with", value_name = "NAME=VALUE")]
    pub with: Vec<String>,
}

/// A dry run.
#[derive(Debug, Clone, Args)]
pub struct DryArgs {
    /// What
    #[command(flatten)]
    pub run: RunArgs,
    /// Only try it out
    #[arg(long, required = true)]
    pub dry_run: bool,
}

/// Does it.
///
/// # Errors
/// There is no such runbook or service, or a variable is missing.
pub async fn run(command: &RunbookCommand, session: &Session, out: &mut Out) -> Said {
    match command {
        RunbookCommand::List => Ok(list(&shelf(session, None), out)),
        RunbookCommand::Lint(args) => Ok(lint(&shelf(session, args.dir.as_ref()), session, out)),
        RunbookCommand::Simulate(args) => simulate(args, session, out).await,
        RunbookCommand::Run(args) => rehearse(&args.run, session, out).await,
    }
}

fn shelf(session: &Session, dir: Option<&PathBuf>) -> Shelf {
    match dir {
        Some(dir) => Shelf::load(std::slice::from_ref(dir)),
        None => Shelf::load(&senses::runbook_dirs(session.settings())),
    }
}

fn list(shelf: &Shelf, out: &mut Out) -> Exit {
    for shelved in &shelf.runbooks {
        let Runbook { id, version, tier, summary, .. } = &shelved.runbook;
        let from = match &shelved.origin {
            Origin::Shipped => "shipped".to_owned(),
            Origin::File(path) => path.display().to_string(),
        };
        let summary = clean_line(summary, 120).to_string();
        let value = json!({
            "kind": "runbook", "runbook": id, "version": version, "tier": tier, "summary": summary, "from": from,
            "kinds": shelved.runbook.matches.kinds, "services": shelved.runbook.matches.services,
        });
        out.both(&format!("{id:<28} tier {tier}  {summary}"), &value);
    }
    problems(&shelf.problems, out)
}

fn lint(shelf: &Shelf, session: &Session, out: &mut Out) -> Exit {
    let services = &session.settings().policy.healing.services;
    for doubt in runbooks::doubts(shelf, services) {
        let value = json!({
            "kind": "doubt", "place": doubt.at.to_string(), "what": doubt.what, "hint": doubt.hint,
        });
        out.both(&format!("warning: {doubt}"), &value);
    }
    let exit = problems(&runbooks::lint(shelf, services), out);
    if exit == Exit::Ok {
        let words = format!("{} runbooks are fine.", shelf.runbooks.len());
        out.both(
            &words,
            &json!({"kind": "runbooks_checked", "runbooks": shelf.runbooks.len(), "problems": 0}),
        );
    }
    exit
}

fn problems(found: &[runbooks::RunbookProblem], out: &mut Out) -> Exit {
    for problem in found {
        let value = json!({
            "kind": "problem", "place": problem.at.to_string(), "what": problem.what, "hint": problem.hint,
        });
        out.both(&problem.to_string(), &value);
    }
    if found.is_empty() { Exit::Ok } else { Exit::Error }
}

fn planned(args: &RunArgs, session: &Session) -> Result<(RunPlan, Service), Complaint> {
    let shelf = shelf(session, None);
    let runbook = shelf.get(&args.id).ok_or_else(|| {
        Complaint::error(format!("there is no runbook {:?}", clean_line(&args.id, 64).to_string()))
            .hint("`chimera runbook list` shows them")
    })?;
    let services = &session.settings().policy.healing.services;
    let service = services.iter().find(|service| service.name == args.service).ok_or_else(|| {
        Complaint::error(format!("there is no service {:?}", clean_line(&args.service, 64).to_string()))
            .hint("write a [[service]] of that name into your chimera.toml")
    })?;
    let mut given = BTreeMap::new();
    for pair in &args.with {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Complaint::usage(format!("--with {pair:?} is not NAME=VALUE")))?;
        given.insert(name.to_owned(), value.to_owned());
    }
    let plan = bind(runbook, service, &given, &format!("service {}", service.name));
    Ok((plan.map_err(|error| Complaint::error(error.to_string()))?, service.clone()))
}

/// Looks without an incident: what only the probes of a running house know is not known.
struct Sighted(Sight);

impl Looking for Sighted {
    fn look<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Option<Value>> {
        looking::look(call, &self.0, Read { newest: &[], health: &[], past: &[] }).boxed()
    }
}

async fn simulate(args: &RunArgs, session: &Session, out: &mut Out) -> Said {
    let (plan, service) = planned(args, session)?;
    for line in account::remedy_lines(&Remedy::Runbook(Box::new(plan.clone()))) {
        out.say(&line);
    }
    out.tell(&json!({"kind": "plan", "plan": plan.digest(), "runbook": plan.runbook, "target": plan.target, "steps": plan.steps}));
    let sight = Sighted(Sight {
        eyes: senses::eyes(session.settings(), &session.environment),
        service,
        restarts: false,
    });
    for precheck in &plan.prechecks {
        let answer = asked(&precheck.expr, &sight).await;
        let value =
            json!({"kind": "precheck", "precheck": precheck.id, "expr": precheck.expr, "answer": answer});
        out.both(&format!("now {answer}: {}", precheck.expr), &value);
    }
    Ok(Exit::Ok)
}

/// Whether an expression holds now, in words.
async fn asked(text: &str, sight: &Sighted) -> String {
    let Ok(parsed) = expr::parse(text) else { return "unreadable".into() };
    let mut facts = BTreeMap::new();
    for call in parsed.calls() {
        if let Some(value) = sight.look(&Call { back: 0, ..call.clone() }).await {
            facts.insert(call.to_string(), value);
        }
    }
    match parsed.ask(&Known(&facts)) {
        expr::Answer::True => "true".into(),
        expr::Answer::False => "false".into(),
        expr::Answer::Unknown(missing) => format!("not known ({})", missing.join(", ")),
    }
}

struct Known<'a>(&'a BTreeMap<String, Value>);

impl expr::Facts for Known<'_> {
    fn fact(&self, call: &Call) -> Option<Value> {
        self.0.get(&call.to_string()).cloned()
    }
}

async fn rehearse(args: &RunArgs, session: &Session, out: &mut Out) -> Said {
    let (plan, service) = planned(args, session)?;
    let eyes = senses::eyes(session.settings(), &session.environment);
    let env = eyes.env.clone();
    let dir = service.repo.as_ref().map_or_else(std::env::temp_dir, PathBuf::from);
    let sight = Sighted(Sight { eyes, service, restarts: false });
    let ground = Ground { dir: &dir, env: &env, look: &sight, tell: &|_| {} };
    let mut well = true;
    for step in dry_run(&plan, &ground, pending()).await {
        let (word, said) = match &step.outcome {
            Rehearsal::Well(said) => ("well", said.clone()),
            Rehearsal::Unexpected(why) => ("UNEXPECTED", why.clone()),
            Rehearsal::Unsupported => ("cannot be tried out", String::new()),
        };
        well &= !matches!(step.outcome, Rehearsal::Unexpected(_));
        let said = clean(&redact(&said)).to_string();
        let value =
            json!({"kind": "rehearsed", "step": step.step, "run": step.run, "outcome": word, "said": said});
        out.both(&format!("{} {:?}: {word} {}", step.step, step.run, clean_line(&said, 200)), &value);
    }
    Ok(if well { Exit::Ok } else { Exit::Error })
}
