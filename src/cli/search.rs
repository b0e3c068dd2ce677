//! `chimera search`: words in everything that was done and said, newest first. Takes no lock, starts no engine,
//! changes nothing.

use super::{
    exit::{Complaint, Exit, Said},
    out::Out,
    session::Session,
};
use crate::{
    domain::{search::parse, text::count},
    runtime::{
        clock::Clock,
        past::{
            search::{Cursor, Found, HITS_MOST, Hit, Page, Search, run as find},
            shelf::Files,
        },
    },
};
use clap::Args;
use serde_json::json;

/// What to look for.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "All words must be there, in any case; \"several words\" in quotes stay together. Filters:\n  \
    kind:mission.landed  kinds of journal entries that begin so\n  \
    mission:M-12         of one mission\n  \
    team:google          of one team, by number or a part of its name\n  \
    actor:ada            whose name holds this\n  \
    after:2026-11-01     from this time on (UTC); 3d and 90m count back from now\n  \
    before:2026-11-21    up to this time\n  \
    in:briefs            in journal, transcripts or briefs only; several with commas"
)]
pub struct SearchArgs {
    /// Words and filters
    #[arg(value_name = "WORDS", required = true)]
    pub words: Vec<String>,
    /// At most so many hits
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub most: usize,
}

/// Prints what is found.
///
/// # Errors
/// The question makes no sense, or the journal cannot be read.
pub fn run(args: &SearchArgs, session: &Session, out: &mut Out) -> Said {
    session.ground()?;
    let text = question(&args.words);
    let query = parse(&text, Clock::Wall.now()).map_err(|bad| {
        Complaint::usage(format!("{text:?}: {bad}")).hint("`chimera search --help` shows every filter")
    })?;
    let shelf = Files(session.settings().places.data.clone());
    let (mut from, mut left) = (Cursor::default(), args.most.max(1));
    let mut sum = Page::default();
    let mut found = 0;
    loop {
        let search = Search { query: query.clone(), from, most: left.min(HITS_MOST) };
        let page = find(&shelf, &search).map_err(Complaint::error)?;
        for hit in page.hits.iter().take(left) {
            show(hit, out);
        }
        found += page.hits.len().min(left);
        left = left.saturating_sub(page.hits.len());
        sum = Page {
            entries: sum.entries + page.entries,
            bytes: sum.bytes + page.bytes,
            gone: sum.gone + page.gone,
            ..sum
        };
        match page.next {
            Some(next) if left > 0 => from = next,
            more => {
                summary(found, &sum, more.is_some(), out);
                return Ok(Exit::Ok);
            }
        }
    }
}

/// The arguments as one question: what the shell kept together stays together.
fn question(words: &[String]) -> String {
    let kept = |word: &String| {
        let together = words.len() > 1 && word.contains(char::is_whitespace) && !word.contains(['"', ':']);
        if together { format!("\"{word}\"") } else { word.clone() }
    };
    words.iter().map(kept).collect::<Vec<_>>().join(" ")
}

fn show(hit: &Hit, out: &mut Out) {
    let at: String = hit.at.to_string().chars().take(16).collect();
    let mission = hit.mission.map(|mission| mission.to_string());
    let place = match &hit.found {
        Found::Journal => hit.kind.clone(),
        Found::Brief => "brief".to_owned(),
        Found::Transcript { team, turn, voice, .. } => format!("{team} turn {turn} {voice}"),
    };
    let words = format!(
        "{at}  {:<7} {:<6} {place} · {} · {}",
        hit.seq.to_string(),
        mission.as_deref().unwrap_or("-"),
        hit.actor,
        hit.text
    );
    let mut value = json!({
        "kind": "hit", "seq": hit.seq, "at": hit.at.to_string(), "actor": hit.actor, "entry": hit.kind,
        "mission": mission, "in": "journal", "text": hit.text,
        "marks": hit.marks.iter().map(|mark| [mark.start, mark.end]).collect::<Vec<_>>(),
    });
    match &hit.found {
        Found::Journal => {}
        Found::Brief => value["in"] = json!("briefs"),
        Found::Transcript { team, turn, content, voice } => {
            value["in"] = json!("transcripts");
            value["team"] = json!(team.to_string());
            value["turn"] = json!(turn);
            value["voice"] = json!(voice);
            value["transcript_sha256"] = json!(content);
        }
    }
    out.both(&words, &value);
}

fn summary(found: usize, page: &Page, more: bool, out: &mut Out) {
    let mut words = match found {
        0 => "nothing found".to_owned(),
        found => count(found, "hit"),
    };
    words.push_str(&format!(", {} looked at", count(page.entries, "entry")));
    if more {
        words.push_str("; there may be more: --most N shows more of it");
    }
    if page.gone > 0 {
        words.push_str(&format!("; {} gone or unreadable", count(page.gone, "transcript")));
    }
    out.both(
        &words,
        &json!({
            "kind": "search_end", "hits": found, "entries": page.entries, "bytes": page.bytes,
            "transcripts_gone": page.gone, "more": more,
        }),
    );
}

#[cfg(test)]
mod tests {
    use super::question;

    #[test]
    fn what_the_shell_kept_together_stays_together() {
        let ask = |words: &[&str]| question(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(ask(&["cart", "divide by zero", "mission:M-1"]), "cart \"divide by zero\" mission:M-1");
        assert_eq!(ask(&["cart in:briefs"]), "cart in:briefs");
    }
}
