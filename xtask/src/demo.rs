//! One refresh as a story, for someone who never saw one: everything is real but the issuer and the
//! cloud, which are stand-ins on this machine. It ends with checks, and fails if one fails.

mod aws;
mod azure;
mod checks;
mod helm;
mod lines;
mod shell;
mod snowflake;
mod stored;
mod story;

use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use anyhow::Result;

use crate::build::{self, Profile};
use crate::guests;

/// What the demo can be told.
#[derive(Default)]
pub struct Options {
    /// Where the secret lives.
    pub sink: Sink,
    /// Whether keyferry is killed in the middle of it.
    pub kill_in_write: bool,
}

/// Where the secret lives.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Sink {
    /// AWS Secrets Manager, read by an ECS service.
    #[default]
    Aws,
    /// A secret of an Azure container app.
    Azure,
    /// A values file of helm, for Kubernetes.
    Helm,
    /// A secret of Snowflake.
    Snowflake,
}

impl Sink {
    /// The folder of its plugin.
    fn plugin(self) -> &'static str {
        match self {
            Self::Aws => "aws-ecs",
            Self::Azure => "azure-container-apps",
            Self::Helm => "helm",
            Self::Snowflake => "snowflake",
        }
    }
}

impl FromStr for Sink {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "aws" => Ok(Self::Aws),
            "azure" => Ok(Self::Azure),
            "helm" => Ok(Self::Helm),
            "snowflake" => Ok(Self::Snowflake),
            other => Err(format!(
                "there is no sink `{other}`; there are: aws, azure, helm, snowflake"
            )),
        }
    }
}

/// Builds what is needed and tells the story.
pub fn run(root: &Path, options: Options) -> Result<()> {
    chapter("Building");
    say("The sink, a WebAssembly component. Seconds; a minute or two the first time.");
    let name = options.sink.plugin();
    let component = root.join(format!("target/plugins/{name}.wasm"));
    guests::build_guest(root, &root.join("plugins").join(name), &component)?;
    say("keyferry itself, as a debug build. Seconds; some minutes the first time, most of them");
    say("for the WebAssembly engine.");
    build::keyferry(root, Profile::Debug)?;
    match options.sink {
        Sink::Aws => story::tell(&aws::OnEcs::start()?, options.kill_in_write),
        Sink::Azure => story::tell(&azure::InContainerApp::start()?, options.kill_in_write),
        Sink::Helm => story::tell(&helm::ByHelm::start()?, options.kill_in_write),
        Sink::Snowflake => story::tell(&snowflake::InSnowflake::start()?, options.kill_in_write),
    }
}

fn chapter(title: &str) {
    println!(
        "\n== {title} {}\n",
        "=".repeat(72_usize.saturating_sub(title.len()))
    );
}

fn say(line: impl Display) {
    println!("{line}");
}
