//! The line to an engine elsewhere: lost, told, there again.

use super::{super::app::Action, super::fixtures::*, picture};
use crate::{domain::time::Timestamp, runtime::handle::Lost};
use std::sync::Arc;

#[test]
fn d11_a_lost_line_stands_in_the_header_at_every_size_and_the_last_picture_stays() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut bench = Bench::new(size);
        bench.state(waiting());
        let since = Timestamp(bench.app.now.wall.0 - 12_000);
        bench.act(Action::Line(Some(Arc::new(Lost { since, why: "the connection broke".into() }))));
        let lost = picture(&bench).0;
        assert!(lost.contains("LINE LOST 00:12"), "{lost}");
        assert!(
            lost.contains("R-3") || lost.contains("waiting"),
            "what was seen last is still there: {lost}"
        );
        bench.act(Action::Line(None));
        assert!(!picture(&bench).0.contains("LINE LOST"));
    }
}

#[test]
fn d11_why_the_line_is_lost_is_told_anew_when_it_is_another_reason() {
    let mut bench = Bench::new((120, 40));
    let lost = |why: &str| Action::Line(Some(Arc::new(Lost { since: Timestamp(0), why: why.into() })));
    bench.act(lost("the other side has closed"));
    assert!(bench.last_words().contains("the other side has closed"), "{}", bench.last_words());
    bench.act(lost("your token does not count any more"));
    assert_eq!(bench.last_words(), "✗ the line is lost: your token does not count any more");
}
