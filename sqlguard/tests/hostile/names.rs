//! Tables, columns and rows.

use sqlguard::{Column, Schema, Table};

use super::*;

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
        "SELECT sum(id ORDER BY {}) FROM customers",
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
            (
                "SELECT lower(name) AS a FROM customers WHERE EXISTS (SELECT 1 FROM orders GROUP BY a)",
                "The alias",
            ),
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
