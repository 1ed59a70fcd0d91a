//! Times of a CSV for Otava, which takes whatever its date library understands.
//!
//! Not here: names of days and months, which nobody writes into such files.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// Seconds since 1970 in UTC, or `None` for text that is no time.
pub(super) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        // Below are years (`2024`) and dates without separators, which Otava takes for dates.
        return (1e8..1e11).contains(&seconds).then_some(seconds.floor() as i64);
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_second());
    }
    let (date, rest) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = date.split(['-', '.', '/']).map(str::parse::<i16>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let rest = rest.trim();
    let (clock, offset) = match rest.find(['+', '-', 'Z', 'U', ' ']) {
        Some(at) => (rest.get(..at)?.trim(), offset(rest.get(at..)?.trim())?),
        None => (rest, Offset::UTC),
    };
    let moment = DateTime::from_parts(date, time_of_day(clock)?);
    offset.to_timestamp(moment).ok().map(jiff::Timestamp::as_second)
}

fn time_of_day(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| part.split('.').next().unwrap_or(part));
    let mut next = |missing: i8| parts.next().map_or(Some(missing), |part| part.parse::<i8>().ok());
    if text.is_empty() {
        return Some(Time::midnight());
    }
    Time::new(next(0)?, next(0)?, next(0)?, 0).ok()
}

fn offset(text: &str) -> Option<Offset> {
    if matches!(text, "" | "Z" | "UTC") {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { "0" } else { minutes };
    // Two digits each; more would not be an offset.
    let (hours, minutes) = (hours.parse::<i8>().ok()?, minutes.parse::<i8>().ok()?);
    Offset::from_seconds(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)).ok()
}
