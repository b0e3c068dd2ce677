//! Filling variables into a runbook: from what was laid down once to exactly what will run.
//!
//! Invariants, each held by a test here:
//! - A value stays within the one argument it is written in; it never makes a second one, and never an option.
//! - Every value is what its kind says, whoever gave it. A directory that is to be emptied is never a system's own.
//! - Nothing stays open: an unknown name is a mistake that names its step.
//!
//! `${name}` and `${service.NAME}` stand for values in arguments and in texts of expressions, `$$` for a dollar. In
//! expressions `name`, `service.NAME` and `service` may also stand bare.

mod kinds;
#[cfg(test)]
mod tests;

use crate::domain::{
    expr::{self, ExprError},
    fill::{Piece, pieces},
    runbook::{Precheck, RunPlan, RunStep, Runbook, VariableKind, Verify},
    service::Service,
    text,
    time::Millis,
};
use std::collections::{BTreeMap, BTreeSet};

pub use kinds::{SERVICE_VARIABLES, UNSAID, VALUE_MOST, form, may_be_emptied, sample, suits};

/// Bytes of one argument, filled in.
pub const ARGUMENT_MOST: usize = 8 * 1_024;
/// Characters of a value that are shown in a mistake.
const SHOWN_MOST: usize = 60;

/// Variables whose directory is emptied.
const EMPTIED: [&str; 2] = ["cache_dir", "log_dir"];

/// A runbook could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// A name that nothing declares.
    #[error("{place}: no variable is called `{name}`; declare it under [variables] or write service.{name}")]
    Unknown {
        /// Step, precheck or verification.
        place: String,
        /// The name.
        name: String,
    },
    /// The service does not say it.
    #[error("{place}: service {service} has no variable `{name}`; give it under the service's variables")]
    Unsaid {
        /// Step, precheck or verification.
        place: String,
        /// Which service.
        service: String,
        /// The name, without `service.`.
        name: String,
    },
    /// A declared variable that was not given.
    #[error("{place}: the variable `{name}` was not given")]
    NotGiven {
        /// Step, precheck or verification.
        place: String,
        /// The name.
        name: String,
    },
    /// A value that nothing asks for.
    #[error("the value for `{0}` belongs to no variable of this runbook")]
    NotAsked(String),
    /// A value that is not what its kind says.
    #[error("{place}: {name} = {value:?} is not {kind}")]
    Kind {
        /// Step, precheck or verification.
        place: String,
        /// The variable.
        name: String,
        /// Its value, cut.
        value: String,
        /// What it should be.
        kind: &'static str,
    },
    /// A directory that must not be emptied.
    #[error(
        "{place}: {name} = {value:?} is emptied by this runbook, and is a system's own or too near the root"
    )]
    Emptied {
        /// Step, precheck or verification.
        place: String,
        /// The variable.
        name: String,
        /// Its value, cut.
        value: String,
    },
    /// A value would be an option.
    #[error("{place}: filled in, {argument:?} would be an option")]
    Option {
        /// Step.
        place: String,
        /// The argument as written.
        argument: String,
    },
    /// An argument that cannot be filled in.
    #[error("{place}: {argument:?}: {why}")]
    Argument {
        /// Step, precheck or verification.
        place: String,
        /// As written, cut.
        argument: String,
        /// What is wrong.
        why: String,
    },
    /// An expression that cannot be read once it is filled in.
    #[error("{place}: {why}")]
    Expression {
        /// Precheck or verification.
        place: String,
        /// What is wrong.
        why: ExprError,
    },
}

/// Fills in a runbook for a service. `given` holds the variables that the runbook declares; what it declares with
/// `service.` and what needs no declaring comes from the service. `target` is what the plan acts on.
///
/// # Errors
/// The first mistake, with the step it is in.
pub fn bind(
    runbook: &Runbook,
    service: &Service,
    given: &BTreeMap<String, String>,
    target: &str,
) -> Result<RunPlan, BindError> {
    let values = Values { runbook, service, given };
    if let Some(name) = given.keys().find(|name| name.contains('.') || !runbook.variables.contains_key(*name))
    {
        return Err(BindError::NotAsked(shown(name)));
    }
    let steps = runbook.steps.iter().map(|step| values.step(step)).collect::<Result<_, _>>()?;
    let prechecks = runbook.prechecks.iter().map(|precheck| {
        let expr = values.expression(&format!("precheck {}", precheck.id), &precheck.expr)?;
        Ok(Precheck { id: precheck.id.clone(), expr })
    });
    let all = runbook.verify.all.iter().enumerate();
    let all = all.map(|(at, text)| values.expression(&format!("verify {}", at + 1), text));
    Ok(RunPlan {
        runbook: runbook.id.clone(),
        version: runbook.version,
        summary: runbook.summary.clone(),
        target: text::clean_line(target, VALUE_MOST).to_string(),
        env: service.env.clone(),
        tier: runbook.tier,
        reversible: runbook.reversible,
        idempotent: runbook.idempotent,
        steps,
        prechecks: prechecks.collect::<Result<_, _>>()?,
        limits: runbook.limits.clone(),
        verify: Verify { all: all.collect::<Result<_, _>>()?, ..runbook.verify.clone() },
        autonomy: runbook.autonomy.clone(),
    })
}

/// Names that stand in an argument or expression as `${name}`, in order.
///
/// # Errors
/// What is wrong with the way they are written.
pub fn names_in(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    fill(text, &mut |name| {
        names.push(name.to_owned());
        Ok::<_, String>(String::new())
    })
    .map(|_| names)
}

/// The kind of a variable in a runbook; `None`: nothing declares it.
#[must_use]
pub fn kind_of(runbook: &Runbook, name: &str) -> Option<VariableKind> {
    let declared = runbook.variables.get(name).copied();
    declared.or_else(|| {
        let own = name.strip_prefix("service.")?;
        let known = SERVICE_VARIABLES.iter().find(|(known, _)| *known == own);
        Some(known.map_or(VariableKind::Name, |(_, kind)| *kind))
    })
}

/// What a service says under this name, without `service.`.
#[must_use]
pub fn service_value<'a>(service: &'a Service, name: &str) -> Option<&'a str> {
    let own = match name {
        "name" => Some(service.name.as_str()),
        "env" => Some(service.env.as_str()),
        _ => service.variables.get(name).map(String::as_str),
    };
    own.or(match name {
        "repo" => service.repo.as_deref(),
        "health" => service.health.as_deref(),
        UNSAID => Some(""),
        _ => None,
    })
}

struct Values<'a> {
    runbook: &'a Runbook,
    service: &'a Service,
    given: &'a BTreeMap<String, String>,
}

impl Values<'_> {
    /// The value of a variable, checked.
    fn of(&self, place: &str, name: &str) -> Result<(VariableKind, &str), BindError> {
        let unknown = || BindError::Unknown { place: place.into(), name: shown(name) };
        let kind = kind_of(self.runbook, name).ok_or_else(unknown)?;
        let value = match name.strip_prefix("service.") {
            Some(own) => service_value(self.service, own).ok_or_else(|| BindError::Unsaid {
                place: place.into(),
                service: self.service.name.clone(),
                name: shown(own),
            })?,
            None => self
                .given
                .get(name)
                .map(String::as_str)
                .ok_or_else(|| BindError::NotGiven { place: place.into(), name: shown(name) })?,
        };
        let usual = value.is_empty() && name.strip_prefix("service.") == Some(UNSAID);
        if !usual && !suits(kind, value) {
            let (name, value) = (shown(name), shown(value));
            return Err(BindError::Kind { place: place.into(), name, value, kind: form(kind) });
        }
        if EMPTIED.contains(&name.rsplit('.').next().unwrap_or(name)) && !may_be_emptied(value) {
            return Err(BindError::Emptied { place: place.into(), name: shown(name), value: shown(value) });
        }
        Ok((kind, value))
    }

    fn step(&self, step: &RunStep) -> Result<RunStep, BindError> {
        let place = format!("step {}", step.id);
        let argv = |words: &Vec<String>, what: &str| {
            let place = format!("{place}, {what}");
            words.iter().map(|word| self.argument(&place, word)).collect::<Result<Vec<_>, _>>()
        };
        Ok(RunStep {
            id: step.id.clone(),
            run: argv(&step.run, "run")?,
            dry_run: step.dry_run.as_ref().map(|words| argv(words, "dry_run")).transpose()?,
            expect_exit: step.expect_exit.clone(),
            undo: step.undo.as_ref().map(|words| argv(words, "undo")).transpose()?,
        })
    }

    fn argument(&self, place: &str, word: &str) -> Result<String, BindError> {
        let filled = self.filled(place, word, false)?;
        if filled.starts_with('-') && !word.starts_with('-') {
            return Err(BindError::Option { place: place.into(), argument: shown(word) });
        }
        Ok(filled)
    }

    fn filled(&self, place: &str, word: &str, within_text: bool) -> Result<String, BindError> {
        let bad = |why: String| BindError::Argument { place: place.into(), argument: shown(word), why };
        let mut wrong = None;
        let filled = fill(word, &mut |name| match self.of(place, name) {
            Ok((_, value)) if within_text && value.contains(['"', '\\']) => {
                Err("a value with quotes cannot stand in an expression".to_owned())
            }
            Ok((_, value)) => Ok(value.to_owned()),
            Err(error) => {
                wrong = Some(error);
                Err(String::new())
            }
        });
        match (filled, wrong) {
            (_, Some(error)) => Err(error),
            (Err(why), None) => Err(bad(why)),
            (Ok(filled), None) if filled.len() > ARGUMENT_MOST => {
                Err(bad("too long once it is filled in".into()))
            }
            (Ok(filled), None) if filled.contains('\0') => Err(bad("a zero byte ends an argument".into())),
            (Ok(filled), None) => Ok(filled),
        }
    }

    /// Variables within texts, then bare names.
    fn expression(&self, place: &str, text: &str) -> Result<String, BindError> {
        let wrong = |why| BindError::Expression { place: place.into(), why };
        let filled = self.filled(place, text, true)?;
        // A value may look like a name, but it stands in a text; only names written in the runbook are filled in here.
        let mut bare = BTreeMap::new();
        for name in bare_names(text).map_err(wrong)? {
            if name == "service" {
                bare.insert(name, format!("\"{}\"", self.of(place, "service.name")?.1));
            } else if name.starts_with("service.") || self.runbook.variables.contains_key(&name) {
                let (kind, value) = self.of(place, &name)?;
                let value = match kind {
                    VariableKind::Number => value.to_owned(),
                    VariableKind::Span => format!("{}ms", value.parse::<Millis>().unwrap_or_default().0),
                    _ => format!("\"{value}\""),
                };
                bare.insert(name, value);
            }
        }
        let filled = expr::filled(&filled, &|name| bare.get(name).cloned()).map_err(wrong)?;
        expr::parse(&filled).map_err(wrong)?;
        Ok(filled)
    }
}

/// Names outside of texts.
fn bare_names(text: &str) -> Result<BTreeSet<String>, ExprError> {
    let names = std::cell::RefCell::new(BTreeSet::new());
    expr::filled(text, &|name| {
        names.borrow_mut().insert(name.to_owned());
        None
    })?;
    Ok(names.into_inner())
}

/// Replaces `${name}` by what is said for it and `$$` by a dollar.
fn fill<E: From<String>>(text: &str, value: &mut dyn FnMut(&str) -> Result<String, E>) -> Result<String, E> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(plain) => out.push_str(plain),
            Piece::Dollar => out.push('$'),
            Piece::Stray => return Err("a dollar is written `$$`, a variable `${name}`".to_owned().into()),
            Piece::Name(name) if is_name(name) => out.push_str(&value(name)?),
            Piece::Name(name) => return Err(format!("`{}` is no name of a variable", shown(name)).into()),
        }
    }
    Ok(out)
}

/// Whether it is `name` or `service.name`: small letters, digits and `_`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let own = name.strip_prefix("service.").unwrap_or(name);
    own.starts_with(|c: char| c.is_ascii_lowercase())
        && own.len() <= 64
        && own.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn shown(value: &str) -> String {
    text::clean_line(value, SHOWN_MOST).to_string()
}
