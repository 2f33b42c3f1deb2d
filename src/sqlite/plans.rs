//! How SQLite means to answer a query, for the tests that keep every query from reading whole tables.

#![allow(clippy::unwrap_used)]

use rusqlite::Connection;

/// The steps of a query.
pub fn plan(conn: &Connection, query: &str) -> Vec<String> {
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
    let nulls = vec![rusqlite::types::Null; statement.parameter_count()];
    let steps = statement.query_map(rusqlite::params_from_iter(nulls), |row| row.get("detail")).unwrap();
    steps.map(Result::unwrap).collect()
}

/// Fails when a query reads a table that grows from end to end, or sorts what it read.
pub fn assert_is_search(query: &str, plan: Vec<String>) {
    for step in plan {
        // A subquery is a heading; what it reads stands on lines of its own.
        let is_heading = step.contains("SCALAR SUBQUERY");
        let is_free = step.starts_with("SEARCH") || is_heading || step == "SCAN CONSTANT ROW";
        assert!(is_free, "{step} in {query}");
    }
}
