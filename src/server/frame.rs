//! How a server-sent event is written.

/// An event with an id; `data` is one line.
pub(super) fn event(id: u64, data: &str) -> String {
    format!("id: {id}\ndata: {data}\n\n")
}

/// An event of a type and without an id: the place in the stream stays.
pub(super) fn aside(sort: &str, data: &str) -> String {
    format!("event: {sort}\ndata: {data}\n\n")
}
