//! Calls the first model of a chain that answers. Owns retries, waiting, the breaker, the pace and the money of
//! every attempt, and tells each of them as a [`Delta::Notice`]. Never changes a request: what belongs to another
//! vendor in it is left out by each vendor's own file.
//!
//! Money: nothing is sent before the purse has set the worst case aside, and every reservation is settled exactly
//! once — after a reply, after an error, and when the caller drops the future in the middle of a call. In that
//! last case nobody is left to await the settlement, so it is begun from `Drop` and polled once; [`Purse::settle`]
//! promises to have taken it by then.

pub mod backoff;
pub mod breaker;
pub mod pace;
mod settlement;

use super::{
    anthropic::{self, Anthropic},
    failure::call_error,
    gemini::{self, Gemini},
    http::Secret,
    openai::{self, OpenAi},
    prices::PriceTable,
    transport::Transport,
    wire::{
        CallError, CallErrorKind, CallRequest, Delta, OnDelta, Provider, Purse, Reply, Switchboard, Withheld,
    },
};
use crate::domain::{
    money::Cost,
    team::{ModelRef, Vendor},
    text,
    time::Millis,
};
use backoff::{Jitter, RetryLimits};
use breaker::{Breaker, BreakerLimits};
use futures::future::BoxFuture;
use pace::{Pace, PaceLimits};
use settlement::Settlement;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep},
};

/// One vendor's address, key and bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointOptions {
    /// Whose API is spoken there.
    pub vendor: Vendor,
    /// Address.
    pub base_url: String,
    /// Key; local servers need none.
    pub key: Option<Secret>,
    /// How fast it may be asked.
    pub pace: PaceLimits,
    /// Attempts of one call, the first included; `None`: the switchboard's usual number.
    pub attempts: Option<u32>,
    /// Runs on the user's own machine: every model costs nothing.
    pub free: bool,
    /// OpenRouter only: models it may itself fall back to.
    pub router_models: Vec<String>,
}

impl EndpointOptions {
    /// The vendor's own address, usual bounds.
    #[must_use]
    pub fn new(vendor: Vendor, key: Option<Secret>) -> Self {
        let base_url = match vendor {
            Vendor::Anthropic => anthropic::BASE_URL,
            Vendor::Google => gemini::BASE_URL,
            Vendor::Openrouter => openai::OPENROUTER_URL,
            Vendor::Openai => openai::OPENAI_URL,
        };
        Self {
            vendor,
            base_url: base_url.to_owned(),
            key,
            pace: PaceLimits::default(),
            attempts: None,
            free: false,
            router_models: Vec::new(),
        }
    }

    fn provider(&self, transport: &Transport) -> Arc<dyn Provider> {
        let (transport, key) = (transport.clone(), self.key.clone());
        match self.vendor {
            Vendor::Anthropic => Arc::new(Anthropic::new(transport, &self.base_url, key)),
            Vendor::Google => Arc::new(Gemini::new(transport, &self.base_url, key)),
            Vendor::Openrouter | Vendor::Openai => Arc::new(
                OpenAi::new(transport, self.vendor, &self.base_url, key)
                    .with_fallbacks(self.router_models.clone()),
            ),
        }
    }
}

/// What a switchboard is made of.
#[derive(Debug, Clone)]
pub struct SwitchboardOptions {
    /// At most one per vendor; a later one replaces an earlier.
    pub endpoints: Vec<EndpointOptions>,
    /// Prices.
    pub prices: PriceTable,
    /// Whether a model without a known price may be called. Caps cannot hold for it.
    pub allow_unknown_price: bool,
    /// Retries.
    pub retry: RetryLimits,
    /// Breaker of each vendor.
    pub breaker: BreakerLimits,
    /// Seed of the jitter.
    pub seed: u64,
}

impl SwitchboardOptions {
    /// These endpoints and prices, usual limits.
    #[must_use]
    pub fn new(endpoints: Vec<EndpointOptions>, prices: PriceTable, seed: u64) -> Self {
        Self {
            endpoints,
            prices,
            allow_unknown_price: false,
            retry: RetryLimits::default(),
            breaker: BreakerLimits::default(),
            seed,
        }
    }
}

/// One vendor, and what is known of its condition.
struct Voice {
    provider: Arc<dyn Provider>,
    places: Semaphore,
    at_once: u32,
    pace: Mutex<Pace>,
    breaker: Mutex<Breaker>,
    attempts: u32,
    router_models: Vec<String>,
}

/// The switchboard over real vendors.
pub struct VendorSwitchboard {
    voices: BTreeMap<Vendor, Voice>,
    prices: PriceTable,
    allow_unknown_price: bool,
    retry: RetryLimits,
    jitter: Jitter,
}

/// A call that failed, and whether its words were already on the screen.
struct Failed {
    error: CallError,
    spoke: bool,
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        Self { error, spoke: false }
    }
}

/// What every attempt of one call has in common.
struct Call<'a> {
    model: &'a ModelRef,
    request: &'a CallRequest,
    purse: &'a dyn Purse,
}

impl VendorSwitchboard {
    /// Over this transport.
    #[must_use]
    pub fn new(options: SwitchboardOptions, transport: &Transport) -> Self {
        Self::with(options, |endpoint| endpoint.provider(transport))
    }

    /// Over providers made by `provider`, one per endpoint.
    #[must_use]
    pub fn with(
        options: SwitchboardOptions,
        provider: impl Fn(&EndpointOptions) -> Arc<dyn Provider>,
    ) -> Self {
        let mut prices = options.prices;
        let mut voices = BTreeMap::new();
        for endpoint in &options.endpoints {
            if endpoint.free {
                prices = prices.with_free(endpoint.vendor);
            }
            let voice = Voice {
                provider: provider(endpoint),
                places: Semaphore::new(endpoint.pace.at_once.max(1) as usize),
                at_once: endpoint.pace.at_once.max(1),
                pace: Mutex::new(Pace::new(endpoint.pace)),
                breaker: Mutex::new(Breaker::new(options.breaker)),
                attempts: endpoint.attempts.unwrap_or(options.retry.attempts),
                router_models: endpoint.router_models.clone(),
            };
            voices.insert(endpoint.vendor, voice);
        }
        Self {
            voices,
            prices,
            allow_unknown_price: options.allow_unknown_price,
            retry: options.retry,
            jitter: Jitter::new(options.seed),
        }
    }

    /// Vendors that can be called.
    #[must_use]
    pub fn vendors(&self) -> Vec<Vendor> {
        self.voices.keys().copied().collect()
    }

    /// The prices it settles by.
    #[must_use]
    pub fn prices(&self) -> &PriceTable {
        &self.prices
    }

    /// Ids of the models a vendor offers.
    ///
    /// # Errors
    /// The vendor is not set up, or did not answer.
    pub async fn models(&self, vendor: Vendor) -> Result<Vec<String>, CallError> {
        self.voice(vendor)?.provider.models().await
    }

    fn voice(&self, vendor: Vendor) -> Result<&Voice, CallError> {
        self.voices.get(&vendor).ok_or_else(|| {
            let how = match vendor {
                Vendor::Anthropic => "set ANTHROPIC_API_KEY",
                Vendor::Google => "set GEMINI_API_KEY",
                Vendor::Openrouter => "set OPENROUTER_API_KEY",
                Vendor::Openai => "set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server",
            };
            call_error(
                vendor,
                CallErrorKind::Unauthorized,
                &format!("not set up: {how}, or name it in the config file"),
            )
        })
    }

    async fn along(
        &self,
        chain: &[ModelRef],
        request: &CallRequest,
        purse: &dyn Purse,
        on: OnDelta<'_>,
    ) -> Result<Reply, CallError> {
        let mut before: Option<Failed> = None;
        for model in chain {
            if let Some(failed) = before.take() {
                if failed.spoke {
                    on(Delta::Restart);
                }
                on(Delta::Notice(format!("{}; falling back to {model}", failed.error)));
            }
            match self.ask(&Call { model, request, purse }, on).await {
                Ok(reply) => return Ok(reply),
                Err(failed) if failed.error.kind.may_fall_back() => before = Some(failed),
                Err(failed) => return Err(failed.error),
            }
        }
        Err(before.map_or_else(
            || {
                call_error(
                    Vendor::Anthropic,
                    CallErrorKind::Rejected,
                    "no model can be called for this: none of the settings has a key",
                )
            },
            |failed| failed.error,
        ))
    }

    /// One model, with retries.
    async fn ask(&self, call: &Call<'_>, on: OnDelta<'_>) -> Result<Reply, Failed> {
        let voice = self.voice(call.model.vendor)?;
        let worst = self.worst(call, voice)?;
        let mut attempt = 1;
        loop {
            let failed = match self.attempt(call, voice, worst, on).await {
                Ok(reply) => return Ok(reply),
                Err(failed) => failed,
            };
            if !failed.error.kind.may_retry() || attempt >= voice.attempts {
                return Err(failed);
            }
            let asked = failed.error.retry_after.map(Millis::to_std);
            if let Some(asked) = asked.filter(|_| failed.error.kind == CallErrorKind::RateLimited) {
                lock(&voice.pace).hold(Instant::now() + asked.min(self.retry.retry_after_most));
            }
            let Some(wait) = backoff::wait(&self.retry, attempt, asked, &self.jitter) else {
                on(Delta::Notice(format!(
                    "{}; it asks for {} of patience, too long to wait",
                    failed.error,
                    shown(asked)
                )));
                return Err(failed);
            };
            if let Some(open) = lock(&voice.breaker).open_for(Instant::now()) {
                on(Delta::Notice(format!("{} is left alone for {}", call.model.vendor, shown(Some(open)))));
                return Err(failed);
            }
            attempt += 1;
            if failed.spoke {
                on(Delta::Restart);
            }
            let of = voice.attempts;
            on(Delta::Notice(format!(
                "{}; attempt {attempt} of {of} in {}",
                failed.error,
                shown(Some(wait))
            )));
            sleep(wait).await;
        }
    }

    /// The most one attempt can cost, or the refusal to call a model without a price.
    fn worst(&self, call: &Call<'_>, voice: &Voice) -> Result<Cost, CallError> {
        let others = voice
            .router_models
            .iter()
            .map(|model| ModelRef { vendor: call.model.vendor, model: model.clone() });
        let mut dearest = Cost::Known(crate::domain::money::Money::ZERO);
        for model in std::iter::once(call.model.clone()).chain(others) {
            match (dearest, self.prices.worst(&model, call.request)) {
                (Cost::Known(before), Cost::Known(this)) => dearest = Cost::Known(before.max(this)),
                (_, Cost::Unknown) if self.allow_unknown_price => dearest = Cost::Unknown,
                (_, Cost::Unknown) => {
                    let text = format!(
                        "no price is known for {model}, so no budget can hold; add it to the price table, or set \
                         allow_unknown_price"
                    );
                    return Err(call_error(model.vendor, CallErrorKind::Rejected, &text));
                }
                (Cost::Unknown, Cost::Known(_)) => {}
            }
        }
        Ok(dearest)
    }

    async fn attempt(
        &self,
        call: &Call<'_>,
        voice: &Voice,
        worst: Cost,
        on: OnDelta<'_>,
    ) -> Result<Reply, Failed> {
        let mut trial = Trial::begin(voice, call.model.vendor)?;
        let _place = place(voice, call.model.vendor, on).await?;
        let id = call.purse.reserve(call.model, worst).await.map_err(|why| {
            let kind = match &why {
                Withheld::Capped { enough, .. } => CallErrorKind::OverBudget(*enough),
                Withheld::Stopped(_) => CallErrorKind::Cancelled,
            };
            call_error(call.model.vendor, kind, &why.to_string())
        })?;
        let mut settlement = Settlement::new(call.purse, id, &self.prices, call.model, call.request);
        on(Delta::Notice(format!("asking {}", call.model)));
        let answered = {
            let mut hear = |delta: Delta| {
                settlement.heard(&delta);
                on(delta);
            };
            voice.provider.call(&call.model.model, call.request, &mut hear).await
        };
        trial.end(answered.as_ref().err());
        match answered {
            Ok(mut reply) => {
                if settlement.complete(&mut reply) {
                    on(Delta::Notice(format!("{} told no token counts; they are estimated", call.model)));
                }
                settlement.settle(reply.usage, reply.cost).await;
                Ok(reply)
            }
            Err(error) => {
                let spoke = settlement.spoke();
                let (usage, cost) = settlement.of_failure(&error);
                settlement.settle(usage, cost).await;
                Err(Failed { error: CallError { usage, ..error }, spoke })
            }
        }
    }
}

impl Switchboard for VendorSwitchboard {
    fn call<'a>(
        &'a self,
        chain: &'a [ModelRef],
        request: &'a CallRequest,
        purse: &'a dyn Purse,
        on: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>> {
        Box::pin(self.along(chain, request, purse, on))
    }
}

/// A short wait in words.
fn shown(span: Option<Duration>) -> String {
    let ms = span.unwrap_or_default().as_millis();
    if ms < 10_000 { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) } else { format!("{} s", ms / 1_000) }
}

/// A panic elsewhere leaves these small states whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a free line and for the vendor's pace, and says so.
async fn place<'v>(
    voice: &'v Voice,
    vendor: Vendor,
    on: OnDelta<'_>,
) -> Result<SemaphorePermit<'v>, CallError> {
    let closed = |_| call_error(vendor, CallErrorKind::Cancelled, "no more calls are taken");
    let place = if let Ok(place) = voice.places.try_acquire() {
        place
    } else {
        on(Delta::Notice(format!(
            "waiting for a free line to {vendor}: {} under way",
            text::count(voice.at_once, "call")
        )));
        voice.places.acquire().await.map_err(closed)?
    };
    let wait = lock(&voice.pace).take(Instant::now());
    if !wait.is_zero() {
        on(Delta::Notice(format!("waiting {} for the rate limit of {vendor}", shown(Some(wait)))));
        sleep(wait).await;
    }
    Ok(place)
}

/// One attempt in the eyes of the breaker; given up when dropped before its end.
struct Trial<'v> {
    voice: &'v Voice,
    ended: bool,
}

impl<'v> Trial<'v> {
    fn begin(voice: &'v Voice, vendor: Vendor) -> Result<Self, CallError> {
        lock(&voice.breaker).admit(Instant::now()).map_err(|wait| {
            let text = format!("failed too often just now and is left alone for {}", shown(Some(wait)));
            let mut error = call_error(vendor, CallErrorKind::BreakerOpen, &text);
            error.retry_after = Some(Millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)));
            error
        })?;
        Ok(Self { voice, ended: false })
    }

    /// Only what is the vendor's fault counts: a refusal shows that it is well.
    fn end(&mut self, error: Option<&CallError>) {
        self.ended = true;
        let mut breaker = lock(&self.voice.breaker);
        match error.map(|error| error.kind) {
            Some(CallErrorKind::Overloaded | CallErrorKind::Connection | CallErrorKind::Protocol) => {
                breaker.failed(Instant::now());
            }
            _ => breaker.succeeded(),
        }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if !self.ended {
            lock(&self.voice.breaker).abandoned(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests;
