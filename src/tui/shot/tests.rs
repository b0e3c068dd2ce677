//! Parser properties, navigation, anchors, the painting thread and its bounds.

use super::{
    doc::{FileDiff, Kind, Mark},
    highlight::{BLOCK_LINES, BlockAt, CACHE_MOST, LOOKS_MOST},
    syntax::{LINE_MOST, Painter},
    *,
};
use crate::{
    domain::{digest::Digest, feed::Shot},
    tui::{
        motion::Motion,
        theme::{Role, Theme},
    },
};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::{Arc, mpsc::sync_channel};

fn patch_of(old: &str, new: &str, context: usize) -> String {
    let diff = similar::TextDiff::from_lines(old, new);
    let body = diff.unified_diff().context_radius(context).header("a/x.rs", "b/x.rs").to_string();
    if body.is_empty() { body } else { format!("diff --git a/x.rs b/x.rs\n{body}") }
}

/// One side of a file again, from hunks that show all of it.
fn side(doc: &DiffDoc, file: &FileDiff, other: Kind) -> String {
    let mut whole = String::new();
    for line in file.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind != other) {
        whole.push_str(doc.text(line));
        whole.push_str(if line.crlf { "\r" } else { "" });
        whole.push_str(if line.no_newline { "" } else { "\n" });
    }
    whole
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof!["[ -~]{0,12}", "(日本|é|-- |\\+\\+ |@@|\t){0,3}", Just("same".to_owned())];
    (prop::collection::vec(line, 0..20), any::<bool>())
        .prop_map(|(lines, end)| lines.join("\n") + if end { "\n" } else { "" })
}

proptest! {
    #[test]
    fn both_sides_come_back(old in lines(), new in lines()) {
        let doc = DiffDoc::parse(&patch_of(&old, &new, 1_000));
        prop_assert_eq!(doc.skipped, 0);
        if old == new {
            prop_assert!(doc.is_empty());
        } else {
            prop_assert_eq!(side(&doc, &doc.files[0], Kind::Add), old);
            prop_assert_eq!(side(&doc, &doc.files[0], Kind::Del), new);
        }
    }

    #[test]
    fn numbers_point_at_the_lines_they_name(old in lines(), new in lines(), context in 0usize..4) {
        let doc = DiffDoc::parse(&patch_of(&old, &new, context));
        let (old, new): (Vec<_>, Vec<_>) = (old.split('\n').collect(), new.split('\n').collect());
        for line in doc.files.iter().flat_map(|file| &file.hunks).flat_map(|hunk| &hunk.lines) {
            for (number, lines, other) in [(line.old, &old, Kind::Add), (line.new, &new, Kind::Del)] {
                if line.kind == other {
                    prop_assert_eq!(number, 0);
                } else {
                    prop_assert_eq!(lines[number as usize - 1], doc.text(line));
                }
            }
        }
    }

    #[test]
    fn garbage_never_panics(parts in prop::collection::vec(prop_oneof![
        "(diff --git |--- |\\+\\+\\+ |@@ |\\\\|old mode |new mode |rename from |Binary files |GIT binary patch)[ -~é\"\\\\]{0,12}",
        "@@ -[0-9]{1,11},?[0-9]{0,3} \\+[0-9]{1,11},?[0-9]{0,3} @@.{0,4}",
        "[ +-].{0,10}",
        "\\PC{0,8}",
        any::<String>(),
    ], 0..40), width in 0u16..140, height in 0u16..20) {
        let doc = DiffDoc::parse(&parts.join("\n"));
        let theme = Theme::default();
        let mut view = ShotView::new(None);
        view.fit(width, height);
        view.show_doc(doc);
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        view.set_manner(Manner { wrap: height % 2 == 0, tab: (width % 9) as u8, ..Manner::default() });
        if width % 3 == 0 {
            view.turn_tree();
        }
        for fold in [Fold::Here, Fold::Unchanged, Fold::File, Fold::All, Fold::All].iter().take(usize::from(height) % 6) {
            view.fold(*fold);
        }
        view.find("a");
        for motion in [Motion::NextHunk, Motion::NextFile, Motion::Bottom, Motion::PrevHunk, Motion::Right, Motion::PageUp, Motion::Down, Motion::PrevFile, Motion::Up] {
            view.find_on(motion == Motion::Right);
            view.go(motion);
            view.render(Rect::new(0, 0, width.saturating_add(3), height.saturating_add(3)), &mut buf, &theme);
        }
        for cell in &buf.content {
            prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell);
        }
    }

    #[test]
    fn syntax_spans_are_ordered_and_inside_the_line(old in lines(), new in lines()) {
        thread_local!(static PAINTER: std::cell::RefCell<Painter> = std::cell::RefCell::default());
        let doc = DiffDoc::parse(&patch_of(&old, &new, 3));
        for file in &doc.files {
            for hunk in &file.hunks {
                let paint = PAINTER.with_borrow_mut(|p| p.paint(&doc, (file, hunk), 0..hunk.lines.len()));
                for (line, paint) in hunk.lines.iter().zip(paint) {
                    let text = doc.text(line);
                    let spans = paint.syntax.iter().map(|span| span.start..span.end);
                    for ranges in [spans.collect::<Vec<_>>(), paint.words] {
                        let mut end = 0;
                        for range in ranges {
                            prop_assert!(end <= range.start && range.start < range.end);
                            prop_assert!(text.get(range.start as usize..range.end as usize).is_some());
                            end = range.end;
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn headers_are_understood() {
    let patch = "diff --git \"a/sp\\303\\244 t.rs\" \"b/sp\\303\\244 t.rs\"\nold mode 100644\nnew mode 100755\n--- \"a/sp\\303\\244 t.rs\"\n+++ \"b/sp\\303\\244 t.rs\"\n@@ -1 +1 @@ fn x()\n-a\n+b\ndiff --git a/a b/c d b/a b/c d\nnew file mode 100644\n";
    let doc = DiffDoc::parse(patch);
    assert_eq!((doc.files.len(), doc.skipped), (2, 0));
    assert_eq!(doc.files[0].path(), "spä t.rs");
    assert_eq!(doc.files[0].marks, [Mark::Mode("100644".into(), "100755".into())]);
    assert_eq!(doc.files[0].hunks[0].section, "fn x()");
    assert_eq!(
        (doc.files[1].path(), &doc.files[1].old, &*doc.files[1].marks),
        ("a b/c d", &String::new(), &[Mark::New][..])
    );
    assert_eq!(doc.totals(), (1, 1));
}

#[test]
fn a_name_cannot_carry_an_escape_in_quotes() {
    let doc = DiffDoc::parse("--- \"a/\\033[2Jx\"\n+++ \"b/\\033[2Jx\"\n@@ -1 +1 @@\n-a\n+b\n");
    assert_eq!(doc.files[0].path(), "x");
}

#[test]
fn bounds_are_said() {
    let head = "--- a/x\n+++ b/x\n@@ -1,0 +1,999999999 @@\n";
    let doc = DiffDoc::parse(&(head.to_owned() + &"+\n".repeat(parse::LINES_MOST)));
    assert!(doc.cut && doc.files[0].additions as usize <= parse::LINES_MOST);
    let doc = DiffDoc::parse(&(head.to_owned() + "+" + &"ä".repeat(parse::PATCH_MOST / 2)));
    assert!(doc.cut);
    assert!(!DiffDoc::parse(head).cut);
    let told = DiffDoc::parse(&format!("{head}\n{}\n", crate::domain::feed::Shot::CUT));
    assert!(told.cut && told.skipped == 0, "whoever cut it said so");
}

#[test]
fn changed_words_and_only_they_are_marked() {
    let doc = DiffDoc::parse(&patch_of(
        "let total = price * count;\nend\n",
        "let total = price * items;\nend\n",
        3,
    ));
    let hunk = &doc.files[0].hunks[0];
    let words = words::emphasis(&doc, hunk, 0..3);
    let marked: Vec<_> = words.iter().flatten().map(|range| (range.start, range.end)).collect();
    assert_eq!((words.len(), marked), (3, vec![(20, 25), (20, 25)]));
    let rewrite = DiffDoc::parse(&patch_of("alpha beta gamma\n", "one two three four\n", 3));
    let words = words::emphasis(&rewrite, &rewrite.files[0].hunks[0], 0..2);
    assert!(words.iter().all(Vec::is_empty), "{words:?}");
}

#[test]
fn a_line_that_became_several_keeps_its_words_wherever_it_stands_among_them() {
    let new = "let average = match pieces {\n    0 => 0,\n};\nTotal { cents, pieces, average }\n";
    let doc = DiffDoc::parse(&patch_of("Total { cents, pieces, average: cents / pieces }\n", new, 3));
    let hunk = &doc.files[0].hunks[0];
    let words = words::emphasis(&doc, hunk, 0..5);
    let marked: Vec<Vec<&str>> = hunk
        .lines
        .iter()
        .zip(&words)
        .map(|(line, ranges)| {
            ranges.iter().map(|range| &doc.text(line)[range.start as usize..range.end as usize]).collect()
        })
        .collect();
    assert_eq!(marked.concat(), [": cents / pieces"]);
    assert_eq!(marked[0].len(), 1, "on the line that went");
}

#[test]
fn scopes_become_roles_and_long_lines_stay_plain() {
    let long = format!("let x = \"{}\";", "y".repeat(LINE_MOST));
    let doc =
        DiffDoc::parse(&patch_of("", &format!("fn main() {{ let x = 12; }} // note\n{long}\n\"s\"\n"), 3));
    let file = &doc.files[0];
    let paint = Painter::default().paint(&doc, (file, &file.hunks[0]), 0..3);
    let text = doc.text(&file.hunks[0].lines[0]);
    let role = |piece: &str| {
        let at = text.find(piece).unwrap() as u32;
        paint[0].syntax.iter().find(|span| (span.start..span.end).contains(&at)).map(|span| span.role)
    };
    assert_eq!(role("fn"), Some(Role::Keyword));
    assert_eq!(role("main"), Some(Role::Function));
    assert_eq!(role("12"), Some(Role::Number));
    assert_eq!(role("// note"), Some(Role::Comment));
    assert!(paint[1].syntax.is_empty());
    assert_eq!(paint[2].syntax[0].role, Role::String);
}

fn top_text(view: &ShotView, width: u16) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, 2));
    view.render(buf.area, &mut buf, &Theme::default());
    (0..width).map(|x| buf[(x, 1)].symbol()).collect::<String>().trim_end().to_owned()
}

fn numbered(range: std::ops::Range<usize>) -> String {
    range.map(|n| format!("line {n}\n")).collect()
}

#[test]
fn a_new_shot_keeps_the_line_one_looks_at() {
    let old = numbered(1..201);
    let first = old.replace("line 100\n", "line hundred\n");
    let second = first.replace("line 20\n", "line 20\nmore\nand more\n");
    for width in [60, 120] {
        let mut view = ShotView::new(None);
        view.fit(width, 10);
        view.show_doc(DiffDoc::parse(&patch_of(&old, &first, 1_000)));
        view.go(Motion::Bottom);
        (0..40).for_each(|_| view.go(Motion::Up));
        let seen = top_text(&view, width);
        assert!(seen.contains("line 1"), "{seen}");
        view.show_doc(DiffDoc::parse(&patch_of(&old, &second, 1_000)));
        let now = top_text(&view, width);
        let left =
            |text: &str| text.split("line").nth(1).map(|rest| rest.chars().take(5).collect::<String>());
        assert_eq!(left(&now), left(&seen), "{width}");
    }
}

#[test]
fn an_untouched_shot_goes_where_the_patch_changed_last() {
    let old = numbered(1..201);
    let first = old.replace("line 10\n", "line ten\n");
    let second = first.replace("line 150\n", "line onefifty\n");
    let mut view = ShotView::new(None);
    view.fit(60, 6);
    view.show_doc(DiffDoc::parse(&patch_of(&old, &first, 3)));
    assert!(top_text(&view, 40).contains("line 9"));
    view.show_doc(DiffDoc::parse(&patch_of(&old, &second, 3)));
    assert!(top_text(&view, 40).contains("line 149"), "{}", top_text(&view, 40));
}

#[test]
fn the_same_shot_is_not_parsed_again() {
    let shot = Arc::new(Shot { digest: Digest::of(b"1"), patch: patch_of("a\n", "b\n", 3) });
    let mut view = ShotView::new(None);
    assert!(view.show(&shot));
    assert!(!view.show(&shot));
    assert!(view.show(&Arc::new(Shot { digest: Digest::of(b"2"), patch: String::new() })));
    assert!(view.doc().is_empty());
}

#[test]
fn hunks_and_files_are_reached_by_their_keys() {
    let old = numbered(1..101);
    let one = patch_of(&old, &old.replace("line 10\n", "x\n").replace("line 80\n", "y\n"), 3);
    let patch = one.clone() + &one.replace("x.rs", "z.rs");
    let mut view = ShotView::new(None);
    view.fit(60, 40);
    view.show_doc(DiffDoc::parse(&patch));
    view.go(Motion::Top);
    let mut seen = Vec::new();
    for motion in [
        Motion::NextHunk,
        Motion::NextHunk,
        Motion::NextFile,
        Motion::NextHunk,
        Motion::PrevFile,
        Motion::PrevFile,
    ] {
        view.go(motion);
        seen.push((view.current_file().unwrap(), top_text(&view, 12)));
    }
    let want = [
        (0, "@@ -7 +7 @@"),
        (0, "@@ -77 +77 @"),
        (1, "z.rs  +2 -2"),
        (1, "@@ -7 +7 @@"),
        (1, "z.rs  +2 -2"),
        (0, "x.rs  +2 -2"),
    ];
    assert_eq!(seen, want.map(|(file, text)| (file, text.to_owned())));
    view.go(Motion::PrevHunk);
    assert_eq!(view.current_file(), Some(0));
}

/// A patch of many hunks whose text differs.
fn many(hunks: usize) -> DiffDoc {
    let body: String = (0..hunks * 4)
        .map(|n| format!("@@ -{n},1 +{n},1 @@\n-let v{n} = \"{n}\";\n+let w{n} = {n};\n"))
        .collect();
    DiffDoc::parse(&format!("--- a/x.rs\n+++ b/x.rs\n{body}"))
}

#[test]
fn painting_is_bounded_keeps_what_did_not_change_and_tells() {
    // A meeting, not a queue: the thread waits after each block until it is heard.
    let (tell, told) = sync_channel(0);
    let highlighter = Highlighter::new(move || {
        let _ = tell.send(());
    });
    assert!(highlighter.is_idle());
    let doc = Arc::new(many(25));
    let first = BlockAt { file: 0, hunk: 0, block: 0 };
    assert!(highlighter.get(&doc, first).is_none());
    while !highlighter.is_idle() {
        std::thread::yield_now();
    }
    assert!(highlighter.get(&doc, first).is_some());
    for hunk in 1..100 {
        let _ = highlighter.get(&doc, BlockAt { hunk, ..first });
    }
    while !highlighter.is_idle() {
        told.recv().unwrap();
    }
    let newest = BlockAt { file: 0, hunk: 99, block: 0 };
    assert!(highlighter.get(&doc, newest).is_some(), "the newest wish is kept");
    assert!(
        highlighter.get(&doc, BlockAt { file: 0, hunk: 20, block: 0 }).is_none(),
        "an old wish is dropped"
    );
    assert!(highlighter.get(&Arc::new(many(25)), newest).is_some(), "the same text is painted once");
    assert!(highlighter.get(&doc, BlockAt { file: 0, hunk: 99, block: 7 }).is_none());
    assert!(highlighter.kept_bytes() <= CACHE_MOST);
}

#[test]
fn what_nobody_looks_at_any_more_is_forgotten() {
    let (tell, told) = std::sync::mpsc::sync_channel(64);
    let highlighter = Highlighter::new(move || {
        let _ = tell.try_send(());
    });
    let docs: Vec<_> = (1..=3).map(|n| Arc::new(many(n))).collect();
    let first =
        |doc: &Arc<DiffDoc>| (doc.clone(), BlockAt { file: 0, hunk: doc.files[0].hunks.len() - 1, block: 0 });
    let paint = |(doc, at): &(Arc<DiffDoc>, BlockAt)| {
        while highlighter.get(doc, *at).is_none() {
            told.recv().unwrap();
        }
    };
    let [old, looked_at, new] = [0, 1, 2].map(|nth: usize| first(&docs[nth]));
    paint(&old);
    paint(&looked_at);
    (0..=LOOKS_MOST).for_each(|_| drop(highlighter.get(&looked_at.0, looked_at.1)));
    paint(&new);
    assert!(highlighter.get(&looked_at.0, looked_at.1).is_some());
    assert!(highlighter.get(&old.0, old.1).is_none(), "it is painted again if it is drawn again");
}

#[test]
fn drawing_and_scrolling_a_huge_patch_touches_only_what_is_seen() {
    let old = numbered(0..100_000);
    let patch = format!(
        "--- a/x.rs\n+++ b/x.rs\n@@ -0,0 +1,100000 @@\n{}",
        old.lines().map(|line| format!("+{line}\n")).collect::<String>()
    );
    let highlighter = Highlighter::new(|| {});
    let mut view = ShotView::new(Some(highlighter.clone()));
    view.fit(80, 40);
    view.show_doc(DiffDoc::parse(&patch));
    view.go(Motion::Bottom);
    assert!(top_text(&view, 40).contains("line 99961"), "{}", top_text(&view, 40));
    let mut buf = Buffer::empty(Rect::new(0, 0, 80, 40));
    view.render(buf.area, &mut buf, &Theme::default());
    while !highlighter.is_idle() {
        std::thread::yield_now();
    }
    let line = size_of::<syntax::LinePaint>() + 40 * size_of::<syntax::Span>();
    assert!(highlighter.kept_bytes() <= 3 * BLOCK_LINES * line, "{} bytes", highlighter.kept_bytes());
}

#[test]
fn what_is_folded_has_no_rows_and_comes_back() {
    let old = numbered(1..41);
    let one = patch_of(&old, &old.replace("line 5\n", "x\n").replace("line 30\n", "y\n"), 3);
    let mut view = ShotView::new(None);
    view.fit(60, 40);
    view.show_doc(DiffDoc::parse(&(one.clone() + &one.replace("x.rs", "z.rs"))));
    let whole = view.rows.len();
    view.go(Motion::Top);
    view.go(Motion::NextHunk);
    assert_eq!(view.fold(Fold::Here), "hunk folded");
    assert!(top_text(&view, 40).contains("8 lines folded"), "{}", top_text(&view, 40));
    assert_eq!(view.rows.len(), whole - 8);
    // A newer shot keeps the fold.
    view.show_doc(DiffDoc::parse(&(one.clone() + &one.replace("x.rs", "z.rs") + "\n")));
    assert_eq!(view.rows.len(), whole - 8);
    assert_eq!(view.fold(Fold::Here), "hunk unfolded");
    assert_eq!(view.fold(Fold::Unchanged), "unchanged lines folded");
    // Four hunks with two stretches of three unchanged lines each.
    assert_eq!(view.rows.len(), whole - 4 * 2 * 2);
    view.fold(Fold::Unchanged);
    assert_eq!(view.fold(Fold::All), "all files folded");
    assert_eq!(view.rows.len(), 2);
    assert_eq!(view.find("line 28"), 2);
    assert!(view.rows.len() > 2, "what is found is unfolded");
    assert!(view.find_on(true) && view.current_file() == Some(1));
    assert!(view.find_on(false) && view.current_file() == Some(0));
}

#[test]
fn a_found_line_is_on_screen_in_both_layouts() {
    let old = numbered(1..41);
    let new: String = old.lines().map(|line| format!("new {line}\n")).collect();
    for width in [60, 140] {
        let mut view = ShotView::new(None);
        view.fit(width, 12);
        view.show_doc(DiffDoc::parse(&patch_of(&old, &new, 3)));
        for wanted in ["line 37", "new line 3\u{0}", "new line 25"] {
            let wanted = wanted.trim_end_matches('\0');
            assert!(view.find(wanted) > 0);
            let mut buf = Buffer::empty(Rect::new(0, 0, width, 12));
            view.render(buf.area, &mut buf, &Theme::default());
            let text: String = buf.content.iter().map(|cell| cell.symbol()).collect();
            assert!(text.contains(wanted), "{wanted} at {width}");
        }
    }
}

#[test]
fn wrapped_rows_are_walked_one_by_one_and_the_end_is_the_end() {
    let long = "0123456789".repeat(12);
    let patch = format!("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-{long}\n+short\n last\n");
    let mut view = ShotView::new(None);
    view.set_manner(Manner { wrap: true, layout: Layout::Unified, tab: 4 });
    view.fit(46, 5);
    view.show_doc(DiffDoc::parse(&patch));
    view.go(Motion::Top);
    let mut seen = vec![top_text(&view, 46)];
    for _ in 0..8 {
        view.go(Motion::Down);
        seen.push(top_text(&view, 46));
    }
    // Heading, three rows of 40, two short ones: the last screen of four begins in the middle of the long line.
    assert_eq!(seen.iter().filter(|row| row.contains("0123")).count(), seen.len() - 1, "{seen:#?}");
    assert_eq!(seen[2..], vec![seen[2].clone(); 7], "the end is the end");
    assert!(seen[2].contains('↪'));
    (0..9).for_each(|_| view.go(Motion::Up));
    assert_eq!(top_text(&view, 46), seen[0]);
    view.go(Motion::Bottom);
    assert_eq!(top_text(&view, 46), seen[2]);
}

#[test]
fn a_long_patch_is_read_aside_while_its_beginning_is_shown() {
    let lines = view::AT_ONCE / 8;
    let patch = format!(
        "--- a/x.rs\n+++ b/x.rs\n@@ -0,0 +1,{lines} @@\n{}",
        (0..lines).map(|n| format!("+line {n:>8}\n")).collect::<String>()
    );
    let (tell, told) = sync_channel(1_000);
    let highlighter = Highlighter::new(move || {
        let _ = tell.send(());
    });
    let mut view = ShotView::new(Some(highlighter));
    view.fit(80, 20);
    assert!(view.show(&Arc::new(Shot { digest: Digest::of(b"1"), patch: patch.clone() })));
    assert!(view.is_reading() && top_text(&view, 40).contains("@@ -0 +1 @@"));
    let first = view.doc().totals().0;
    assert!(first > 1_000 && (first as usize) < lines, "{first}");
    (0..30).for_each(|_| view.go(Motion::Down));
    let seen = top_text(&view, 40);
    while view.is_reading() {
        told.recv().unwrap();
        view.fit(80, 20);
    }
    assert_eq!((view.doc().totals().0 as usize, top_text(&view, 40)), (lines, seen));
    // A newer one takes the place of the older when it is read; until then that is shown.
    let newer = patch.replace("line        5", "line     five");
    view.show(&Arc::new(Shot { digest: Digest::of(b"2"), patch: newer.clone() }));
    assert_eq!(view.doc().totals().0 as usize, lines);
    while view.is_reading() {
        told.recv().unwrap();
        view.fit(80, 20);
    }
    assert!(view.doc().source() == newer);
}

#[test]
fn what_a_patch_begins_with_tells_it() {
    for patch in ["diff --git a/x b/x\n", "\n\ndiff --cc x\n", "--- a/x\n+++ b/x\n"] {
        assert!(is_patch(patch), "{patch}");
    }
    for text in ["", "--- a list\n- one\n", "+ plus", "see diff --git"] {
        assert!(!is_patch(text), "{text}");
    }
}

#[test]
fn a_merge_against_several_parents_is_named_and_passed_over() {
    let patch = "diff --cc src/x.rs\nindex 1,2..3\n--- a/src/x.rs\n+++ b/src/x.rs\n@@@ -1,1 -1,1 +1,2 @@@\n- a\n -b\n++c\ndiff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n";
    let doc = DiffDoc::parse(patch);
    assert_eq!((doc.files.len(), doc.skipped, doc.totals()), (2, 0, (1, 1)));
    assert_eq!((doc.files[0].path(), &*doc.files[0].marks), ("src/x.rs", &[Mark::Combined][..]));
}

#[test]
fn names_that_are_no_text_stay_apart() {
    let patch =
        |byte: &str| format!("diff --git \"a/\\{byte}.rs\" \"b/\\{byte}.rs\"\nnew file mode 100755\n");
    let doc = DiffDoc::parse(&(patch("377") + &patch("376")));
    assert_eq!((doc.files[0].path(), doc.files[1].path()), ("\\xff.rs", "\\xfe.rs"));
    assert_eq!(doc.files[0].marks, [Mark::New, Mark::Executable]);
}

/// Patches as tools and people leave them: every one is read, drawn at any size, and its lines add up.
#[test]
fn odd_patches_are_drawn_at_any_size() {
    let odd = [
        "",
        "\n",
        "@@ -1 +1 @@\n+x\n",
        "--- \n+++ \n@@ -0,0 +1 @@\n+x\n",
        "diff --git\n",
        "diff --git  \n@@ -1,9 +1,9 @@\n",
        "diff --git a/x b/x\n@@ -4294967295,4294967295 +4294967295,4294967295 @@\n+\n-\n \n",
        "diff --git a/x b/x\nold mode 100644\nnew mode 120000\nold mode 1\n",
        "diff --git \"a/\\\" \"b/\\\"\n",
        "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n\n-\t\t日本語👩\u{200d}👩\u{200d}👧\u{200d}👦\t\n+\u{202e}e\u{301}\u{301}\t \t\n",
        "--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n\\ No newline at end of file\r\n",
        "diff --git a/b b/b\nGIT binary patch\nliteral 99999999999999999999\nliteral 3\ndelta 4\nliteral 5\nzz\n",
        "diff --git a/x b/x\nrename from \nrename to \nsimilarity index 999%\nrename from x\nrename to y\n",
        "diff --git a/k b/k\n--- a/k\n+++ b/k\n@@ -1 +1 @@\n-\u{1100}\u{1161}\u{11a8}क्षि\n+🇩🇪🇫🇷\u{0}\u{7f}\u{85}\n",
    ];
    let theme = Theme::default();
    for patch in odd {
        let doc = DiffDoc::parse(patch);
        for file in &doc.files {
            let count = |kind| file.hunks.iter().flat_map(|h| &h.lines).filter(|l| l.kind == kind).count();
            assert_eq!(
                (count(Kind::Add), count(Kind::Del)),
                (file.additions as usize, file.deletions as usize)
            );
        }
        for (width, height) in [(0, 0), (1, 1), (2, 3), (7, 9), (20, 5), (80, 24), (120, 40)] {
            for wrap in [false, true] {
                let mut view = ShotView::new(None);
                view.set_manner(Manner { wrap, tab: 8, layout: Layout::Auto });
                view.fit(width, height);
                view.show_doc(doc.clone());
                let mut buf =
                    Buffer::filled(Rect::new(0, 0, width + 2, height + 2), ratatui::buffer::Cell::new("#"));
                for motion in [Motion::Bottom, Motion::PrevHunk, Motion::Up, Motion::PageDown, Motion::Top] {
                    view.go(motion);
                    view.render(Rect::new(0, 0, width, height), &mut buf, &theme);
                }
                for y in 0..height + 2 {
                    let outside = if y < height { width..width + 2 } else { 0..width + 2 };
                    assert!(
                        outside.into_iter().all(|x| buf[(x, y)].symbol() == "#"),
                        "{patch:?} {width}x{height}"
                    );
                }
            }
        }
    }
}
