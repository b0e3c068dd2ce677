//! Before the work: survey, questions, plan. Only a missing repository is fatal; a missing orchestrator is
//! said and worked around.

use super::draft;
use crate::{
    domain::{
        brief::{Answer, Brief, Question},
        ids::MissionId,
        mission::Step,
        plan::{Plan, Survey},
    },
    engine::{
        command::{Refusal, RefusalKind},
        effect::EffectKind,
        event::MissionEvent,
        pen::{Pen, refuse},
    },
};

/// Longest goal taken from the brief's first line, in characters.
const GOAL_MOST: usize = 200;

/// First step of an admitted mission, or straight to the teams when it was prepared before.
pub(super) fn enter(pen: &mut Pen<'_>, id: MissionId) {
    let Some(mission) = pen.mission(id) else { return };
    if mission.preparation.plan.is_some() && mission.brief.patch.is_none() {
        if mission.brief.feature.is_some() {
            // The playbook of features knows how far it had come.
            return pen.mission_event(id, MissionEvent::StepEntered(Step::Plan, mission.revision.next()));
        }
        return draft::all(pen, id);
    }
    pen.mission_event(id, MissionEvent::StepEntered(Step::Clarify, mission.revision.next()));
    pen.want(id, EffectKind::Survey);
}

pub(super) fn surveyed(pen: &mut Pen<'_>, id: MissionId, survey: &Survey) {
    pen.mission_event(id, MissionEvent::Surveyed(Box::new(survey.clone())));
    let brief = pen.mission(id).map(|mission| mission.brief.clone());
    match brief.as_deref() {
        // The work is there already: nothing is asked or planned.
        Some(Brief { patch: Some(patch), .. }) => draft::given(pen, id, *patch),
        // Nobody may be there to answer.
        Some(Brief { heals: Some(_), .. } | Brief { feature: Some(_), .. }) => asked(pen, id, &[]),
        _ => pen.want(id, EffectKind::Clarify),
    }
}

/// Questions beyond the bound are not asked; without any the plan is next.
pub(super) fn asked(pen: &mut Pen<'_>, id: MissionId, questions: &[Question]) {
    let questions: Vec<Question> = questions.iter().take(Question::MOST).cloned().collect();
    let none = questions.is_empty();
    pen.mission_event(id, MissionEvent::QuestionsAsked(questions));
    if none {
        clarified(pen, id, Vec::new());
    }
}

/// The director answers; what is left out is answered by its default, and marked as assumed.
pub(super) fn answer(pen: &mut Pen<'_>, id: MissionId, answers: &[Answer]) -> Result<(), Refusal> {
    let mission = pen.live(id)?;
    let Some(questions) =
        mission.preparation.questions.as_ref().filter(|_| mission.step == Some(Step::Clarify))
    else {
        let kind = if mission.step > Some(Step::Clarify) { RefusalKind::Already } else { RefusalKind::Stale };
        return Err(refuse(kind, format!("{id} waits for no answers")));
    };
    if let Some(stray) = answers.iter().find(|a| questions.iter().all(|q| q.text != a.question)) {
        return Err(refuse(RefusalKind::Invalid, format!("{id} did not ask {:?}", stray.question)));
    }
    let full = questions
        .iter()
        .map(|question| {
            let given = answers.iter().find(|a| a.question == question.text).cloned();
            given.unwrap_or_else(|| Answer {
                question: question.text.clone(),
                text: question.default.clone(),
                assumed: true,
            })
        })
        .collect();
    clarified(pen, id, full);
    Ok(())
}

fn clarified(pen: &mut Pen<'_>, id: MissionId, answers: Vec<Answer>) {
    let Some(mission) = pen.mission(id) else { return };
    pen.mission_event(id, MissionEvent::Clarified(answers));
    pen.mission_event(id, MissionEvent::StepEntered(Step::Plan, mission.revision));
    pen.want(id, EffectKind::Plan);
}

pub(super) fn planned(pen: &mut Pen<'_>, id: MissionId, plan: Plan) {
    pen.mission_event(id, MissionEvent::Planned(Box::new(plan)));
    // A feature has its test first.
    if pen.mission(id).is_some_and(|mission| mission.brief.feature.is_none()) {
        draft::all(pen, id);
    }
}

/// Nobody could plan: the teams get the brief as it is, and the plan says why there is none.
pub(super) fn unplanned(pen: &mut Pen<'_>, id: MissionId, why: &str) {
    let Some(mission) = pen.mission(id) else { return };
    let goal = mission.brief.text.trim().lines().next().unwrap_or_default().chars().take(GOAL_MOST).collect();
    let by = format!("no plan: {why}");
    planned(pen, id, Plan { goal, steps: Vec::new(), files: Vec::new(), confidence: 0, by });
}
