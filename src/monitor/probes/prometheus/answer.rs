//! What the query API of Prometheus answers, and of VictoriaMetrics, Thanos and Mimir, which speak the same. Pure:
//! bytes in, one number a series out.

use crate::{
    domain::{signal::Signal, text},
    monitor::redact::labelled,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Series of one answer.
pub(super) const SERIES_MOST: usize = 1_000;
/// Points of one series: what the server itself allows in a range.
const POINTS_MOST: usize = 11_000;
/// Characters of a name or value of a label.
const LABEL_MOST: usize = 128;
/// Characters of what a server says is wrong.
const WORDS_MOST: usize = 300;

/// One series as one number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    /// Its metric; empty for what was computed.
    pub(super) name: String,
    /// Its labels, redacted, cleaned and bounded.
    pub(super) labels: BTreeMap<String, String>,
    /// The number; not a number where the source has a gap.
    pub(super) value: f64,
}

/// What an answer says.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    /// At most [`SERIES_MOST`].
    pub(super) series: Vec<Series>,
    /// Series over that, which are not in it.
    pub(super) left_out: usize,
    /// Series that carry histograms or text instead of numbers.
    pub(super) unreadable: usize,
    /// What the server warns of: partial answers, slow stores.
    pub(super) warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Body {
    status: String,
    data: Option<Data>,
    #[serde(rename = "errorType", default)]
    kind: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Raw>),
    Matrix(Vec<Raw>),
    Scalar(Point),
    String(Point),
}

/// A series of a vector has a value, one of a matrix has values; native histograms have neither.
#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: Option<Point>,
    values: Option<Vec<Point>>,
}

/// Seconds, and the number as text.
type Point = (f64, String);

/// Reads an answer with this status.
///
/// # Errors
/// What the server says is wrong, or that the answer is none of Prometheus.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Answer, String> {
    let parsed: Result<Body, _> = serde_json::from_slice(body);
    let body = match parsed {
        Ok(body) => body,
        Err(_) if !(200..300).contains(&status) => return Err(refusal(status, body)),
        Err(error) => return Err(format!("the answer is none of Prometheus: {error}")),
    };
    if body.status != "success" {
        let kind = body.kind.unwrap_or_else(|| "error".to_owned());
        let words = format!("{kind}: {} (status {status})", body.error.unwrap_or_default());
        return Err(text::clean_line(&words, WORDS_MOST).into());
    }
    let data = body.data.ok_or("the answer says success and carries no data")?;
    let warnings = body.warnings.unwrap_or_default();
    let warnings = warnings.iter().take(3).map(|words| text::clean_line(words, WORDS_MOST).into()).collect();
    let mut answer = Answer { series: Vec::new(), left_out: 0, unreadable: 0, warnings };
    match data {
        Data::Scalar((_, value)) => answer.take(BTreeMap::new(), number(&value)),
        // Only a query that is a text in quotes gives one.
        Data::String((_, words)) => {
            answer.warnings.push(format!("the query is the text {:?}", &*text::clean_line(&words, 60)));
            answer.unreadable = 1;
        }
        Data::Vector(all) | Data::Matrix(all) => {
            for raw in all {
                let value = raw.value.and_then(|(_, value)| number(&value));
                let value = value.or_else(|| raw.values.and_then(|points| median(&points)));
                answer.take(raw.metric, value);
            }
        }
    }
    Ok(answer)
}

/// What a proxy or gateway in between says.
fn refusal(status: u16, body: &[u8]) -> String {
    let said = text::clean_line(&String::from_utf8_lossy(&body[..body.len().min(1_024)]), 120);
    let hint = match status {
        401 | 403 => "; put user:password or bearer:TOKEN before the host in the address",
        404 => "; the address must be that of the server, without /api/v1",
        _ => "",
    };
    format!("status {status}: {}{hint}", said.trim())
}

impl Answer {
    fn take(&mut self, mut metric: BTreeMap<String, String>, value: Option<f64>) {
        let Some(value) = value else {
            self.unreadable += 1;
            return;
        };
        if self.series.len() == SERIES_MOST {
            self.left_out += 1;
            return;
        }
        let clean = |raw: &str| String::from(text::clean_line(raw, LABEL_MOST));
        let name = clean(&metric.remove("__name__").unwrap_or_default());
        let labels = metric
            .iter()
            .take(Signal::LABELS_MOST)
            .map(|(name, value)| (clean(name), clean(&labelled(name, &text::clean(value)))))
            .collect();
        self.series.push(Series { name, labels, value });
    }
}

/// `1.5`, `NaN`, `+Inf`, `-Inf`.
fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// The number in the middle: what was so for at least half of the span. One spike does not make it, one lull does not
/// end it. Gaps count as nothing; a span of gaps only is a gap.
fn median(points: &[Point]) -> Option<f64> {
    let mut numbers =
        points.iter().take(POINTS_MOST).map(|(_, value)| number(value)).collect::<Option<Vec<f64>>>()?;
    let all = numbers.len();
    numbers.retain(|number| !number.is_nan());
    if numbers.is_empty() {
        return (all > 0).then_some(f64::NAN);
    }
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    let (low, high) = (numbers.get((numbers.len() - 1) / 2)?, numbers.get(middle)?);
    // Both may be the same infinity, whose half and half is no number.
    Some(if low == high { *low } else { low / 2.0 + high / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn said(body: &serde_json::Value) -> Answer {
        read(200, body.to_string().as_bytes()).unwrap()
    }

    fn values(body: &serde_json::Value) -> Vec<f64> {
        said(body).series.iter().map(|series| series.value).collect()
    }

    #[test]
    fn every_kind_of_result_is_one_number_a_series() {
        let vector = json!({"status": "success", "data": {"resultType": "vector", "result": [
            {"metric": {"__name__": "up", "job": "shop\u{1b}[2J", "instance": "a:1"}, "value": [1_700_000_000.5, "1"]},
            {"metric": {}, "value": [1, "+Inf"]},
            {"metric": {}, "value": [1, "-Inf"]},
            {"metric": {}, "value": [1, "NaN"]},
            {"metric": {}, "histogram": [1, {"count": "3"}]},
        ]}, "warnings": ["one store is slow"], "infos": ["x"]});
        let answer = said(&vector);
        assert_eq!((answer.series[0].name.as_str(), answer.series[0].labels["job"].as_str()), ("up", "shop"));
        let numbers: Vec<f64> = answer.series.iter().map(|series| series.value).collect();
        assert_eq!(numbers[..3], [1.0, f64::INFINITY, f64::NEG_INFINITY]);
        assert!(numbers[3].is_nan() && answer.unreadable == 1 && answer.warnings.len() == 1);
        let scalar = json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "0.25"]}});
        assert_eq!(values(&scalar), [0.25]);
        let text = json!({"status": "success", "data": {"resultType": "string", "result": [1, "words"]}});
        assert_eq!((said(&text).series.len(), said(&text).unreadable), (0, 1));
        let empty = json!({"status": "success", "data": {"resultType": "vector", "result": []}});
        assert!(values(&empty).is_empty());
    }

    #[test]
    fn a_range_is_what_was_so_for_half_of_it() {
        let matrix = |numbers: &[&str]| {
            let points: Vec<_> = numbers.iter().enumerate().map(|(at, number)| json!([at, number])).collect();
            json!({"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": points}]}})
        };
        assert_eq!(values(&matrix(&["1", "1", "99", "1", "1"])), [1.0]);
        assert_eq!(values(&matrix(&["9", "1", "9", "9"])), [9.0]);
        assert_eq!(values(&matrix(&["1", "NaN", "3"])), [2.0]);
        assert_eq!(values(&matrix(&["+Inf", "+Inf"])), [f64::INFINITY]);
        assert!(values(&matrix(&["NaN", "NaN"]))[0].is_nan());
        assert_eq!(said(&matrix(&[])).unreadable, 1);
    }

    #[test]
    fn what_the_server_says_is_wrong_is_said() {
        let error =
            json!({"status": "error", "errorType": "bad_data", "error": "parse error: unexpected \"}\""});
        for status in [400, 422, 503, 200] {
            let words = read(status, error.to_string().as_bytes()).unwrap_err();
            assert!(
                words.starts_with("bad_data: parse error") && words.contains(&status.to_string()),
                "{words}"
            );
        }
        for (status, body, part) in [
            (502, "<html>Bad Gateway</html>", "status 502"),
            (401, "Unauthorized", "bearer:TOKEN"),
            (200, "<html>", "none of Prometheus"),
            (200, "{\"status\":\"success\"}", "no data"),
            (
                200,
                "{\"status\":\"success\",\"data\":{\"resultType\":\"tensor\",\"result\":[]}}",
                "none of Prometheus",
            ),
            (
                200,
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"value\":[1,2]}]}}",
                "none of Prometheus",
            ),
            (200, "", "none of Prometheus"),
        ] {
            let words = read(status, body.as_bytes()).unwrap_err();
            assert!(words.contains(part), "{body}: {words}");
        }
    }

    #[test]
    fn there_is_an_end_to_series_and_labels() {
        let labels: BTreeMap<String, String> =
            (0..50).map(|number| (format!("l{number:02}"), "v".repeat(1_000))).collect();
        let result: Vec<_> =
            (0..SERIES_MOST + 7).map(|_| json!({"metric": labels, "value": [1, "1"]})).collect();
        let answer = said(&json!({"status": "success", "data": {"resultType": "vector", "result": result}}));
        assert_eq!((answer.series.len(), answer.left_out), (SERIES_MOST, 7));
        let labels = &answer.series[0].labels;
        assert!(
            labels.len() == Signal::LABELS_MOST
                && labels.values().all(|value| value.chars().count() <= LABEL_MOST)
        );
    }

    proptest! {
        #[test]
        fn no_answer_is_too_strange(body in proptest::collection::vec(any::<u8>(), 0..200), status in 100_u16..600) {
            let _ = read(status, &body);
        }
    }
}
