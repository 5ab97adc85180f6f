//! Functions, literals, casts and operators.

use super::*;

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
