//! What a person names on the command line, in the state as it is: a mission, a request, a team. A name that is not
//! there is a complaint that says where to look.

use super::exit::Complaint;
use crate::{
    domain::{
        ids::{MissionId, RequestId, TeamId},
        request::Request,
    },
    engine::state::{Mission, State},
};

/// A mission of a state.
///
/// # Errors
/// There is none of that number.
pub fn mission(id: MissionId, state: &State) -> Result<&Mission, Complaint> {
    let found = state.missions.get(&id).map(std::sync::Arc::as_ref);
    found.ok_or_else(|| {
        Complaint::error(format!("there is no mission {id}")).hint("`chimera missions` lists them")
    })
}

/// A request of a state.
///
/// # Errors
/// There is none of that number, or it was decided before.
pub fn request(id: RequestId, state: &State) -> Result<&Request, Complaint> {
    if let Some(request) = state.desk.get(&id) {
        return Ok(request);
    }
    let decided = state.decided.iter().any(|(request, ..)| request.id == id);
    let what = if decided { format!("{id} was decided before") } else { format!("there is no request {id}") };
    Err(Complaint::error(what).hint("`chimera desk list` shows what waits"))
}

/// A team by name, by number, or by its vendor where only one team is of it.
///
/// # Errors
/// No team, or several, are meant.
pub fn team(mission: &Mission, name: &str) -> Result<TeamId, Complaint> {
    let wanted = name.trim().to_lowercase();
    let number = wanted.trim_start_matches("t-").parse::<u8>().ok();
    let exact = mission
        .teams
        .iter()
        .find(|team| team.spec.name.to_lowercase() == wanted)
        .or_else(|| mission.teams.iter().find(|team| Some(team.id.0) == number));
    if let Some(team) = exact {
        return Ok(team.id);
    }
    let mut of_vendor = mission.teams.iter().filter(|team| team.spec.model.vendor.word() == wanted);
    match (of_vendor.next(), of_vendor.next()) {
        (Some(team), None) => Ok(team.id),
        _ => {
            let names: Vec<String> =
                mission.teams.iter().map(|team| format!("{} {}", team.id.0, team.spec.name)).collect();
            Err(Complaint::usage(format!("{name:?} names no single team of {}", mission.id))
                .hint(format!("there are {}", names.join(", "))))
        }
    }
}
