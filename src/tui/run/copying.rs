//! Copies of what no clipboard takes.

use crate::{domain::digest::Digest, runtime::handle::Handle, tui::options::Ports};

/// Bytes that are copied to a file at most.
const COPY_MOST: usize = 64 * 1024 * 1024;

/// Writes a blob to a file of the person's, and says where.
pub(super) async fn to_file(handle: &Handle, ports: &Ports, digest: Digest) -> Result<String, String> {
    let bytes = handle.blob(digest).await.map_err(|error| error.to_string())?;
    if bytes.len() > COPY_MOST {
        return Err(format!("{} bytes are over what is copied ({COPY_MOST})", bytes.len()));
    }
    let length = bytes.len();
    let name = format!("{}.patch", digest.to_string().chars().take(12).collect::<String>());
    let path = (ports.keep)(name, bytes).await?;
    Ok(format!("{length} bytes written to {path}"))
}
