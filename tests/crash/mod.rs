//! Sudden death of the real binary: SIGKILL at random moments, a damaged history, a full and a read-only disk.

mod campaign;
mod disk;
mod kills;
