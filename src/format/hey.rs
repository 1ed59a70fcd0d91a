//! The text of hey, one block for each call.
//!
//! hey does not say what it asked, so the benchmark is `requests`: results of several targets belong in folders of their
//! own. The same once more in one file is a further run. Times are rounded to a tenth of a millisecond.
//!
//! Not here: hey's CSV of single requests.

use super::lines::Lines;
use super::load;
use super::response_times::{self, DETAILS, SUCCESS};
use super::{Document, Format, Probe, Reader};
use crate::diag::{Code, Diagnostics};
use crate::model::Run;

/// The entry in the table of formats.
pub(super) static FORMAT: Format = Format {
    name: "hey",
    title: "hey text",
    url: "https://github.com/rakyll/hey",
    tested: "0.1.4",
    written_by: "hey URL | tee hey.txt",
    reader: Reader::Text { claims, parse },
};

fn claims(probe: &Probe<'_>) -> bool {
    probe.text.contains(DETAILS) && probe.text.contains("Requests/sec:") && !probe.text.contains(SUCCESS)
}

// https://github.com/rakyll/hey/blob/v0.1.4/requester/print.go (defaultTmpl)

fn parse(document: &Document<'_>, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let mut read = Lines::new(FORMAT.name, document, diagnostics);
    for result in response_times::results(document.text) {
        let id = read.id(load::REQUESTS);
        if result.is_whole {
            read.add_load(&id, result.first, result.load);
        } else {
            read.fail(Code::TruncatedLine, result.first, &id, "has no end: the output is cut short");
        }
    }
    read.finish("the output holds no result of hey")
}
