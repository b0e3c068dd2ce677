//! The fingerprint of a trace: service, types, and the program's own functions; never a line number, a host, an address
//! or a parameter.
//!
//! Owns the rule of what counts as the same failure. The wording of the messages counts only where fewer than two of
//! the program's own frames are known. Recursion counts once, at whatever depth it broke.

use super::{
    model::{Fault, Link, Trace},
    shape,
    wording::wording,
};
use crate::domain::signal::{Fingerprint, Signal};

/// Functions that may call each other in a circle and still be taken for one recursion.
const CIRCLE_MOST: usize = 4;
/// Rounds of a circle after which the place where it was entered is chance.
const ROUNDS_LEAST: usize = 3;
/// Own frames from which the wording of the message does not count.
const FRAMES_ENOUGH: usize = 2;

/// The fingerprint of a trace in a service.
#[must_use]
pub fn fingerprint(trace: &Trace, service: &str) -> Fingerprint {
    let mut parts: Vec<String> = vec!["trace".into(), service.into(), trace.language.word().into()];
    let own = trace.faults.iter().flat_map(|fault| &fault.steps).filter(|step| step.own).count();
    let mut aside: Vec<String> = Vec::new();
    for fault in &trace.faults {
        if fault.link == Link::Suppressed {
            aside.push(shape::kind(&fault.kind));
            continue;
        }
        parts.push(fault.link.word().into());
        parts.push(shape::kind(&fault.kind));
        parts.extend(places(trace, fault));
        if own < FRAMES_ENOUGH {
            parts.push(wording(&fault.message));
        }
    }
    // How many were put aside, and in which order, is chance.
    aside.sort_unstable();
    aside.dedup();
    parts.push(aside.join(","));
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Fingerprint::of(&parts)
}

/// The first own functions of a fault, recursion counted once.
fn places(trace: &Trace, fault: &Fault) -> Vec<String> {
    let own = fault.steps.iter().filter(|step| step.own).map(|step| shape::step(trace.language, step));
    let mut places = collapsed(own.collect());
    places.truncate(Signal::FRAMES_MOST);
    places
}

/// Every run of the same circle once, begun at its smallest member where it went round often.
fn collapsed(places: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < places.len() {
        let (size, rounds) = (1..=CIRCLE_MOST)
            .map(|size| (size, rounds(&places[at..], size)))
            .find(|(_, rounds)| *rounds > 1)
            .unwrap_or((1, 1));
        let mut circle = places[at..at + size].to_vec();
        at += size * rounds;
        if rounds >= ROUNDS_LEAST && size > 1 {
            // The started round at its end belongs to it.
            at += places[at..].iter().zip(&circle).take_while(|(a, b)| a == b).count();
            let least =
                circle.iter().enumerate().min_by_key(|(_, place)| place.as_str()).map_or(0, |(at, _)| at);
            circle.rotate_left(least);
        }
        out.append(&mut circle);
    }
    out
}

/// How often the first so many repeat.
fn rounds(places: &[String], size: usize) -> usize {
    match places.get(..size) {
        Some(circle) => places.chunks(size).take_while(|chunk| *chunk == circle).count(),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recursion_counts_once_wherever_it_broke() {
        let places = |text: &str| collapsed(text.chars().map(String::from).collect());
        assert_eq!(places("aaaab"), places("aab"));
        assert_eq!(places("xyxyxyxyz"), places("yxyxyxyz"), "two that call each other");
        assert_ne!(places("ab"), places("ba"));
        assert_eq!(places(""), Vec::<String>::new());
        assert_eq!(places("abc"), ["a", "b", "c"]);
    }
}
