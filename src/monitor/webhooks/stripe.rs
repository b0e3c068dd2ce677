//! Payloads of Stripe: payments that fail for a reason of ours, payouts, disputes.
//!
//! A card that is declined is its owner's matter and happens all day: it says nothing about a service. In test mode nobody
//! is hurt, so that what it says is of the least weight.

use super::{
    alarm::{alarm, label, sample, title},
    payload::{BadPayload, Node, Payload},
};
use crate::domain::{
    incident::Severity,
    probe::ProbeSpec,
    signal::{Signal, SignalState},
};

/// Codes of a failed charge that are the card's, not the service's.
const OF_A_CARD: [&str; 11] = [
    "authentication_required",
    "card_declined",
    "card_velocity_exceeded",
    "debit_not_authorized",
    "expired_card",
    "incorrect_cvc",
    "incorrect_number",
    "incorrect_zip",
    "insufficient_funds",
    "invalid_cvc",
    "invalid_expiry_year",
];
/// Said of both.
const CARD: &str = "a customer's card that was not taken";

/// Reads one.
pub(super) fn read(top: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let what = top.text("type")?;
    let id = top.id("id")?;
    top.number_if("created")?.ok_or_else(|| top.bad_at("created", "is missing"))?;
    let live = top.find("livemode").ok_or_else(|| top.bad_at("livemode", "is missing"))?;
    let live = live.raw().as_bool().ok_or_else(|| live.bad("is neither true nor false"))?;
    let data = top.map("data")?;
    let object = data.map("object")?;
    let of = object.id("id")?;
    let signal = match what {
        "charge.failed" => charge(&object, probe)?,
        "payment_intent.payment_failed" => payment(&object, probe)?,
        "payout.failed" | "payout.paid" => {
            let mut signal = alarm(probe, &probe.service, &["stripe", "payout"]);
            signal.title = "payout fails".to_owned();
            signal.sample = object.text_if("failure_message")?.and_then(sample);
            label(&mut signal, "code", object.text_if("failure_code")?.unwrap_or_default());
            Some(state(signal, what == "payout.failed"))
        }
        "charge.dispute.created" | "charge.dispute.closed" => {
            let mut signal = alarm(probe, &probe.service, &["stripe", "dispute", &of]);
            let reason = object.text_if("reason")?.unwrap_or_default();
            signal.title = title(&format!("a charge is disputed: {reason}"));
            Some(state(signal, what == "charge.dispute.created"))
        }
        _ if what.contains('.') => {
            return Ok(Payload::nothing("an event that says nothing about a service"));
        }
        _ => return Err(top.bad_at("type", "is no event of Stripe")),
    };
    let Some(mut signal) = signal else { return Ok(Payload::nothing(CARD)) };
    if !live {
        signal.severity = Severity::P4;
    }
    for (name, value) in [("event", id.as_str()), ("object", &of), ("type", what)] {
        label(&mut signal, name, value);
    }
    Ok(Payload::one(signal))
}

fn state(signal: Signal, firing: bool) -> Signal {
    Signal { state: if firing { SignalState::Firing } else { SignalState::Clear }, ..signal }
}

fn charge(object: &Node<'_>, probe: &ProbeSpec) -> Result<Option<Signal>, BadPayload> {
    let code = object.text_if("failure_code")?.unwrap_or("unknown");
    let words = object.text_if("failure_message")?.unwrap_or(code);
    Ok((!OF_A_CARD.contains(&code)).then(|| failed(probe, "charge", code, words)))
}

fn payment(object: &Node<'_>, probe: &ProbeSpec) -> Result<Option<Signal>, BadPayload> {
    let error = object.map_if("last_payment_error")?;
    let part = |name: &str| error.as_ref().map_or(Ok(None), |error| error.text_if(name));
    let (sort, code, words) = (part("type")?, part("code")?.unwrap_or("unknown"), part("message")?);
    let card = sort == Some("card_error") || OF_A_CARD.contains(&code);
    Ok((!card).then(|| failed(probe, "payment", code, words.unwrap_or(code))))
}

fn failed(probe: &ProbeSpec, what: &str, code: &str, words: &str) -> Signal {
    let mut signal = alarm(probe, &probe.service, &["stripe", what, code]);
    signal.title = title(&format!("{what} fails: {code}"));
    signal.sample = sample(words);
    label(&mut signal, "code", code);
    signal
}
