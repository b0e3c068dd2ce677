//! Bounds of a child process: what it may take of time, memory, disk and processes, and what is kept of its words.

use crate::domain::time::Millis;
use serde::{Deserialize, Serialize};

/// Bounds of a child. Zero means "no bound of ours" for `memory`, `file_size` and `processes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall-clock time.
    pub wall: Millis,
    /// Bytes kept of each stream (half from its head, half from its tail); the rest is read and counted.
    pub output: usize,
    /// Writable private memory in bytes, per process (`RLIMIT_DATA`: the JVM, Go and V8 reserve far more address
    /// space than they write, so `RLIMIT_AS` would kill honest builds).
    pub memory: u64,
    /// Largest file in bytes it may write.
    pub file_size: u64,
    /// Processes and threads at once; holds where the sandbox has a user namespace (elsewhere the kernel counts all
    /// of the user's processes, so it is left alone).
    pub processes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Millis::mins(10),
            output: 256 * 1024,
            memory: 8 << 30,
            file_size: 4 << 30,
            processes: 4_096,
        }
    }
}
