//! What holds for every text, not only for those somebody thought of.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail it")]

mod shop;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shop::grammar::Tape;
use shop::{MAX_ROWS, Shop};
use sqlguard::{Dialect, check};

/// Words, names and signs that mean something to a parser, in any order.
const SOUP: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "(",
    ")",
    ",",
    ".",
    ";",
    "*",
    "'a'",
    "'",
    "\"",
    "\"a\"",
    "--",
    "/*",
    "*/",
    "$$",
    "$1",
    "customers",
    "orders",
    "secret",
    "id",
    "name",
    "AS",
    "JOIN",
    "ON",
    "USING",
    "WITH",
    "UNION",
    "ORDER",
    "GROUP",
    "BY",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "CAST",
    "::",
    "int",
    "INTERVAL",
    "NOT",
    "IN",
    "IS",
    "NULL",
    "LIKE",
    "BETWEEN",
    "AND",
    "lower",
    "count",
    "OVER",
    "PARTITION",
    "1",
    "-",
    "+",
    "[",
    "]",
    "{",
    "}",
    "E'\\'",
    "U&\"",
    "date",
    "LATERAL",
    "LIMIT",
    "EXISTS",
    "INTO",
    "FOR",
    "UPDATE",
    "TABLE",
    "VALUES",
    "\\",
    "`",
    "\u{0}",
    "ä",
    "->",
    "@",
    "#",
    "?",
    ":",
    "~",
    "||",
];

fn check_both(sql: &str) {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let schema = shop::schema();
        if let Ok(checked) = check(sql, dialect, &schema, MAX_ROWS) {
            assert_eq!(check(&checked.sql, dialect, &schema, MAX_ROWS), Ok(checked), "{sql}");
        }
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_text_makes_the_check_panic(sql in any::<String>()) {
        check_both(&sql);
        check_both(&format!("SELECT {sql}"));
    }

    #[test]
    fn no_soup_of_words_makes_the_check_panic(words in prop::collection::vec(prop::sample::select(SOUP), 0..60)) {
        check_both(&words.join(" "));
        check_both(&format!("SELECT {}", words.concat()));
    }

    #[test]
    fn any_string_comes_back_from_the_database_as_it_was_written(text in "[a-z'\"\\\\;%\u{e4} -]{0,20}") {
        let sql = format!("SELECT '{}' FROM orders LIMIT 1", text.replace('\'', "''"));
        let checked = check(&sql, Dialect::Sqlite, &shop::schema(), MAX_ROWS).unwrap();
        prop_assert_eq!(Shop::open().run(&checked.sql).unwrap(), vec![text]);
    }

    #[test]
    fn an_alias_of_any_characters_stays_one_name(alias in "[a-z'\"\\\\;%\u{e4} -]{1,20}") {
        let sql = format!("SELECT id AS \"{}\" FROM orders LIMIT 1", alias.replace('"', "\"\""));
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let checked = check(&sql, dialect, &shop::schema(), MAX_ROWS).unwrap();
            prop_assert_eq!(&checked.columns, std::slice::from_ref(&alias));
        }
    }
}

/// Statements of the grammar; most are refused, as they should be.
const STATEMENTS: u32 = 4_000;

#[test]
fn what_passes_reads_nothing_but_the_schema() {
    let shop = Shop::open();
    let (passed, ran) = (Cell::new(0), Cell::new(0));
    let config = Config { cases: STATEMENTS, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&prop::collection::vec(any::<u8>(), 0..120), |bytes| {
        let sql = Tape::new(&bytes).statement();
        check_both(&sql);
        if let Ok(checked) = check(&sql, Dialect::Sqlite, &shop::schema(), MAX_ROWS) {
            passed.set(passed.get() + 1);
            ran.set(ran.get() + i32::from(shop.run(&checked.sql).is_ok()));
        }
        Ok(())
    });
    run.unwrap();
    let (passed, ran) = (passed.get(), ran.get());
    // Else the test would prove nothing.
    assert!(ran > 200, "{passed} of {STATEMENTS} passed, {ran} ran");
}

#[test]
fn the_oracle_sees_a_read_of_a_forbidden_column() {
    let forbidden = [
        "SELECT secret FROM customers",
        "SELECT 1 FROM customers WHERE secret = 'a'",
        "SELECT * FROM customers",
        "SELECT 1 FROM staff",
        "SELECT sql FROM sqlite_master",
        "SELECT randomblob(1)",
    ];
    for sql in forbidden {
        let outcome = std::panic::catch_unwind(|| Shop::open().run(sql));
        assert!(outcome.is_err(), "{sql}");
    }
}
