//! Looks at files for the Briefing Room, off the loop: reads, keeps, weighs.

use super::picture::{Found, Paste, Picture, Weight};
use crate::{
    domain::{
        brief::Attachment,
        picture::{self, Size},
        team::ModelRef,
    },
    runtime::handle::Handle,
    tui::{
        options::Ports,
        task::{Done, Task},
    },
};

/// Does [`Task::Look`] and [`Task::Weigh`].
pub(in crate::tui) async fn serve(handle: &Handle, ports: &Ports, task: Task) -> Done {
    match task {
        Task::Look(pastes, models) => {
            let mut found = Vec::with_capacity(pastes.len());
            for paste in pastes {
                let picture = look(handle, ports, &paste, &models).await;
                found.push(Found { paste, picture });
            }
            Done::Looked(found)
        }
        Task::Weigh(name, models) => {
            let weight = match (ports.attach)(name.clone()).await {
                Ok((media_type, bytes)) if media_type.starts_with("image/") => {
                    Some(weigh(ports, picture::size(&bytes), &models).await)
                }
                _ => None,
            };
            Done::Weighed(name, weight)
        }
        _ => Done::Told(Vec::new()),
    }
}

async fn look(
    handle: &Handle,
    ports: &Ports,
    paste: &Paste,
    models: &[ModelRef],
) -> Result<Option<Picture>, String> {
    let Some((media_type, content)) = (ports.picture)(paste.path.clone()).await? else { return Ok(None) };
    let weight = weigh(ports, picture::size(&content), models).await;
    let bytes = content.len() as u64;
    // Kept now: what was weighed is what is sent, whatever becomes of the file.
    let content = handle.keep(content).await.map_err(|error| error.to_string())?;
    // The name alone: where a person keeps it is nobody's business.
    let path = paste.path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Some(Picture { attachment: Attachment { path, media_type, content, bytes }, weight }))
}

async fn weigh(ports: &Ports, size: Option<Size>, models: &[ModelRef]) -> Weight {
    match size {
        Some(known) => Weight { size, costs: (ports.weigh)(models.to_vec(), known).await },
        None => Weight::default(),
    }
}
