//! Errors of four APIs and their imitations, and the waits they ask for.

use super::*;
use http::StatusCode;

type Headers = &'static [(&'static str, &'static str)];

fn answer(status: u16, body: &str, headers: &[(&'static str, &str)]) -> NoStream {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    NoStream { status: StatusCode::from_u16(status).unwrap(), headers: map, body: body.to_owned() }
}

#[test]
fn errors_of_four_apis_and_their_imitations() {
    use CallErrorKind::*;
    let cases: &[(u16, &str, CallErrorKind)] = &[
        (529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Overloaded),
        (429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#, RateLimited),
        (
            401,
            r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
            Unauthorized,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            ContextTooLong,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: required"}}"#,
            Rejected,
        ),
        (
            413,
            r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
            Rejected,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#,
            Unauthorized,
        ),
        (
            400,
            r#"[{"error":{"code":400,"message":"The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]"#,
            ContextTooLong,
        ),
        (
            503,
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
            Overloaded,
        ),
        (
            404,
            r#"{"error":{"message":"The model `x` does not exist","type":"invalid_request_error","code":"model_not_found"}}"#,
            Rejected,
        ),
        (
            400,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
            ContextTooLong,
        ),
        (
            429,
            r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            Unauthorized,
        ),
        (402, r#"{"error":{"message":"Insufficient credits","code":402}}"#, Unauthorized),
        (404, r#"{"error":"model 'nope' not found"}"#, Rejected),
        (422, r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, Rejected),
        (
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            ContextTooLong,
        ),
        // In the shape of recorded answers: OpenRouter, Groq, Gemini.
        (
            429,
            r#"{"error":{"code":429,"message":"Provider returned error","metadata":{"provider_name":"Google","raw":"x is rate-limited upstream"}},"user_id":"user_1"}"#,
            RateLimited,
        ),
        (
            400,
            r#"{"error":{"code":"tool_use_failed","failed_generation":"{}","message":"Tool call validation failed","type":"invalid_request_error"}}"#,
            Rejected,
        ),
        (
            400,
            "{\n  \"error\": {\n    \"code\": 400,\n    \"message\": \"Not for your location.\",\n    \"status\": \"FAILED_PRECONDITION\",\n    \"details\": [{\"@type\": \"type.googleapis.com/google.rpc.DebugInfo\", \"detail\": \"[ORIGINAL ERROR]\"}]\n  }\n}\n",
            Rejected,
        ),
        (502, "<html><body>Bad Gateway</body></html>", Overloaded),
        (200, "<html>Sign in to the hotel network</html>", Protocol),
        (200, r#"{"error":{"message":"Rate limit exceeded","code":429}}"#, RateLimited),
        (301, "", Rejected),
        (408, "", Connection),
    ];
    for (status, body, kind) in cases {
        let error = refused(Vendor::Openai, &answer(*status, body, &[]), None);
        assert_eq!(error.kind, *kind, "{status} {body} gave {error}");
        assert!(error.message.starts_with(&format!("HTTP {status}")), "{error}");
    }
}

#[test]
fn a_page_instead_of_a_stream_is_shown_and_the_key_never() {
    let key = Secret::new("sk-live-123");
    let page = answer(200, "<html>\u{1b}[2Jkey sk-live-123 seen</html>", &[]);
    let error = refused(Vendor::Anthropic, &page, Some(&key));
    assert!(
        error.message.contains("key [key] seen") && error.message.contains("ANTHROPIC_BASE_URL"),
        "{error}"
    );
    assert!(!error.message.contains("sk-live") && !error.message.contains('\u{1b}'), "{error}");
}

#[test]
fn waits_are_read_wherever_vendors_put_them() {
    const AT: &str = "Wed, 21 Oct 2015 07:28:30 GMT";
    let cases: &[(Headers, Option<u64>)] = &[
        (&[("retry-after", "7")], Some(7_000)),
        (&[("retry-after", "0.5")], Some(500)),
        (&[("retry-after-ms", "1234.5"), ("retry-after", "9")], Some(1_235)),
        (&[("retry-after", AT), ("date", "Wed, 21 Oct 2015 07:28:00 GMT")], Some(30_000)),
        (&[("retry-after", AT), ("date", "Wed, 21 Oct 2015 07:29:00 GMT")], Some(0)),
        (&[("retry-after", AT)], None),
        (&[("retry-after", "soon")], None),
        (&[("retry-after", "-1")], None),
        (&[("retry-after", "1e300")], None),
        (&[], None),
    ];
    for (headers, want) in cases {
        let found = retry_after(&answer(429, "", headers).headers);
        assert_eq!(found, want.map(Millis), "{headers:?}");
    }
    let body = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"quota","details":[
        {"@type":"type.googleapis.com/google.rpc.QuotaFailure"},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37.2s"}]}}"#;
    assert_eq!(refused(Vendor::Google, &answer(429, body, &[]), None).retry_after, Some(Millis(37_200)));
}

#[test]
fn http_dates_are_civil_dates() {
    assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
    assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    assert_eq!(http_date("Tue, 29 Feb 2000 00:00:00 GMT"), Some(951_782_400));
    for bad in ["", "Sun, 06 Nov 1994", "Sun, 06 XXX 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"] {
        assert_eq!(http_date(bad), None, "{bad}");
    }
}
