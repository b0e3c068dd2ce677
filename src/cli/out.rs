//! The one way to stdout: lines for people or JSON Lines for programs, always clean. A reader that goes away
//! (`| head`) makes the rest silent; it never ends a mission that is under way. Notes go to stderr.

use crate::domain::text;
use serde_json::Value;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Characters of one table cell.
const CELL_MOST: usize = 160;
/// Characters of a note.
const NOTE_MOST: usize = 400;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Where results go.
pub struct Out {
    form: Form,
    sink: Box<dyn Write + Send>,
    gone: Option<io::Error>,
}

impl Out {
    /// To this process's stdout.
    #[must_use]
    pub fn stdout(form: Form) -> Self {
        Self::to(form, Box::new(io::stdout()))
    }
    /// To anything.
    #[must_use]
    pub fn to(form: Form, sink: Box<dyn Write + Send>) -> Self {
        Self { form, sink, gone: None }
    }
    /// How it writes.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// A line for people; nothing in JSON form.
    pub fn say(&mut self, line: &str) {
        if self.form == Form::Human {
            self.write(&text::clean(line));
        }
    }

    /// An object for programs; nothing in human form.
    pub fn tell(&mut self, value: &Value) {
        if self.form == Form::Json {
            self.write(&clean_value(value.clone()).to_string());
        }
    }

    /// The same thing, in whichever form is wanted.
    pub fn both(&mut self, line: &str, value: &Value) {
        self.say(line);
        self.tell(value);
    }

    /// A table for people: columns as wide as their widest cell, the last one as it is.
    pub fn table(&mut self, rows: &[Vec<String>]) {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| text::clean_line(cell, CELL_MOST).to_string()).collect())
            .collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0))
            .collect();
        for row in &rows {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                line.push_str(cell);
                if at + 1 < row.len() {
                    line.extend(std::iter::repeat_n(' ', widths[at] - cell.width() + 2));
                }
            }
            self.say(line.trim_end());
        }
    }

    /// Bytes that are clean by their making (generated text, an export). In both forms.
    pub fn raw(&mut self, bytes: &[u8]) {
        if self.gone.is_none() {
            self.gone = self.sink.write_all(bytes).and_then(|()| self.sink.flush()).err();
        }
    }

    /// Why something could not be written, such as a full disk. A reader that went away is none.
    #[must_use]
    pub fn fault(&self) -> Option<&io::Error> {
        self.gone.as_ref().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    fn write(&mut self, line: &str) {
        self.raw(format!("{}\n", line.trim_end_matches('\n')).as_bytes());
    }
}

/// Says on stderr what a person should know beside the result, one line each.
pub fn note(notes: &[String]) {
    for note in notes {
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(io::stderr(), "note: {}", text::clean_line(note, NOTE_MOST));
    }
}

/// Every text in a value, cleaned. JSON itself escapes C0; this also takes out C1, escape sequences and
/// bidirectional controls.
fn clean_value(value: Value) -> Value {
    match value {
        Value::String(words) => Value::String(text::clean(&words).into()),
        Value::Array(list) => Value::Array(list.into_iter().map(clean_value).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter().map(|(name, value)| (text::clean(&name).into(), clean_value(value))).collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    /// A sink that a test can read.
    #[derive(Clone, Default)]
    pub struct Kept(Arc<Mutex<Vec<u8>>>);
    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Kept {
        pub fn out(form: Form) -> (Out, Self) {
            let kept = Self::default();
            (Out::to(form, Box::new(kept.clone())), kept)
        }
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
        pub fn lines(&self) -> Vec<Value> {
            self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    struct Closed(io::ErrorKind);
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_a_terminal_acts_on_gets_out_in_either_form() {
        for form in [Form::Human, Form::Json] {
            let (mut out, kept) = Kept::out(form);
            out.both(
                "a\x1b[2Jb\u{9b}31mc\u{202e}",
                &json!({"k\x1b[1m": ["a\x1b]52;c;eA==\x07b\u{9d}x\u{9c}"]}),
            );
            out.table(&[vec!["x\x1b[0m\ny".into(), "z".into()]]);
            let text = kept.text();
            assert!(!text.contains(['\x1b', '\u{9b}', '\u{202e}', '\u{9d}', '\x07']), "{text:?}");
            assert!(!text.contains("\\u001b"), "{text:?}");
        }
    }

    #[test]
    fn each_form_is_alone_on_stdout() {
        let (mut out, kept) = Kept::out(Form::Json);
        out.say("words");
        out.tell(&json!({"kind": "x", "text": "two\nlines"}));
        assert_eq!(kept.text(), "{\"kind\":\"x\",\"text\":\"two\\nlines\"}\n");
        let (mut out, kept) = Kept::out(Form::Human);
        out.tell(&json!({}));
        out.table(&[vec!["é".into(), "b".into()], vec!["ccc".into(), "d".into()]]);
        assert_eq!(kept.text(), "é    b\nccc  d\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_fault_and_a_full_disk_is() {
        for (kind, fault) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
            let mut out = Out::to(Form::Human, Box::new(Closed(kind)));
            out.say("one");
            out.say("two");
            assert_eq!(out.fault().is_some(), fault, "{kind}");
        }
    }
}
