//! Which day it is, and when days begin.

use chrono::NaiveDate;

use crate::model::Timestamp;

/// What days are to the one who asks.
pub trait DayClock {
    /// The day it is.
    fn today(&self) -> NaiveDate;

    /// When a day begins, and when the next one does.
    fn day(&self, date: NaiveDate) -> (Timestamp, Timestamp);
}
