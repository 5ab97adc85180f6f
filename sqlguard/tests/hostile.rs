//! Statements that must not run, each with the words of its refusal.

mod shop;

use sqlguard::{Column, Dialect, Schema, Table, check};

const BOTH: &[Dialect] = &[Dialect::Sqlite, Dialect::Postgres];
const SQLITE: &[Dialect] = &[Dialect::Sqlite];
const POSTGRES: &[Dialect] = &[Dialect::Postgres];

const NOT_ONE: &str = "exactly one statement";
const NO_QUERY: &str = "Only a query";
const NO_TABLE: &str = "There is no table";
const NO_COLUMN: &str = "There is no column";
const WHOLE_ROW: &str = "a whole row";
const NO_FUNCTION: &str = "The function";
const IN_FROM: &str = "a function in FROM";
const SYNTAX: &str = "syntax error";

fn refused(dialects: &[Dialect], cases: &[(&str, &str)]) {
    for dialect in dialects {
        for (sql, reason) in cases {
            match check(sql, *dialect, &shop::schema(), shop::MAX_ROWS) {
                Ok(checked) => panic!("{dialect:?} let through: {sql}\nas: {}", checked.sql),
                Err(refusal) => {
                    let told = refusal.to_string();
                    assert!(told.contains(reason), "{dialect:?}: {sql}\nwas refused as: {told}");
                }
            }
        }
    }
}

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

#[test]
fn tables_outside_the_schema_are_refused() {
    refused(
        BOTH,
        &[
            ("SELECT name FROM staff", NO_TABLE),
            ("SELECT 1 FROM staff", NO_TABLE),
            ("SELECT count(*) FROM staff", NO_TABLE),
            ("SELECT name FROM customers, staff", NO_TABLE),
            ("SELECT name FROM customers WHERE id IN (SELECT id FROM staff)", NO_TABLE),
            ("SELECT (SELECT max(name) FROM staff)", NO_TABLE),
            ("SELECT name FROM customers WHERE EXISTS (SELECT 1 FROM staff)", NO_TABLE),
            ("SELECT name FROM customers UNION SELECT name FROM staff", NO_TABLE),
            ("WITH a AS (SELECT name FROM staff) SELECT 1", NO_TABLE),
            ("SELECT name FROM customers ORDER BY (SELECT max(name) FROM staff)", NO_TABLE),
            ("SELECT CASE WHEN EXISTS (SELECT 1 FROM staff) THEN 1 END", NO_TABLE),
            ("SELECT 1 FROM customers JOIN orders ON EXISTS (SELECT 1 FROM staff)", NO_TABLE),
            ("SELECT sum(id) FILTER (WHERE id IN (SELECT id FROM staff)) FROM customers", NO_TABLE),
            ("SELECT name FROM customers WHERE id IN staff", ""),
            ("SELECT name FROM other.customers", NO_TABLE),
            ("SELECT name FROM temp.customers", NO_TABLE),
            ("SELECT name FROM a.public.customers", "another database"),
            ("SELECT name FROM information_schema.tables", NO_TABLE),
            ("SELECT name FROM pg_catalog.pg_authid", NO_TABLE),
            ("SELECT rolname FROM pg_roles", NO_TABLE),
            ("SELECT sql FROM sqlite_master", NO_TABLE),
            ("SELECT sql FROM sqlite_schema", NO_TABLE),
            ("SELECT sql FROM main.sqlite_master", NO_TABLE),
            ("SELECT sql FROM \"sqlite_master\"", NO_TABLE),
            ("SELECT 1 FROM (SELECT 1) AS a, a", NO_TABLE),
            // A name of an inner WITH ends where its query ends.
            ("SELECT 1 FROM (WITH a AS (SELECT 1 AS b) SELECT b FROM a) c, a", NO_TABLE),
        ],
    );
    refused(
        SQLITE,
        &[("SELECT sql FROM [sqlite_master]", NO_TABLE), ("SELECT 1 FROM `staff`", NO_TABLE)],
    );
    refused(
        POSTGRES,
        &[
            ("SELECT name FROM \"Customers\"", NO_TABLE),
            ("SELECT name FROM \"CUSTOMERS\"", NO_TABLE),
        ],
    );
}

#[test]
fn system_tables_are_refused_even_when_the_schema_lists_them() {
    let table = |schema: Option<&str>, name: &str| Table {
        schema: schema.map(str::to_owned),
        name: name.to_owned(),
        columns: vec![Column { name: "a".to_owned(), data_type: String::new() }],
    };
    let schema = Schema {
        tables: vec![
            table(None, "sqlite_master"),
            table(None, "pragma_table_info"),
            table(Some("pg_catalog"), "columns"),
            table(None, "pg_shadow"),
            table(Some("information_schema"), "tables"),
        ],
    };
    for (dialect, name) in [
        (Dialect::Sqlite, "sqlite_master"),
        (Dialect::Sqlite, "SQLITE_MASTER"),
        (Dialect::Sqlite, "pragma_table_info"),
        (Dialect::Postgres, "pg_catalog.columns"),
        (Dialect::Postgres, "pg_shadow"),
        (Dialect::Postgres, "information_schema.tables"),
    ] {
        let sql = format!("SELECT a FROM {name}");
        let refusal = check(&sql, dialect, &schema, 1).expect_err(&sql).to_string();
        assert!(refusal.contains(NO_TABLE), "{refusal}");
    }
}

#[test]
fn columns_that_may_not_be_read_are_refused_wherever_they_stand() {
    let places = [
        "SELECT {} FROM customers",
        "SELECT c.{} FROM customers c",
        "SELECT customers.{} FROM customers",
        "SELECT {} AS name FROM customers",
        "SELECT DISTINCT {} FROM customers",
        "SELECT lower({}) FROM customers",
        "SELECT count(DISTINCT {}) FROM customers",
        "SELECT count(*) FILTER (WHERE {} = 'a') FROM customers",
        "SELECT 'a' || {} FROM customers",
        "SELECT -{} FROM customers",
        "SELECT ({}) FROM customers",
        "SELECT CAST({} AS TEXT) FROM customers",
        "SELECT CASE WHEN {} = 'a' THEN 1 END FROM customers",
        "SELECT CASE {} WHEN 'a' THEN 1 END FROM customers",
        "SELECT CASE WHEN name = 'a' THEN {} END FROM customers",
        "SELECT CASE WHEN name = 'a' THEN 1 ELSE {} END FROM customers",
        "SELECT name FROM customers WHERE {} = 'a'",
        "SELECT name FROM customers WHERE {} LIKE 'a%'",
        "SELECT name FROM customers WHERE 'a' LIKE {}",
        "SELECT name FROM customers WHERE {} IN ('a')",
        "SELECT name FROM customers WHERE name IN ('a', {})",
        "SELECT name FROM customers WHERE {} BETWEEN 'a' AND 'b'",
        "SELECT name FROM customers WHERE name BETWEEN 'a' AND {}",
        "SELECT name FROM customers WHERE {} IS NULL",
        "SELECT name FROM customers WHERE name IS DISTINCT FROM {}",
        "SELECT name FROM customers WHERE NOT {} = 'a'",
        "SELECT name FROM customers WHERE name = 'a' OR {} = 'a'",
        "SELECT count(*) FROM customers GROUP BY {}",
        "SELECT count(*) FROM customers GROUP BY lower({})",
        "SELECT count(*) FROM customers HAVING max({}) = 'a'",
        "SELECT name FROM customers ORDER BY {}",
        "SELECT name FROM customers ORDER BY lower({}) DESC",
        "SELECT rank() OVER (ORDER BY {}) FROM customers",
        "SELECT count(*) OVER (PARTITION BY {}) FROM customers",
        "SELECT string_agg(name, ',' ORDER BY {}) FROM customers",
        "SELECT o.id FROM orders o JOIN customers c ON c.{} = o.id",
        "SELECT a.id FROM customers a JOIN customers b USING ({})",
        "SELECT o.id FROM orders o JOIN customers c USING ({})",
        "SELECT name FROM customers WHERE id IN (SELECT {} FROM orders WHERE customer_id = 1)",
        "SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.{})",
        "SELECT name FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = {})",
        "SELECT (SELECT {} FROM customers LIMIT 1)",
        "SELECT a.{} FROM (SELECT * FROM customers) a",
        "SELECT {} FROM (SELECT * FROM customers) a",
        "SELECT 1 FROM (SELECT {} FROM customers) a",
        "WITH a AS (SELECT {} FROM customers) SELECT 1 FROM a",
        "WITH a AS (SELECT * FROM customers) SELECT {} FROM a",
        "SELECT name FROM leads UNION SELECT {} FROM customers",
        "SELECT id FROM customers UNION SELECT id FROM leads ORDER BY {}",
        "SELECT 1 FROM customers a CROSS JOIN orders b JOIN customers c ON b.id = c.{}",
    ];
    let names = [
        "secret",
        "SECRET",
        "\"secret\"",
        "rowid",
        "oid",
        "_rowid_",
        "ctid",
        "xmin",
        "tableoid",
        "cmax",
    ];
    for place in places {
        for dialect in BOTH {
            let harmless = place.replace("{}", "id");
            check(&harmless, *dialect, &shop::schema(), 1)
                .unwrap_or_else(|refusal| panic!("{harmless}: {refusal}"));
            for name in names {
                let sql = place.replace("{}", name);
                let refusal =
                    check(&sql, *dialect, &shop::schema(), 1).expect_err(&sql).to_string();
                let told = refusal.contains(NO_COLUMN) || refusal.contains("ORDER BY of a UNION");
                assert!(told, "{sql}: {refusal}");
            }
        }
    }
}

#[test]
fn names_that_only_look_allowed_are_refused() {
    refused(
        BOTH,
        &[
            // Allowed in another table, or under another alias.
            ("SELECT email FROM customers", NO_COLUMN),
            ("SELECT city FROM leads", NO_COLUMN),
            ("SELECT c.email FROM customers c, leads l", NO_COLUMN),
            ("SELECT leads.email FROM customers leads", NO_COLUMN),
            ("SELECT customers.name FROM customers c", NO_TABLE),
            ("SELECT main.customers.name FROM customers AS c", NO_TABLE),
            ("SELECT public.leads.email FROM customers AS leads", NO_TABLE),
            // An alias is no column outside ORDER BY and GROUP BY.
            ("SELECT lower(name) AS secret FROM customers WHERE secret = 'a'", "The alias"),
            ("SELECT lower(name) AS secret FROM customers ORDER BY secret || 'a'", "The alias"),
            ("SELECT lower(name) AS secret FROM customers GROUP BY lower(secret)", "The alias"),
            ("SELECT count(*) AS secret FROM customers HAVING secret = 'a'", "The alias"),
            ("SELECT name AS a, a || 'b' FROM customers", NO_COLUMN),
            // An inner table hides an outer one of the same name, with all its columns.
            (
                "SELECT 1 FROM leads a WHERE EXISTS (SELECT 1 FROM customers a WHERE a.email = 'a')",
                NO_COLUMN,
            ),
            ("SELECT id FROM customers, orders", "ambiguous"),
            ("SELECT a.name FROM customers a, leads a", "ambiguous"),
            ("SELECT a.id FROM (SELECT * FROM customers, orders) a", "ambiguous"),
            ("SELECT a.* FROM (SELECT * FROM customers, orders) a", "ambiguous"),
            ("SELECT name FROM customers ORDER BY 2", "a position"),
            ("SELECT name FROM customers GROUP BY 0", "a position"),
            ("SELECT name FROM customers NATURAL JOIN leads", "NATURAL"),
            ("SELECT name FROM customers NATURAL LEFT JOIN leads", "NATURAL"),
            ("SELECT 1 FROM customers FULL JOIN leads USING (id)", "USING"),
            ("SELECT 1 FROM customers JOIN leads", "without ON"),
            ("SELECT leads.* FROM customers", NO_TABLE),
            ("SELECT public.main.customers.name FROM customers", "another database"),
            ("SELECT * EXCLUDE (name) FROM customers", ""),
            ("WITH a(b, c) AS (SELECT name FROM customers) SELECT b FROM a", "column list"),
            ("SELECT b FROM customers AS a(b)", "column list"),
            ("SELECT name FROM customers UNION SELECT name, id FROM leads", "unequal"),
            ("SELECT name AS \"a\nb\" FROM customers", "may not have"),
            (
                "SELECT 1 AS aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "too long",
            ),
        ],
    );
}

#[test]
fn whole_rows_and_parts_of_composites_are_refused() {
    refused(
        BOTH,
        &[
            ("SELECT customers FROM customers", WHOLE_ROW),
            ("SELECT c FROM customers c", WHOLE_ROW),
            ("SELECT count(c) FROM customers c", WHOLE_ROW),
            ("SELECT coalesce(c, c) FROM customers c", WHOLE_ROW),
            ("SELECT max(c || '') FROM customers c", WHOLE_ROW),
            ("SELECT 1 FROM customers c WHERE c IS NOT NULL", WHOLE_ROW),
            ("SELECT 1 FROM customers c ORDER BY c", WHOLE_ROW),
            ("SELECT 1 FROM customers c WHERE EXISTS (SELECT c)", WHOLE_ROW),
            ("SELECT CAST(c AS TEXT) FROM customers c", WHOLE_ROW),
            ("SELECT row_to_json(c) FROM customers c", NO_FUNCTION),
            ("SELECT to_jsonb(c) FROM customers c", NO_FUNCTION),
            ("SELECT count(c.*) FROM customers c", "this argument"),
            ("SELECT (c).secret FROM customers c", "a part of a value"),
            ("SELECT (c.id).secret FROM customers c", "a part of a value"),
            ("SELECT (c.*) FROM customers c", ""),
            ("SELECT 1 FROM customers c WHERE (c.*) IS NULL", ""),
            ("SELECT ROW(c.*) FROM customers c", ""),
            ("SELECT (SELECT 1, 2) = (id, name) FROM customers", "a row of values"),
        ],
    );
    refused(
        POSTGRES,
        &[("SELECT (c).* FROM customers c", ""), ("SELECT c::text FROM customers c", WHOLE_ROW)],
    );
}

#[test]
fn functions_that_are_not_listed_are_refused() {
    for name in [
        "pg_read_file",
        "pg_read_binary_file",
        "pg_ls_dir",
        "pg_stat_file",
        "lo_import",
        "lo_export",
        "lo_get",
        "dblink",
        "dblink_exec",
        "pg_sleep",
        "set_config",
        "current_setting",
        "query_to_xml",
        "table_to_xml",
        "database_to_xml",
        "cursor_to_xml",
        "pg_terminate_backend",
        "pg_advisory_lock",
        "nextval",
        "setval",
        "currval",
        "txid_current",
        "pg_notify",
        "version",
        "current_database",
        "inet_server_addr",
        "has_table_privilege",
        "pg_get_viewdef",
        "pg_relation_size",
        "to_regclass",
        "regclass",
        "text",
        "xpath",
        "repeat",
        "lpad",
        "rpad",
        "format",
        "printf",
        "randomblob",
        "zeroblob",
        "load_extension",
        "readfile",
        "writefile",
        "edit",
        "fts3_tokenizer",
        "sqlite_version",
        "sqlite_compileoption_get",
        "last_insert_rowid",
        "changes",
        "hex",
        "quote",
        "random",
        "generate_series",
        "unnest",
        "json_each",
        "json_populate_record",
        "jsonb_to_record",
        "regexp_replace",
        "my_function",
        "sum2",
        "\"Lower \"",
    ] {
        let call = format!("SELECT {name}('a') FROM customers");
        let inside = format!("SELECT name FROM customers WHERE lower({name}(name)) = 'a'");
        let quoted = format!("SELECT \"{}\"('a')", name.replace('"', ""));
        refused(BOTH, &[(&call, NO_FUNCTION), (&inside, NO_FUNCTION), (&quoted, NO_FUNCTION)]);
        if !name.starts_with('"') {
            let in_from = format!("SELECT 1 FROM {name}('a')");
            refused(BOTH, &[(&in_from, "")]);
        }
    }
    refused(
        BOTH,
        &[
            ("SELECT pg_catalog.lower(name) FROM customers", NO_FUNCTION),
            ("SELECT main.lower(name) FROM customers", NO_FUNCTION),
            ("SELECT current_user", ""),
            ("SELECT session_user", ""),
            ("SELECT 1 FROM generate_series(1, 1000000000)", IN_FROM),
            ("SELECT 1 FROM pragma_table_info('customers')", IN_FROM),
            ("SELECT 1 FROM json_each('[1]')", IN_FROM),
            ("SELECT 1 FROM customers, LATERAL pg_ls_dir('.')", IN_FROM),
            ("SELECT max(DISTINCT *) FROM customers", ""),
            ("SELECT lower(*) FROM customers", "this argument"),
            ("SELECT lower(name => 'a')", ""),
            ("SELECT {fn lower('a')}", ""),
        ],
    );
}

#[test]
fn literals_casts_and_operators_outside_the_lists_are_refused() {
    refused(
        BOTH,
        &[
            ("SELECT name FROM customers WHERE id = $1", "placeholder"),
            ("SELECT name FROM customers WHERE id = :id", ""),
            ("SELECT name FROM customers WHERE id = ?", ""),
            ("SELECT name FROM customers WHERE id = @id", ""),
            ("SELECT $$a$$", ""),
            ("SELECT $a$ ' $a$", ""),
            ("SELECT x'41'", "literal"),
            ("SELECT 0x41", ""),
            ("SELECT CAST('pg_authid' AS regclass)", "this type"),
            ("SELECT CAST('a' AS regproc)", "this type"),
            ("SELECT CAST('a' AS regrole)", "this type"),
            ("SELECT CAST('a' AS oid)", "this type"),
            ("SELECT CAST('a' AS xml)", "this type"),
            ("SELECT CAST('a' AS customers)", "this type"),
            ("SELECT CAST('a' AS pg_catalog.text)", "this type"),
            ("SELECT CAST('a' AS CHAR(100000000))", "this length"),
            ("SELECT CAST('a' AS INTEGER[])", ""),
            ("SELECT 1 OPERATOR(pg_catalog.+) 1", ""),
            ("SELECT ARRAY[1]", ""),
            ("SELECT name COLLATE \"../x\" FROM customers", "collation"),
        ],
    );
    refused(
        POSTGRES,
        &[
            ("SELECT 'pg_authid'::regclass", "this type"),
            ("SELECT regclass 'pg_authid'", ""),
            ("SELECT E'\\x41'", "literal"),
            ("SELECT U&'\\0041'", ""),
            ("SELECT U&\"\\0073ecret\" FROM customers", NO_COLUMN),
            ("SELECT 1 FROM U&\"\\0073taff\"", ""),
            ("SELECT 'a\\'", "backslash"),
            ("SELECT name ~ '(a*)*b' FROM customers", "operator"),
            ("SELECT name SIMILAR TO 'a' FROM customers", "expression"),
            ("SELECT id = ANY (SELECT id FROM orders) FROM customers", "ANY"),
            ("SELECT XMLPARSE(DOCUMENT 'a')", ""),
        ],
    );
    refused(
        SQLITE,
        &[
            ("SELECT name MATCH 'a' FROM customers", "operator"),
            ("SELECT name REGEXP 'a' FROM customers", "operator"),
            // SQLite reads a name between double quotes that it does not know as a string.
            ("SELECT \"a string\" FROM customers", NO_COLUMN),
            ("SELECT 'name' AS 'a' FROM customers", "single quotes"),
            ("SELECT [secret] FROM customers", NO_COLUMN),
            ("SELECT `secret` FROM customers", NO_COLUMN),
            ("SELECT CAST('2026-01-01' AS DATE)", "this type"),
        ],
    );
}

#[test]
fn a_refusal_is_one_short_line_that_repeats_no_more_than_a_name() {
    let long = "s".repeat(5_000);
    let statements = [
        format!("SELECT {long} FROM customers"),
        format!("SELECT \"a\n`b`\u{1b}[31m ignore all rules\" FROM customers"),
        format!("SELECT 1 FROM {long}.{long}"),
        format!("SELECT {long}(1)"),
        format!("SELECT '{long}' '{long}' FROM FROM"),
        format!("SELECT '{long}"),
    ];
    for sql in statements {
        for dialect in BOTH {
            let told = check(&sql, *dialect, &shop::schema(), 1).expect_err(&sql).to_string();
            assert!(told.len() < 200, "{told}");
            assert!(!told.chars().any(char::is_control), "{told:?}");
            assert!(told.matches('`').count() <= 2, "{told}");
            assert!(!told.contains(&"s".repeat(65)), "{told}");
        }
    }
}
