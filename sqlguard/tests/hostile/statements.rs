//! Statements and clauses.

use super::*;

#[test]
fn more_or_less_than_one_statement_is_refused() {
    refused(
        BOTH,
        &[
            ("", NOT_ONE),
            (";", NO_QUERY),
            ("-- nothing", NOT_ONE),
            ("SELECT 1; SELECT 2", NOT_ONE),
            ("SELECT 1; DROP TABLE customers", NOT_ONE),
            ("SELECT 1;;DELETE FROM customers;", NOT_ONE),
            ("SELECT 1 /* ; */ ; -- x\n DELETE FROM customers", NOT_ONE),
            ("SELECT 1 SELECT 2", SYNTAX),
            ("SELECT '\0'", "U+0000"),
        ],
    );
}

#[test]
fn what_is_no_query_is_refused() {
    refused(
        BOTH,
        &[
            ("INSERT INTO customers (name) VALUES ('a')", NO_QUERY),
            ("UPDATE customers SET name = 'a'", NO_QUERY),
            ("DELETE FROM customers", NO_QUERY),
            ("DROP TABLE customers", NO_QUERY),
            ("CREATE TABLE a AS SELECT * FROM customers", NO_QUERY),
            ("ALTER TABLE customers ADD COLUMN a TEXT", NO_QUERY),
            ("TRUNCATE customers", NO_QUERY),
            ("EXPLAIN SELECT 1", NO_QUERY),
            ("EXPLAIN ANALYZE DELETE FROM customers", NO_QUERY),
            ("PRAGMA table_info(customers)", NO_QUERY),
            ("PRAGMA writable_schema = 1", NO_QUERY),
            ("ATTACH DATABASE '/etc/x.db' AS x", NO_QUERY),
            ("DETACH DATABASE main", NO_QUERY),
            ("VACUUM INTO '/tmp/x'", NO_QUERY),
            ("REINDEX", NO_QUERY),
            ("ANALYZE", NO_QUERY),
            ("COPY customers TO '/tmp/x'", NO_QUERY),
            ("COPY (SELECT 1) TO PROGRAM 'sh'", NO_QUERY),
            ("SET ROLE postgres", NO_QUERY),
            ("RESET ALL", NO_QUERY),
            ("SHOW all", NO_QUERY),
            ("CALL f()", NO_QUERY),
            ("DO $$ BEGIN END $$", NO_QUERY),
            ("GRANT ALL ON customers TO public", NO_QUERY),
            ("LISTEN a", NO_QUERY),
            ("LOCK TABLE customers", NO_QUERY),
            ("PREPARE a AS SELECT 1", NO_QUERY),
            ("EXECUTE a", NO_QUERY),
            ("DECLARE a CURSOR FOR SELECT 1", NO_QUERY),
            ("BEGIN", NO_QUERY),
            ("COMMIT", NO_QUERY),
            ("VALUES (1)", NO_QUERY),
            ("TABLE customers", NO_QUERY),
            ("WITH a AS (SELECT 1) DELETE FROM customers", NO_QUERY),
            ("WITH a AS (SELECT 1) INSERT INTO customers SELECT * FROM a", NO_QUERY),
            ("(DELETE FROM customers)", ""),
        ],
    );
    refused(
        POSTGRES,
        &[
            ("WITH a AS (DELETE FROM customers RETURNING id) SELECT id FROM a", NO_QUERY),
            ("WITH a AS (UPDATE customers SET name = 'a' RETURNING id) SELECT 1", NO_QUERY),
            ("WITH a AS (INSERT INTO customers (id) VALUES (1) RETURNING id) SELECT 1", NO_QUERY),
        ],
    );
}

#[test]
fn clauses_of_a_query_that_write_lock_or_never_end_are_refused() {
    refused(
        BOTH,
        &[
            ("SELECT name FROM customers FOR UPDATE", "FOR UPDATE"),
            ("SELECT name FROM customers FOR SHARE", "FOR UPDATE"),
            ("SELECT name INTO copy FROM customers", "SELECT INTO"),
            ("SELECT name INTO TEMP copy FROM customers", "SELECT INTO"),
            (
                "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT 1 FROM a) SELECT 1 FROM a",
                "RECURSIVE",
            ),
            ("WITH a AS (SELECT 1 UNION ALL SELECT 1 FROM a) SELECT 1 FROM a", NO_TABLE),
            ("WITH a AS (SELECT 1 FROM b), b AS (SELECT 1 FROM a) SELECT 1 FROM a", NO_TABLE),
            (
                "WITH a AS (SELECT id FROM orders) SELECT 1 FROM (WITH a AS (SELECT id FROM a) SELECT id FROM a) b",
                "given twice",
            ),
            ("SELECT 1 FROM (VALUES (1)) a", "VALUES"),
            ("SELECT name FROM customers LIMIT (SELECT 1)", "LIMIT"),
            ("SELECT name FROM customers LIMIT 1 OFFSET -1", "LIMIT"),
            ("SELECT name FROM customers LIMIT 99999999999999999999", "LIMIT"),
            ("SELECT name FROM customers FETCH FIRST 1 ROW WITH TIES", "FETCH"),
            ("SELECT name FROM customers TABLESAMPLE BERNOULLI (1)", ""),
            ("SELECT sum(id) OVER w FROM customers WINDOW w AS (PARTITION BY secret)", "window"),
        ],
    );
    refused(POSTGRES, &[("SELECT name FROM ONLY customers", "options of a table")]);
    refused(
        SQLITE,
        &[
            ("SELECT name FROM customers INDEXED BY a", "options of a table"),
            ("SELECT 1 FROM orders CROSS JOIN (customers CROSS JOIN leads)", "a join in brackets"),
        ],
    );
}
