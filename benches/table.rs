//! How a number is shown, and what makes one fall short.

use std::time::Duration;

/// One promised number.
#[derive(Debug)]
pub struct Row {
    what: &'static str,
    measured: f64,
    /// The most it may be.
    asked: f64,
    unit: &'static str,
    /// What it was measured against, or how.
    beside: String,
}

impl Row {
    /// A number that may be `asked` at the most.
    pub fn new(what: &'static str, measured: f64, asked: f64, unit: &'static str, beside: impl Into<String>) -> Self {
        Self { what, measured, asked, unit, beside: beside.into() }
    }

    /// How many times as long as the plain way it takes.
    pub fn ratio(what: &'static str, ours: Duration, plain: Duration, asked: f64) -> Self {
        let beside = format!("{} against {} the plain way", millis(ours), millis(plain));
        Self::new(what, ours.as_secs_f64() / plain.as_secs_f64(), asked, "×", beside)
    }

    /// What it is held against: something measured beside it, of which it is so many times as much, or a fixed number.
    fn held_against(&self) -> String {
        match (self.unit, &*self.beside) {
            ("×", beside) => beside.to_owned(),
            (_, "") => "a fixed number".to_owned(),
            (_, how) => format!("a fixed number; {how}"),
        }
    }

    /// Whether it is as promised.
    pub fn holds(&self) -> bool {
        self.measured <= self.asked
    }
}

/// A duration for people.
pub fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

/// The middle one.
pub fn median(durations: &mut [Duration]) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}

/// What a part gave: its rows, or why it failed.
#[derive(Debug)]
pub struct Measured {
    pub part: &'static str,
    pub rows: Result<Vec<Row>, String>,
}

impl Measured {
    /// Whether all of it was measured and is as promised. A part that measured nothing promises nothing.
    pub fn holds(&self) -> bool {
        self.rows.as_ref().is_ok_and(|rows| !rows.is_empty() && rows.iter().all(Row::holds))
    }
}

/// Prints what was measured, part by part, and at the end which parts failed.
pub fn print(measured: &[Measured]) {
    println!("\n{:<58} {:>10} {:>9}             held against", "", "measured", "asked ≤");
    for Measured { part, rows } in measured {
        println!("{part}");
        match rows {
            Ok(rows) if rows.is_empty() => println!("  FAILED: it measured nothing"),
            Ok(rows) => rows.iter().for_each(print_row),
            Err(said) => println!("  FAILED: {}", said.lines().next().unwrap_or_default()),
        }
    }
    let failed = measured.iter().filter(|it| !it.rows.as_ref().is_ok_and(|rows| !rows.is_empty()));
    let failed: Vec<&str> = failed.map(|it| it.part).collect();
    if !failed.is_empty() {
        println!("\nfailed, so not measured: {}", failed.join(", "));
    }
}

fn print_row(row: &Row) {
    let verdict = if row.holds() { "ok" } else { "SHORT" };
    println!(
        "  {:<56} {:>10.2} {:>9} {:<4} {verdict:<5} {}",
        row.what,
        row.measured,
        // As it was asked, or to a hundredth where it was worked out.
        (row.asked * 100.0).round() / 100.0,
        row.unit,
        row.held_against()
    );
}
