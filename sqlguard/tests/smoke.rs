mod shop;
use sqlguard::*;
#[test]
fn smoke() {
    let s = shop::schema();
    let input = std::fs::read_to_string("/tmp/smoke.sql").unwrap();
    for line in input.lines().filter(|l| !l.trim().is_empty()) {
        for d in [Dialect::Sqlite, Dialect::Postgres] {
            let t = std::time::Instant::now();
            match check(line, d, &s, 100) { Ok(c) => println!("{d:?} OK {}", c.sql), Err(e) => println!("{d:?} -- {e}  <= {line}") }
            if t.elapsed().as_millis() > 50 { println!("SLOW {:?}", t.elapsed()); }
        }
    }
}
