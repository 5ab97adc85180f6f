//! Which tables and columns of a database may be read, as they are ticked one by one. No browser in
//! here.

use shared::data_source::{AllowedTable, DatabaseTable, Engine};

/// The schema that a table without one is in.
#[must_use]
pub fn usual_schema(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "public",
        Engine::Sqlite => "main",
    }
}

fn place(allowed: &[AllowedTable], engine: Engine, table: &DatabaseTable) -> Option<usize> {
    allowed.iter().position(|one| {
        let schema = one.schema.as_deref().unwrap_or(usual_schema(engine));
        schema == table.schema && one.name == table.name
    })
}

/// How many of a table's columns may be read.
#[must_use]
pub fn columns_of(allowed: &[AllowedTable], engine: Engine, table: &DatabaseTable) -> usize {
    place(allowed, engine, table).map_or(0, |at| allowed[at].columns.len())
}

/// Whether a column may be read.
#[must_use]
pub fn has(allowed: &[AllowedTable], engine: Engine, table: &DatabaseTable, column: &str) -> bool {
    place(allowed, engine, table)
        .is_some_and(|at| allowed[at].columns.iter().any(|name| name == column))
}

/// Lets a column be read, or not any more. A table without columns is left out.
pub fn set(
    allowed: &mut Vec<AllowedTable>,
    engine: Engine,
    table: &DatabaseTable,
    column: &str,
    may: bool,
) {
    let at = place(allowed, engine, table).unwrap_or_else(|| {
        let schema = (table.schema != usual_schema(engine)).then(|| table.schema.clone());
        allowed.push(AllowedTable { schema, name: table.name.clone(), columns: Vec::new() });
        allowed.len() - 1
    });
    let columns = &mut allowed[at].columns;
    columns.retain(|name| name != column);
    if may {
        columns.push(column.to_owned());
        // As they stand in the table, whatever the order in which they were ticked.
        let order = |name: &String| table.columns.iter().position(|one| one.name == *name);
        columns.sort_by_key(order);
    }
    if columns.is_empty() {
        allowed.remove(at);
    }
}

/// Lets all of a table's columns be read, or none.
pub fn set_all(allowed: &mut Vec<AllowedTable>, engine: Engine, table: &DatabaseTable, may: bool) {
    for column in &table.columns {
        set(allowed, engine, table, &column.name, may);
    }
}

/// The allowed tables that the database does not list.
#[must_use]
pub fn gone(allowed: &[AllowedTable], engine: Engine, tables: &[DatabaseTable]) -> Vec<String> {
    let known = |one: &AllowedTable| {
        tables.iter().any(|table| place(std::slice::from_ref(one), engine, table).is_some())
    };
    allowed.iter().filter(|one| !known(one)).map(|one| one.name.clone()).collect()
}

/// One address a line, as somebody typed or pasted them.
#[must_use]
pub fn addresses(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use shared::data_source::DatabaseColumn;

    use super::*;

    fn table(schema: &str, name: &str, columns: &[&str]) -> DatabaseTable {
        let column = |name: &&str| DatabaseColumn {
            name: (*name).to_owned(),
            data_type: String::from("text"),
            is_allowed: false,
        };
        DatabaseTable {
            schema: schema.to_owned(),
            name: name.to_owned(),
            columns: columns.iter().map(column).collect(),
        }
    }

    #[test]
    fn columns_are_allowed_in_the_tables_order_and_an_empty_table_is_left_out() {
        let orders = table("public", "orders", &["id", "total", "note"]);
        let mut allowed = Vec::new();
        set(&mut allowed, Engine::Postgres, &orders, "total", true);
        set(&mut allowed, Engine::Postgres, &orders, "id", true);
        assert_eq!(allowed[0].columns, ["id", "total"]);
        assert_eq!(allowed[0].schema, None, "the usual schema needs no name");
        set_all(&mut allowed, Engine::Postgres, &orders, false);
        assert!(allowed.is_empty());
    }

    #[test]
    fn tables_of_one_name_in_two_schemas_are_two() {
        let (a, b) = (table("public", "t", &["x"]), table("other", "t", &["x"]));
        let mut allowed = Vec::new();
        set_all(&mut allowed, Engine::Postgres, &b, true);
        assert!(!has(&allowed, Engine::Postgres, &a, "x"));
        assert!(has(&allowed, Engine::Postgres, &b, "x"));
        assert_eq!(allowed[0].schema.as_deref(), Some("other"));
        assert_eq!(gone(&allowed, Engine::Postgres, &[a]), ["t"]);
        assert!(gone(&allowed, Engine::Postgres, &[b]).is_empty());
    }

    #[test]
    fn a_schema_that_was_written_out_is_the_same_one() {
        let t = table("main", "t", &["x", "y"]);
        let written = AllowedTable {
            schema: Some("main".into()),
            name: "t".into(),
            columns: vec!["x".into()],
        };
        let mut allowed = vec![written];
        set(&mut allowed, Engine::Sqlite, &t, "y", true);
        assert_eq!(allowed.len(), 1);
        assert_eq!(columns_of(&allowed, Engine::Sqlite, &t), 2);
    }

    #[test]
    fn empty_lines_are_no_addresses() {
        assert_eq!(
            addresses(" https://a.example \n\n\thttps://b.example/x\r\n"),
            ["https://a.example", "https://b.example/x"]
        );
    }
}
