//! One row of an answer, as text.

use tokio_postgres::SimpleQueryMessage;

/// One row, column by column; `None` where it is null.
pub(super) type Row = Vec<Option<String>>;

/// The row in a message, if it is one.
pub(super) fn row_of(message: SimpleQueryMessage) -> Option<Row> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
}

/// The column's text; nothing where it is null.
pub(super) fn word(row: &Row, at: usize) -> &str {
    row.get(at).and_then(Option::as_deref).unwrap_or_default()
}

/// The column as a number; negative ones, which clocks can make, count as none.
pub(super) fn number(row: &Row, at: usize) -> Option<u64> {
    let text = row.get(at)?.as_deref()?;
    text.parse::<i64>().ok().map(|number| u64::try_from(number).unwrap_or(0))
}
