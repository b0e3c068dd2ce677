//! What an agent can do: one file per tool. Each has a JSON Schema made from its input type, limits, and a
//! permission class. A tool never fails fatally: what went wrong is its output, in words the model can use.
//!
//! Invariants: every path is resolved to its real place inside the worktree ([`place`]) before it is used;
//! protected paths are refused where files are written; output is bounded by [`Output::MOST`].

pub mod ask;
pub mod edit;
pub mod finish;
pub mod git;
pub mod http_get;
pub mod list;
pub mod patch;
pub mod place;
pub mod read;
pub mod run;
pub mod schema;
pub mod search;
pub mod symbols;
pub mod tests;
pub mod write;

use crate::{
    agents::{bench::Bench, office::Office},
    domain::{ids::TeamId, text},
    providers::wire::ToolSpec,
};
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What kind of thing a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionClass {
    /// Looks, changes nothing: several may run at once.
    Read,
    /// Changes files of the worktree.
    Write,
    /// Runs a program in the sandbox.
    Run,
    /// Reaches out to an allowed host.
    Net,
    /// Waits for a person.
    Ask,
}

/// What a tool says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Output {
    /// For the model.
    pub text: String,
    /// Whether it did what was asked.
    pub ok: bool,
    /// Set by `finish`: the agent says it is done.
    pub finish: Option<Box<finish::Finish>>,
}

impl Output {
    /// Longest output that goes back to the model, in bytes; head and tail are kept.
    pub const MOST: usize = 32 * 1024;

    /// It did what was asked.
    #[must_use]
    pub fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), ok: true, finish: None }
    }
    /// It did not: why, and what to do.
    #[must_use]
    pub fn failed(text: impl Into<String>) -> Self {
        Self { text: text.into(), ok: false, finish: None }
    }
    /// Within `most` bytes.
    #[must_use]
    pub fn bounded(mut self, most: usize) -> Self {
        self.text = text::head_tail(&self.text, most);
        self
    }
}

/// A rule over repository-relative paths: why a path may not be touched, or `None`.
pub type PathRule<'a> = &'a (dyn Fn(&str) -> Option<String> + Send + Sync);

/// Where tools work, and what holds there.
#[derive(Clone, Copy)]
pub struct Workplace<'a> {
    /// The worktree.
    pub bench: &'a dyn Bench,
    /// The house.
    pub office: &'a dyn Office,
    /// Who works.
    pub team: TeamId,
    /// Paths that are never touched, with the reason.
    pub protected: PathRule<'a>,
    /// Paths that land only with approval, with the reason: may be written, but the agent is told.
    pub approval_only: PathRule<'a>,
    /// The project's test command, where one is known.
    pub test_command: Option<&'a str>,
    /// What `http_get` may reach.
    pub reach: &'a http_get::Reach,
}

/// One thing an agent can do.
pub trait Tool: Send + Sync {
    /// As the model sees it.
    fn spec(&self) -> ToolSpec;
    /// What kind of thing it does.
    fn class(&self) -> PermissionClass;
    /// Does it. Dropping the future stops it.
    fn call<'a>(&'a self, at: &'a Workplace<'a>, input: Value) -> BoxFuture<'a, Output>;
}

/// The tools of one agent.
pub struct Registry {
    tools: Vec<(String, Box<dyn Tool>)>,
}

impl Registry {
    /// Exactly these.
    #[must_use]
    pub fn new(tools: Vec<Box<dyn Tool>>) -> Self {
        Self { tools: tools.into_iter().map(|tool| (tool.spec().name, tool)).collect() }
    }

    /// Everything a worker can do at this workplace; what cannot work there is not offered.
    #[must_use]
    pub fn worker(at: &Workplace<'_>) -> Self {
        let mut tools: Vec<Box<dyn Tool>> = vec![
            Box::new(list::List),
            Box::new(read::Read),
            Box::new(search::Search),
            Box::new(symbols::Symbols),
            Box::new(edit::Edit),
            Box::new(patch::Patch),
            Box::new(write::Write),
            Box::new(run::Run),
            Box::new(git::Git),
            Box::new(ask::Ask),
            Box::new(finish::FinishTool),
        ];
        if at.test_command.is_some() {
            tools.push(Box::new(tests::Tests));
        }
        if !at.reach.hosts.is_empty() {
            tools.push(Box::new(http_get::HttpGet));
        }
        Self::new(tools)
    }

    /// As the model sees them.
    #[must_use]
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.iter().map(|(_, tool)| tool.spec()).collect()
    }

    /// What kind of thing the tool of this name does.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<PermissionClass> {
        self.find(name).map(Tool::class)
    }

    /// Calls a tool by name; an unknown name is told with the names there are.
    pub async fn call(&self, at: &Workplace<'_>, name: &str, input: Value) -> Output {
        let Some(tool) = self.find(name) else {
            let names: Vec<_> = self.tools.iter().map(|(name, _)| name.as_str()).collect();
            return Output::failed(format!("there is no tool {name:?}; there are: {}", names.join(", ")));
        };
        tool.call(at, input).await.bounded(Output::MOST)
    }

    fn find(&self, name: &str) -> Option<&dyn Tool> {
        self.tools.iter().find(|(known, _)| known == name).map(|(_, tool)| tool.as_ref())
    }
}

/// Key under which a provider hands over arguments that were no JSON.
pub const INVALID: &str = "__invalid";

/// Reads a tool's typed input, or says how it should have looked.
///
/// # Errors
/// The output to give back to the model.
pub fn input<T: DeserializeOwned>(spec: &ToolSpec, input: Value) -> Result<T, Output> {
    if let Some(raw) = input.get(INVALID) {
        let raw = raw.as_str().map_or_else(|| raw.to_string(), str::to_owned);
        return Err(Output::failed(format!(
            "the arguments of {} were not valid JSON (cut off, or badly escaped): {}\nSend them again, whole. Schema: {}",
            spec.name,
            text::head_tail(&raw, 400),
            spec.input_schema
        )));
    }
    let input = if input.is_null() { Value::Object(serde_json::Map::new()) } else { input };
    serde_json::from_value(input).map_err(|error| {
        Output::failed(format!(
            "the arguments of {} do not fit: {error}. Schema: {}",
            spec.name, spec.input_schema
        ))
    })
}

/// Runs blocking file work off the async threads; a panic in it is an output, not a crash.
pub(crate) async fn blocking(work: impl FnOnce() -> Output + Send + 'static) -> Output {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Output::failed(format!("the tool broke off: {error}")))
}
