//! What must go, what must stay, and that doing it twice changes nothing.

use super::{labelled, redact, span::MARK};
use proptest::prelude::*;
use std::borrow::Cow;

/// Put together at run time, so that no file holds a text that looks like a living key.
fn key(start: &str, body: &str) -> String {
    format!("{start}{body}")
}

const A20: &str = "4fTq9ZxB2kLmN7pRvW3s";
const A40: &str = "4fTq9ZxB2kLmN7pRvW3sYdC8hJ1gUeX5aQ0oI6tK";
const HEX32: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// A text, the secret in it, and the kind it must be called.
fn positives() -> Vec<(String, String, &'static str)> {
    let mut all: Vec<(String, String, &'static str)> = Vec::new();
    for (start, body, kind) in [
        ("sk-", A40, "api-key"),
        ("sk-proj-", A40, "api-key"),
        ("sk-ant-api03-", A40, "api-key"),
        ("gsk_", A40, "api-key"),
        ("xai-", A40, "api-key"),
        ("r8_", A40, "api-key"),
        ("hf_", A40, "huggingface-token"),
        ("ghp_", A40, "github-token"),
        ("gho_", A40, "github-token"),
        ("ghs_", A40, "github-token"),
        ("github_pat_", A40, "github-token"),
        ("glpat-", A20, "gitlab-token"),
        ("xoxb-", "123456789012-abcDEF", "slack-token"),
        ("xoxp-", "123456789012-abcDEF", "slack-token"),
        ("xoxa-2-", "123456789012", "slack-token"),
        ("AKIA", "IOSFODNN7EXAMPLQ", "aws-key"),
        ("ASIA", "IOSFODNN7EXAMPLQ", "aws-key"),
        ("AIza", "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q", "google-key"),
        ("ya29.", A40, "google-token"),
        ("GOCSPX-", A40, "google-secret"),
        ("SG.", "abcdefghijklmnopqrst12.ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg", "sendgrid-key"),
        ("sk_live_", A40, "stripe-key"),
        ("rk_live_", A40, "stripe-key"),
        ("whsec_", A40, "stripe-key"),
        ("npm_", A40, "npm-token"),
        ("pypi-", "AgEIcHlwaS5vcmcCJDQ3ZmE4ZDYxLWY4ZTItNGY1Ni1iMjg5", "pypi-token"),
        ("dop_v1_", "9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015", "digitalocean-token"),
        ("dckr_pat_", A40, "docker-token"),
        ("sbp_", "9f86d081884c7d659a2feaa0c55ad015aa11bb22", "supabase-token"),
        ("shpat_", HEX32, "shopify-token"),
        ("hvs.", A40, "vault-token"),
        ("glsa_", A40, "grafana-token"),
        ("key-", HEX32, "mailgun-key"),
        ("SK", HEX32, "twilio-key"),
    ] {
        let secret = key(start, body);
        all.push((format!("request with {secret} refused"), secret.clone(), kind));
        all.push((format!("url=/x?k={secret}&y=1"), secret, kind));
    }
    let jwt = key(
        "eyJ",
        "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    );
    let plain = |text: &str, secret: &str, kind| (text.to_owned(), secret.to_owned(), kind);
    all.extend([
        (format!("bad jwt {jwt} here"), jwt.clone(), "jwt"),
        (format!("{{\"id\":\"{jwt}\"}}"), jwt, "jwt"),
        plain(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nx9\n-----END RSA PRIVATE KEY----- after",
            "MIIEpAIBAAKCAQEA7",
            "private-key",
        ),
        plain(
            "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXk\\n-----END OPENSSH PRIVATE KEY-----",
            "b3BlbnNzaC1rZXk",
            "private-key",
        ),
        plain("-----BEGIN PRIVATE KEY-----\nMIIEvQ cut off", "MIIEvQ", "private-key"),
        plain("postgres://shop:tr0ub4dor@db:5432/shop", "tr0ub4dor", "password"),
        plain("redis://:hunter2@cache:6379/0", "hunter2", "password"),
        plain("amqp://guest:gu%40st@mq/", "gu%40st", "password"),
        plain("https://9f86d081884c7d659a2feaa0c55ad015@o1.ingest.example.com/2", HEX32, "credential"),
        plain("dsn shop:tr0ub4dor@tcp(db:3306)/shop", "tr0ub4dor", "password"),
        plain("password=hunter2", "hunter2", "password"),
        plain("PGPASSWORD=hunter2 psql", "hunter2", "password"),
        plain("db.password: hunter2", "hunter2", "password"),
        plain("{\"password\":\"correct horse battery\"}", "correct horse battery", "password"),
        plain("{\\\"password\\\":\\\"hunter2\\\"}", "hunter2", "password"),
        plain("{'password': 'hunter2'}", "hunter2", "password"),
        plain("\"password\"=>\"hunter2\"", "hunter2", "password"),
        plain("passwd='a b c'", "a b c", "password"),
        plain("<password>hunter2</password>", "hunter2", "password"),
        plain("run --password hunter2 --port 1", "hunter2", "password"),
        plain("Server=db;User Id=sa;Pwd=Sup3r!x;Encrypt=yes", "Sup3r!x", "password"),
        plain("ALTER ROLE shop PASSWORD 'hunter2'", "hunter2", "password"),
        plain("CREATE USER x IDENTIFIED BY 'hunter2'", "hunter2", "password"),
        plain("login failed, password: hunter2, user: bob", "hunter2", "password"),
        plain("token=abc123def456", "abc123def456", "secret"),
        plain("accessToken: \"a1b2c3d4e5\"", "a1b2c3d4e5", "secret"),
        plain("refresh_token=a1b2c3d4e5&scope=x", "a1b2c3d4e5", "secret"),
        plain("client_secret: 'Zx81Qp'", "Zx81Qp", "secret"),
        plain("X-Api-Key: 77aabbccdd", "77aabbccdd", "secret"),
        plain("api_key = 77aabbccdd", "77aabbccdd", "secret"),
        plain(
            "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCY",
            "secret",
        ),
        plain("AccountName=x;AccountKey=Zm9vYmFyYmF6cXV4MTIz==;Suffix=y", "Zm9vYmFyYmF6cXV4MTIz", "secret"),
        plain("PHPSESSID=9f86d081884c; path=/", "9f86d081884c", "secret"),
        plain("token=550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000", "secret"),
        plain("https://x.example/cb?code=4fTq9ZxB2kLmN7pRvW3s&state=1", A20, "secret"),
        plain("https://s.example/b?sig=4fTq9ZxB2kLmN7pRvW3s%3D", "4fTq9ZxB2kLmN7pRvW3s%3D", "secret"),
        plain("Authorization: Bearer abc.def-123456789", "abc.def-123456789", "authorization"),
        plain("the passphrase is correct-horse-9, write it down", "correct-horse-9", "password"),
        plain("password was 'open sesame'", "open sesame", "password"),
        plain("ran curl -u admin:hunter2 https://x.example/", "hunter2", "password"),
        plain("curl -s --user 'admin:hunter 2' https://x.example/", "hunter 2", "password"),
        plain("curl -uadmin:hunter2 x", "hunter2", "password"),
        plain("failed: mysql -h db -u shop -phunter2 shop", "hunter2", "password"),
        plain("mysqldump -p'hunter 2' shop", "hunter 2", "password"),
        plain("sshpass -p hunter2 ssh web1", "hunter2", "password"),
        plain("redis-cli -a hunter2 ping", "hunter2", "password"),
        (format!("2026-11-30 20:59:06 ERROR {A40}+/9x{A20}"), format!("{A40}+/9x{A20}"), "private-key"),
        (format!("{{\"msg\":\"{A40}+/9x{A20}\",\"level\":50}}"), format!("{A40}+/9x{A20}"), "private-key"),
        plain("authorization: Basic c2hvcDpodW50ZXIy", "c2hvcDpodW50ZXIy", "authorization"),
        plain("\"Authorization\":\"Token 77aabbccdd\"", "77aabbccdd", "authorization"),
        plain("Authorization: Digest username=\"bob\", response=\"6629fae4\"", "6629fae4", "authorization"),
        plain("sent Bearer 4fTq9ZxB2kLmN7pRvW3s to peer", A20, "bearer"),
        plain("proxy wants Basic c2hvcDpodW50ZXIy now", "c2hvcDpodW50ZXIy", "basic-auth"),
        plain("Cookie: sid=abc; theme=dark", "sid=abc; theme=dark", "cookie"),
        plain("Set-Cookie: sid=abc; Path=/; HttpOnly", "sid=abc", "cookie"),
        plain("\"cookie\":\"sid=abc; x=1\",\"a\":1", "sid=abc; x=1", "cookie"),
        plain("charged 4111 1111 1111 1111 twice", "4111 1111 1111 1111", "card"),
        plain("pan=5500005555555559", "5500005555555559", "card"),
        plain("amex 3782-822463-10005.", "3782-822463-10005", "card"),
        plain("to DE89370400440532013000 now", "DE89370400440532013000", "iban"),
        plain("to GB82 WEST 1234 5698 7654 32, thanks", "GB82 WEST 1234 5698 7654 32", "iban"),
        plain("mail to jane.doe+x@example.co.uk failed", "jane.doe+x@example.co.uk", "email"),
        plain("user=bob@example.com", "bob@example.com", "email"),
        plain("GET /u/bob%40example.com HTTP/1.1", "bob%40example.com", "email"),
        plain("für jürgen@beispiel.example", "jürgen@beispiel.example", "email"),
        plain("the token was 4fTq9ZxB2kLmN7pRvW3sYdC8", "4fTq9ZxB2kLmN7pRvW3sYdC8", "secret"),
        plain("secret key 9f86d081884c7d659a2feaa0c55ad015 leaked", HEX32, "secret"),
        plain(
            "bot 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
            "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
            "telegram-token",
        ),
        plain(
            "post hooks.slack.com/services/T000A1/B000B2/4fTq9ZxB2kLmN7",
            "T000A1/B000B2/4fTq9ZxB2kLmN7",
            "web-hook",
        ),
    ]);
    all
}

/// Texts in which nothing is secret.
const NEGATIVES: &[&str] = &[
    "",
    "connection refused by 10.0.0.7:5432",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "request_id=550e8400-e29b-41d4-a716-446655440000",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "Unexpected token < in JSON at position 0",
    "unexpected token: }",
    "syntax error, unexpected token \"identifier\"",
    "token expired",
    "invalid token: expired",
    "token: null",
    "max_tokens=4096 total_tokens: 1234567",
    "token_type=bearer",
    "tokenizer=bpe vocab=50257",
    "password: required",
    "password must be at least 8 characters",
    "Invalid password: user not found",
    "password authentication failed for user \"shop\"",
    "password=",
    "password: ********",
    "password=<none>",
    "password_reset_url=/reset",
    "passwords do not match",
    "secret: missing",
    "no such secret 'db-main'",
    "SecretNotFound: kube-system/default",
    "PWD=/home/app",
    "PASSWORD=${DB_PASSWORD}",
    "Authorization: required",
    "authorization failed",
    "authorization denied for user bob",
    "Basic auth is required",
    "Bearer token missing",
    "cookie not found",
    "cookies: disabled",
    "risk-adjusted-return-of-portfolio-over-time",
    "disk-usage-over-the-threshold-for-volume-data1",
    "task-scheduler-worker-number-twelve-of-20",
    "git@github.com:acme/shop.git",
    "user@1000.service: Main process exited",
    "getty@tty1.service failed",
    "image registry.example/shop@sha256:9f86d081884c7d659a2feaa0c55ad015",
    "react-dom@18.2.0 needs a peer",
    "golang.org/x/net@v0.17.0/http2/server.go:12",
    "logo@2x.png not found",
    "java.lang.Object@1a2b3c4d",
    "@app.route('/x')",
    "postgres://db:5432/shop",
    "http://localhost:8080/health?x=1",
    "https://example.com/a/b@c",
    "took 1764371521123456 ns at 1764371521.123456",
    "order 4111111111111112 is no card",
    "id=12345678901234567890",
    "0.4111111111111111 share",
    "at com.example.security.JwtAuthenticationTokenFilter.doFilterInternal(JwtAuthenticationTokenFilter.java:42)",
    "primary key violated: orders_pkey",
    "duplicate key value violates unique constraint \"users_email_key\"",
    "cache key user:42:profile missing",
    "IBAN missing for DE customers",
    "DE12345678901234567890 is no account",
    "error code: E0308, see https://x.example/err?code=E0308",
    "exit code=137 signal=9",
    "-----BEGIN CERTIFICATE-----",
    "AKIA is how they begin",
    "eyJust kidding.nothing here",
    "key-value store is full",
    "SKU 12345 sold out",
    "2026-11-28T23:12:01.123Z ERROR pool timeout after 30001ms",
    "password is required",
    "password is wrong, try again",
    "the password was changed",
    "docker run -u 1000:1000 -p 8080:80 web",
    "docker run --name mysql -p3306:3306 mysql:8",
    "curl -u $LOGIN https://x.example/",
    "mysql -h db -P 3306 -p shop",
    "chown -u app:app; curl -s https://x.example/",
    "integrity sha512-4fTq9ZxB2kLmN7pRvW3sYdC8hJ1gUeX5aQ0oI6tK4fTq9ZxB2kLmN7pRvW3sYdC8hJ1gUeX5aQ0oI6tKAA==",
    "PHP Fatal error:  Uncaught RuntimeException: no price in /app/src/Cart.php:41",
];

#[test]
fn a_switch_that_turns_something_off_has_no_value() {
    let said = "systemctl --no-ask-password restart web.service; mysql --password hunter22x";
    let clean = redact(said);
    assert!(clean.starts_with("systemctl --no-ask-password restart web.service;"), "{clean}");
    assert!(!clean.contains("hunter22x"), "{clean}");
}

#[test]
fn every_secret_goes_and_is_called_by_its_kind() {
    let all = positives();
    assert!(all.len() >= 60, "{}", all.len());
    let mut wrong = Vec::new();
    for (text, secret, kind) in all {
        let found = redact(&text);
        if found.contains(&secret) || !found.contains(&format!("{MARK}{kind}]")) {
            wrong.push(format!("{kind}: {text:?} -> {found:?}"));
        }
        assert_eq!(redact(&found), found, "twice changes {text:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_secret_stays_and_is_not_even_copied() {
    assert!(NEGATIVES.len() >= 40);
    let changed: Vec<_> = NEGATIVES
        .iter()
        .map(|text| (text, redact(text)))
        .filter(|(_, found)| matches!(found, Cow::Owned(_)))
        .collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

#[test]
fn the_name_of_a_label_says_that_its_value_is_secret() {
    for (name, kind) in [
        ("password", "password"),
        ("DB_PASSWORD", "password"),
        ("secret", "secret"),
        ("api_key", "secret"),
        ("x-api-key", "secret"),
        ("clientSecret", "secret"),
        ("token", "secret"),
        ("Authorization", "authorization"),
        ("cookie", "cookie"),
    ] {
        assert_eq!(labelled(name, "hunter two"), format!("{MARK}{kind}]"), "{name}");
    }
    for (name, value) in [("pod", "web-1"), ("code", "500"), ("token_type", "bearer"), ("secret", "none")] {
        assert_eq!(labelled(name, value), value);
    }
    assert_eq!(labelled("note", "password=hunter2"), format!("password={MARK}password]"));
}

#[test]
fn what_surrounds_a_secret_stays_as_it_was() {
    assert_eq!(
        redact("user bob, password='a b', id 7: postgres://shop:pw1@db/x"),
        "user bob, password='[redacted:password]', id 7: postgres://shop:[redacted:password]@db/x"
    );
    assert_eq!(redact("mail a@b.example and c@d.example."), "mail [redacted:email] and [redacted:email].");
    assert_eq!(redact("token=abc123def456, next=1"), "token=[redacted:secret], next=1");
}

proptest! {
    #[test]
    fn redacting_twice_changes_nothing(text in "\\PC{0,200}") {
        let once = redact(&text).into_owned();
        prop_assert_eq!(redact(&once), once.as_str());
    }

    #[test]
    fn redacting_twice_changes_nothing_near_secrets(parts in prop::collection::vec(
        prop_oneof![
            Just("password".to_owned()), Just("token".to_owned()), Just("Authorization".to_owned()), Just("Cookie".to_owned()),
            Just("=".to_owned()), Just(": ".to_owned()), Just("\"".to_owned()), Just("'".to_owned()), Just("://".to_owned()),
            Just("@".to_owned()), Just("Bearer ".to_owned()), Just("Basic ".to_owned()), Just(" ".to_owned()), Just("--".to_owned()),
            Just("[redacted:".to_owned()), Just("]".to_owned()), Just("4111 1111 1111 1111".to_owned()), Just("eyJ".to_owned()),
            Just("-----BEGIN PRIVATE KEY-----".to_owned()), Just("%40".to_owned()), Just("a.b.example".to_owned()), Just("sk-".to_owned()),
            Just(A40.to_owned()), Just("\n".to_owned()), Just("\\\"".to_owned()), "[a-zA-Z0-9.:/ü]{1,24}",
        ], 0..24)) {
        let text = parts.concat();
        let once = redact(&text).into_owned();
        prop_assert_eq!(redact(&once), once.as_str(), "{}", text);
    }

    #[test]
    fn a_known_key_never_survives_whatever_stands_around_it(before in "[^a-zA-Z0-9_]{0,20}", after in "[^a-zA-Z0-9_\\-]{0,20}") {
        let secret = key("ghp_", A40);
        let text = format!("{before}{secret}{after}");
        prop_assert!(!redact(&text).contains(&secret));
    }
}
