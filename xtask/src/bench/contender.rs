//! The rows of the table, and how each is run.

use std::path::PathBuf;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contender {
    /// `keyferry refresh`, with its rehearsal.
    Keyferry,
    /// `keyferry refresh` with `rehearse = false`.
    KeyferryBare,
    /// The native program, with the rehearsal's requests.
    Native,
    /// The native program without them.
    NativeBare,
    /// boto3: PutSecretValue and UpdateService, nothing else.
    Boto,
    /// awscli, a process for each of the two.
    Awscli,
    /// `keyferry --help`.
    Help,
}

impl Contender {
    /// In the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Keyferry,
        Self::Native,
        Self::KeyferryBare,
        Self::NativeBare,
        Self::Boto,
        Self::Awscli,
        Self::Help,
    ];

    /// The row's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyferry => "keyferry refresh",
            Self::Native => "native, the same requests",
            Self::KeyferryBare => "keyferry refresh, rehearse = false",
            Self::NativeBare => "native, the same requests",
            Self::Boto => "boto3, two calls only",
            Self::Awscli => "awscli, two calls only",
            Self::Help => "keyferry --help",
        }
    }

    /// Whether it refreshes at the issuer.
    pub fn refreshes(self) -> bool {
        !matches!(self, Self::Boto | Self::Awscli | Self::Help)
    }
}

/// The programs that were built for it, all with the release profile.
pub struct Programs {
    /// The real binary.
    pub keyferry: PathBuf,
    /// The same requests without sandbox, journal and policy.
    pub native: PathBuf,
    /// This program, to measure with.
    pub measure: PathBuf,
}
