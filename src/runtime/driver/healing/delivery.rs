//! A release on its way: put in place, watched, and taken back where it is worse than before. What cannot be told is said and
//! never counts as good; it never takes anything back by itself either. How far it came is written down before each step
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
                // Whether the service is well is asked next.
                _ => {
                    (self.ground.tell)(
                        "it was cut off, and nothing says what is in place: that is proven next",
                    );
                    Ok(Outcome::Deployed)
                }
            },
            Before::TakingBack(previous) => match self.in_place(stop).await? {
                Some(now) if previous.as_ref() == Some(&now) => Ok(Outcome::TakenBack(format!(
                    "it was worse than before; everything ended while it was taken back, and {now} is in place again"
                ))),
                _ => Err(permanent(
                    "it was worse than before, and everything ended while it was taken back: WHETHER IT WAS IS NOT KNOWN",
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
        let judgement = tokio::select! {
            judgement = self.watch(before) => judgement,
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
            // There is one place, and it is in place there: no comparison speaks for it, so its own signal and checks must.
            Next::Extend(_) | Next::NeedsHuman => {
                (self.ground.tell)(
                    "it stays in place unjudged: whether it healed the incident is proven next",
                );
                Ok(Outcome::Deployed)
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

    async fn watch(&self, before: Arm) -> Judgement {
        let pace = SteadyPace::begin();
        let mut seen = Soaking::against(before);
        let mut watching = Watching::begin(self.witness, self.ground.look, self.service);
        let mut planned = self.soak.duration;
        let mut extended = 0;
        loop {
            pace.sleep(self.soak.sample).await;
            let tick = watching.look(pace.now()).await;
            seen.take(&tick, self.soak);
            if let Some(judgement) = verdict::early(&seen, self.soak) {
                return judgement;
            }
            if pace.now() < planned {
                continue;
            }
            let judgement = verdict::judge(&seen, self.soak, Some(&watching.aim(self.soak)));
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
            }
        }

        async fn goes_on(&self, before: Before) -> Result<Outcome, Failure> {
            let (_tell, stop) = StopSign::pair();
            let pen = |mark: Mark| {
                self.marks.lock().unwrap().push(mark);
                async { Ok(()) }.boxed()
            };
            let look = World(self.dir.path());
            let ground = Ground { dir: self.dir.path(), env: &[], look: &look, tell: &|_| {} };
            let Self { service, release, soak, .. } = self;
            let witness = &Nobody;
            Delivery { service, release, ground, soak, witness, pen: &pen }.go_on(before, &stop).await
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
        assert_eq!(good.goes_on(Before::Nothing).await, Ok(Outcome::Deployed));
        assert_eq!(good.marks(), [Mark::Replaces(v1()), Mark::InPlace]);
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
        assert_eq!(good.goes_on(Before::InPlace(v1())).await, Ok(Outcome::Deployed));
        // Halfway: what says what is in place is asked.
        let arrived = Yard::with("bad2", "false");
        let outcome = arrived.goes_on(Before::Halfway(v1())).await;
        assert!(matches!(outcome, Ok(Outcome::TakenBack(_))), "{outcome:?}");
        assert_eq!(arrived.marks(), [Mark::InPlace, Mark::TakingBack]);
        // It never came: nothing is done twice by doing it now.
        let still = Yard::with("v1", "printf v2 > version");
        assert_eq!(still.goes_on(Before::Halfway(v1())).await, Ok(Outcome::Deployed));
        assert_eq!(
            (still.done(), still.version()),
            (["build", "deploy"].map(str::to_owned).to_vec(), "v2".into())
        );
        let silent = Yard::with("bad2", "false");
        assert_eq!(
            silent.goes_on(Before::Halfway(None)).await,
            Ok(Outcome::Deployed),
            "nobody knows, so it is proven"
        );
        for yard in [&good, &silent] {
            assert_eq!(yard.done(), Vec::<String>::new());
        }
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
        assert_eq!(Before::of(&attempt(&[replaces, Mark::TakingBack], &[])), Before::TakingBack(v1()));
    }
}
