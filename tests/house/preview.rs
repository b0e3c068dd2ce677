//! A candidate that runs to be looked at, through the real program: what it answers is said, and whatever it started is
//! gone with its mission.

use super::{
    lines::{holds, talk},
    stage::*,
};

/// Serves one page; beside it a grandchild that hears no signal, in a session of its own.
pub const SERVE: &str = r#"
use IO::Socket::INET;
my ($port, $mark) = @ARGV;
system("sh -c 'trap \"\" TERM INT HUP; while :; do sleep 1; done # $mark child' &");
system("setsid sh -c 'trap \"\" TERM INT HUP; while :; do sleep 1; done # $mark session' &");
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:$port", ReuseAddr => 1) or die $!;
$| = 1;
print "listening on $port\n";
while (my $client = $server->accept) {
    my $first = <$client>;
    while (my $line = <$client>) { last if $line =~ /^\r?$/ }
    open my $answer, "<", "answer.txt";
    my $body = "<title>The answer</title><h1>It is " . join("", <$answer>) . "</h1>\x1b[2J";
    my ($path) = $first =~ /^GET (\S+)/;
    my $status = $path eq "/health" || $path eq "/page" ? "200 OK" : "404 Not Found";
    print $client "HTTP/1.1 $status\r\ncontent-type: text/html\r\ncontent-length: " . length($body) . "\r\n\r\n$body";
    close $client;
}
"#;

#[test]
fn a13_a_candidate_is_looked_at_and_nothing_of_it_outlives_its_mission() {
    let stage = Stage::default();
    stage.write("serve.pl", SERVE);
    stage.commit("A page");
    let mark = format!("preview-{}", stage.path("").file_name().unwrap().to_string_lossy());
    stage.settings(&format!(
        "[brief]\nchecks = [\"{CHECK}\"]\n[preview]\ncommand = [\"perl\", \"serve.pl\", \"{{port}}\", \"{mark}\"]\n\
         path = \"/page\"\nhealth = \"/health\"\n"
    ));
    let brief = format!("brief {BRIEF}");
    let lines =
        [&brief as &str, "wait", "preview B", "wait", "preview B", "wait", "approve R-1 B", "wait end"];
    let (code, said) = talk(&stage, &["--linear"], &lines);
    assert_eq!(code, Some(0), "{said}");
    if said.contains("one port") || said.contains("no Landlock") {
        eprintln!("skipped: no walls for a preview here");
        return;
    }
    holds(
        &said,
        &[
            "preview: M-1 B Google, asked for",
            "preview: M-1 B Google, attempt 1, starting",
            "preview: M-1 B Google, attempt 1, up  http://127.0.0.1:",
            "  200  ",
            "\"The answer\"",
            "  It is 42",
            "sent: R-1 at r",
            "preview: M-1 B Google, attempt 1, gone: the mission has ended",
        ],
    );
    assert!(processes(&mark).is_empty(), "{:?}", processes(&mark));
    assert!(!stage.git(&["status", "--short"]).contains("serve"), "the director's tree is as it was");
}

#[test]
fn a13_what_does_not_serve_says_why() {
    let stage = Stage::default();
    let settings = format!("[brief]\nchecks = [\"{CHECK}\"]\n");
    stage.settings(&settings);
    let brief = format!("brief {BRIEF}");
    let lines = [&brief as &str, "wait", "preview A", "wait", "reject R-1 no", "wait end"];
    let (_, said) = talk(&stage, &["--linear"], &lines);
    holds(
        &said,
        &["preview: M-1 A Anthropic, attempt 1, failed: no preview is set up: name preview.command"],
    );
    stage.settings(&format!(
        "{settings}[preview]\ncommand = [\"sh\", \"-c\", \"echo no page here >&2; exit 7\"]\n"
    ));
    let lines = [&brief as &str, "wait", "preview A", "wait", "reject R-2 no", "wait end"];
    let (_, said) = talk(&stage, &["--linear"], &lines);
    holds(&said, &["attempt 1, failed: the program ended: exit status 7", "  no page here"]);
}
