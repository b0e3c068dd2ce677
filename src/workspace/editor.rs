//! The director's own editor on the director's own terminal. The one process that gets the terminal.

use rustix::process::getpid;
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

/// Bytes of an edited text.
const TEXT_MOST: u64 = 4 << 20;

/// Lets a person edit `text`; gives it back as it was saved.
///
/// # Errors
/// No file can be made, the editor cannot be started or fails, or the result is no text. The text given in is
/// the caller's to keep.
pub async fn edit(editor: &str, text: String) -> Result<String, String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("chimera-{}-{number}.md", getpid().as_raw_nonzero());
    let path = std::env::temp_dir().join(name);
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(told)?;
    file.write_all(text.as_bytes()).map_err(told)?;
    drop(file);
    let line = format!("{editor} \"$1\"");
    #[expect(clippy::disallowed_methods, reason = "this room starts processes")]
    let status = tokio::process::Command::new("sh")
        .args(["-c", &line, "sh"])
        .arg(&path)
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .status()
        .await;
    let edited = match status {
        Ok(status) if status.success() => match fs::metadata(&path) {
            Ok(found) if found.len() > TEXT_MOST => Err(format!("the text is longer than {TEXT_MOST} bytes")),
            _ => fs::read_to_string(&path).map_err(told),
        },
        Ok(status) => Err(format!("{editor} ended with {status}; nothing was changed")),
        Err(error) => Err(format!("{editor} could not be started: {error}; set EDITOR")),
    };
    // A leftover in the temporary directory harms nobody.
    let _ = fs::remove_file(&path);
    edited
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_back_what_was_saved_and_says_what_failed() {
        let edited = edit("sed -i s/old/new/", "old words\n".to_owned()).await;
        assert_eq!(edited.as_deref(), Ok("new words\n"));
        assert!(edit("false", "x".to_owned()).await.unwrap_err().contains("nothing was changed"));
        assert!(edit("no-such-editor-here", "x".to_owned()).await.is_err());
    }
}
