//! Statements that pass, with the text that is run, and that SQLite runs it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail it")]

mod shop;

use shop::{MAX_ROWS, Shop};
use sqlguard::{Column, Dialect, Schema, Table, check, describe};

fn rewritten(sql: &str, dialect: Dialect) -> String {
    check(sql, dialect, &shop::schema(), MAX_ROWS)
        .unwrap_or_else(|refusal| panic!("{dialect:?}: {sql}\n{refusal}"))
        .sql
}

const ON_SQLITE: &[(&str, &str)] = &[
    (
        "select * from customers",
        r#"SELECT "customers"."id", "customers"."name", "customers"."city" FROM "main"."customers" AS "customers" LIMIT 101"#,
    ),
    (
        "SELECT c.*, o.total FROM customers c JOIN orders AS o ON o.customer_id = c.id;",
        r#"SELECT "c"."id", "c"."name", "c"."city", "o"."total" FROM "main"."customers" AS "c" JOIN "main"."orders" AS "o" ON "o"."customer_id" = "c"."id" LIMIT 101"#,
    ),
    (
        "SELECT * FROM customers JOIN leads USING (id)",
        r#"SELECT "customers"."id", "customers"."name", "customers"."city", "leads"."name", "leads"."email" FROM "main"."customers" AS "customers" JOIN "main"."leads" AS "leads" ON "customers"."id" = "leads"."id" LIMIT 101"#,
    ),
    (
        r#"SELECT [name], `city`, "id" FROM Customers -- every customer"#,
        r#"SELECT "customers"."name", "customers"."city", "customers"."id" FROM "main"."customers" AS "customers" LIMIT 101"#,
    ),
    (
        "SELECT NAME AS Label FROM CUSTOMERS ORDER BY LABEL",
        r#"SELECT "customers"."name" AS "Label" FROM "main"."customers" AS "customers" ORDER BY 1 LIMIT 101"#,
    ),
    (
        "SELECT city, count(*), sum(total) AS revenue FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY city HAVING count(*) > 0 ORDER BY revenue DESC NULLS LAST LIMIT 5",
        r#"SELECT "c"."city", count(*) AS "count", sum("o"."total") AS "revenue" FROM "main"."customers" AS "c" LEFT JOIN "main"."orders" AS "o" ON "o"."customer_id" = "c"."id" GROUP BY "c"."city" HAVING count(*) > 0 ORDER BY 3 DESC NULLS LAST LIMIT 5"#,
    ),
    (
        "SELECT name FROM customers LIMIT 5000",
        r#"SELECT "customers"."name" FROM "main"."customers" AS "customers" LIMIT 101"#,
    ),
    (
        "SELECT name FROM customers LIMIT 10, 20",
        r#"SELECT "customers"."name" FROM "main"."customers" AS "customers" LIMIT 20 OFFSET 10"#,
    ),
    (
        "SELECT name AS secret FROM customers ORDER BY secret",
        r#"SELECT "customers"."name" AS "secret" FROM "main"."customers" AS "customers" ORDER BY 1 LIMIT 101"#,
    ),
    (
        "SELECT lower(city) AS secret, count(*) FROM customers GROUP BY secret ORDER BY 2 DESC",
        r#"SELECT lower("customers"."city") AS "secret", count(*) AS "count" FROM "main"."customers" AS "customers" GROUP BY 1 ORDER BY 2 DESC LIMIT 101"#,
    ),
    (
        "SELECT name FROM customers WHERE id = (SELECT max(id) FROM customers)",
        r#"SELECT "customers"."name" FROM "main"."customers" AS "customers" WHERE "customers"."id" = (SELECT max("customers_2"."id") FROM "main"."customers" AS "customers_2") LIMIT 101"#,
    ),
    (
        "SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = c.id AND total > 5)",
        r#"SELECT "c"."name" FROM "main"."customers" AS "c" WHERE EXISTS (SELECT 1 FROM "main"."orders" AS "orders" WHERE "orders"."customer_id" = "c"."id" AND "orders"."total" > 5) LIMIT 101"#,
    ),
    (
        "SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders) OR id IN (1, 2)",
        r#"SELECT "customers"."name" FROM "main"."customers" AS "customers" WHERE "customers"."id" NOT IN (SELECT "orders"."customer_id" FROM "main"."orders" AS "orders") OR "customers"."id" IN (1, 2) LIMIT 101"#,
    ),
    (
        "WITH t AS (SELECT customer_id, sum(total) AS s FROM orders GROUP BY 1) SELECT name, s FROM t JOIN customers ON id = customer_id",
        r#"WITH "t" AS (SELECT "orders"."customer_id", sum("orders"."total") AS "s" FROM "main"."orders" AS "orders" GROUP BY 1) SELECT "customers"."name", "t"."s" FROM "t" AS "t" JOIN "main"."customers" AS "customers" ON "customers"."id" = "t"."customer_id" LIMIT 101"#,
    ),
    (
        "WITH customers AS (SELECT name FROM leads) SELECT * FROM customers",
        r#"WITH "customers" AS (SELECT "leads"."name" FROM "main"."leads" AS "leads") SELECT "customers"."name" FROM "customers" AS "customers" LIMIT 101"#,
    ),
    (
        "WITH a(n) AS (SELECT name FROM customers) SELECT n FROM a UNION ALL SELECT email FROM leads ORDER BY n",
        r#"WITH "a"("n") AS (SELECT "customers"."name" FROM "main"."customers" AS "customers") SELECT "a"."n" FROM "a" AS "a" UNION ALL SELECT "leads"."email" FROM "main"."leads" AS "leads" ORDER BY 1 LIMIT 101"#,
    ),
    (
        "SELECT x.n FROM (SELECT name n FROM customers UNION SELECT name FROM leads) x",
        r#"SELECT "x"."n" FROM (SELECT "customers"."name" AS "n" FROM "main"."customers" AS "customers" UNION SELECT "leads"."name" FROM "main"."leads" AS "leads") AS "x" LIMIT 101"#,
    ),
    (
        "SELECT strftime('%Y-%m', placed_on) AS month, round(avg(total), 2) FROM orders GROUP BY month",
        r#"SELECT strftime('%Y-%m', "orders"."placed_on") AS "month", round(avg("orders"."total"), 2) AS "round" FROM "main"."orders" AS "orders" GROUP BY 1 LIMIT 101"#,
    ),
    (
        r#"SELECT date('now', '-7 days') < placed_on, - -total, 'it''s \ ; -- no comment' FROM orders"#,
        r#"SELECT date('now', '-7 days') < "orders"."placed_on" AS "column_1", - -"orders"."total" AS "column_2", 'it''s \ ; -- no comment' AS "column_3" FROM "main"."orders" AS "orders" LIMIT 101"#,
    ),
    (
        "SELECT CASE WHEN total >= 10 THEN 'big' ELSE 'small' END, CAST(total AS INTEGER), total IS NOT NULL FROM orders",
        r#"SELECT CASE WHEN "orders"."total" >= 10 THEN 'big' ELSE 'small' END AS "column_1", CAST("orders"."total" AS INTEGER) AS "column_2", "orders"."total" IS NOT NULL AS "column_3" FROM "main"."orders" AS "orders" LIMIT 101"#,
    ),
    (
        "SELECT name FROM customers WHERE name LIKE 'A!%%' ESCAPE '!' AND NOT city GLOB 'X*' AND name COLLATE nocase = 'ada' AND id BETWEEN 1 AND 2",
        r#"SELECT "customers"."name" FROM "main"."customers" AS "customers" WHERE "customers"."name" LIKE 'A!%%' ESCAPE '!' AND NOT "customers"."city" GLOB 'X*' AND "customers"."name" COLLATE NOCASE = 'ada' AND "customers"."id" BETWEEN 1 AND 2 LIMIT 101"#,
    ),
    (
        "SELECT row_number() OVER (PARTITION BY customer_id ORDER BY total DESC), sum(total) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM orders",
        r#"SELECT row_number() OVER (PARTITION BY "orders"."customer_id" ORDER BY "orders"."total" DESC) AS "row_number", sum("orders"."total") OVER (ORDER BY "orders"."id" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS "sum" FROM "main"."orders" AS "orders" LIMIT 101"#,
    ),
    (
        "SELECT count(DISTINCT city) FILTER (WHERE name <> 'x'), max(name) FROM customers",
        r#"SELECT count(DISTINCT "customers"."city") FILTER (WHERE "customers"."name" <> 'x') AS "count", max("customers"."name") AS "max" FROM "main"."customers" AS "customers" LIMIT 101"#,
    ),
    (
        "SELECT main.customers.name FROM main.customers, leads WHERE leads.id = main.customers.id",
        r#"SELECT "customers"."name" FROM "main"."customers" AS "customers", "main"."leads" AS "leads" WHERE "leads"."id" = "customers"."id" LIMIT 101"#,
    ),
    (
        "SELECT /* a comment */ trim(name), substr(name, 1, 2), coalesce(city, '?') || name FROM customers",
        r#"SELECT trim("customers"."name") AS "column_1", substr("customers"."name", 1, 2) AS "column_2", coalesce("customers"."city", '?') || "customers"."name" AS "column_3" FROM "main"."customers" AS "customers" LIMIT 101"#,
    ),
];

const ON_POSTGRES: &[(&str, &str)] = &[
    (
        "select * from customers",
        r#"SELECT "customers"."id", "customers"."name", "customers"."city" FROM "public"."customers" AS "customers" LIMIT 101"#,
    ),
    (
        "SELECT Name AS Label FROM CUSTOMERS ORDER BY Label",
        r#"SELECT "customers"."name" AS "label" FROM "public"."customers" AS "customers" ORDER BY 1 LIMIT 101"#,
    ),
    (
        r#"SELECT public.customers.name, "customers"."city" FROM public.customers"#,
        r#"SELECT "customers"."name", "customers"."city" FROM "public"."customers" AS "customers" LIMIT 101"#,
    ),
    (
        "SELECT to_char(date_trunc('month', placed_on::date), 'YYYY-MM') AS month, sum(total) FROM orders GROUP BY month ORDER BY month",
        r#"SELECT to_char(date_trunc('month', CAST("orders"."placed_on" AS DATE)), 'YYYY-MM') AS "month", sum("orders"."total") AS "sum" FROM "public"."orders" AS "orders" GROUP BY 1 ORDER BY 1 LIMIT 101"#,
    ),
    (
        r#"SELECT name FROM customers WHERE name ILIKE '%a%' AND id::text <> '' ORDER BY name COLLATE "C""#,
        r#"SELECT "customers"."name" FROM "public"."customers" AS "customers" WHERE "customers"."name" ILIKE '%a%' AND CAST("customers"."id" AS TEXT) <> '' ORDER BY "customers"."name" COLLATE "C" LIMIT 101"#,
    ),
    (
        "SELECT extract(year FROM placed_on::timestamp), now() - interval '7 days', date '2026-01-01' + interval '1' month, placed_on::timestamp AT TIME ZONE 'UTC' FROM orders",
        r#"SELECT EXTRACT(YEAR FROM CAST("orders"."placed_on" AS TIMESTAMP)) AS "column_1", now() - INTERVAL '7 days' AS "column_2", CAST('2026-01-01' AS DATE) + INTERVAL '1' MONTH AS "column_3", CAST("orders"."placed_on" AS TIMESTAMP) AT TIME ZONE 'UTC' AS "column_4" FROM "public"."orders" AS "orders" LIMIT 101"#,
    ),
    (
        "SELECT DISTINCT ON (customer_id) customer_id, total FROM orders ORDER BY customer_id, total DESC",
        r#"SELECT DISTINCT ON (1) "orders"."customer_id", "orders"."total" FROM "public"."orders" AS "orders" ORDER BY 1, 2 DESC LIMIT 101"#,
    ),
    (
        "SELECT c.name, last.total FROM customers c CROSS JOIN LATERAL (SELECT total FROM orders o WHERE o.customer_id = c.id ORDER BY id DESC FETCH FIRST ROW ONLY) last",
        r#"SELECT "c"."name", "last"."total" FROM "public"."customers" AS "c" CROSS JOIN LATERAL (SELECT "o"."total" FROM "public"."orders" AS "o" WHERE "o"."customer_id" = "c"."id" ORDER BY "o"."id" DESC LIMIT 1) AS "last" LIMIT 101"#,
    ),
    (
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total), string_agg(DISTINCT placed_on::text, ',' ORDER BY placed_on::text) FROM orders",
        r#"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY "orders"."total") AS "percentile_cont", string_agg(DISTINCT CAST("orders"."placed_on" AS TEXT), ',' ORDER BY CAST("orders"."placed_on" AS TEXT)) AS "string_agg" FROM "public"."orders" AS "orders" LIMIT 101"#,
    ),
    (
        "WITH a AS MATERIALIZED (SELECT id FROM customers) (SELECT id FROM a) EXCEPT (SELECT id FROM leads LIMIT 1) ORDER BY 1 OFFSET 2",
        r#"WITH "a" AS MATERIALIZED (SELECT "customers"."id" FROM "public"."customers" AS "customers") (SELECT "a"."id" FROM "a" AS "a") EXCEPT (SELECT "leads"."id" FROM "public"."leads" AS "leads" LIMIT 1) ORDER BY 1 LIMIT 101 OFFSET 2"#,
    ),
    (
        "SELECT position('a' IN name), trim(both 'x' FROM name), substring(name FROM 1 FOR 2), ceil(2.5), left(name, 1) FROM customers",
        r#"SELECT strpos("customers"."name", 'a') AS "column_1", trim("customers"."name", 'x') AS "column_2", substr("customers"."name", 1, 2) AS "column_3", CEIL(2.5) AS "column_4", left("customers"."name", 1) AS "left" FROM "public"."customers" AS "customers" LIMIT 101"#,
    ),
    (
        "SELECT 1 FROM orders o JOIN (customers c JOIN leads l ON l.id = c.id) ON o.customer_id = c.id",
        r#"SELECT 1 AS "column_1" FROM "public"."orders" AS "o" JOIN ("public"."customers" AS "c" JOIN "public"."leads" AS "l" ON "l"."id" = "c"."id") ON "o"."customer_id" = "c"."id" LIMIT 101"#,
    ),
    (
        "SELECT current_date, count(*) FROM orders WHERE placed_on::date >= current_date - 30",
        r#"SELECT current_date AS "current_date", count(*) AS "count" FROM "public"."orders" AS "orders" WHERE CAST("orders"."placed_on" AS DATE) >= current_date - 30 LIMIT 101"#,
    ),
];

#[test]
fn sqlite_statements_are_rewritten_as_written_here_and_run() {
    let shop = Shop::open();
    for (sql, expected) in ON_SQLITE {
        let sql = rewritten(sql, Dialect::Sqlite);
        assert_eq!(sql, *expected);
        shop.run(&sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }
}

#[test]
fn postgres_statements_are_rewritten_as_written_here() {
    for (sql, expected) in ON_POSTGRES {
        assert_eq!(rewritten(sql, Dialect::Postgres), *expected);
    }
}

#[test]
fn the_rewritten_statement_means_what_was_written() {
    let shop = Shop::open();
    let rows = |sql| shop.run(&rewritten(sql, Dialect::Sqlite)).unwrap();
    assert_eq!(rows("SELECT * FROM customers ORDER BY name DESC"), ["2|Bo|Oslo", "1|Ada|Rome"]);
    assert_eq!(
        rows(
            "SELECT name, count(o.id) AS n FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY name ORDER BY n"
        ),
        ["Bo|0", "Ada|2"]
    );
    assert_eq!(
        rows(
            "SELECT id FROM orders o WHERE total = (SELECT max(total) FROM orders WHERE customer_id = o.customer_id)"
        ),
        ["2"]
    );
    assert_eq!(
        rows("SELECT name FROM leads UNION SELECT name FROM customers ORDER BY name LIMIT 2"),
        ["Ada", "Bo"]
    );
}

#[test]
fn a_common_table_expression_never_stands_for_the_table_of_its_name() {
    let shop = Shop::open();
    let inside =
        "WITH customers AS (SELECT name FROM customers WHERE id = 2) SELECT * FROM customers";
    assert_eq!(shop.run(&rewritten(inside, Dialect::Sqlite)).unwrap(), ["Bo"]);
    let forbidden = "WITH staff AS (SELECT name FROM leads) SELECT * FROM staff";
    assert_eq!(shop.run(&rewritten(forbidden, Dialect::Sqlite)).unwrap(), ["Cy"]);
    let qualified = "WITH customers AS (SELECT 1 AS a) SELECT name FROM main.customers";
    assert_eq!(shop.run(&rewritten(qualified, Dialect::Sqlite)).unwrap(), ["Ada", "Bo"]);
}

#[test]
fn a_hidden_column_never_takes_the_place_of_a_readable_one_of_its_name() {
    let shop = Shop::open();
    let rows = |sql| shop.run(&rewritten(sql, Dialect::Sqlite)).unwrap();
    // customers has an email too, and both tables have one alias.
    assert_eq!(
        rows(
            "SELECT id FROM leads a WHERE EXISTS (SELECT 1 FROM customers a WHERE email LIKE 'cy%')"
        ),
        ["1"]
    );
    // customers has a secret too, which GROUP BY would take before the alias.
    assert_eq!(
        rows(
            "SELECT upper(name) AS secret, count(*) FROM customers GROUP BY secret ORDER BY secret"
        ),
        ["ADA|1", "BO|1"]
    );
    // SQLite takes the leftmost table that has the column.
    assert_eq!(
        rows(
            "SELECT l.id FROM customers c JOIN leads l ON c.id = l.id JOIN (SELECT 'cy@example.org' AS email) e USING (email)"
        ),
        ["1"]
    );
}

#[test]
fn one_row_more_than_the_cap_shows_that_the_result_was_cut() {
    let capped = |sql, rows| check(sql, Dialect::Sqlite, &shop::schema(), rows).unwrap().sql;
    assert!(capped("SELECT id FROM orders", 1).ends_with(" LIMIT 2"));
    assert!(capped("SELECT id FROM orders LIMIT 1", 1).ends_with(" LIMIT 1"));
    assert!(capped("SELECT id FROM orders LIMIT 7 OFFSET 3", 1).ends_with(" LIMIT 2 OFFSET 3"));
    assert!(capped("SELECT id FROM (SELECT id FROM orders LIMIT 9) a", 1).contains("LIMIT 9)"));
    assert!(capped("SELECT id FROM orders", u64::MAX).ends_with(" LIMIT 9223372036854775807"));
}

#[test]
fn the_tables_and_columns_of_a_statement_are_told() {
    let sql = "SELECT c.name AS who, count(*), max(total) + 1 FROM customers c JOIN orders o ON o.customer_id = c.id";
    let checked = check(sql, Dialect::Postgres, &shop::schema(), 1).unwrap();
    assert_eq!(checked.tables, ["public.customers", "public.orders"]);
    assert_eq!(checked.columns, ["who", "count", "column_3"]);
}

#[test]
fn names_are_compared_and_described_as_each_database_does() {
    let column = |name: &str| Column { name: name.to_owned(), data_type: "text\n".to_owned() };
    let table = |schema: Option<&str>, name: &str| Table {
        schema: schema.map(str::to_owned),
        name: name.to_owned(),
        columns: vec![column("id"), column("Full Name")],
    };
    let schema = Schema {
        tables: vec![
            table(None, "order"),
            table(Some("crm"), "People"),
            table(Some("crm"), "notes"),
            table(None, "notes"),
            table(None, "a\"b"),
        ],
    };
    assert_eq!(
        describe(&schema, Dialect::Postgres),
        "\"order\" (id text, \"Full Name\" text)\n\
         crm.\"People\" (id text, \"Full Name\" text)\n\
         crm.notes (id text, \"Full Name\" text)\n\
         notes (id text, \"Full Name\" text)\n\
         \"a\"\"b\" (id text, \"Full Name\" text)\n"
    );
    let pass = |sql, dialect| check(sql, dialect, &schema, 1).map(|checked| checked.tables);
    assert_eq!(pass("SELECT ID FROM crm.\"People\"", Dialect::Postgres).unwrap(), ["crm.People"]);
    assert_eq!(
        pass("SELECT \"Full Name\" FROM Notes", Dialect::Postgres).unwrap(),
        ["public.notes"]
    );
    assert_eq!(pass("SELECT \"id\" FROM \"a\"\"b\"", Dialect::Postgres).unwrap(), ["public.a\"b"]);
    assert!(pass("SELECT id FROM crm.People", Dialect::Postgres).is_err());
    assert!(pass("SELECT full_name FROM crm.notes", Dialect::Postgres).is_err());
    assert_eq!(
        pass("SELECT \"full name\" FROM CRM.people", Dialect::Sqlite).unwrap(),
        ["crm.People"]
    );
}
