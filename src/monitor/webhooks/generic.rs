//! Payloads of anything else, in a form of our own:
//! `{"title": "..", "severity": "critical", "status": "firing", "service": "shop", "fingerprint": "..", "count": 3, "url": ".."}`.
//! Only the title is needed. With a fingerprint the sender says what is the same cause; without one the title does.

use super::{
    alarm::{alarm, label, sample, severity, title},
    payload::{BadPayload, Node, Payload},
};
use crate::domain::{ids::is_name, probe::ProbeSpec, signal::SignalState};

/// Reads one.
pub(super) fn read(top: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let words = top.text("title")?;
    let service = match top.text_if("service")? {
        None => probe.service.as_str(),
        Some(name) if is_name(name) => name,
        Some(_) => return Err(top.bad_at("service", "is no name of a service: a-z, 0-9 and -, at most 64")),
    };
    let short = title(words);
    let own = top.id_if("fingerprint")?;
    let identity = match &own {
        Some(own) => ["generic", "fingerprint", own],
        None => ["generic", "title", &short],
    };
    let mut signal = alarm(probe, service, &identity);
    signal.title.clone_from(&short);
    if let Some(word) = top.text_if("severity")? {
        let known = severity(word);
        signal.severity = known
            .ok_or_else(|| top.bad_at("severity", "is none of P0 to P4, critical, error, warning, info"))?;
    }
    signal.state = match top.text_if("status")?.map(str::to_ascii_lowercase).as_deref() {
        None | Some("firing" | "open" | "triggered" | "down" | "failed") => SignalState::Firing,
        Some("resolved" | "clear" | "cleared" | "closed" | "ok" | "up" | "recovered") => SignalState::Clear,
        Some(_) => return Err(top.bad_at("status", "is neither firing nor resolved")),
    };
    signal.count = match top.number_if("count")? {
        Some(0) => return Err(top.bad_at("count", "is 0")),
        count => count.unwrap_or(1),
    };
    let affected = top.number_if("affected")?.unwrap_or(0);
    signal.affected = u32::try_from(affected).map_err(|_| top.bad_at("affected", "is beyond all measure"))?;
    signal.sample = sample(top.text_if("description")?.unwrap_or(words));
    label(&mut signal, "url", top.text_if("url")?.unwrap_or_default());
    label(&mut signal, "fingerprint", own.as_deref().unwrap_or_default());
    for (name, value) in top.texts("labels")? {
        label(&mut signal, name, value);
    }
    Ok(Payload::one(signal))
}
