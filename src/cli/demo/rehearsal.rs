//! Who answers in the demo: the rehearsal server with its script, or a local model.

use super::Complaint;
use crate::{
    config::{
        environment::Environment,
        settings::{Settings, TeamEntry},
    },
    domain::team::{ModelRef, Vendor},
    providers::rehearsal::{Rehearsal, script::Script},
    runtime,
};
use tokio::net::{TcpListener, TcpStream};

/// Recorded words.
const SCRIPT: &str = include_str!("../../../assets/demo/script.toml");
/// Where Ollama listens.
const OLLAMA: &str = "127.0.0.1:11434";

/// Settings and environment in which the two teams of the script answer.
pub(super) async fn cast(settings: &Settings) -> Result<(Settings, Environment), Complaint> {
    let script =
        Script::read("assets/demo/script.toml", SCRIPT).map_err(|e| Complaint::error(e.to_string()))?;
    let told = |error: std::io::Error| Complaint::error(format!("no port for the rehearsal: {error}"));
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    runtime::beside(Rehearsal::new(script).serve(listener));
    let mut cast = Settings { ui: settings.ui.clone(), log_level: settings.log_level, ..Settings::default() };
    for vendor in [Vendor::Anthropic, Vendor::Google] {
        let mut provider = settings.provider(vendor);
        provider.base_url = Some(format!("http://{address}"));
        provider.key = None;
        cast.providers.insert(vendor, provider);
    }
    let keys = [("ANTHROPIC_API_KEY", "rehearsal"), ("GEMINI_API_KEY", "rehearsal")];
    let own = ["HOME", "USER", "LOGNAME", "TERM", "NO_COLOR", "EDITOR", "VISUAL", "XDG_CONFIG_HOME"];
    let process = Environment::of_process();
    let kept = own.into_iter().filter_map(|name| Some((name, process.get(name)?)));
    Ok((cast, Environment::of(kept.chain(keys))))
}

/// Settings in which a local Ollama answers for every role.
pub(super) async fn local(
    settings: &Settings,
    environment: &Environment,
) -> Result<(Settings, Environment), Complaint> {
    let nobody = || {
        Complaint::error("nobody can answer live: no vendor has a key and no Ollama listens on its port")
            .hint("set ANTHROPIC_API_KEY or GEMINI_API_KEY, or start Ollama; without --live no key is needed")
    };
    TcpStream::connect(OLLAMA).await.map_err(|_| nobody())?;
    let mut local = settings.clone();
    let mut provider = local.provider(Vendor::Openai);
    provider.base_url = Some(format!("http://{OLLAMA}/v1"));
    local.providers.insert(Vendor::Openai, provider);
    let switchboard = crate::cli::voices::switchboard(&local, environment).await?;
    let models = switchboard.models(Vendor::Openai).await.map_err(|e| Complaint::error(e.to_string()))?;
    let model = models.into_iter().next().ok_or_else(|| {
        Complaint::error("Ollama has no model").hint("pull one that can call tools, such as qwen3-coder")
    })?;
    let model = ModelRef { vendor: Vendor::Openai, model };
    local.roster =
        vec![TeamEntry { name: "Team Local".into(), model: Some(model.clone()), fallback: Vec::new() }];
    let chain = vec![model];
    local.roles.orchestrator.clone_from(&chain);
    local.roles.judge.clone_from(&chain);
    local.roles.summarizer = chain;
    Ok((local, environment.clone()))
}
