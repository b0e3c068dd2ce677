//! A release on its way: put in place, watched, and taken back where it is worse than before. What cannot be told is said and
//! never counts as good; it never takes anything back by itself either: a person says what becomes of it, and until then it
//! is watched for what takes it back at any time. How far it came is written down before each step
//! that touches the world, so that whoever goes on after a crash does nothing twice.

use super::{
    super::site::permanent,
    ground::stopped,
    witness::{self, Watching, Witness, is_well},
};
use crate::{
    domain::{
        incident::{Attempt, Mark},
        runbook::RunPlan,
        service::{Release, Service},
        text::clean_line,
        time::Millis,
    },
    engine::{
        command::Outcome,
        effect::{Failure, FailureKind},
    },
    monitor::redact::redact,
    operations::{
        releases,
        runbooks::{self, Broken, Ground, Pace as _, SteadyPace},
    },
    policy::{
        healing::Soak,
        judgement::{
            soaking::{Arm, Soaking},
            verdict::{self, Judgement, Next},
        },
    },
    runtime::supervisor::StopSign,
};
use futures::future::BoxFuture;

/// How far a delivery had come when everything ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing was touched.
    Nothing,
    /// It was being put in the place of this version.
    Halfway(Option<String>),
    /// It was in the place of this version, and watched.
    InPlace(Option<String>),
    /// It was in the place of this version, and watching it had not told.
    Undecided(Option<String>),
    /// It was being taken back to this version.
    TakingBack(Option<String>),
    /// Something was done, and nothing was written down of it.
    Unknown,
}

impl Before {
    pub fn of(attempt: &Attempt) -> Self {
        let replaced = attempt.marks.iter().find_map(|mark| match mark {
            Mark::Replaces(version) => Some(version.clone()),
            _ => None,
        });
        match replaced {
            None if attempt.log.is_empty() => Self::Nothing,
            None => Self::Unknown,
            Some(version) if attempt.was_taken_back() => Self::TakingBack(version),
            Some(version) if attempt.was_undecided() => Self::Undecided(version),
            Some(version) if attempt.marks.contains(&Mark::InPlace) => Self::InPlace(version),
            Some(version) => Self::Halfway(version),
        }
    }
}

/// One release on its way.
pub(super) struct Delivery<'a> {
    pub service: &'a Service,
    pub release: &'a Release,
    pub ground: Ground<'a>,
    pub soak: &'a Soak,
    pub witness: &'a dyn Witness,
    /// Writes down what must be known after a crash, before anything else is done.
    pub pen: &'a (dyn Fn(Mark) -> BoxFuture<'a, Result<(), Failure>> + Send + Sync),
}

impl Delivery<'_> {
    /// Half a deployment must not be done twice: what was written down and what says what is in place decide where it goes on.
    pub async fn go_on(&self, before: Before, stop: &StopSign) -> Result<Outcome, Failure> {
        match before {
            Before::Nothing => self.make(stop).await,
            Before::InPlace(previous) => {
                (self.ground.tell)("it was cut off while it was watched: it is watched anew");
                self.watched(&self.plan(previous.as_deref())?, witness::baseline(self.witness), stop).await
            }
            Before::Undecided(previous) => {
                (self.ground.tell)("it was cut off while it waited for a person: it is watched on");
                let watch = Watch::begin(self, witness::baseline(self.witness));
                self.guarded(&self.plan(previous.as_deref())?, watch, stop).await
            }
            Before::Halfway(previous) => match self.in_place(stop).await? {
                Some(now) if previous.as_ref().is_some_and(|previous| *previous != now) => {
                    (self.ground.tell)(&format!("it was cut off, and {now} is in place: it is watched"));
                    (self.pen)(Mark::InPlace).await?;
                    self.watched(&self.plan(previous.as_deref())?, witness::baseline(self.witness), stop)
                        .await
                }
                Some(now) if previous.as_ref() == Some(&now) => {
                    (self.ground.tell)(&format!(
                        "it was cut off, and {now} is in place as before: it is done again"
                    ));
                    self.make(stop).await
                }
                _ => {
                    let why = "it was cut off while it was put in place, and nothing says what is in place";
                    let plan = self.plan(previous.as_deref())?;
                    (self.pen)(Mark::Undecided(vec![why.into()])).await?;
                    let watch = Watch::begin(self, witness::baseline(self.witness));
                    self.guarded(&plan, watch, stop).await
                }
            },
            Before::TakingBack(previous) => match self.in_place(stop).await? {
                Some(now) if previous.as_ref() == Some(&now) => Ok(Outcome::TakenBack(format!(
                    "everything ended while it was being taken back, and {now} is in place again"
                ))),
                _ => Err(permanent(
                    "everything ended while it was being taken back: WHETHER IT WAS IS NOT KNOWN; look, and say it by `chimera resolve`",
                )),
            },
            Before::Unknown => Ok(Outcome::Deployed),
        }
    }

    async fn make(&self, stop: &StopSign) -> Result<Outcome, Failure> {
        let previous = self.previous(stop).await?;
        let plan = self.plan(previous.as_deref())?;
        let before = witness::baseline(self.witness);
        (self.pen)(Mark::Replaces(previous.clone())).await?;
        match runbooks::carry_out(&plan, &self.ground, stop.raised()).await {
            Ok(_) => (self.pen)(Mark::InPlace).await?,
            Err(Broken::Stopped { .. }) => return Err(stopped()),
            Err(broken) => {
                // The old one may be half gone: the way back is taken if there is one.
                return match self.unchanged(&broken, previous.as_deref(), stop).await? {
                    Some(why) => Err(permanent(format!("{broken}; {why}: nothing is taken back"))),
                    None => self.back(&plan, &broken.to_string(), stop).await,
                };
            }
        }
        self.watched(&plan, before, stop).await
    }

    /// Why what failed has changed nothing, where that is known. Taking back what never came takes back something else, such as
    /// the release before.
    async fn unchanged(
        &self,
        broken: &Broken,
        previous: Option<&str>,
        stop: &StopSign,
    ) -> Result<Option<String>, Failure> {
        if !matches!(broken, Broken::Step { step, .. } if step == releases::DEPLOY) {
            return Ok(Some("deploy had not begun".to_owned()));
        }
        let now = self.in_place(stop).await?;
        let well = match &self.service.health {
            Some(url) => is_well(self.ground.look, url).await,
            None => true,
        };
        let same = now.filter(|now| well && Some(now.as_str()) == previous);
        Ok(same.map(|now| format!("current still says {now}")))
    }

    fn plan(&self, previous: Option<&str>) -> Result<RunPlan, Failure> {
        releases::delivery(self.service, self.release, previous).map_err(permanent)
    }

    async fn watched(&self, plan: &RunPlan, before: Arm, stop: &StopSign) -> Result<Outcome, Failure> {
        let mut watch = Watch::begin(self, before);
        let judgement = tokio::select! {
            judgement = self.watch(&mut watch) => judgement,
            () = stop.raised() => return Err(stopped()),
        };
        let reasons = judgement.reasons().join("; ");
        (self.ground.tell)(&format!("watched: {}: {reasons}", judgement.verdict.word()));
        (self.ground.tell)(&judgement.detectable);
        match verdict::next(judgement.verdict, self.soak, self.soak.duration, self.soak.extensions) {
            // What does no harm and cannot be taken back stays; that it did not help is told next.
            Next::RollBack if judgement.ineffective() && !plan.reversible => Ok(Outcome::Deployed),
            Next::RollBack => self.back(plan, &reasons, stop).await,
            Next::Promote => Ok(Outcome::Deployed),
            // What nothing speaks for is neither kept nor taken back by itself.
            Next::Extend(_) | Next::NeedsHuman => {
                let why = judgement.reasons().into_iter().chain([judgement.detectable]).collect();
                (self.pen)(Mark::Undecided(why)).await?;
                self.guarded(plan, watch, stop).await
            }
        }
    }

    /// It is a person's to keep, and this is stopped when one has answered. What takes a release back at any time does so
    /// meanwhile, too.
    async fn guarded(
        &self,
        plan: &RunPlan,
        mut watch: Watch<'_>,
        stop: &StopSign,
    ) -> Result<Outcome, Failure> {
        let worse = async {
            loop {
                if let Some(judgement) = watch.look(self.soak).await {
                    return judgement;
                }
            }
        };
        let judgement = tokio::select! {
            judgement = worse => judgement,
            () = stop.raised() => return Err(stopped()),
        };
        let reasons = judgement.reasons().join("; ");
        (self.ground.tell)(&format!("watched on: {}: {reasons}", judgement.verdict.word()));
        self.back(plan, &reasons, stop).await
    }

    /// Takes it back on a person's word, at most once.
    pub async fn undo(
        &self,
        before: Before,
        (why, unsure): (&str, bool),
        stop: &StopSign,
    ) -> Result<Outcome, Failure> {
        match before {
            Before::TakingBack(_) if unsure => self.go_on(before, stop).await,
            Before::Halfway(previous)
            | Before::InPlace(previous)
            | Before::Undecided(previous)
            | Before::TakingBack(previous) => self.back(&self.plan(previous.as_deref())?, why, stop).await,
            Before::Nothing | Before::Unknown => {
                Err(permanent(format!("{why}; nothing was written down of what it replaced")))
            }
        }
    }

    /// What is in place, before it is replaced. Only asked: of that nobody is told, and nothing was begun by it.
    async fn previous(&self, stop: &StopSign) -> Result<Option<String>, Failure> {
        let Some(question) = releases::question(self.service, self.release) else { return Ok(None) };
        let silent = Ground { tell: &|_| {}, ..self.ground };
        match runbooks::carry_out(&question, &silent, stop.raised()).await {
            Ok(done) => Ok(done.steps.first().map(|step| {
                let said = clean_line(step.said.trim(), Mark::WORDS_MOST).to_string();
                // What is no version is only told.
                if releases::is_version(&said) { said } else { redact(&said).into_owned() }
            })),
            Err(Broken::Stopped { .. }) => Err(stopped()),
            Err(broken) => Err(permanent(format!("what is deployed could not be asked: {broken}"))),
        }
    }

    /// What is in place now; `None` where nothing says.
    async fn in_place(&self, stop: &StopSign) -> Result<Option<String>, Failure> {
        match self.previous(stop).await {
            Err(failure) if failure.kind != FailureKind::Cancelled => Ok(None),
            other => other,
        }
    }

    async fn back(&self, plan: &RunPlan, why: &str, stop: &StopSign) -> Result<Outcome, Failure> {
        let deployed = [releases::DEPLOY.to_owned()];
        if plan.reversible {
            (self.pen)(Mark::TakingBack).await?;
        }
        let undone = runbooks::take_back(plan, &deployed, &self.ground, stop.raised()).await;
        match undone.first() {
            Some(step) if step.failed.is_none() => Ok(Outcome::TakenBack(why.to_owned())),
            Some(step) => {
                let failed = step.failed.as_deref().unwrap_or_default();
                Err(permanent(format!("{why}; AND IT COULD NOT BE TAKEN BACK: {failed}")))
            }
            None => Err(permanent(format!("{why}; nothing takes it back (release.rollback is not set)"))),
        }
    }

    async fn watch(&self, watch: &mut Watch<'_>) -> Judgement {
        let mut planned = self.soak.duration;
        let mut extended = 0;
        loop {
            if let Some(judgement) = watch.look(self.soak).await {
                return judgement;
            }
            if watch.pace.now() < planned {
                continue;
            }
            let aim = watch.watching.aim(self.soak);
            let judgement = verdict::judge(&watch.seen, self.soak, Some(&aim));
            match verdict::next(judgement.verdict, self.soak, self.soak.duration, extended) {
                Next::Extend(more) => {
                    (self.ground.tell)(&format!("watched for {planned}, which does not tell: {more} more"));
                    planned = Millis(planned.0.saturating_add(more.0));
                    extended += 1;
                }
                _ => return judgement,
            }
        }
    }
}

/// The watching of a release, with what was seen so far.
struct Watch<'a> {
    pace: SteadyPace,
    seen: Soaking,
    watching: Watching<'a>,
}

impl<'a> Watch<'a> {
    fn begin(of: &'a Delivery<'_>, before: Arm) -> Self {
        let watching = Watching::begin(of.witness, of.ground.look, of.service);
        Self { pace: SteadyPace::begin(), seen: Soaking::against(before), watching }
    }

    /// One look, after a while: what takes it back at once, if anything does.
    async fn look(&mut self, soak: &Soak) -> Option<Judgement> {
        self.pace.sleep(soak.sample).await;
        let tick = self.watching.look(self.pace.now()).await;
        self.seen.take(&tick, soak);
        verdict::early(&self.seen, soak)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            expr::{Call, Value},
            incident::Remedy,
            time::Timestamp,
        },
        engine::healing::ward::Incident,
        operations::runbooks::Looking,
    };
    use futures::future::FutureExt as _;
    use std::{
        path::Path,
        sync::{Arc, Mutex},
    };
    use tempfile::TempDir;

    /// A service that is a file with a version in it; what was done is another.
    struct Yard {
        dir: TempDir,
        service: Service,
        release: Release,
        soak: Soak,
        marks: Mutex<Vec<Mark>>,
        /// What the version becomes while a person is waited for; else one answers at once.
        then: Option<&'static str>,
    }

    /// Answers 200 as long as the version is none of the bad ones.
    struct World<'a>(&'a Path);

    impl Looking for World<'_> {
        fn look<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Option<Value>> {
            let version = std::fs::read_to_string(self.0.join("version")).unwrap_or_default();
            let status = if version.starts_with("bad") { 500.0 } else { 200.0 };
            let answer = (call.name == "http_status").then_some(Value::Number(status));
            async move { answer }.boxed()
        }
    }

    /// Measures nothing.
    struct Nobody;

    impl Witness for Nobody {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn points(&self, _: &str, _: (Timestamp, Timestamp)) -> Vec<(Timestamp, f64)> {
            Vec::new()
        }

        fn healed(&self) -> Option<Arc<Incident>> {
            None
        }

        fn newcomers(&self, _: Timestamp) -> Vec<Arc<Incident>> {
            Vec::new()
        }
    }

    fn shell(text: &str) -> Vec<String> {
        ["sh", "-c", text].map(str::to_owned).to_vec()
    }

    impl Yard {
        fn with(version: &str, deploy: &str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("version"), version).unwrap();
            let mut rollback = shell("echo back to $0 >> done; printf %s $0 > version");
            rollback.push("${previous}".into());
            Self {
                dir,
                service: Service {
                    name: "web".into(),
                    health: Some("http://127.0.0.1:1/".into()),
                    ..Service::default()
                },
                release: Release {
                    build: shell("echo build >> done; test ! -e unbuildable"),
                    deploy: shell(&format!("echo deploy >> done; {deploy}")),
                    current: shell("cat version"),
                    rollback,
                    timeout: Millis::mins(1),
                },
                soak: Soak {
                    duration: Millis(60),
                    sample: Millis(20),
                    warmup: Millis(0),
                    extensions: 0,
                    ..Soak::default()
                },
                marks: Mutex::default(),
                then: None,
            }
        }

        async fn goes_on(&self, before: Before) -> Result<Outcome, Failure> {
            self.does(before, None).await
        }

        async fn taken_back(&self, before: Before, unsure: bool) -> Result<Outcome, Failure> {
            self.does(before, Some(unsure)).await
        }

        async fn does(&self, before: Before, unwanted: Option<bool>) -> Result<Outcome, Failure> {
            let (answered, stop) = StopSign::pair();
            let pen = |mark: Mark| {
                match self.then {
                    _ if !matches!(mark, Mark::Undecided(_)) => {}
                    Some(version) => std::fs::write(self.dir.path().join("version"), version).unwrap(),
                    None => answered.send(true).unwrap(),
                }
                self.marks.lock().unwrap().push(mark);
                async { Ok(()) }.boxed()
            };
            let look = World(self.dir.path());
            let ground = Ground { dir: self.dir.path(), env: &[], look: &look, tell: &|_| {} };
            let Self { service, release, soak, .. } = self;
            let delivery = Delivery { service, release, ground, soak, witness: &Nobody, pen: &pen };
            match unwanted {
                None => delivery.go_on(before, &stop).await,
                Some(unsure) => delivery.undo(before, ("ada does not keep it", unsure), &stop).await,
            }
        }

        fn marks(&self) -> Vec<Mark> {
            self.marks.lock().unwrap().clone()
        }

        fn done(&self) -> Vec<String> {
            let done = std::fs::read_to_string(self.dir.path().join("done")).unwrap_or_default();
            done.lines().map(str::to_owned).collect()
        }

        fn version(&self) -> String {
            std::fs::read_to_string(self.dir.path().join("version")).unwrap()
        }
    }

    fn v1() -> Option<String> {
        Some("v1".into())
    }

    #[tokio::test]
    async fn c5_what_is_replaced_is_written_down_first_and_what_is_worse_goes_back_to_it() {
        let good = Yard::with("v1", "printf v2 > version");
        assert_eq!(good.goes_on(Before::Nothing).await, Err(stopped()), "it waited until a person answered");
        let marks = good.marks();
        assert_eq!(marks[..2], [Mark::Replaces(v1()), Mark::InPlace]);
        assert!(matches!(&marks[2..], [Mark::Undecided(why)] if why.iter().any(|w| w.contains("too few"))));
        assert_eq!(
            (good.done(), good.version()),
            (["build", "deploy"].map(str::to_owned).to_vec(), "v2".into())
        );
        let bad = Yard::with("v1", "printf bad2 > version");
        let outcome = bad.goes_on(Before::Nothing).await;
        assert!(matches!(outcome, Ok(Outcome::TakenBack(_))), "{outcome:?}");
        assert_eq!(bad.marks(), [Mark::Replaces(v1()), Mark::InPlace, Mark::TakingBack]);
        assert_eq!(
            (bad.done(), bad.version()),
            (["build", "deploy", "back to v1"].map(str::to_owned).to_vec(), "v1".into())
        );
    }

    #[tokio::test]
    async fn c5_after_a_crash_it_is_put_in_place_at_most_once_and_watched_against_what_was_there_before() {
        // In place when everything ended: watched anew, and the version of before is the one that was written down.
        let bad = Yard::with("bad2", "false");
        let outcome = bad.goes_on(Before::InPlace(v1())).await;
        assert!(matches!(outcome, Ok(Outcome::TakenBack(_))), "{outcome:?}");
        assert_eq!(bad.done(), ["back to v1"]);
        let good = Yard::with("v2", "false");
        assert_eq!(good.goes_on(Before::InPlace(v1())).await, Err(stopped()));
        assert!(matches!(good.marks()[..], [Mark::Undecided(_)]));
        // Halfway: what says what is in place is asked.
        let arrived = Yard::with("bad2", "false");
        let outcome = arrived.goes_on(Before::Halfway(v1())).await;
        assert!(matches!(outcome, Ok(Outcome::TakenBack(_))), "{outcome:?}");
        assert_eq!(arrived.marks(), [Mark::InPlace, Mark::TakingBack]);
        // It never came: nothing is done twice by doing it now.
        let still = Yard::with("v1", "printf v2 > version");
        assert_eq!(still.goes_on(Before::Halfway(v1())).await, Err(stopped()));
        assert_eq!(
            (still.done(), still.version()),
            (["build", "deploy"].map(str::to_owned).to_vec(), "v2".into())
        );
        let silent = Yard::with("v2", "false");
        std::fs::remove_file(silent.dir.path().join("version")).unwrap();
        assert_eq!(silent.goes_on(Before::Halfway(v1())).await, Err(stopped()), "a person says");
        assert!(matches!(silent.marks()[..], [Mark::Undecided(_)]));
        for yard in [&good, &silent] {
            assert_eq!(yard.done(), Vec::<String>::new());
        }
    }

    #[tokio::test]
    async fn c5_what_nothing_decided_is_watched_until_a_person_answers_and_goes_back_if_it_gets_worse() {
        let worse = Yard { then: Some("bad2"), ..Yard::with("v1", "printf v2 > version") };
        let outcome = worse.goes_on(Before::Nothing).await;
        assert!(
            matches!(&outcome, Ok(Outcome::TakenBack(why)) if why.contains("in a row failed")),
            "{outcome:?}"
        );
        assert!(matches!(worse.marks()[2..], [Mark::Undecided(_), Mark::TakingBack]));
        assert_eq!(worse.version(), "v1");
        // After a crash nobody is asked twice, and it is watched on.
        let later = Yard::with("bad2", "false");
        assert!(matches!(later.goes_on(Before::Undecided(v1())).await, Ok(Outcome::TakenBack(_))));
        assert_eq!((later.marks(), later.done()), (vec![Mark::TakingBack], vec!["back to v1".to_owned()]));
    }

    #[tokio::test]
    async fn c5_on_a_persons_word_it_goes_back_once() {
        let yard = Yard::with("v2", "false");
        let outcome = yard.taken_back(Before::Undecided(v1()), false).await;
        assert_eq!(outcome, Ok(Outcome::TakenBack("ada does not keep it".into())));
        assert_eq!((yard.marks(), yard.version()), (vec![Mark::TakingBack], "v1".into()));
        // A crash came while it was taken back.
        let half = Yard::with("v2", "false");
        assert!(
            half.taken_back(Before::TakingBack(v1()), true).await.is_err(),
            "whether it was is not known"
        );
        assert_eq!(half.done(), Vec::<String>::new());
        let unknown = Yard::with("v2", "false");
        assert!(unknown.taken_back(Before::Unknown, false).await.is_err());
    }

    #[tokio::test]
    async fn c5_what_was_being_taken_back_is_not_taken_back_twice() {
        let back = Yard::with("v1", "false");
        assert!(matches!(back.goes_on(Before::TakingBack(v1())).await, Ok(Outcome::TakenBack(_))));
        let not = Yard::with("bad2", "false");
        let failure = not.goes_on(Before::TakingBack(v1())).await.unwrap_err();
        assert!(failure.reason.contains("NOT KNOWN"), "{}", failure.reason);
        let unknown = Yard::with("v1", "false");
        assert!(unknown.goes_on(Before::TakingBack(None)).await.is_err());
        for yard in [&back, &not, &unknown] {
            assert_eq!(yard.done(), Vec::<String>::new());
        }
    }

    #[tokio::test]
    async fn c5_what_never_came_is_not_taken_back() {
        let unbuilt = Yard::with("v1", "printf v2 > version");
        std::fs::write(unbuilt.dir.path().join("unbuildable"), "").unwrap();
        let failure = unbuilt.goes_on(Before::Nothing).await.unwrap_err();
        assert!(failure.reason.contains("step build failed"), "{}", failure.reason);
        assert_eq!(unbuilt.done(), ["build"]);
        let refused = Yard::with("v1", "false");
        let failure = refused.goes_on(Before::Nothing).await.unwrap_err();
        assert!(failure.reason.contains("current still says v1"), "{}", failure.reason);
        assert_eq!(refused.done(), ["build", "deploy"]);
        // It says so, and the service is down all the same.
        let down = Yard::with("bad1", "false");
        let outcome = down.goes_on(Before::Nothing).await;
        assert!(matches!(outcome, Ok(Outcome::TakenBack(_))), "{outcome:?}");
        assert_eq!(down.done(), ["build", "deploy", "back to bad1"]);
        // Half of it came.
        let half = Yard::with("v1", "printf half > version; false");
        assert!(matches!(half.goes_on(Before::Nothing).await, Ok(Outcome::TakenBack(_))));
        assert_eq!(half.version(), "v1");
    }

    #[test]
    fn what_was_written_down_says_how_far_it_came() {
        let attempt = |marks: &[Mark], log: &[&str]| Attempt {
            number: 1,
            remedy: Remedy::Code(String::new()),
            mission: None,
            began: Timestamp(0),
            outcome: None,
            log: log.iter().map(|line| (*line).to_owned()).collect(),
            marks: marks.to_vec(),
        };
        let replaces = Mark::Replaces(v1());
        assert_eq!(Before::of(&attempt(&[], &[])), Before::Nothing);
        assert_eq!(
            Before::of(&attempt(&[], &["step deploy"])),
            Before::Unknown,
            "a journal of before there were marks"
        );
        assert_eq!(Before::of(&attempt(std::slice::from_ref(&replaces), &["x"])), Before::Halfway(v1()));
        let in_place = [replaces.clone(), Mark::InPlace];
        assert_eq!(Before::of(&attempt(&in_place, &[])), Before::InPlace(v1()));
        let asked = [replaces.clone(), Mark::InPlace, Mark::Undecided(vec!["too few".into()])];
        assert_eq!(Before::of(&attempt(&asked, &[])), Before::Undecided(v1()));
        assert_eq!(Before::of(&attempt(&[replaces, Mark::TakingBack], &[])), Before::TakingBack(v1()));
    }
}
