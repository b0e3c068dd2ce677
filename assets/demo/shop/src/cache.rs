//! Receipts are kept in the directory `SHOP_CACHE`. A shop whose cache has outgrown its bound sells nothing.

use std::fs;

/// Bytes that may lie there.
const MOST: u64 = 4 * 1024 * 1024;

/// Whether another receipt may be kept. Without a directory none is, and there is always room.
pub fn has_room() -> bool {
    let Ok(dir) = std::env::var("SHOP_CACHE") else { return true };
    let Ok(entries) = fs::read_dir(dir) else { return true };
    let bytes: u64 = entries.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
    bytes <= MOST
}
