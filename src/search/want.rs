//! From a search to look-ups in the index.

use chrono::NaiveDate;

use super::Search;
use crate::model::{Timestamp, Want};

/// What days are to the one who asks.
pub trait Clock {
    /// The day it is.
    fn today(&self) -> NaiveDate;

    /// When a day begins, and when the next one does.
    fn day(&self, date: NaiveDate) -> (Timestamp, Timestamp);
}

impl Search {
    /// The look-ups that find it.
    pub fn want(&self, _clock: &dyn Clock) -> Want {
        Want::All(Vec::new())
    }
}

/// Bytes that sort as the numbers do. Never of a NaN.
pub fn sortable(number: f64) -> [u8; 8] {
    let bits = (number + 0.0).to_bits();
    let sign = 1 << 63;
    (if bits & sign == 0 { bits | sign } else { !bits }).to_be_bytes()
}
