//! The JSON `perfgate-trend/1`, which other programs read. Not here: the types, which are the model's.

use super::super::{Output, Style, json};
use crate::model::trend::Trend;

/// The output's entry.
pub(super) static OUTPUT: Output<Trend> =
    Output { name: "json", title: "everything, for programs (schema perfgate-trend/1)", render };

fn render(trend: &Trend, _: &Style) -> String {
    json::document(trend)
}
