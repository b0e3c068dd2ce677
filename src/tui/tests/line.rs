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
