//! Makes queries from bytes: a grammar over few names, allowed and forbidden ones, so that they
//! often shadow each other.

/// Bytes that decide what is made; when they end, the shortest choice is taken.
pub struct Tape<'a> {
    bytes: &'a [u8],
    at: usize,
    aliases: Vec<&'static str>,
    ctes: Vec<&'static str>,
}

const TABLES: &[&str] = &[
    "customers",
    "orders",
    "leads",
    "customers",
    "orders",
    "leads",
    "main.leads",
    "Orders",
    "customers",
    "orders",
    "leads",
    "\"orders\"",
    "customers",
    "orders",
    "staff",
    "x",
];
const ALIASES: &[&str] = &["a", "b", "c", "customers", "orders", "x"];
const COLUMNS: &[&str] = &[
    "id",
    "name",
    "id",
    "id",
    "\"id\"",
    "ID",
    "id",
    "name",
    "total",
    "email",
    "city",
    "n",
    "customer_id",
    "secret",
    "rowid",
    "a",
];
const CALLS: &[&str] =
    &["lower", "count", "max", "coalesce", "length", "sum", "min", "lower", "max", "hex"];
const OPERATORS: &[&str] =
    &["=", "<", "||", "+", "-", "AND", "OR", "LIKE", "IS DISTINCT FROM", "->>"];
const JOINS: &[&str] =
    &["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "INNER JOIN", "NATURAL JOIN"];
const ITEMS: &[&str] = &["n", "name", "secret", "email", "id", "total"];

impl<'a> Tape<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, aliases: Vec::new(), ctes: Vec::new() }
    }

    fn choose(&mut self, of: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % of
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.choose(of.len())]
    }

    /// Mostly a name that is in sight, the nearest first.
    fn alias(&mut self) -> &'static str {
        let back = self.choose(8);
        match self.aliases.iter().rev().nth(back % 3) {
            Some(alias) if back < 7 => alias,
            _ => self.one(ALIASES),
        }
    }

    fn table(&mut self) -> &'static str {
        match self.ctes.last().copied() {
            Some(cte) if self.choose(3) == 0 => cte,
            _ => self.one(TABLES),
        }
    }

    fn done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn statement(&mut self) -> String {
        let query = self.query(0);
        match self.choose(40) {
            38 => format!("{query} FOR UPDATE"),
            39 => format!("{query}; SELECT 1"),
            _ => query,
        }
    }

    fn query(&mut self, depth: usize) -> String {
        if depth > 3 || self.done() {
            return "SELECT id FROM orders".to_owned();
        }
        let mut sql = String::new();
        if self.choose(4) == 3 {
            let name = self.one(&["x", "y", "customers", "orders"]);
            sql = format!("WITH {name} AS ({}) ", self.query(depth + 1));
            self.ctes.push(name);
        }
        sql.push_str(&self.select(depth));
        if self.choose(6) == 5 {
            let word = self.one(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]);
            sql = format!("{sql} {word} {}", self.select(depth));
        }
        match self.choose(6) {
            4 => format!("{sql} ORDER BY {}", self.expression(depth + 2)),
            5 => format!("{sql} ORDER BY {} LIMIT 3", self.one(ITEMS)),
            _ => sql,
        }
    }

    fn select(&mut self, depth: usize) -> String {
        let before = self.aliases.len();
        let mut from = self.factor(depth);
        while self.choose(3) == 2 {
            from.push_str(&self.join(depth));
        }
        let mut items = vec![self.item(depth)];
        while self.choose(3) == 2 {
            items.push(self.item(depth));
        }
        let distinct = self.one(&["", "", "", "DISTINCT "]);
        let mut sql = format!("SELECT {distinct}{} FROM {from}", items.join(", "));
        if self.choose(3) == 2 {
            sql.push_str(&format!(" WHERE {}", self.expression(depth)));
        }
        match self.choose(7) {
            5 => sql.push_str(&format!(" GROUP BY {}", self.one(ITEMS))),
            6 => {
                let (key, having) = (self.expression(depth + 1), self.expression(depth + 1));
                sql.push_str(&format!(" GROUP BY {key} HAVING {having}"));
            }
            _ => {}
        }
        self.aliases.truncate(before);
        sql
    }

    fn item(&mut self, depth: usize) -> String {
        match self.choose(6) {
            0 => "*".to_owned(),
            1 => format!("{}.*", self.alias()),
            2 | 3 => format!("{} AS {}", self.expression(depth), self.one(ITEMS)),
            _ => self.expression(depth),
        }
    }

    fn factor(&mut self, depth: usize) -> String {
        let kind = self.choose(40);
        let relation = match kind {
            39 => return "json_each('[1]')".to_owned(),
            1 if depth < 3 => {
                return format!("({}{})", self.factor(depth + 1), self.join(depth + 1));
            }
            2..=9 if depth < 3 => {
                // What stands beside a subquery is not in sight inside of it, mostly.
                let outside = std::mem::take(&mut self.aliases);
                let query = self.query(depth + 1);
                self.aliases = outside;
                format!("({query})")
            }
            10..=15 => {
                let table = self.table();
                self.aliases.push(table);
                return table.to_owned();
            }
            _ => self.table().to_owned(),
        };
        let alias = self.one(ALIASES);
        self.aliases.push(alias);
        format!("{relation} AS {alias}")
    }

    fn join(&mut self, depth: usize) -> String {
        let right = self.factor(depth);
        match self.choose(5) {
            0 => format!(", {right}"),
            1 => format!(" CROSS JOIN {right}"),
            2 => format!(" {} {right} USING ({})", self.one(JOINS), self.one(COLUMNS)),
            _ => format!(" {} {right} ON {}", self.one(JOINS), self.expression(depth + 1)),
        }
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth > 3 || self.done() {
            return self.one(COLUMNS).to_owned();
        }
        match self.choose(13) {
            0..=2 => self.one(COLUMNS).to_owned(),
            3..=5 => format!("{}.{}", self.alias(), self.one(COLUMNS)),
            6 => self
                .one(&["1", "'a'", "NULL", "2.5", "'it''s'", "'\\'", "- -1", "count(*)"])
                .to_owned(),
            7 => format!("{}({})", self.one(CALLS), self.expression(depth + 1)),
            8 => {
                let operator = self.one(OPERATORS);
                format!("{} {operator} {}", self.expression(depth + 1), self.expression(depth + 1))
            }
            9 => format!("({})", self.query(depth + 2)),
            10 => format!("EXISTS ({})", self.query(depth + 1)),
            11 => format!("{} IN ({})", self.expression(depth + 1), self.query(depth + 1)),
            _ => {
                let (key, order) = (self.expression(depth + 1), self.one(COLUMNS));
                format!("max({key}) OVER (PARTITION BY {order} ORDER BY {key})")
            }
        }
    }
}
