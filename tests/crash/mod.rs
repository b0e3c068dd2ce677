//! Sudden death of the real binary: SIGKILL at random moments and while the index writes its snapshot, a damaged history, a full and a read-only disk.

mod campaign;
mod disk;
mod kills;
mod snapshots;
