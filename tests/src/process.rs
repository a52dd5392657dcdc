//! The program under test as its users meet it: started with arguments, environment and input,
//! watched, timed, killed at a bad moment, in a folder of its own.

mod find;
mod run;
mod workspace;

pub use find::{keyferry_binary, project_root, sink};
pub use run::{Outcome, Run, Running};
pub use workspace::{Config, Workspace};
