//! A page as an image, in a terminal that says it shows images: taken by a browser behind the walls, brought to the
//! terminal in the size that was asked for, taken away with its sheet.

use super::{FIRST, WIDE, has, pty::Terminal, restored, wrote};
use crate::house::{preview::SERVE, stage::*};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chimera::domain::picture;
use std::{fs, os::unix::fs::PermissionsExt as _};

/// Knows as much of a browser as is asked of one: reads the page, and leaves a PNG of the window's size. It also tries
/// what a page must not reach.
const PHOTOGRAPHER: &str = r#"#!/usr/bin/env perl
use IO::Socket::INET;
my ($url) = $ARGV[-1] =~ m{^http://127\.0\.0\.1:(\d+)(/\S*)$} or die "no address: @ARGV";
my ($port, $path) = ($1, $2);
my %set = map { /^--([\w-]+)=(.*)$/ ? ($1, $2) : () } @ARGV;
my ($width, $height) = split /,/, $set{"window-size"};
my $page = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die "the page is out of reach: $!";
print $page "GET $path HTTP/1.1\r\nhost: x\r\n\r\n";
my $body = join "", <$page>;
$body =~ /It is 42/ or die "another page: $body";
IO::Socket::INET->new(PeerAddr => "127.0.0.1:" . OTHER) and die "it reaches another port";
open my $photo, ">", $set{screenshot} or die "no place for the photo: $!";
binmode $photo;
print $photo "\x89PNG\r\n\x1a\n", pack("N", 13), "IHDR", pack("NN", $width, $height), "\x08\x02\0\0\0", "x" x 20000;
"#;

#[test]
fn a13_where_the_terminal_shows_images_a_page_is_one_and_leaves_nothing_behind() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = listener.local_addr().unwrap().port().to_string();
    let stage = Stage::default();
    let tool = stage.path("photographer");
    fs::write(&tool, PHOTOGRAPHER.replace("OTHER", &other)).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let Some(png) = looked_at(&stage, &tool.display().to_string()) else { return };
    assert!(png.len() > 20_000 && png.ends_with(b"xxx"));
    // The same with a real one.
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    match names.into_iter().find(|name| has(name, "a13_photo with a browser")) {
        Some(name) => {
            let png = looked_at(&Stage::default(), name).expect("there were walls a moment ago");
            assert!(png.ends_with(b"IEND\xaeB`\x82"), "the photo is torn");
        }
        None => eprintln!("SKIPPED a13_photo with a browser: none of {names:?} is here"),
    }
}

/// Looks at the page of a candidate in a terminal that shows images; the photo it was sent. None, said loudly, where
/// there are no walls for it.
fn looked_at(stage: &Stage, browser: &str) -> Option<Vec<u8>> {
    stage.write("serve.pl", SERVE);
    stage.commit("A page");
    let mark = format!("photo-{}", stage.path("").file_name().unwrap().to_string_lossy());
    stage.settings(&format!(
        "[brief]\nchecks = [\"{CHECK}\"]\n[preview]\npath = \"/page\"\nhealth = \"/health\"\n\
         command = [\"perl\", \"serve.pl\", \"{{port}}\", \"{mark}\"]\nbrowser = \"{browser}\"\n"
    ));
    let mut terminal = Terminal::on(stage, WIDE, &[]);
    terminal.sees(FIRST);
    terminal.keys(BRIEF);
    terminal.sees(BRIEF);
    terminal.keys("\r");
    terminal.sees("[1] Anthropic");
    let raw = |terminal: &Terminal| String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(!raw(&terminal).contains("\x1b_G"), "nothing is asked before there is something to see");
    // Out of the text, if the keys are there.
    terminal.keys("\x1b");
    terminal.heard_within(std::time::Duration::from_millis(400));
    terminal.keys("P");
    wrote(&mut terminal, "the question", |terminal| raw(terminal).contains("\x1b_Gi=77,s=1,v=1,a=q"));
    // In two pieces, as over a slow line, and a key in the same breath.
    terminal.keys("\x1b_Gi=7");
    terminal.keys("7;OK\x1b\\\x1b[?62;22c");
    terminal.until("the page or why not", |screen| {
        ["page as an image", "one port", "no Landlock", "no image:"]
            .iter()
            .any(|words| screen.contains(words))
    });
    if ["one port", "no Landlock"].iter().any(|words| terminal.text().contains(words)) {
        eprintln!("SKIPPED a13_photo: no walls for a preview here");
        return None;
    }
    assert!(!terminal.text().contains("no image:"), "{}", terminal.text());
    wrote(&mut terminal, "the image in its place", |terminal| raw(terminal).contains("\x1b_Ga=p,i=77,p=1,"));
    let before = raw(&terminal);
    let png = brought(&before);
    let size = picture::size(&png).expect("a PNG");
    assert_eq!(size.width, 40 * 9);
    assert!(
        terminal.text().contains(&format!("{}×{} pixels", size.width, size.height)),
        "{}",
        terminal.text()
    );
    // It goes with its sheet.
    assert!(!before.ends_with("\x1b_Ga=d,d=I,i=77,q=2\x1b\\"));
    terminal.keys("q");
    wrote(&mut terminal, "the end of the image", |terminal| {
        raw(terminal).rfind("\x1b_Ga=d,d=I,i=77,q=2\x1b\\") > raw(terminal).rfind("\x1b_Ga=p,")
    });
    terminal.until("the sheet closed", |screen| !screen.contains("page as an image"));
    // And with the program: the same again, left at once.
    terminal.keys("P");
    wrote(&mut terminal, "the image again", |terminal| {
        raw(terminal).rfind("\x1b_Ga=p,") > raw(terminal).rfind("\x1b_Ga=d,")
    });
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    restored(&terminal);
    let all = raw(&terminal);
    assert!(all.rfind("\x1b_Ga=d,d=I,i=77,q=2\x1b\\") > all.rfind("\x1b_Ga=p,"), "the image is left");
    assert!(processes(&mark).is_empty(), "{:?}", processes(&mark));
    Some(png)
}

/// The photo that the terminal was sent last, put together.
fn brought(raw: &str) -> Vec<u8> {
    let from = raw.rfind("\x1b_Ga=t,f=100,i=77,").expect("an image was brought");
    let commands = raw[from..].split("\x1b_G").filter_map(|one| {
        let (order, data) = one.split_once(';')?;
        let data = data.split('\x1b').next()?;
        (order.starts_with("a=t") || order.starts_with("m=")).then_some(data)
    });
    STANDARD.decode(commands.collect::<String>()).unwrap()
}
