//! What is not JSON, or not the right JSON, is said with its place.

use super::*;

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `rows`")]
struct Table {
    rows: Vec<Row>,
    #[serde(default)]
    labels: Entries<String>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a row as an object")]
struct Row {
    value: Number,
    #[serde(default)]
    list: Option<Samples>,
}

fn read(text: &str) -> Result<Table, Diagnostic> {
    parse(&Document { name: "bench.json".into(), text }, &mut String::new(), "tool --json")
}

fn code(text: &str) -> Code {
    read(text).unwrap_err().code
}

fn shown(text: &str) -> String {
    crate::diag::render::terminal(&read(text).unwrap_err(), false, 100)
}

#[test]
fn numbers_that_are_not_json_cost_their_row() {
    let text = r#"{"rows": [{"value": NaN}, {"value": -Infinity}, {"value": 1e999, "list": [1, -1e400, Infinity, NaN]},
        {"value": "NaN, 1e999"}, {"value": null}, {"value": 12}]}"#;
    let Table { rows, labels } = read(text).unwrap();
    assert_eq!(labels, Entries::default());
    assert!(matches!(rows[0].value, Number::Value(v) if v.is_nan()));
    assert_eq!(rows[1].value, Number::Value(f64::NEG_INFINITY));
    assert_eq!(rows[2].value, Number::Value(f64::INFINITY));
    let list = &rows[2].list.as_ref().unwrap().values;
    assert_eq!(list[..3], [1.0, f64::NEG_INFINITY, f64::INFINITY]);
    assert!(list[3].is_nan());
    assert_eq!(rows[3].value, Number::Text("NaN, 1e999".into()), "strings are left alone");
    assert_eq!(rows[4].value, Number::Missing);
    assert_eq!(rows[5].value.finite(), Some(12.0));
}

#[test]
fn replaced_numbers_keep_every_offset() {
    let text = "[NaN, -Infinity,\n 1e999999, \"a\\\"NaN\", 1e5, Nan, -inf]";
    let changed = standard(text).unwrap();
    assert_eq!(changed.len(), text.len());
    assert_eq!(changed.find("1e5"), text.find("1e5"));
    assert!(changed.ends_with("\"a\\\"NaN\", 1e5, Nan, -inf]"), "{changed}");
    assert_eq!(standard("[1e308, \"NaN\"]"), None);
    let lone = r#"["\ud800", "a\\ud800", "\uD83D\uDE00\ude00", "\ud83d\ud83d\ude00 \u00e9"]"#;
    let expected = r#"["\ufffd", "a\\ud800", "\uD83D\uDE00\ufffd", "\ufffd\ud83d\ude00 \u00e9"]"#;
    assert_eq!(standard(lone).as_deref(), Some(expected));
}

#[test]
fn every_way_to_be_wrong_has_its_code() {
    let cases = [
        ("{", Code::InvalidJson),
        (r#"{"rows": [{"value": 1"#, Code::InvalidJson),
        (r#"{"rows": [{"value": 1}]} x"#, Code::MalformedDocument),
        ("rows: 1", Code::InvalidJson),
        (r#"{"rows": [{"value": NaN}, {"value": nan}]}"#, Code::InvalidJson),
        ("{}", Code::MalformedDocument),
        ("[]", Code::MalformedDocument),
        (r#"{"rows": {}}"#, Code::MalformedDocument),
        (r#"{"rows": [{"value": true}]}"#, Code::MalformedDocument),
        (r#"{"rows": [], "rows": []}"#, Code::DuplicateKey),
        (r#"{"rows": [], "labels": {"a": "1", "a": "2"}}"#, Code::DuplicateKey),
    ];
    for (text, expected) in cases {
        assert_eq!(code(text), expected, "{text}");
    }
}

#[test]
fn deep_nesting_does_not_overflow() {
    let deep = "[".repeat(100_000);
    assert_eq!(code(&deep), Code::MalformedDocument);
    // Skipped values are walked over without recursion; those that are looked into have a limit.
    let skipped = format!("{{\"other\": {deep}{}, \"rows\": []}}", "]".repeat(100_000));
    assert!(read(&skipped).is_ok());
    let nested = format!("{{\"a\":{}", "[".repeat(100_000));
    assert_eq!(code(&nested), Code::InvalidJson);
    let values: Result<serde_json::Value, _> =
        parse(&Document { name: "deep.json".into(), text: &deep }, &mut String::new(), "tool");
    assert_eq!(values.unwrap_err().code, Code::NestedTooDeep);
}

#[test]
fn a_wrong_type_is_underlined_with_its_path() {
    insta::assert_snapshot!(shown("{\"rows\": [\n  {\"value\": 1},\n  {\"value\": 2, \"list\": \"none\"}\n]}"), @r#"
    error[malformed-document]: expected an array of numbers, found a string
     --> bench.json:3:24
      |
    3 |   {"value": 2, "list": "none"}
      |                        ^^^^^^ at `rows[1].list`
      |
      = help: write the file again with `tool --json`
    "#);
}

#[test]
fn a_missing_key_points_at_its_object() {
    insta::assert_snapshot!(shown("{\"rows\": [\n  {\"value\": 1},\n  {\"name\": \"é\"}\n]}"), @r#"
    error[malformed-document]: the key `value` is missing
     --> bench.json:3:3
      |
    3 |   {"name": "é"}
      |   ^ at `rows[1]`
      |
      = help: write the file again with `tool --json`
    "#);
}

#[test]
fn a_cut_file_points_at_its_end() {
    insta::assert_snapshot!(shown("{\"rows\": [\n  {\"value\": 1},\n  {\"val"), @r#"
    error[invalid-json]: the file is cut short: it ends in the middle of its JSON
     --> bench.json:3:7
      |
    3 |   {"val
      |       ^
      |
      = help: look whether the command that wrote it was killed, or the disk was full
    "#);
}

#[test]
fn a_syntax_error_points_at_its_character() {
    insta::assert_snapshot!(shown("{\"rows\": [\n  {\"value\": 1;}\n]}"), @r#"
    error[invalid-json]: not valid JSON: expected `,` or `}`
     --> bench.json:2:14
      |
    2 |   {"value": 1;}
      |              ^
      |
      = help: write the file again with `tool --json`
    "#);
}
