//! People are told: by whom, of what, how often, and what happens to what could not be told.

use super::{
    mail::{Envelope, Letter},
    sink,
    wording::Wording,
    *,
};
use crate::domain::{mail::Way, time::Timestamp};

pub(super) fn notice() -> Notice {
    let first = Member {
        incident: "I-7".into(),
        event: "needs a person: no rule knows it".into(),
        severity: "P1".into(),
        service: "web".into(),
        env: "production".into(),
        title: "it answers 500".into(),
        phase: "needs a person".into(),
        request: Some("R-3".into()),
    };
    Notice {
        id: "5eed/I-7/announce/40".into(),
        house: "5eed".into(),
        first,
        cause: Some("the pool is too small".into()),
        count: 12,
        affected: 4,
        others: Vec::new(),
        more: 0,
        attempt: 1,
    }
}

fn client() -> reqwest::Client {
    // Other tests of the process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

const OK: &str = "200 OK\ncontent-type: application/json\n\n{}";

#[tokio::test]
async fn c16_a_webhook_gets_json_that_another_house_takes_for_genuine() {
    let (url, got) = sink::http(&[OK]);
    let now = Timestamp(1_790_000_000_500);
    webhook::tell(&client(), (&url, Some("between us")), &notice(), now).await.unwrap();
    let got = got.recv().unwrap();
    assert_eq!(
        (got.line.as_str(), got.header(webhook::ID), got.header(webhook::ATTEMPT)),
        ("POST /", "5eed/I-7/announce/40", "1")
    );
    assert_eq!(got.json()["incident"], "I-7");
    assert_eq!(got.header(webhook::SIGNATURE), webhook::signature("between us", now, &got.body));
    assert!(got.header(webhook::SIGNATURE).starts_with("t=1790000000,v1="));
    assert_ne!(
        webhook::signature("another", now, &got.body),
        webhook::signature("between us", now, &got.body)
    );
}

#[tokio::test]
async fn c16_what_is_refused_now_may_be_tried_again_and_what_is_refused_for_good_not() {
    let answers = [
        "429 Too Many\nretry-after: 7\n\nslow down",
        "503 Busy\n\n",
        "404 Not Found\n\nno \u{1b}[2Jsuch hook",
    ];
    let (url, got) = sink::http(&answers);
    let mut said = Vec::new();
    for _ in answers {
        said.push(webhook::tell(&client(), (&url, None), &notice(), Timestamp(0)).await.unwrap_err());
    }
    assert_eq!(
        said.iter().map(|untold| untold.again).collect::<Vec<_>>(),
        [Some(Millis::secs(7)), Some(Millis(0)), None]
    );
    assert!(said[2].why.contains("404") && said[2].why.contains("such hook"), "{said:?}");
    assert!(
        said.iter().all(|untold| !untold.why.contains('\u{1b}') && !untold.why.contains("127.0.0.1")),
        "{said:?}"
    );
    assert!(
        got.iter().all(|got| got.header(webhook::SIGNATURE).is_empty()),
        "nothing is signed without a secret"
    );
    let gone = webhook::tell(&client(), (&url, None), &notice(), Timestamp(0)).await.unwrap_err();
    assert!(gone.again.is_some() && !gone.why.contains("127.0.0.1"), "{gone:?}");
}

#[tokio::test]
async fn c16_a_bot_of_slack_keeps_an_incident_in_one_thread() {
    let said = "200 OK\n\n{\"ok\":true,\"ts\":\"1503435956.000247\"}";
    let (api, got) = sink::http(&[
        said,
        said,
        "200 OK\n\n{\"ok\":false,\"error\":\"channel_not_found\"}",
        "200 OK\n\n{\"ok\":false,\"error\":\"ratelimited\"}",
    ]);
    let bot = slack::Bot { api: &api, token: "xoxb-1", channel: "C1" };
    let mut hostile = notice();
    hostile.first.title = "<!channel> *& <https://evil.example|click>".into();
    let words = Wording::default().of(&hostile);
    let thread = slack::post(&client(), bot, (&hostile, &words), None).await.unwrap();
    assert_eq!(thread.as_deref(), Some("1503435956.000247"));
    let again = slack::post(&client(), bot, (&hostile, &words), thread.as_deref()).await.unwrap();
    assert_eq!(again, thread);
    let first = got.recv().unwrap();
    assert_eq!(
        (first.line.as_str(), first.header("authorization")),
        ("POST /chat.postMessage", "Bearer xoxb-1")
    );
    let text = first.json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("&lt;!channel&gt;") && !text.contains('<'), "{text}");
    assert!(first.json().get("thread_ts").is_none());
    assert_eq!(got.recv().unwrap().json()["thread_ts"], "1503435956.000247");
    let refused = slack::post(&client(), bot, (&hostile, &words), None).await.unwrap_err();
    assert_eq!(refused, Untold::for_good("slack refuses: channel_not_found"));
    assert!(slack::post(&client(), bot, (&hostile, &words), None).await.unwrap_err().again.is_some());
}

#[tokio::test]
async fn c16_a_letter_by_smtp_belongs_to_the_conversation_of_its_incident() {
    let (address, got) = sink::mail(3, "250 taken\r\n");
    let envelope = Envelope {
        from: "Chimera <chimera@example.com>".into(),
        to: vec!["ops@example.com".into(), "Ada <ada@example.com>".into()],
    };
    let mut later = Notice { id: "5eed/I-7/announce/41".into(), ..notice() };
    later.first.title = "übel ✗".into();
    let other = Notice { id: "beef/I-7/announce/40".into(), house: "beef".into(), ..notice() };
    for notice in [&notice(), &later, &other] {
        let words = Wording::default().of(notice);
        let letter = Letter { notice, words: &words, envelope: &envelope };
        mail::send(|_| Ok(client()), &Way::read(&address).unwrap(), (None, None), letter).await.unwrap();
    }
    let [first, second, other] = [(); 3].map(|()| got.recv().unwrap());
    assert!(
        first.contains("MAIL FROM:<chimera@example.com>") && first.contains("RCPT TO:<ada@example.com>"),
        "{first}"
    );
    assert!(first.contains("Subject: [P1] web: it answers 500 (I-7)"), "{first}");
    assert!(first.contains("needs a person: no rule knows it"), "{first}");
    let head = |letter: &str, name: &str| {
        letter.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned()
    };
    assert_eq!(head(&first, "References: "), head(&second, "References: "));
    assert_ne!(head(&first, "Message-ID: "), head(&second, "Message-ID: "));
    // The first incident of another house is another one.
    for name in ["References: ", "Message-ID: "] {
        assert_ne!(head(&first, name), head(&other, name));
    }
}

#[tokio::test]
async fn c16_a_mail_server_that_refuses_for_good_is_not_asked_again() {
    let envelope = Envelope { from: "chimera@example.com".into(), to: vec!["ops@example.com".into()] };
    for (verdict, again) in [("550 no such user\r\n", false), ("451 later\r\n", true)] {
        let (address, _got) = sink::mail(1, verdict);
        let (notice, words) = (notice(), Wording::default().of(&notice()));
        let letter = Letter { notice: &notice, words: &words, envelope: &envelope };
        let untold =
            mail::send(|_| Ok(client()), &Way::Smtp(address), (None, None), letter).await.unwrap_err();
        assert_eq!(untold.again.is_some(), again, "{untold:?}");
    }
}

#[tokio::test]
async fn c16_sendgrid_and_resend_get_what_their_apis_ask_for() {
    let (base, got) = sink::http(&["202 Accepted\n\n", "200 OK\n\n{\"id\":\"x\"}"]);
    let envelope =
        Envelope { from: "Chimera <chimera@example.com>".into(), to: vec!["ops@example.com".into()] };
    let (notice, words) = (notice(), Wording::default().of(&notice()));
    let letter = Letter { notice: &notice, words: &words, envelope: &envelope };
    for way in [Way::SendGrid(base.clone()), Way::Resend(base.clone())] {
        mail::send(|_| Ok(client()), &way, (None, Some("key-1")), letter).await.unwrap();
    }
    let [sendgrid, resend] = [got.recv().unwrap(), got.recv().unwrap()];
    assert_eq!(
        (sendgrid.line.as_str(), sendgrid.header("authorization")),
        ("POST /v3/mail/send", "Bearer key-1")
    );
    let body = sendgrid.json();
    assert_eq!(body["personalizations"][0]["to"][0]["email"], "ops@example.com");
    assert_eq!(
        (&body["from"]["name"], &body["content"][0]["type"]),
        (&"Chimera".into(), &"text/plain".into())
    );
    assert_eq!((resend.line.as_str(), resend.header("authorization")), ("POST /emails", "Bearer key-1"));
    assert_eq!(resend.header("idempotency-key").len(), 64);
    assert_eq!(
        (&resend.json()["to"][0], &resend.json()["subject"]),
        (&"ops@example.com".into(), &"[P1] web: it answers 500 (I-7)".into())
    );
}

#[test]
fn c16_ways_of_letters_are_read_or_refused_in_words() {
    for good in [
        "smtp://127.0.0.1:25",
        "smtps://mail.example.com:465",
        "sendgrid",
        "resend",
        "sendgrid+https://api.eu.sendgrid.com",
    ] {
        assert!(Way::read(good).is_ok(), "{good}");
    }
    for bad in ["", "mail.example.com", "http://x", "sendgrid+ftp://x", "resend+", "smtp://", "pigeon"] {
        assert!(Way::read(bad).is_err(), "{bad}");
    }
}
