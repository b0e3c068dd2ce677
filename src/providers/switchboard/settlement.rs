//! One reservation from `reserve` to `settle`. Whatever happens to the call, its reservation is settled once: by
//! [`Settlement::settle`], or by `Drop` when the caller went away.

use crate::{
    domain::{
        ids::CallId,
        money::{Cost, Money, Usage},
        team::ModelRef,
    },
    providers::{
        prices::{PriceTable, estimated_input, tokens_of_bytes},
        wire::{CallError, CallRequest, Delta, Purse, Reply},
    },
};
use std::task::{Context, Waker};

/// A reservation that is still open.
pub(super) struct Settlement<'a> {
    purse: &'a dyn Purse,
    /// `None` once settled.
    call: Option<CallId>,
    prices: &'a PriceTable,
    model: &'a ModelRef,
    request: &'a CallRequest,
    /// Bytes of answer heard so far.
    heard: usize,
}

impl<'a> Settlement<'a> {
    pub(super) fn new(
        purse: &'a dyn Purse,
        call: CallId,
        prices: &'a PriceTable,
        model: &'a ModelRef,
        request: &'a CallRequest,
    ) -> Self {
        Self { purse, call: Some(call), prices, model, request, heard: 0 }
    }

    pub(super) fn heard(&mut self, delta: &Delta) {
        self.heard += match delta {
            Delta::Text(text) | Delta::Thinking(text) | Delta::ToolInput(text) => text.len(),
            Delta::ToolCall { name } => name.len(),
            Delta::Notice(_) | Delta::Restart => 0,
        };
    }

    pub(super) fn spoke(&self) -> bool {
        self.heard > 0
    }

    /// Fills in what the vendor left out of a reply; true when token counts had to be estimated.
    pub(super) fn complete(&self, reply: &mut Reply) -> bool {
        let estimated = reply.usage.total() == 0;
        if estimated {
            reply.usage = self.estimate();
        }
        if reply.cost == Cost::Unknown {
            reply.cost = match self.prices.cost(&reply.by, &reply.usage) {
                Cost::Unknown => self.prices.cost(self.model, &reply.usage),
                known => known,
            };
        }
        estimated
    }

    /// A refused call costs nothing. One that broke off costs its prompt and what was said until then, by the
    /// vendor's counts where they came, else by estimate.
    pub(super) fn of_failure(&self, error: &CallError) -> (Usage, Cost) {
        let mut usage = error.usage;
        if usage.total() == 0 {
            if !self.spoke() {
                return (usage, Cost::Known(Money::ZERO));
            }
            usage = self.estimate();
        }
        usage.output = usage.output.max(tokens_of_bytes(self.heard));
        (usage, self.prices.cost(self.model, &usage))
    }

    pub(super) async fn settle(mut self, usage: Usage, cost: Cost) {
        if let Some(call) = self.call.take() {
            self.purse.settle(call, usage, cost).await;
        }
    }

    fn estimate(&self) -> Usage {
        let output = tokens_of_bytes(self.heard);
        Usage { input: estimated_input(self.model, self.request), output, ..Usage::default() }
    }
}

impl Drop for Settlement<'_> {
    /// The caller went away after the request was sent: the vendor bills the prompt, and what it said until the
    /// connection closed.
    fn drop(&mut self) {
        let Some(call) = self.call.take() else { return };
        let usage = self.estimate();
        let mut settling = self.purse.settle(call, usage, self.prices.cost(self.model, &usage));
        let taken = settling.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if taken.is_pending() {
            tracing::debug!(%call, "the settlement of a cancelled call is taken but not acknowledged yet");
        }
    }
}
