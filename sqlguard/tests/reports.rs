//! What models commonly write when somebody asks for a report has to pass.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail it")]

mod shop;

use shop::{MAX_ROWS, Shop};
use sqlguard::{Dialect, check};

const BOTH: &[&str] = &[
    "SELECT c.name FROM customers c WHERE NOT EXISTS (SELECT * FROM orders o WHERE o.customer_id = c.id)",
    r#"SELECT COUNT(CASE WHEN total > 5 THEN 1 END) AS "Big orders", COALESCE(SUM(total), 0) FROM orders WHERE total BETWEEN 1 AND 5 AND (id = 1 OR id = 2)"#,
    "SELECT c.name, x.n FROM customers c LEFT JOIN (SELECT customer_id, COUNT(*) AS n FROM orders GROUP BY customer_id) x ON x.customer_id = c.id ORDER BY COALESCE(x.n, 0) DESC",
    "SELECT city, COUNT(*) FROM customers GROUP BY city ORDER BY COUNT(*) DESC LIMIT 1",
    "SELECT name FROM customers WHERE LOWER(name) LIKE LOWER('%A%') AND city IS NOT NULL AND NOT (id IN (1,2))",
    "SELECT AVG(total) FROM orders WHERE total > (SELECT AVG(total) FROM orders)",
    "SELECT name, RANK() OVER (ORDER BY total DESC) AS r FROM customers c INNER JOIN orders o ON c.id = o.customer_id",
    "SELECT c.name || ' (' || c.city || ')' AS label FROM customers AS c WHERE c.name IN ('Ada') ORDER BY label ASC;",
    "SELECT (SELECT COUNT(*) FROM customers) AS a, (SELECT COUNT(*) FROM orders) AS b",
    "SELECT c.id, c.name, c.city, SUM(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name, c.city HAVING SUM(o.total) > 1",
    "SELECT COUNT(*) FROM orders WHERE date(placed_on) = date('now')",
    "SELECT name FROM customers c JOIN orders o ON o.customer_id = c.id AND o.total > 1 WHERE c.city = 'Rome' GROUP BY c.name, o.id ORDER BY MAX(o.total) DESC, c.name",
    "WITH monthly AS (SELECT substr(placed_on, 1, 7) AS month, SUM(total) AS revenue FROM orders GROUP BY substr(placed_on, 1, 7)), g AS (SELECT month, revenue, LAG(revenue) OVER (ORDER BY month) AS prev FROM monthly) SELECT month, revenue, 100.0 * (revenue - prev) / NULLIF(prev, 0) AS growth FROM g WHERE prev IS NOT NULL ORDER BY month",
    "SELECT name FROM (SELECT name, ROW_NUMBER() OVER (PARTITION BY city ORDER BY id) rn FROM customers) t WHERE t.rn = 1",
];

const SQLITE: &[&str] = &[
    "SELECT strftime('%Y', 'now'), CURRENT_TIMESTAMP, 1.0 * total / 3 FROM orders",
    "SELECT IIF(total > 5, 'a', 'b'), julianday('now') - julianday(placed_on) FROM orders",
];

const POSTGRES: &[&str] = &[
    "SELECT ROUND(AVG(total)::numeric, 2), COUNT(*)::int FROM orders WHERE placed_on::date >= CURRENT_DATE - INTERVAL '30 days' AND placed_on::date < DATE '2027-01-01'",
    "SELECT date_trunc('month', placed_on::timestamp)::date AS m, SUM(total) FROM orders GROUP BY 1 ORDER BY 1",
    "SELECT EXTRACT(EPOCH FROM (now() - placed_on::timestamp)) / 86400 FROM orders",
    "SELECT COUNT(*) FROM orders WHERE placed_on::date = '2026-01-01' AND total IS TRUE",
];

fn pass(sql: &str, dialect: Dialect) -> String {
    check(sql, dialect, &shop::schema(), MAX_ROWS)
        .unwrap_or_else(|refusal| panic!("{dialect:?}: {sql}\n{refusal}"))
        .sql
}

#[test]
fn reports_for_sqlite_pass_and_run() {
    let shop = Shop::open();
    for sql in BOTH.iter().chain(SQLITE) {
        let sql = pass(sql, Dialect::Sqlite);
        shop.run(&sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    }
}

#[test]
fn reports_for_postgres_pass() {
    for sql in BOTH.iter().chain(POSTGRES) {
        pass(sql, Dialect::Postgres);
    }
}
