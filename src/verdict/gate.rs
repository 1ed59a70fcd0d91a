//! The verdict of the whole gate, from the rows and the suite shifts.

use crate::config::{Config, Counted};
use crate::model::report::{Counts, GateVerdict, Reason, Row, Shift, Verdict};

/// Counts the rows and draws the verdict. `none` if no row was judged at all.
pub(super) fn whole(config: &Config, rows: &[Row], shifts: &[Shift]) -> (GateVerdict, Counts) {
    let gate = &config.gate;
    let mut counts = Counts { total: rows.len(), ..Counts::default() };
    let mut worst = GateVerdict::Pass;
    let mut judged = false;
    for row in rows.iter().filter(|r| r.gate) {
        counts.add(row.verdict);
        judged |= is_judged(row);
        worst = worst.max(match row.verdict {
            Verdict::Fail => GateVerdict::Fail,
            Verdict::Warn => GateVerdict::Warn,
            Verdict::Missing => counted(gate.missing),
            Verdict::Inconclusive => counted(gate.inconclusive),
            Verdict::Invalid => counted(gate.invalid),
            Verdict::Accepted | Verdict::Improved | Verdict::New | Verdict::Pass => GateVerdict::Pass,
        });
    }
    for shift in shifts {
        worst = worst.max(match shift.verdict {
            Verdict::Fail => GateVerdict::Fail,
            Verdict::Warn => GateVerdict::Warn,
            _ => GateVerdict::Pass,
        });
    }
    (if judged { worst } else { GateVerdict::None }, counts)
}

/// Whether a row says anything of the current side beyond that it has no counterpart: a crash does.
fn is_judged(row: &Row) -> bool {
    match row.verdict {
        Verdict::New | Verdict::Missing => false,
        Verdict::Invalid => row.current.is_some() || row.reasons.contains(&Reason::BenchmarkFailed),
        _ => true,
    }
}

fn counted(how: Counted) -> GateVerdict {
    match how {
        Counted::Ignore => GateVerdict::Pass,
        Counted::Warn => GateVerdict::Warn,
        Counted::Fail => GateVerdict::Fail,
    }
}
