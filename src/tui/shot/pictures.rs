//! Pictures of shots: text and roles.

use super::*;
use crate::tui::{
    motion::Motion,
    theme::{Depth, Theme, picture::picture},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::mpsc::sync_channel;

const CART: &str = "diff --git a/src/cart.rs b/src/cart.rs
index 1111111..2222222 100644
--- a/src/cart.rs
+++ b/src/cart.rs
@@ -38,5 +38,8 @@ impl Cart {
     /// Average price.
     pub fn average(&self) -> u64 {
-        let n = self.items.len();
-        self.total() / n // panics
+        let n = self.items.len() as u64;
+        if n == 0 {
+            return 0;
+        }
+        self.total() / n
     }
";

fn draw(patch: &str, (width, height): (u16, u16), theme: &Theme) -> String {
    let mut view = ShotView::new(None);
    view.fit(width, height);
    view.show_doc(DiffDoc::parse(patch));
    view.go(Motion::Top);
    draw_view(&view, (width, height), theme)
}

fn draw_view(view: &ShotView, (width, height): (u16, u16), theme: &Theme) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    view.render(buf.area, &mut buf, theme);
    picture(&buf, theme)
}

/// Draws until nothing is left to paint.
fn painted(patch: &str, size: (u16, u16), theme: &Theme) -> String {
    let (tell, told) = sync_channel(1_000);
    let highlighter = Highlighter::new(move || {
        let _ = tell.send(());
    });
    let mut view = ShotView::new(Some(highlighter.clone()));
    view.fit(size.0, size.1);
    view.show_doc(DiffDoc::parse(patch));
    view.go(Motion::Top);
    let _ = draw_view(&view, size, theme);
    while !highlighter.is_idle() {
        told.recv().unwrap();
    }
    draw_view(&view, size, theme)
}

#[test]
fn unified_plain_before_the_paint_is_there() {
    insta::assert_snapshot!(draw(CART, (60, 12), &Theme::default()));
}

#[test]
fn unified_with_syntax_and_words() {
    insta::assert_snapshot!(painted(CART, (60, 12), &Theme::default()));
}

#[test]
fn side_by_side_from_100_columns() {
    insta::assert_snapshot!(painted(CART, (100, 12), &Theme::default()));
}

#[test]
fn without_colours_signs_and_underlines_stay() {
    let theme = Theme::default().at(Depth::Mono);
    insta::assert_snapshot!(painted(CART, (60, 12), &theme));
}

#[test]
fn headers_of_renames_modes_binaries_and_submodules() {
    let patch = "diff --git a/old name.rs b/new name.rs
similarity index 95%
rename from old name.rs
rename to new name.rs
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git a/logo.png b/logo.png
new file mode 100644
index 0000000..1111111
Binary files /dev/null and b/logo.png differ
diff --git a/data.bin b/data.bin
index 1111111..2222222 100644
GIT binary patch
literal 3
KcmZQzWMT#Y01f~L

literal 2
JcmZQzWB>pF00961

diff --git a/gone.txt b/gone.txt
deleted file mode 100644
index 1111111..0000000
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-bye
diff --git a/vendor/lib b/vendor/lib
index 1111111..2222222 160000
--- a/vendor/lib
+++ b/vendor/lib
@@ -1 +1 @@
-Subproject commit 1111111111111111111111111111111111111111
+Subproject commit 2222222222222222222222222222222222222222
";
    insta::assert_snapshot!(draw(patch, (64, 24), &Theme::default()));
}

#[test]
fn line_ends_are_marked() {
    let patch = "--- a/x.txt\n+++ b/x.txt\n@@ -1,2 +1,2 @@\n same\r\n-old\r\n\\ No newline at end of file\n+new\n\\ No newline at end of file\n";
    insta::assert_snapshot!(draw(patch, (50, 6), &Theme::default()));
}

#[test]
fn wide_and_joined_characters_keep_their_columns() {
    let patch = "--- a/x.txt\n+++ b/x.txt\n@@ -1,2 +1,3 @@\n \tタブの後\n-日本語のとても長い行です\n+👩\u{200d}👩\u{200d}👧 e\u{301}x\n+日本語のとても長い行でした\n";
    insta::assert_snapshot!(draw(patch, (24, 7), &Theme::default()));
}

#[test]
fn long_lines_are_cut_and_scroll_sideways() {
    let patch = format!("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-{}\n+short\n", "0123456789".repeat(10));
    let mut view = ShotView::new(None);
    view.fit(30, 4);
    view.show_doc(DiffDoc::parse(&patch));
    let still = draw_view(&view, (30, 4), &Theme::default());
    view.go(Motion::Right);
    insta::assert_snapshot!(still + &draw_view(&view, (30, 4), &Theme::default()));
}

#[test]
fn a_long_path_leaves_room_for_the_counts() {
    let patch = "--- a/src/deep/inside/the/tree/of/modules/cart.rs\n+++ b/src/deep/inside/the/tree/of/modules/cart.rs\n@@ -1 +1 @@\n-a\n+b\n";
    insta::assert_snapshot!(draw(patch, (40, 2), &Theme::default()));
}

#[test]
fn nothing_yet_and_nothing_understood() {
    let empty = draw("", (40, 2), &Theme::default());
    let odd = draw("diff --git a/x b/x\nwhat is this\n@@ nonsense @@\n", (40, 2), &Theme::default());
    insta::assert_snapshot!(empty + &odd);
}

#[test]
fn what_is_folded_says_so() {
    let patch = CART.to_owned() + &CART.replace("cart.rs", "total.rs") + &CART.replace("cart.rs", "sum.rs");
    let mut view = ShotView::new(None);
    view.fit(64, 14);
    view.show_doc(DiffDoc::parse(&patch));
    view.go(Motion::Top);
    view.fold(Fold::File);
    view.go(Motion::NextFile);
    view.go(Motion::NextHunk);
    view.fold(Fold::Here);
    view.fold(Fold::Unchanged);
    view.go(Motion::Top);
    insta::assert_snapshot!(draw_view(&view, (64, 14), &Theme::default()));
}

#[test]
fn long_lines_go_on_in_the_next_row() {
    let patch = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-\tif the line is long\tit goes on, 日本語 too\n+short  \t\n same\n\\ No newline at end of file\n";
    let pictures = [Layout::Unified, Layout::Split].map(|layout| {
        let mut view = ShotView::new(None);
        view.set_manner(Manner { wrap: true, layout, tab: 8 });
        view.fit(34, 9);
        view.show_doc(DiffDoc::parse(patch));
        view.go(Motion::Top);
        draw_view(&view, (34, 9), &Theme::default())
    });
    insta::assert_snapshot!(pictures.concat());
}

#[test]
fn a_tree_of_files_stands_beside_or_above() {
    let patch = CART.to_owned()
        + &CART.replace("cart.rs", "shop/total.rs")
        + &CART.replace("src/cart.rs", "README.md");
    let mut view = ShotView::new(None);
    view.show_doc(DiffDoc::parse(&patch));
    let pictures = [(80, 10), (40, 10)].map(|size| {
        view.fit(size.0, size.1);
        if !view.has_tree() {
            view.turn_tree();
            view.go(Motion::Top);
            view.go(Motion::Down);
            view.find("items");
        }
        draw_view(&view, size, &Theme::default())
    });
    insta::assert_snapshot!(pictures.concat());
}

#[test]
fn links_programs_merges_and_sizes_are_named() {
    let patch = "diff --git a/link b/link
new file mode 120000
--- /dev/null
+++ b/link
@@ -0,0 +1 @@
+target
\\ No newline at end of file
diff --git a/run b/run
new file mode 100755
diff --git a/logo.png b/logo.png
index 1111111..2222222 100644
GIT binary patch
literal 300
zcmV+

literal 20
zcmV+

diff --cc src/merged.rs
index 1,2..3
@@@ -1,1 -1,1 +1,2 @@@
- a
++c
";
    insta::assert_snapshot!(draw(patch, (72, 16), &Theme::default()));
}
