//! The server under measurement: a process of its own, on a folder of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use server::clock::Clock;
use server::config::Config;
use shared::license_key::{LicenseKeySettings, RestrictionKind};
use tempfile::TempDir;

/// The website that the key is bound to.
pub const WEBSITE: &str = "https://bench.example";

/// The static keys of the server under measurement.
pub const STATIC_KEY: &str = "static-key-of-the-bench-0123456789abcdef";
pub const ADMIN_KEY: &str = "admin-key-of-the-bench-0123456789abcdef";

/// A running server. Ended when dropped.
pub struct Natter {
    process: Child,
    addr: SocketAddr,
    key: String,
    ticks_per_second: f64,
    _folder: TempDir,
}

/// Resident memory of the server.
pub struct Memory {
    pub resident_mib: f64,
    /// The most since the start.
    pub peak_mib: f64,
}

impl Natter {
    /// Makes a database with a license key that has all that a key may have, then starts the
    /// server on it.
    pub async fn start(stub: SocketAddr) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("natter-bench-").tempdir()?;
        let key = license_key(folder.path()).await?;
        Self::start_on(folder, key, stub).await
    }

    /// Starts the server on a folder that has its database.
    pub async fn start_on(folder: TempDir, key: String, stub: SocketAddr) -> Result<Self> {
        let binary = binary()?;
        // Asked from the system and given back at once: the server binds it next.
        let addr = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = Command::new(&binary)
            .env_clear()
            .env("NATTER_LISTEN", addr.to_string())
            .env("NATTER_DATA_DIR", folder.path())
            .env("OPENAI_BASE_URL", format!("http://{stub}/v1"))
            .env("OPENAI_MODEL", "stub")
            .env("RATE_LIMIT_MAX_REQUESTS", "1000000000")
            .env("NATTER_LICENSE_RATE_LIMIT", "1000000")
            .env("WIDGET_API_KEY", STATIC_KEY)
            .env("ADMIN_API_KEY", ADMIN_KEY)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", binary.display()))?;
        let ticks_per_second = ticks_per_second()?;
        let mut natter = Self { process, addr, key, ticks_per_second, _folder: folder };
        natter.wait_until_it_listens().await?;
        Ok(natter)
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Processor time that the server has used so far, of user and system.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name, in parentheses, may hold anything; fields are counted after it.
        let fields: Vec<&str> =
            stat.rsplit_once(')').context("/proc/…/stat")?.1.split_whitespace().collect();
        let ticks = |at: usize| -> Result<f64> {
            Ok(fields.get(at).context("/proc/…/stat is short")?.parse::<f64>()?)
        };
        Ok(Duration::from_secs_f64((ticks(11)? + ticks(12)?) / self.ticks_per_second))
    }

    pub fn memory(&self) -> Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let mib = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.context("/proc/…/status")?.trim_start_matches(':').trim();
            Ok(kib.trim_end_matches("kB").trim().parse::<f64>()? / 1024.0)
        };
        Ok(Memory { resident_mib: mib("VmRSS")?, peak_mib: mib("VmHWM")? })
    }

    async fn wait_until_it_listens(&mut self) -> Result<()> {
        let started = Instant::now();
        while tokio::net::TcpStream::connect(self.addr).await.is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended at once: {status}");
            }
            if started.elapsed() > Duration::from_secs(30) {
                bail!("the server does not listen after 30 s");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Natter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes the database and a license key in it, through the server's own library.
pub async fn license_key(folder: &Path) -> Result<String> {
    let folder = folder.to_str().context("a readable temporary folder")?;
    let vars = [("NATTER_LISTEN", "127.0.0.1:0"), ("NATTER_DATA_DIR", folder)];
    let config = Config::from_vars(&vars).map_err(anyhow::Error::msg)?;
    let running = server::start(config, Clock::system()).await?;
    let issued = running
        .issue_key(LicenseKeySettings {
            name: "Bench".into(),
            restriction: RestrictionKind::Websites,
            websites: vec![WEBSITE.into()],
            monthly_usage_limit: Some(1_000_000_000),
            ..LicenseKeySettings::default()
        })
        .await
        .map_err(|error| anyhow::anyhow!("the license key: {error:?}"))?;
    running.stop().await;
    issued.key.context("a new key is shown")
}

fn binary() -> Result<PathBuf> {
    let named = std::env::var_os("NATTER_BIN").map(PathBuf::from);
    let binary = named.unwrap_or_else(|| PathBuf::from("target/release/natter"));
    if !binary.is_file() {
        bail!("{} is not there: run `cargo xtask bench`", binary.display());
    }
    Ok(binary)
}

fn ticks_per_second() -> Result<f64> {
    let output = Command::new("getconf").arg("CLK_TCK").output().context("getconf CLK_TCK")?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
