//! The command line: prints, asks, exits; decides nothing.

mod attempt;
mod completions;
mod doctor;
mod exit;
mod history;
mod init;
mod output;
mod plan;
mod plugins;
mod reconcile;
mod refresh;
mod resume;
mod session;
mod status;
mod verify;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use exit::{CliError, CliResult, Exit};
pub use session::Session;

/// Carries a fresh key from its issuer to where it is used.
#[derive(Parser)]
#[command(name = "keyferry", version, arg_required_else_help = true, after_help = EXIT_HELP)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every subcommand takes.
#[derive(Args)]
pub struct Global {
    /// The config file [default: ./keyferry.toml, else the one in the user's config folder]
    #[arg(long, global = true, value_name = "FILE", env = "KEYFERRY_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where keys, journal and locks live [default: the user's state folder]
    #[arg(long, global = true, value_name = "DIR", env = "KEYFERRY_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// What goes to standard output
    #[arg(long, global = true, value_enum, default_value = "human")]
    pub output: Output,
    /// Show every request of the sinks, without bodies
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// The form of a result.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Human,
    /// For programs: one JSON document.
    Json,
}

const EXIT_HELP: &str = "\
Exit status:
  0   done, or nothing to do
  1   it failed before anything began (config, plugin, environment)
  2   wrong use of the command line
  3   refused, by plan, rehearsal, drain or issuer: the old secret lives
  4   refreshed, and the secret is safe in the journal, but it is not written: `keyferry resume`
  5   written, but not proven (restart, rollout or connection); or refused, and the runner is still
      paused: `keyferry resume`
  6   another keyferry holds this runner
  10  whether the refresh happened is not known, and the issuer can't be asked: `keyferry resume`";

#[derive(Subcommand)]
enum Command {
    /// Refresh a runner's credential, store it, restart the runner and see it connected
    Refresh(refresh::Refresh),
    /// Look at everything a refresh needs, and change nothing
    Plan(plan::Plan),
    /// Go on with what was interrupted or held
    Resume(resume::Resume),
    /// See whether what is stored is what the issuer has
    Verify(verify::Verify),
    /// Store what the issuer has now, without a refresh, and restart the runner
    Reconcile(reconcile::Reconcile),
    /// Show every configured runner and where its last refresh stands
    Status(status::Status),
    /// Show past refreshes
    History(history::History),
    /// List, inspect and approve plugins
    Plugins(plugins::Plugins),
    /// Write a first config, asking a few questions
    Init(init::Init),
    /// Check every part, and say what to do about what is wrong
    Doctor(doctor::Doctor),
    /// Print completions for a shell
    Completions(completions::Completions),
}

/// Runs the command line to its end.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return match error.use_stderr() {
                true => Exit::Usage.into(),
                false => Exit::Done.into(),
            };
        }
    };
    start_log(cli.global.verbose);
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return Exit::Failed.into();
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(exit) => exit.into(),
        Err(CliError { exit, error }) => {
            eprintln!("error: {}", said(&error));
            exit.into()
        }
    }
}

async fn run(cli: Cli) -> CliResult {
    let global = &cli.global;
    match cli.command {
        Command::Refresh(command) => command.run(global).await,
        Command::Plan(command) => command.run(global).await,
        Command::Resume(command) => command.run(global).await,
        Command::Verify(command) => command.run(global).await,
        Command::Reconcile(command) => command.run(global).await,
        Command::Status(command) => command.run(global).await,
        Command::History(command) => command.run(global),
        Command::Plugins(command) => command.run(global).await,
        Command::Init(command) => command.run(global).await,
        Command::Doctor(command) => command.run(global).await,
        Command::Completions(command) => command.run(),
    }
}

/// An error with its causes, each once.
fn said(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// Only keyferry's own lines: other crates may log what they send.
fn start_log(verbose: bool) {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    if !verbose {
        return;
    }
    let own = Targets::new().with_target("keyferry", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .without_time();
    tracing_subscriber::registry().with(lines).with(own).init();
}
