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

/// Prints what was measured.
pub fn print(rows: &[Row]) {
    println!("\n{:<58} {:>10} {:>9}        measured", "", "measured", "asked ≤");
    for row in rows {
        let verdict = if row.holds() { "ok" } else { "SHORT" };
        println!(
            "{:<58} {:>10.2} {:>9} {:<4} {verdict:<5} {}",
            row.what,
            row.measured,
            // As it was asked, or to a hundredth where it was worked out.
            (row.asked * 100.0).round() / 100.0,
            row.unit,
            row.beside
        );
    }
}
