//! What others notice of those who mean no good, or are merely slow: of servers, files and visitors.

mod secrets;
mod slow;
mod visitors;

use crate::table::Row;

pub async fn measure() -> Vec<Row> {
    let mut rows = slow::measure().await;
    rows.extend(visitors::measure().await);
    rows.extend(secrets::measure().await);
    rows
}
