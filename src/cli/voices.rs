//! From settings to voices: keys are fetched, certificates read, one switchboard made. The only place where keys
//! and vendors meet.

use crate::{
    config::{
        environment::Environment,
        places,
        secret::{KeyRunner, KeySource},
        settings::{Settings, is_loopback},
    },
    domain::{team::Vendor, time::Millis},
    providers::{
        http::{self, HttpOptions, ProxyUse},
        prices::PriceTable,
        switchboard::{EndpointOptions, SwitchboardOptions, VendorSwitchboard, pace::PaceLimits},
        transport::{Limits, Transport},
    },
    runtime::clock::Clock,
    workspace::process::{self, Confinement, Exit, Spec},
};
use anyhow::Context as _;
use futures::future::{BoxFuture, FutureExt};
use std::path::PathBuf;
use tokio::time::Instant;

/// Longest run of a key command.
const KEY_WALL: Millis = Millis::secs(30);
/// How long a vendor may take to say what it offers.
const ASK_WALL: Millis = Millis::secs(20);
/// Bytes of a price file.
const PRICES_MOST: u64 = 1024 * 1024;

/// Runs `cmd:` keys on the host: the director wrote the command into a file of their own.
struct Shell;

impl KeyRunner for Shell {
    fn run<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Vec<u8>, String>> {
        async move {
            let spec = Spec {
                argv: ["sh", "-c", command].map(str::to_owned).to_vec(),
                dir: std::env::temp_dir(),
                env: Vec::new(),
                stdin: Vec::new(),
                limits: process::Limits { wall: KEY_WALL, ..process::Limits::default() },
                confinement: Confinement::Host,
            };
            let done = process::run(spec, std::future::pending()).await.map_err(|error| error.to_string())?;
            match done.exit {
                Exit::Code(0) => Ok(done.stdout),
                exit => Err(format!("it ended with {exit:?}")),
            }
        }
        .boxed()
    }
}

/// The first line that a command of the director prints.
///
/// # Errors
/// It fails, or prints nothing.
pub async fn first_line(command: &str) -> Result<String, String> {
    let printed =
        String::from_utf8(Shell.run(command).await?).map_err(|_| "its output is not UTF-8".to_owned())?;
    match printed.lines().next().unwrap_or_default().trim() {
        "" => Err("its first line is empty".into()),
        line => Ok(line.to_owned()),
    }
}

/// All vendors that can be called, behind one switchboard.
///
/// # Errors
/// A key command failed, a certificate or price file cannot be used.
pub async fn switchboard(
    settings: &Settings,
    environment: &Environment,
) -> anyhow::Result<VendorSwitchboard> {
    voices_of(&Vendor::ALL, settings, environment).await
}

/// What a vendor offers right now, and how long it took to say so.
///
/// # Errors
/// In words: there is no key for it, or it did not answer.
pub async fn ask(
    vendor: Vendor,
    settings: &Settings,
    environment: &Environment,
) -> Result<(Vec<String>, Millis), String> {
    if let (false, KeySource::Env(names)) =
        (settings.usable(vendor, environment), settings.provider(vendor).key_source(vendor))
    {
        return Err(format!("no key: set {}", names.join(" or ")));
    }
    let asking = async {
        let voices = voices_of(&[vendor], settings, environment).await.map_err(|e| format!("{e:#}"))?;
        let since = Instant::now();
        let models = voices.models(vendor).await.map_err(|error| error.message)?;
        Ok((models, Millis(u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX))))
    };
    let late = |_| Err(format!("no answer within {} s", ASK_WALL.0 / 1_000));
    tokio::time::timeout(ASK_WALL.to_std(), asking).await.unwrap_or_else(late)
}

async fn voices_of(
    vendors: &[Vendor],
    settings: &Settings,
    environment: &Environment,
) -> anyhow::Result<VendorSwitchboard> {
    let endpoints = endpoints(vendors, settings, environment).await?;
    // What never leaves this machine needs neither a proxy nor the system's certificates.
    let proxy = match endpoints.iter().all(|endpoint| is_loopback(&endpoint.base_url)) {
        true => ProxyUse::Never,
        false => ProxyUse::Environment,
    };
    let (ca_files, environment) = (certificates(settings, environment), environment.clone());
    // Reading the system's certificates takes tens of milliseconds: not on a thread that draws.
    let read = move || anyhow::Ok((prices(&environment)?, transport(ca_files, proxy)?));
    let (prices, transport) = tokio::task::spawn_blocking(read).await??;
    let options = SwitchboardOptions {
        allow_unknown_price: settings.policy.budget.allow_unknown_price,
        ..SwitchboardOptions::new(endpoints, prices, seed())
    };
    Ok(VendorSwitchboard::new(options, &transport))
}

/// A switchboard without vendors, for those who only look.
///
/// # Errors
/// The built-in price table cannot be read.
pub fn nobody() -> anyhow::Result<VendorSwitchboard> {
    let options = SwitchboardOptions::new(Vec::new(), PriceTable::built_in()?, 0);
    // No endpoints: the one that makes providers is never asked.
    Ok(VendorSwitchboard::new(options, &transport(Vec::new(), ProxyUse::Never)?))
}

async fn endpoints(
    vendors: &[Vendor],
    settings: &Settings,
    environment: &Environment,
) -> anyhow::Result<Vec<EndpointOptions>> {
    let mut endpoints = Vec::new();
    for vendor in vendors.iter().copied() {
        let provider = settings.provider(vendor);
        if !provider.usable(vendor, environment) {
            continue;
        }
        let source = provider.key_source(vendor);
        let local = vendor == Vendor::Openai && !source.present(environment);
        let key = match (&source, local) {
            (_, true) => None,
            (KeySource::Env(_) | KeySource::Command(_), false) => {
                Some(source.resolve(vendor, environment, &Shell).await?)
            }
        };
        let mut endpoint = EndpointOptions::new(vendor, key.map(|key| http::Secret::new(key.expose())));
        if let Some(base_url) = provider.base_url {
            endpoint.base_url = base_url;
        }
        endpoint.free = local;
        endpoint.pace =
            PaceLimits { per_minute: provider.requests_per_minute, at_once: u32::from(provider.concurrency) };
        endpoint.attempts = Some(u32::from(provider.max_retries) + 1);
        endpoint.router_models = provider.fallback;
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

/// The director's own certificates.
#[must_use]
pub fn certificates(settings: &Settings, environment: &Environment) -> Vec<PathBuf> {
    settings.reach.ca_file.iter().map(|file| places::expand_home(file, environment)).collect()
}

fn transport(ca_files: Vec<PathBuf>, proxy: ProxyUse) -> anyhow::Result<Transport> {
    let client = http::client(&HttpOptions { ca_files, proxy })?;
    Ok(Transport::new(client, Limits::default()))
}

/// The built-in table, with the director's own `prices.toml` beside the settings laid over it.
///
/// # Errors
/// The file cannot be read, or is no price table: file and line.
pub fn prices(environment: &Environment) -> anyhow::Result<PriceTable> {
    let table = PriceTable::built_in()?;
    let Some(file) = places::user_file(environment).map(|file| file.with_file_name("prices.toml")) else {
        return Ok(table);
    };
    let shown = file.display().to_string();
    match std::fs::metadata(&file) {
        Ok(found) if found.len() > PRICES_MOST => {
            anyhow::bail!("{shown}: larger than {PRICES_MOST} bytes, this is no price table")
        }
        Ok(_) => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("{shown}: cannot be read"))?;
            Ok(table.overlaid(&shown, &text)?)
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(table),
        Err(e) => Err(e).with_context(|| format!("{shown}: cannot be opened")),
    }
}

/// The same, knowing what runs on a server of one's own and is free.
///
/// # Errors
/// As [`prices`].
pub fn estimates(settings: &Settings, environment: &Environment) -> anyhow::Result<PriceTable> {
    let table = prices(environment)?;
    let provider = settings.provider(Vendor::Openai);
    let own = provider.usable(Vendor::Openai, environment)
        && !provider.key_source(Vendor::Openai).present(environment);
    Ok(if own { table.with_free(Vendor::Openai) } else { table })
}

/// Jitter only has to differ between processes.
fn seed() -> u64 {
    Clock::Wall.now().0.unsigned_abs() ^ (u64::from(std::process::id()) << 40)
}
