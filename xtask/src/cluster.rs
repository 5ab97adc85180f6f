//! A PostgreSQL cluster for one run of the tests.
//!
//! It lives in a temporary folder and is watched over by a second process of this program, which
//! stops it as soon as the first one ends, however that ends: the pipe between them closes.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::{step, tools};

/// The hidden command that starts, watches and stops the cluster.
pub const GUARD_COMMAND: &str = "postgres-guard";
/// Names a server to use instead, as a URL; also what the tests read.
pub const URL_VARIABLE: &str = "NATTER_TEST_POSTGRES";
/// What the guard says when the cluster accepts connections; the URL follows.
const READY: &str = "ready ";

/// A running cluster; stopped and removed when this is dropped.
pub struct Cluster {
    guard: Option<Child>,
    pub url: String,
}

impl Cluster {
    /// Takes the server that the environment names, else starts one.
    pub fn start() -> Result<Self> {
        if let Ok(url) = env::var(URL_VARIABLE) {
            return Ok(Self { guard: None, url });
        }
        let programs = programs()?;
        step::timed("starting PostgreSQL for the tests", || {
            let mut guard = Command::new(env::current_exe()?)
                .arg(GUARD_COMMAND)
                .arg(programs)
                // Its own group: Ctrl-C ends this process, and thereby tells the guard.
                .process_group(0)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .context("cannot start the guard of PostgreSQL")?;
            let stdout = guard.stdout.take().context("the guard has no output")?;
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line)?;
            let url = line.trim_end().strip_prefix(READY).map(str::to_owned);
            let mut cluster = Self { guard: Some(guard), url: String::new() };
            // An error drops the cluster, which waits for the guard.
            cluster.url = url.context("PostgreSQL did not start")?;
            Ok(cluster)
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            // Nothing can be done about a guard that cannot be waited for.
            let _ = guard.wait();
        }
    }
}

/// The folder of `initdb` and `pg_ctl`, installing them where this machine allows it.
fn programs() -> Result<PathBuf> {
    if let Some(found) = find_programs() {
        return Ok(found);
    }
    if tools::apt_install("postgresql")?
        && let Some(found) = find_programs()
    {
        return Ok(found);
    }
    bail!(
        "PostgreSQL is missing, and every store test runs on it too. Install it \
         (Debian: `apt-get install postgresql`, macOS: `brew install postgresql`), \
         or name a server: {URL_VARIABLE}=postgres://user@host/database"
    )
}

fn find_programs() -> Option<PathBuf> {
    let whole = |folder: &Path| ["initdb", "pg_ctl"].iter().all(|p| folder.join(p).is_file());
    if let Some(folder) = tools::on_path("initdb").as_deref().and_then(Path::parent)
        && whole(folder)
    {
        return Some(folder.to_path_buf());
    }
    // Debian keeps them off PATH, one folder a version.
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .map(|(version, path)| (version, path.join("bin")))
        .filter(|(_, folder)| whole(folder))
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}

/// The guard: starts a cluster with the programs in `args[0]`, waits until its standard input
/// closes, then stops the cluster and removes it.
pub fn guard(args: &[String]) -> Result<()> {
    let programs = Path::new(args.first().context("the guard wants the programs' folder")?);
    // Not under a home folder, which the user `postgres` could not enter.
    let folder = PathBuf::from(format!("/tmp/natter-postgres-{}", std::process::id()));
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let result = serve(programs, &folder);
    if result.is_err() {
        eprint!("{}", fs::read_to_string(folder.join("log")).unwrap_or_default());
    }
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    result
}

fn serve(programs: &Path, folder: &Path) -> Result<()> {
    let as_root = tools::is_root();
    if as_root {
        let mut chown = Command::new("chown");
        chown.arg("postgres").arg(folder);
        step::run(chown)?;
    }
    let postgres = |program: &str| {
        let program = programs.join(program);
        // PostgreSQL refuses to be root.
        let mut command = if as_root {
            let mut runuser = Command::new("runuser");
            runuser.args(["-u", "postgres", "--"]).arg(program);
            runuser
        } else {
            Command::new(program)
        };
        command.arg("-D").arg(folder.join("data")).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    };

    let mut initdb = postgres("initdb");
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
    initdb.arg("--no-sync");
    step::run(initdb)?;

    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    // Nothing here outlives the run, so nothing need reach the disk.
    let settings = [
        // Over TCP for those tests alone that reach the database as a stranger's.
        "listen_addresses='127.0.0.1'".to_owned(),
        format!("port={port}"),
        format!("unix_socket_directories='{}'", folder.display()),
        "max_connections=200".to_owned(),
        "fsync=off".to_owned(),
        "full_page_writes=off".to_owned(),
    ];
    let options: Vec<String> = settings.iter().map(|setting| format!("-c {setting}")).collect();
    let mut start = postgres("pg_ctl");
    start.arg("start").args(["-w", "-t", "120", "-o", &options.join(" ")]);
    start.arg("-l").arg(folder.join("log"));
    let started = step::run(start);
    if started.is_ok() {
        let folder = folder.display();
        let url = format!("postgres:///postgres?host={folder}&port={port}&user=postgres");
        // A failed write means that nobody waits any more; the read below ends at once then.
        let _ = writeln!(std::io::stdout(), "{READY}{url}");
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
    }
    let mut stop = postgres("pg_ctl");
    stop.arg("stop").args(["-w", "-m", "immediate"]);
    // Without a successful start there may be nothing to stop.
    let stopped = step::run(stop);
    started.and(stopped)
}
