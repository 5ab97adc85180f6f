//! The `natter` command.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use server::cli;
use server::clock::Clock;
use server::config::{Config, Settings};

/// Self-hosted AI chat for websites: one binary, one database, one script tag.
#[derive(Parser)]
#[command(name = "natter", version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (what `natter` alone does).
    Serve,
    /// Make and list license keys.
    Keys {
        #[command(subcommand)]
        command: cli::Keys,
    },
    /// Make and list products.
    Products {
        #[command(subcommand)]
        command: cli::catalog::Products,
    },
    /// Make and list plans of products.
    Plans {
        #[command(subcommand)]
        command: cli::catalog::Plans,
    },
    /// Issue, change, import and export licenses that are sold.
    Licenses {
        #[command(subcommand)]
        command: cli::licenses::Licenses,
    },
    /// Make people who sign in, and reset their passwords.
    Admin {
        #[command(subcommand)]
        command: cli::Admin,
    },
    /// Print the OpenAPI document.
    Openapi,
}

fn main() -> ExitCode {
    let Cli { settings, command } = Cli::parse();
    let done = match command.unwrap_or(Command::Serve) {
        Command::Serve => Config::try_from(settings).and_then(|mut config| {
            config.take_secrets(std::env::vars());
            serve(config)
        }),
        Command::Keys { command } => Config::try_from(settings).and_then(|config| {
            let _ = server::telemetry::start(&config);
            block_on(cli::keys(config, command))
        }),
        Command::Licenses { command } => Config::try_from(settings).and_then(|config| {
            let _ = server::telemetry::start(&config);
            block_on(cli::licenses::run(config, command, &mut std::io::stdout()))
        }),
        Command::Products { command } => Config::try_from(settings).and_then(|config| {
            let _ = server::telemetry::start(&config);
            block_on(cli::catalog::products(config, command, &mut std::io::stdout()))
        }),
        Command::Plans { command } => Config::try_from(settings).and_then(|config| {
            let _ = server::telemetry::start(&config);
            block_on(cli::catalog::plans(config, command, &mut std::io::stdout()))
        }),
        Command::Admin { command } => {
            let password = settings.admin_password();
            Config::try_from(settings).and_then(|config| {
                let _ = server::telemetry::start(&config);
                block_on(cli::admin(config, command, password))
            })
        }
        Command::Openapi => openapi(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            let _ = writeln!(std::io::stderr(), "natter: {line}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    runtime.block_on(work)
}

fn openapi() -> Result<(), String> {
    let json = server::router::document().to_pretty_json().map_err(|e| e.to_string())?;
    writeln!(std::io::stdout(), "{json}").map_err(|e| e.to_string())
}

#[tokio::main]
async fn serve(config: Config) -> Result<(), String> {
    server::telemetry::start(&config)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let mut running = server::start(config, Clock::system()).await.map_err(|e| e.to_string())?;
    // On standard output, so that a script can wait for it; the log is on standard error.
    let _ = writeln!(std::io::stdout(), "natter is ready on http://{}", running.addr());
    if let Ok(Some(token)) = running.setup_token().await {
        // The token stands behind the #, which browsers do not send.
        let _ = writeln!(
            std::io::stdout(),
            "make the first admin: {}/admin/setup#{token}",
            running.public_url()
        );
    }
    tokio::select! {
        ended = running.ended() => return ended.map_err(|e| e.to_string()),
        () = told_to_stop() => {}
    }
    tracing::info!("stopping: answers may end for up to 30 seconds");
    tokio::select! {
        () = running.stop() => Ok(()),
        () = told_to_stop() => Err("stopped at once".into()),
    }
}

/// Resolves at SIGTERM or Ctrl-C.
async fn told_to_stop() {
    let ctrl_c = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = ctrl_c => {}
        () = terminated => {}
    }
}
