//! Logs: structured, with the request's id, without secrets.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts logging to standard error as `config` says.
///
/// # Errors
/// One line when the filter is not one.
pub fn start(config: &Config) -> Result<(), String> {
    // A reader of PDF files tells of each flaw of a file; whoever sent the file is told themselves.
    let filter = EnvFilter::try_new(format!("lopdf=off,{}", config.log)).map_err(|_| {
        format!(
            "RUST_LOG: {:?} is not accepted; accepted: a level such as info, or target=level,…",
            config.log
        )
    })?;
    let json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Pretty => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    started.map_err(|e| format!("logging cannot be started: {e}"))
}
