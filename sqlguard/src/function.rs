//! Calls of functions, each of which has to be on a list.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, ObjectName, ObjectNamePart, OrderByExpr, WindowFrame,
    WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

use crate::guard::Guard;
use crate::literal::whole_number;
use crate::names::Dialect;
use crate::refusal::{Name, Refusal};
use crate::scope::Env;

/// Functions both databases have. None reads anything but its arguments and the clock, changes
/// anything, waits, or makes much of little (`repeat`, `lpad`, `printf`, `zeroblob`). SQLite works in
/// the caller's own memory, so there none collects or replaces texts either.
const BOTH: &str = "\
    abs acos asin atan atan2 avg coalesce concat concat_ws cos count cume_dist current_date \
    current_time current_timestamp degrees dense_rank exp first_value lag last_value lead \
    length ln log lower ltrim max min mod nth_value ntile nullif octet_length percent_rank pi \
    power radians rank round row_number rtrim sign sin sqrt substr substring sum tan trim trunc \
    upper";

const SQLITE: &str = "\
    char date datetime ifnull iif instr json_array_length json_extract json_type \
    json_valid julianday log10 log2 strftime time timediff total typeof unicode unixepoch";

const POSTGRES: &str = "\
    age array_agg bool_and bool_or btrim cbrt char_length chr corr date date_bin date_part \
    date_trunc div every greatest initcap json_agg json_array_length json_build_object \
    json_typeof jsonb_agg jsonb_array_length jsonb_build_object jsonb_typeof justify_days \
    justify_hours justify_interval least left localtime localtimestamp make_date make_interval \
    mode now percentile_cont percentile_disc regr_slope replace reverse right split_part starts_with \
    statement_timestamp stddev stddev_pop stddev_samp string_agg strpos to_char to_date to_number \
    to_timestamp translate var_pop var_samp variance width_bucket";

impl Guard<'_> {
    /// # Errors
    /// [`Refusal`] for a function that is not listed, or one of its parts that is not allowed.
    pub(crate) fn function(
        &mut self,
        function: &Function,
        env: &Env<'_>,
    ) -> Result<String, Refusal> {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment,
            over,
        } = function;
        let known = self.known(name)?;
        if matches!(known, "concat" | "concat_ws" | "replace" | "string_agg") {
            self.count_growing()?;
        }
        let plain = !uses_odbc_syntax
            && matches!(parameters, FunctionArguments::None)
            && null_treatment.is_none();
        if !plain {
            return Err(Refusal::Construct("this form of a function call; write a plain one"));
        }
        let mut sql = match args {
            FunctionArguments::None => known.to_owned(),
            FunctionArguments::List(list) => self.arguments(known, list, env)?,
            FunctionArguments::Subquery(_) => {
                return Err(Refusal::Construct("a subquery as a function's argument"));
            }
        };
        if !within_group.is_empty() {
            self.postgres_only("WITHIN GROUP")?;
            let order = self.sort_keys(within_group, env)?;
            sql.push_str(&format!(" WITHIN GROUP (ORDER BY {order})"));
        }
        if let Some(filter) = filter {
            sql.push_str(&format!(" FILTER (WHERE {})", self.expr(filter, env)?));
        }
        match over {
            None => Ok(sql),
            Some(WindowType::WindowSpec(spec)) => {
                Ok(format!("{sql} OVER ({})", self.window(spec, env)?))
            }
            Some(WindowType::NamedWindow(_)) => Err(Refusal::Construct(NAMED_WINDOW)),
        }
    }

    /// The listed function of that name; none of them has a schema before its name.
    fn known(&self, name: &ObjectName) -> Result<&'static str, Refusal> {
        let (own, for_dates) = match self.dialect {
            Dialect::Sqlite => (SQLITE, "date and strftime"),
            Dialect::Postgres => (POSTGRES, "date_trunc and to_char"),
        };
        let ObjectName(parts) = name;
        let known = match parts.as_slice() {
            [ObjectNamePart::Identifier(ident)] => BOTH
                .split_whitespace()
                .chain(own.split_whitespace())
                .find(|known| known.eq_ignore_ascii_case(&ident.value)),
            _ => None,
        };
        known.ok_or_else(|| Refusal::Function(Name::new(&name.to_string()), for_dates))
    }

    fn arguments(
        &mut self,
        function: &str,
        list: &FunctionArgumentList,
        env: &Env<'_>,
    ) -> Result<String, Refusal> {
        let FunctionArgumentList { duplicate_treatment, args, clauses } = list;
        let distinct = match duplicate_treatment {
            Some(DuplicateTreatment::Distinct) => "DISTINCT ",
            Some(DuplicateTreatment::All) | None => "",
        };
        let mut items = Vec::new();
        for arg in args {
            items.push(match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.expr(expr, env)?,
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard)
                    if function == "count" && args.len() == 1 && distinct.is_empty() =>
                {
                    "*".to_owned()
                }
                _ => return Err(Refusal::Construct("this argument; name the columns")),
            });
        }
        let order = match clauses.as_slice() {
            [] => String::new(),
            [FunctionArgumentClause::OrderBy(keys)] => {
                format!(" ORDER BY {}", self.sort_keys(keys, env)?)
            }
            _ => return Err(Refusal::Construct("this clause in a function call; leave it out")),
        };
        Ok(format!("{function}({distinct}{}{order})", items.join(", ")))
    }

    fn sort_keys(&mut self, keys: &[OrderByExpr], env: &Env<'_>) -> Result<String, Refusal> {
        let mut items = Vec::new();
        for OrderByExpr { expr, options, with_fill } in keys {
            if with_fill.is_some() {
                return Err(Refusal::Construct("WITH FILL"));
            }
            items.push(self.expr(expr, env)? + &Self::direction(options)?);
        }
        Ok(items.join(", "))
    }

    fn window(&mut self, spec: &WindowSpec, env: &Env<'_>) -> Result<String, Refusal> {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = spec;
        if window_name.is_some() {
            return Err(Refusal::Construct(NAMED_WINDOW));
        }
        let mut parts = Vec::new();
        if !partition_by.is_empty() {
            parts.push(format!("PARTITION BY {}", self.list(partition_by, env)?));
        }
        if !order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.sort_keys(order_by, env)?));
        }
        if let Some(frame) = window_frame {
            parts.push(window_frame_sql(frame)?);
        }
        Ok(parts.join(" "))
    }
}

pub(crate) const NAMED_WINDOW: &str = "a named window; write the window after OVER";

fn window_frame_sql(frame: &WindowFrame) -> Result<String, Refusal> {
    let WindowFrame { units, start_bound, end_bound } = frame;
    let units = match units {
        WindowFrameUnits::Rows => "ROWS",
        WindowFrameUnits::Range => "RANGE",
        WindowFrameUnits::Groups => "GROUPS",
    };
    let start = window_bound(start_bound)?;
    match end_bound {
        None => Ok(format!("{units} {start}")),
        Some(end) => Ok(format!("{units} BETWEEN {start} AND {}", window_bound(end)?)),
    }
}

fn window_bound(bound: &WindowFrameBound) -> Result<String, Refusal> {
    let distance = |expr: &Option<Box<Expr>>| match expr {
        None => Ok("UNBOUNDED".to_owned()),
        Some(expr) => whole_number(expr)
            .map(|number| number.to_string())
            .ok_or(Refusal::Construct("this bound of a window; use a whole number")),
    };
    Ok(match bound {
        WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
        WindowFrameBound::Preceding(expr) => format!("{} PRECEDING", distance(expr)?),
        WindowFrameBound::Following(expr) => format!("{} FOLLOWING", distance(expr)?),
    })
}
