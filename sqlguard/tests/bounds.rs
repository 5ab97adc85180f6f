//! No text may panic, overflow the stack or take long, however it is nested.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail it")]

mod shop;

use std::thread;

use sqlguard::{Dialect, Refusal, check};

/// Less than a tokio worker has.
const STACK_BYTES: usize = 1 << 20;

fn check_on_a_small_stack(sql: &str) -> Result<(), Refusal> {
    let sql = sql.to_owned();
    let run = move || {
        let schema = shop::schema();
        let sqlite = check(&sql, Dialect::Sqlite, &schema, shop::MAX_ROWS);
        let postgres = check(&sql, Dialect::Postgres, &schema, shop::MAX_ROWS);
        sqlite.and(postgres).map(|_| ())
    };
    thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap()
}

/// A text that repeats a part as often as fits.
fn filled(before: &str, part: &str, after: &str) -> String {
    format!("{before}{}{after}", part.repeat((19_000 - before.len()) / (part.len() + after.len())))
}

#[test]
fn a_hundred_thousand_brackets_are_refused() {
    let sql = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(check_on_a_small_stack(&sql), Err(Refusal::TooLong));
}

#[test]
fn endless_chains_are_refused_without_overflowing_the_stack() {
    let parts = [
        ("SELECT ", "(", "1"),
        ("SELECT ", "NOT ", "1"),
        ("SELECT ", "- ", "1"),
        ("SELECT ", "+", "1"),
        ("SELECT ", "~", "1"),
        ("SELECT ", "(SELECT ", "1"),
        ("SELECT ", "CASE WHEN ", "1"),
        ("SELECT ", "CASE ", "1"),
        ("SELECT ", "lower(", "1"),
        ("SELECT ", "EXISTS (", "1"),
        ("SELECT ", "INTERVAL ", "'1'"),
        ("SELECT ", "ARRAY[", "1"),
        ("SELECT ", "CAST(", "1"),
        ("SELECT ", "a.", "b"),
        ("SELECT ", "a[", "b"),
        ("SELECT 1", "::int", ""),
        ("SELECT 1", "::int[]", ""),
        ("SELECT 1", " IS NULL", ""),
        ("SELECT 1", " COLLATE \"C\"", ""),
        ("SELECT 1", " AT TIME ZONE 'UTC'", ""),
        ("SELECT 1", " BETWEEN 1 AND 1", ""),
        ("SELECT 1", " IN (1)", ""),
        ("SELECT 1", " LIKE 1", ""),
        ("SELECT 1", " ISNULL", ""),
        ("SELECT 1", "[1]", ""),
        ("SELECT 1", " + 1", ""),
        ("SELECT 1", "+1", ""),
        ("SELECT 1", " AND 1", ""),
        ("SELECT 1", "->1", ""),
        ("SELECT 1", " = ANY(1)", ""),
        ("SELECT 1", " UNION SELECT 1", ""),
        ("SELECT 1 FROM ", "(", "orders"),
        ("SELECT 1 FROM ", "(SELECT 1 FROM ", "orders"),
        ("SELECT 1 FROM ", "((orders JOIN ", "orders"),
        ("SELECT 1 FROM ", "LATERAL (", "orders"),
        ("SELECT 1 FROM orders", " JOIN orders", ""),
        ("SELECT 1 FROM orders", ", orders", ""),
        ("", "WITH a AS (", "SELECT 1"),
        ("", "EXPLAIN ", "SELECT 1"),
        ("", "(", "SELECT 1"),
        ("", "BEGIN ", ""),
        ("SELECT 1", "; SELECT 1", ""),
        ("SELECT ", "/*", "1"),
        ("SELECT ", "IF(", "1"),
        ("SELECT ", "date ", "1"),
        ("SELECT ", "(1,", "1"),
        ("SELECT ", "x(y => ", "1"),
        ("SELECT CAST(1 AS ", "array<", "int"),
        ("SELECT CAST(1 AS ", "struct<a ", "int"),
        ("SELECT CAST(1 AS ", "nullable(", "int"),
    ];
    for (before, part, after) in parts {
        assert!(check_on_a_small_stack(&filled(before, part, after)).is_err(), "{part}");
        // Just below and above the bounds.
        for times in [2, 5, 8, 12, 16, 20, 24, 30, 40, 50, 60] {
            let open = format!("{before}{}{after}", part.repeat(times));
            let _ = check_on_a_small_stack(&open);
            let _ = check_on_a_small_stack(&format!("{open}{}", ")".repeat(times)));
        }
    }
}

#[test]
fn a_long_list_and_a_long_chain_of_conditions_pass() {
    let list: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
    let sql = format!("SELECT name FROM customers WHERE id IN ({})", list.join(", "));
    assert_eq!(check_on_a_small_stack(&sql), Ok(()));
    let sql = format!("SELECT name FROM customers WHERE id = 0{}", " OR id = 1".repeat(500));
    assert_eq!(check_on_a_small_stack(&sql), Ok(()));
}

#[test]
fn nine_joins_are_refused_and_eight_pass() {
    let joins = |count| format!("SELECT 1 FROM orders{}", " CROSS JOIN leads".repeat(count));
    assert_eq!(check_on_a_small_stack(&joins(8)), Ok(()));
    assert_eq!(check_on_a_small_stack(&joins(9)), Err(Refusal::TooManyJoins));
    let commas = format!("SELECT 1 FROM orders{}", ", leads".repeat(9));
    assert_eq!(check_on_a_small_stack(&commas), Err(Refusal::TooManyJoins));
}

#[test]
fn what_grows_too_long_when_it_is_rewritten_is_refused() {
    let sql = format!("SELECT {} FROM orders", vec!["*"; 500].join(", "));
    assert_eq!(check_on_a_small_stack(&sql), Err(Refusal::TooLong));
}

#[test]
fn texts_are_put_together_twelve_times_and_no_more() {
    // Each level doubles the text below it.
    let doubled = |levels| {
        let mut sql = String::from("SELECT name FROM customers");
        for level in 0..levels {
            sql = format!("SELECT t{level}.name || t{level}.name AS name FROM ({sql}) t{level}");
        }
        sql
    };
    assert_eq!(check_on_a_small_stack(&doubled(12)), Ok(()));
    assert_eq!(check_on_a_small_stack(&doubled(13)), Err(Refusal::TooMuchText));
    let calls = format!("SELECT {}1 FROM orders", "concat('a', 'b'), ".repeat(13));
    assert_eq!(check_on_a_small_stack(&calls), Err(Refusal::TooMuchText));
}
