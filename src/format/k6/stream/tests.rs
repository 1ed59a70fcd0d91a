//! The rules of the stream, on lines made for them.

use super::*;
use crate::model::{Better, Statistic};

const METRIC: &str = r#"{"type":"Metric","data":{"name":"t","type":"trend","contains":"time","thresholds":[],"submetrics":[{"name":"t{a:1}","suffix":"a:1","tags":{"a":"1"}},{"name":"t{a:1,b:2}","suffix":"","tags":{"a":"1","b":"2"}}]},"metric":"t"}"#;

fn point(metric: &str, second: &str, value: &str, tags: &str) -> String {
    format!(
        r#"{{"metric":"{metric}","type":"Point","data":{{"time":"2026-11-21T14:30:{second}Z","value":{value},"tags":{tags}}}}}"#
    )
}

fn read(lines: &[String]) -> (Vec<Run>, Vec<Diagnostic>) {
    read_from(&mut (lines.join("\n") + "\n").as_bytes())
}

fn read_from(source: &mut dyn BufRead) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&"s.json".into(), source, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

fn value(run: &Run, name: &str, statistic: Statistic) -> Option<f64> {
    run.series.iter().find(|(key, _)| key.benchmark.name.raw() == name)?.1.summary.get(statistic)
}

#[test]
fn values_go_to_the_sub_metrics_of_their_tags() {
    let mut lines = vec![METRIC.to_owned()];
    for (value, tags) in [("1", "{}"), ("2", r#"{"a":"1"}"#), ("3", r#"{"b":"2","a":"1"}"#), ("4", r#"{"a":"11"}"#)] {
        lines.push(point("t", "01.5", value, tags));
    }
    lines.push(point("t", "01.5", "5", r#"{"x":"\"a\":\"1\""}"#));
    let (runs, said) = read(&lines);
    assert!(said.is_empty(), "{said:?}");
    let count =
        |name: &str| runs[0].series.iter().find(|(k, _)| k.benchmark.name.raw() == name).unwrap().1.summary.count();
    assert_eq!((count("t"), count("t{a:1}"), count("t{a:1,b:2}")), (Some(5), Some(2), Some(1)));
    assert_eq!(value(&runs[0], "t", Statistic::Median), Some(3.0 * 1e-3));
    assert_eq!(runs[0].subject.taken_at, Some(1_795_271_401));
}

#[test]
fn rates_are_over_the_time_between_the_values() {
    let lines: Vec<String> =
        [("http_reqs", "10.0", "1"), ("http_req_failed", "10.0", "0"), ("http_req_failed", "12.0", "1")]
            .into_iter()
            .chain([("http_reqs", "12.0", "1"), ("http_reqs", "11.0", "1"), ("vus", "11.0", "5")])
            .map(|(metric, second, value)| point(metric, second, value, "{}"))
            .collect();
    let (runs, said) = read(&lines);
    assert!(said.is_empty(), "no line says what they are: {said:?}");
    assert_eq!(value(&runs[0], "http_reqs", Statistic::Mean), Some(1.5));
    assert_eq!(value(&runs[0], "http_req_failed", Statistic::Mean), Some(0.5));
    assert_eq!(value(&runs[0], "vus", Statistic::Mean), None);
    assert!(runs[0].series.iter().any(|(_, o)| o.better == Some(Better::Higher)));
    let (runs, said) = read(&[point("http_reqs", "10.0", "1", "{}")]);
    assert_eq!(said.len(), 1);
    assert!(runs[0].series.values().all(|o| o.fault.is_some()), "there is no rate at one moment");
}

#[test]
fn bad_lines_are_told_and_left_out() {
    let good = point("t", "01.0", "7", "{}");
    for bad in [
        "x".to_owned(),
        "{}".to_owned(),
        point("t", "01.0", "\"a\"", "{}"),
        point("t", "01.0", "null", "{}"),
        point("t", "61.0", "1", "{}"),
        point("t", "01.0", "1e999", "{}"),
        METRIC.replace("trend", "treble"),
        good.replace("Point", "Dot"),
    ] {
        let (runs, said) = read(&[METRIC.to_owned(), good.clone(), bad.clone(), good.clone()]);
        assert_eq!(said.len(), 1, "{bad}: {said:?}");
        assert_eq!((said[0].code, said[0].location.as_ref().unwrap().line), (Code::MalformedLine, Some(3)), "{bad}");
        assert_eq!(runs[0].series.values().next().unwrap().summary.count(), Some(2), "{bad}");
    }
    let many: Vec<String> = std::iter::repeat_n("x".to_owned(), 50).chain([good.clone()]).collect();
    let (_, said) = read(&many);
    assert_eq!(said.len(), 11, "ten, and how many there are");
    let (runs, said) = read_from(&mut format!("{good}\n{}", &good[..40]).as_bytes());
    assert_eq!((runs.len(), said[0].code), (1, Code::TruncatedLine));
}

#[test]
fn what_holds_no_value_is_no_result() {
    for text in ["", "\n\n", METRIC] {
        let (runs, said) = read_from(&mut format!("{text}\n").as_bytes());
        assert_eq!((runs.len(), said[0].code), (0, Code::NoResults), "{text}");
    }
    let long = format!("{}\n{{\"metric\":\"{}\"", METRIC, "n".repeat(2 << 20));
    assert_eq!(read_from(&mut long.as_bytes()).1[0].code, Code::LineTooLong);
    let metrics: Vec<String> = (0..2000).map(|n| point(&format!("m{n}"), "01.0", "1", "{}")).collect();
    let (runs, said) = read(&metrics);
    assert_eq!((runs[0].series.len(), said.len()), (MOST_METRICS, 11));
}

#[test]
fn a_reader_that_fails_is_told() {
    /// Gives a line, then an error.
    struct Broken(Option<Vec<u8>>);
    impl std::io::Read for Broken {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let line = self.0.take().ok_or(std::io::Error::from(std::io::ErrorKind::ConnectionReset))?;
            out[..line.len()].copy_from_slice(&line);
            Ok(line.len())
        }
    }
    let line = format!("{}\n", point("t", "01.0", "7", "{}"));
    let (runs, said) = read_from(&mut std::io::BufReader::new(Broken(Some(line.into_bytes()))));
    assert_eq!((runs.len(), said.len(), said[0].code), (0, 1, Code::Unreadable));
}
