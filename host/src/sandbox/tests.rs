//! The sink that nobody should trust, in the sandbox: what it can read, reach, use up and pretend.
//! The guest is `tests/guests/hostile`; it does what a script says and tells all that it saw.

mod approval;
mod cache;
mod exhausting;
mod foreign;
mod loading;
mod nasty;
mod reaching;
mod reading;
mod speaking;
mod stage;
mod tokens;
mod wire;
