//! How a brief becomes a mission: with the files it mentions, and told of the idea it came from.

use super::{mentions::mentions, options::Ports, task::opened};
use crate::{
    domain::{
        brief::{Attachment, Brief},
        ids::MissionId,
    },
    engine::{
        command::{Command, IdeaCommand, MissionCommand},
        ideas::IdeaId,
    },
    runtime::handle::{Handle, Receipt},
};

/// Opens a mission with the files that its brief mentions.
///
/// # Errors
/// In words: work cannot start here, a file cannot be read, or the engine refuses.
pub(super) async fn open(handle: &Handle, ports: &Ports, mut brief: Brief) -> Result<Receipt, String> {
    (ports.ready)().await?;
    for path in mentions(&brief.text) {
        let (media_type, bytes) =
            (ports.attach)(path.clone()).await.map_err(|why| format!("@{path}: {why}"))?;
        let length = bytes.len() as u64;
        let content = handle.keep(bytes).await.map_err(|error| format!("@{path}: {error}"))?;
        brief.attachments.push(Attachment { path, media_type, content, bytes: length });
    }
    let command = Command::Mission(MissionCommand::Open(Box::new(brief)));
    handle.send(command).await.map_err(|error| error.to_string())
}

/// Opens the mission of an idea; that the idea is taken is told after it, and no reason to say that it did not work.
///
/// # Errors
/// As [`open`].
pub(super) async fn of_idea(
    handle: &Handle,
    ports: &Ports,
    id: IdeaId,
    brief: Brief,
) -> Result<(MissionId, Receipt), String> {
    let receipt = open(handle, ports, brief).await?;
    let mission = opened(&receipt).ok_or("the engine opened no mission")?;
    match handle.send(Command::Idea(IdeaCommand::Take { id, mission })).await {
        Ok(taken) => Ok((mission, taken)),
        Err(error) => {
            tracing::warn!(%error, %mission, "the idea of a mission is not taken");
            Ok((mission, receipt))
        }
    }
}
