//! The month calendar of the history: how many runs each day had, and the way to each.

use chrono::{Datelike as _, Days as Span, Months, NaiveDate, Weekday};

use super::filters::presets;
use crate::model::{Filter, Timestamp};
use crate::search::Days;
use crate::store::History;
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::view::format;
use crate::web::view::words::Catalogue;

/// Shades of a day, from few runs to many.
const SHADES: u64 = 4;

#[derive(Debug)]
pub struct Calendar {
    pub heading: String,
    /// The month before; none before the first run.
    pub earlier: Option<String>,
    /// The month after; none after this month.
    pub later: Option<String>,
    /// The list without an open calendar.
    pub close: String,
    /// Names of weekdays in the order of the columns: short, and in full.
    pub weekdays: Vec<(String, String)>,
    /// Whole weeks; days of other months are `None`.
    pub weeks: Vec<Vec<Option<CalendarDay>>>,
    /// Text, address and whether it holds.
    pub presets: Vec<(String, String, bool)>,
    /// The first day of the list, for the field of a range.
    pub first: String,
    pub last: String,
    /// What the form keeps.
    pub kept: Vec<(&'static str, String)>,
    /// Runs of the month.
    pub count: u64,
}

#[derive(Debug)]
pub struct CalendarDay {
    pub number: u32,
    /// `YYYY-MM-DD`.
    pub date: String,
    /// In full, for screen readers and a tooltip.
    pub text: String,
    /// Runs that fit the other filters.
    pub count: u64,
    /// 0 to 4: none to many.
    pub shade: u64,
    /// The list of the day.
    pub url: String,
    /// Whether the list shows it.
    pub is_chosen: bool,
    /// Whether it is today.
    pub is_today: bool,
}

impl Calendar {
    /// The month that the query asks for.
    pub async fn of(history: &History, query: &ListQuery, t: &Catalogue) -> Result<Option<Self>, Problem> {
        let Some(first) = query.month.and_then(|month| month.with_day(1)) else { return Ok(None) };
        let Some(next) = first.checked_add_months(Months::new(1)) else { return Ok(None) };
        let days: Vec<NaiveDate> = first.iter_days().take_while(|day| *day < next).collect();
        let starts: Vec<Timestamp> = days.iter().chain([&next]).map(|day| query.zone.day(*day).0).collect();
        let filter = Filter { from: given(query, "from"), until: given(query, "to"), ..query.filter.clone() };
        let counts = history.days(filter, &starts).await?;
        let today = query.zone.local(Timestamp::now()).date_naive();
        let most = counts.iter().copied().max().unwrap_or_default();
        let shown =
            days.iter().zip(&counts).map(|(day, count)| Some(CalendarDay::new(*day, *count, most, today, query, t)));
        let blanks = (0..column(first)).map(|_| None);
        let mut cells: Vec<Option<CalendarDay>> = blanks.chain(shown).collect();
        cells.resize_with(cells.len().next_multiple_of(7), || None);
        let mut weeks = Vec::new();
        while !cells.is_empty() {
            let rest = cells.split_off(7);
            weeks.push(std::mem::replace(&mut cells, rest));
        }
        let month = |month: Option<NaiveDate>| Some(query.with(&[("month", &month?.format("%Y-%m").to_string())]));
        Ok(Some(Self {
            heading: format::month(first, t),
            earlier: month(first.checked_sub_months(Months::new(1))),
            later: month(Some(next).filter(|next| *next <= today)),
            close: query.with(&[("month", "")]),
            weekdays: weekdays(first, t),
            weeks,
            presets: presets(today, t)
                .into_iter()
                .map(|(text, days)| (text, link(query, days), days == query.days))
                .collect(),
            first: query.days.first.map(|day| day.to_string()).unwrap_or_default(),
            last: query.days.last.map(|day| day.to_string()).unwrap_or_default(),
            kept: query.kept().into_iter().filter(|(name, _)| !matches!(*name, "date" | "month")).collect(),
            count: counts.iter().sum(),
        }))
    }
}

impl CalendarDay {
    fn new(day: NaiveDate, count: u64, most: u64, today: NaiveDate, query: &ListQuery, t: &Catalogue) -> Self {
        let Days { first, last } = query.days;
        let is_filtered = first.or(last).is_some();
        Self {
            number: day.day(),
            date: day.to_string(),
            text: format::day(day, today, t),
            count,
            shade: if count == 0 { 0 } else { (count * SHADES).div_ceil(most.max(1)) },
            url: link(query, Days { first: Some(day), last: Some(day) }),
            is_chosen: is_filtered && first.is_none_or(|first| day >= first) && last.is_none_or(|last| day <= last),
            is_today: day == today,
        }
    }
}

fn link(query: &ListQuery, days: Days) -> String {
    query.with(&[("month", ""), ("date", &days.to_string())])
}

/// A bound of the filter that isn't one of its days.
fn given(query: &ListQuery, name: &str) -> Option<Timestamp> {
    query.given(name)?;
    if name == "from" { query.filter.from } else { query.filter.until }
}

/// Which column a day stands in: weeks begin on Monday (ISO 8601) in every language.
fn column(day: NaiveDate) -> u32 {
    day.weekday().days_since(Weekday::Mon)
}

fn weekdays(first: NaiveDate, t: &Catalogue) -> Vec<(String, String)> {
    let monday = first - Span::new(u64::from(column(first)));
    let name = |day: NaiveDate| (format::weekday_narrow(day, t), format::weekday(day, t));
    monday.iter_days().take(7).map(name).collect()
}
