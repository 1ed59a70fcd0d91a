//! The rules of the format, on files made for them.

use super::*;
use crate::diag::Severity;
use crate::format::{Detection, detect};
use crate::model::Statistic;

fn read(text: &str) -> (Vec<Run>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::new();
    let runs = parse(&Document { name: "t.csv".into(), text }, &mut diagnostics);
    (runs, diagnostics.into_vec())
}

#[test]
fn times_in_many_forms() {
    let cases = [
        ("1609466400", Some(1_609_466_400)),
        ("1609466400.75", Some(1_609_466_400)),
        ("2021.01.01 3:00:00 +0100", Some(1_609_466_400)),
        ("2021-01-01 02:00:00", Some(1_609_466_400)),
        ("2021-01-01T02:00:00Z", Some(1_609_466_400)),
        ("2021-01-01T03:00:00.5+01:00", Some(1_609_466_400)),
        ("2021/01/01 02:00 UTC", Some(1_609_466_400)),
        ("2021-01-01", Some(1_609_459_200)),
        ("2021-01-01 00:00:00 -01", Some(1_609_462_800)),
        ("2021-13-01", None),
        ("2021-01-01 25:00:00", None),
        ("2021-01-01 1:00:00 +99999999999999", None),
        ("yesterday", None),
        ("2021", None),
        ("NaN", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(time::parse(text), expected, "{text}");
    }
}

#[test]
fn bad_cells_cost_themselves() {
    let (runs, said) = read("time,commit,a,b\n2021-01-01,c1,1,x\nsoon,c2,NaN,2\n2021-01-03,c3,3\n2021-01-04,c4,,4,5\n");
    let faults: Vec<_> = runs
        .iter()
        .map(|run| run.series.values().filter_map(|o| o.fault.as_ref().map(|f| f.message.clone())).collect::<Vec<_>>())
        .collect();
    assert_eq!(faults, [vec!["`b` is not a number: `x`"], vec!["`a` is not a number"], vec![], vec![]]);
    assert_eq!(runs.iter().map(|run| run.subject.taken_at.is_some()).collect::<Vec<_>>(), [true, false, true, true]);
    // A metric without a value in a row is none of its run.
    assert_eq!(runs.iter().map(|run| run.series.len()).collect::<Vec<_>>(), [2, 2, 1, 1]);
    let said: Vec<_> = said.iter().map(|d| (d.message.as_str(), d.location.as_ref().unwrap().line.unwrap())).collect();
    assert_eq!(
        said,
        [
            ("`b` is not a number: `x`", 2),
            ("not a time: `soon`", 3),
            ("`a` is not a number", 3),
            ("3 cells in a row of 4 columns", 4),
            ("5 cells in a row of 4 columns", 5),
        ]
    );
}

#[test]
fn quotes_comments_and_line_ends_are_csv() {
    let (runs, said) = read("\r\n# made by hand\r\ntime\r\n");
    assert!(runs.is_empty());
    assert_eq!(said.len(), 1);
    let (runs, said) = read("time;\"a;b\"\r\n\"2021-01-01\";\"1e3\"\r\n");
    assert!(said.is_empty(), "{said:?}");
    let (key, value) = runs[0].series.first_key_value().unwrap();
    assert_eq!((key.metric.raw(), value.summary.get(Statistic::Mean)), ("a;b", Some(1000.0)));
    assert_eq!(value.better, None);
}

#[test]
fn whole_files_that_cannot_be_used() {
    for (text, code) in [
        ("time,a,a\n2021-01-01,1,2\n", Code::DuplicateKey),
        ("commit,time\nx,1\n", Code::MalformedDocument),
        ("time,a\n", Code::NoResults),
    ] {
        let (runs, said) = read(text);
        assert!(runs.is_empty());
        let said: Vec<_> = said.iter().map(|d| (d.code, d.severity, d.location.as_ref().unwrap().line)).collect();
        assert_eq!(said, [(code, Severity::Error, Some(1))], "{text}");
    }
}

#[test]
fn other_tables_are_not_claimed() {
    for text in [
        "time,level,message\n2021-01-01,info,started\n",
        "timestamp,a\n2021-01-01,1\n",
        "time,commit\n2021-01-01,c\n",
        "time,a\nsoon,1\n",
        "time to start: 3 s\n",
        "time,a\n",
    ] {
        assert!(matches!(detect(text), Detection::None), "{text}");
    }
    assert!(matches!(detect("time\ta\n2021-01-01\t1\n"), Detection::One(format) if format.name == "otava-csv"));
}
