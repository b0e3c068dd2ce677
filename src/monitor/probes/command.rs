//! A command that prints lines and goes on, such as `journalctl -f`. It is started again when it ends, later each time
//! while it does not last, and what it says again then is not told again; its end is told, for a source that has ended
//! says nothing. Ends with its whole group when nobody listens or the future is dropped.
//!
//! A listener that is behind holds the command up: while it is, the command is not polled, its pipe fills, it waits.
//! Standard output and standard error are one stream of lines.

use super::{
    eyes::Eyes,
    lines::Lines,
    program::{last_words, spec as run_of},
    repeats::Repeats,
    voice::{Unheard, Voice},
};
use crate::{
    domain::{probe::ProbeSpec, signal::Reading, text, time::Millis},
    workspace::process::{self, Ear, Exit, Finished, Limits, ProcessError},
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

/// Longest life of one run; then it is started again.
const WALL: Millis = Millis::hours(24 * 365);
/// Kept of its words for the case that it ends.
const WORDS_KEPT: usize = 4 * 1024;
/// Between its end and the next start, at first ...
const PAUSE_FIRST: Millis = Millis::secs(1);
/// ... and at most.
const PAUSE_MOST: Millis = Millis::mins(1);
/// A run that lasted so long was a good one: the next pause is the first again.
const LASTED: Millis = Millis::mins(1);
/// Bytes that wait to be told. What comes on top is counted and dropped; a few reads fit many times.
const WAITING_MOST: usize = 16 * 1024 * 1024;

/// What was said and is not told yet.
#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Lines that were dropped.
    lost: u64,
}

/// Between the command that speaks and the one who tells.
#[derive(Default)]
struct Basket {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

impl Basket {
    fn put(&self, bytes: &[u8]) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bytes.len().saturating_add(bytes.len()) > WAITING_MOST {
            waiting.lost += memchr::memchr_iter(b'\n', bytes).count().max(1) as u64;
        } else {
            waiting.bytes.extend_from_slice(bytes);
        }
        drop(waiting);
        self.filled.notify_one();
    }

    fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs it again and again until nobody listens.
pub(super) async fn follow(
    spec: &ProbeSpec,
    argv: &[String],
    eyes: &Eyes,
    voice: &Voice<'_>,
) -> Result<(), Unheard> {
    let mut pause = PAUSE_FIRST;
    let mut repeats = Repeats::default();
    loop {
        let started = Instant::now();
        repeats.begin();
        let ended = once_through(spec, (argv, &mut repeats), eyes, voice).await?;
        if started.elapsed() >= LASTED.to_std() {
            pause = PAUSE_FIRST;
        }
        voice.say(Reading::Blind(format!("{ended}; it is started again in {} s", pause.0 / 1_000))).await?;
        tokio::select! {
            () = tokio::time::sleep(pause.to_std()) => {}
            () = voice.unheard() => return Err(Unheard),
        }
        pause = Millis(pause.0.saturating_mul(2)).min(PAUSE_MOST);
    }
}

/// One run to its end; how it ended.
async fn once_through(
    spec: &ProbeSpec,
    (argv, repeats): (&[String], &mut Repeats),
    eyes: &Eyes,
    voice: &Voice<'_>,
) -> Result<String, Unheard> {
    let limits = Limits { wall: WALL, output: WORDS_KEPT, ..Limits::default() };
    let basket = Arc::new(Basket::default());
    let ear: Ear = {
        let basket = Arc::clone(&basket);
        Arc::new(move |bytes: &[u8]| basket.put(bytes))
    };
    let mut run = std::pin::pin!(process::run_heard(run_of(argv.to_vec(), limits, eyes), ear));
    let (mut lines, every) = (Lines::default(), spec.every.to_std());
    let mut beat = Instant::now() + every;
    loop {
        let mut quiet = false;
        let done = tokio::select! {
            biased;
            () = voice.unheard() => return Err(Unheard),
            // First: a command that never pauses must not be read on before what it said is told.
            () = basket.filled.notified() => None,
            done = &mut run => Some(done),
            () = sleep_until(beat) => {
                voice.beat().await?;
                beat = Instant::now() + every;
                quiet = true;
                None
            }
        };
        let Waiting { bytes, lost } = basket.take();
        let mut told = Vec::new();
        lines.push(&bytes, &mut told);
        if done.is_some() {
            lines.end(&mut told);
        }
        let mut told = repeats.new_of(told);
        if quiet || done.is_some() {
            told.extend(repeats.settle());
        }
        if lost > 0 {
            voice.say(Reading::Lost(lost)).await?;
        }
        if !told.is_empty() {
            voice.lines(told).await?;
            beat = Instant::now() + every;
        }
        if let Some(done) = done {
            return Ok(end_of(argv, done));
        }
    }
}

/// Whether it can be started and does not fail within half a look; its lines are told by [`follow`] only.
pub(super) async fn look(spec: &ProbeSpec, argv: &[String], eyes: &Eyes) -> Result<Vec<Reading>, String> {
    let limits = Limits { output: WORDS_KEPT, ..Limits::default() };
    let run = process::run(run_of(argv.to_vec(), limits, eyes), std::future::pending());
    // One that goes on is ended at once, by being dropped.
    match timeout(spec.timeout.to_std() / 2, run).await {
        Err(_) | Ok(Ok(Finished { exit: Exit::Code(0), .. })) => Ok(vec![Reading::Lines(Vec::new())]),
        Ok(done) => Err(end_of(argv, done)),
    }
}

fn end_of(argv: &[String], done: Result<Finished, ProcessError>) -> String {
    let name = text::clean_line(argv.first().map_or("", String::as_str), 80);
    let done = match done {
        Ok(done) => done,
        Err(error) => return error.to_string(),
    };
    let how = match done.exit {
        Exit::Code(code) => format!("ended with code {code}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::TimedOut | Exit::Stopped => "was ended".to_owned(),
    };
    match last_words(&done.stderr) {
        words if words.is_empty() => format!("{name} {how}"),
        words => format!("{name} {how}: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{incident::Severity, probe::Source, signal::Observation},
        monitor::probes::eyes,
    };
    use tokio::sync::mpsc::{Receiver, channel};

    fn probe(script: &str, every: Millis) -> (ProbeSpec, Vec<String>) {
        let argv: Vec<String> = ["sh", "-c", script].map(str::to_owned).into();
        let spec = ProbeSpec {
            id: "journal".into(),
            service: "api".into(),
            env: "production".into(),
            every,
            timeout: Millis(200),
            heartbeat: Millis::mins(1),
            quiet_most: None,
            severity: Severity::P2,
            source: Source::Command { argv: argv.clone() },
        };
        (spec, argv)
    }

    async fn play<T>(
        script: &str,
        every: Millis,
        acts: impl AsyncFnOnce(&mut Receiver<Observation>) -> T,
    ) -> T {
        let (spec, argv) = probe(script, every);
        let eyes = eyes::of_tests();
        let (sink, mut heard) = channel(2);
        let voice = Voice::of(&spec, &eyes, &sink);
        let playing = tokio::time::timeout(Millis::mins(1).to_std(), acts(&mut heard));
        tokio::select! {
            _ = follow(&spec, &argv, &eyes, &voice) => panic!("it stopped"),
            played = playing => played.expect("nothing comes"),
        }
    }

    async fn next(heard: &mut Receiver<Observation>) -> Reading {
        heard.recv().await.unwrap().reading
    }

    async fn lines(heard: &mut Receiver<Observation>, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            if let Reading::Lines(more) = next(heard).await {
                lines.extend(more);
            }
        }
        lines
    }

    #[tokio::test]
    async fn c2_lines_of_both_streams_arrive_while_the_command_goes_on() {
        play("echo out; echo err >&2; exec sleep 600", Millis::hours(1), async |heard| {
            let mut told = lines(heard, 2).await;
            told.sort_unstable();
            assert_eq!(told, ["err", "out"]);
        })
        .await;
    }

    #[tokio::test]
    async fn c2_its_end_is_told_with_its_last_words_and_it_is_started_again() {
        // Each run says its number: what it says again is not told again.
        let script = "echo line $$; printf \"half $$\"; echo no such unit $$ >&2; exit 3";
        play(script, Millis::hours(1), async |heard| {
            for pause in [1, 2] {
                let mut said = String::new();
                let why = loop {
                    match next(heard).await {
                        Reading::Lines(lines) => said.push_str(&lines.join("\n")),
                        Reading::Blind(why) => break why,
                        other => panic!("{other:?}"),
                    }
                };
                assert!(said.contains("line") && said.contains("half"), "{said}");
                assert!(why.contains("sh ended with code 3: no such unit"), "{why}");
                assert!(why.ends_with(&format!("; it is started again in {pause} s")), "{why}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn c2_a_command_that_is_not_there_is_told() {
        let (spec, _) = probe("", Millis::secs(1));
        let argv = vec!["/nowhere/journalctl".to_owned()];
        let why = look(&spec, &argv, &eyes::of_tests()).await.unwrap_err();
        assert!(why.contains("/nowhere/journalctl"), "{why}");
    }

    #[tokio::test]
    async fn c1_a_silent_command_beats() {
        play("exec sleep 600", Millis(20), async |heard| {
            for _ in 0..3 {
                assert_eq!(next(heard).await, Reading::Lines(Vec::new()));
            }
        })
        .await;
    }

    #[tokio::test]
    async fn c2_a_slow_listener_holds_a_flood_up_and_loses_nothing() {
        let script = "i=0; while [ $i -lt 400 ]; do seq 1000; i=$((i+1)); done; exec sleep 600";
        play(script, Millis::hours(1), async |heard| {
            let mut count = 0_u64;
            while count < 400_000 {
                match next(heard).await {
                    Reading::Lines(lines) => {
                        for line in lines {
                            assert_eq!(line.parse(), Ok(count % 1_000 + 1));
                            count += 1;
                        }
                    }
                    other => panic!("{other:?}"),
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    #[tokio::test]
    async fn c2_its_whole_group_ends_when_nobody_listens() {
        let pid = play("sleep 600 & echo $!; wait", Millis::hours(1), async |heard| {
            lines(heard, 1).await.remove(0)
        })
        .await;
        // Killed; whoever inherits it may not have taken notice yet.
        loop {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if stat.is_empty() || stat.contains(") Z ") || stat.contains(") X ") {
                break;
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn c2_one_look_tells_whether_it_starts_and_goes_on() {
        let eyes = eyes::of_tests();
        let (spec, argv) = probe("echo line; exec sleep 600", Millis::secs(1));
        assert_eq!(look(&spec, &argv, &eyes).await, Ok(vec![Reading::Lines(Vec::new())]));
        let (spec, argv) = probe("echo 'permission denied' >&2; exit 1", Millis::secs(1));
        let spec = ProbeSpec { timeout: Millis::mins(2), ..spec };
        assert_eq!(
            look(&spec, &argv, &eyes).await,
            Err("sh ended with code 1: permission denied".to_owned())
        );
    }

    #[test]
    fn what_nobody_takes_is_dropped_and_counted() {
        let basket = Basket::default();
        let piece = b"0123456789abcde\n".repeat(4_096);
        for _ in 0..300 {
            basket.put(&piece);
        }
        let waiting = basket.take();
        assert_eq!((waiting.bytes.len(), waiting.lost), (WAITING_MOST, 44 * 4_096));
    }
}
