//! The component itself: the raw bindings, and the adapter that turns them into calls of a [`Sink`].
//! Only `export_sink!` uses it. Settings are parsed here, so a sink sees typed ones only.

use std::marker::PhantomData;

use crate::{
    Access, Credential, Currency, Document, Encoding, Failure, FailureKind, Host, Level, Need,
    Obstacle, Output, Plan, RawSecret, Receipt, Request, Response, Rollout, RolloutState, Secret,
    Sink, Target, Unanswered, Workload,
};

#[allow(missing_docs, clippy::all)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "secret-sink",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_adapter",
        default_bindings_module: "keyferry_sdk::guest::bindings",
    });
}

use bindings::exports::keyferry::sink::{manifest, sink};
use bindings::keyferry::sink::{commands, files, http, log, types};

pub use bindings::export_adapter;

/// Serves the sink as a component.
pub struct Adapter<S>(PhantomData<S>);

/// The component's imports.
struct Imports;

impl Host for Imports {
    fn send(&self, request: Request) -> Result<Response, Unanswered> {
        let Request {
            method,
            url,
            headers,
            body,
        } = request;
        let answer = http::send(&http::Request {
            method,
            url,
            headers,
            body,
        });
        answer
            .map(
                |http::Response {
                     status,
                     headers,
                     body,
                 }| Response {
                    status,
                    headers,
                    body,
                },
            )
            .map_err(
                |http::Unanswered {
                     why,
                     message,
                     maybe_sent,
                 }| {
                    let why = match why {
                        http::Obstacle::NotApproved => Obstacle::NotApproved,
                        http::Obstacle::Unreachable => Obstacle::Unreachable,
                        http::Obstacle::TimedOut => Obstacle::TimedOut,
                        http::Obstacle::TooLarge => Obstacle::TooLarge,
                    };
                    Unanswered {
                        why,
                        message,
                        maybe_sent,
                    }
                },
            )
    }

    fn read(&self, name: &str) -> Result<Document, Failure> {
        let files::Document { contents, revision } = files::read(name).map_err(failure_in)?;
        Ok(Document { contents, revision })
    }

    fn replace(&self, name: &str, contents: &[u8], revision: &str) -> Result<String, Failure> {
        files::replace(name, contents, revision).map_err(failure_in)
    }

    fn run(&self, name: &str) -> Result<Output, Failure> {
        let commands::Output {
            status,
            stdout,
            stderr,
        } = commands::run(name).map_err(failure_in)?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warning => log::Level::Warning,
        };
        log::emit(level, message);
    }
}

impl RawSecret for types::Secret {
    fn token(&self, encodings: &[Encoding]) -> String {
        let encodings: Vec<_> = encodings
            .iter()
            .map(|encoding| match encoding {
                Encoding::Json => types::Encoding::Json,
                Encoding::Yaml => types::Encoding::Yaml,
                Encoding::Sql => types::Encoding::Sql,
                Encoding::Uri => types::Encoding::Uri,
                Encoding::Base64 => types::Encoding::Base64,
            })
            .collect();
        types::Secret::token(self, &encodings)
    }

    fn matches(&self, text: &str) -> bool {
        types::Secret::matches(self, text)
    }
}

impl<S: Sink> manifest::Guest for Adapter<S> {
    fn describe() -> manifest::Description {
        let described = S::describe();
        manifest::Description {
            name: described.name,
            version: described.version,
            summary: described.summary,
            settings_schema: crate::manifest::settings_schema::<S::Settings>().to_string(),
            needs: described.needs.into_iter().map(need_out).collect(),
        }
    }
}

impl<S: Sink> sink::Guest for Adapter<S> {
    fn check(
        target: types::Target,
        current: types::Credential,
    ) -> Result<sink::Plan, types::Failure> {
        let target = target_in::<S>(target)?;
        let plan = S::check(&Imports, &target, &credential_in(current)).map_err(failure_out)?;
        let Plan {
            location,
            stored,
            steps,
            warnings,
        } = plan;
        let stored = match stored {
            Currency::Current => sink::Currency::Current,
            Currency::Stale => sink::Currency::Stale,
            Currency::Absent => sink::Currency::Absent,
            Currency::Unreadable => sink::Currency::Unreadable,
        };
        Ok(sink::Plan {
            location,
            stored,
            steps,
            warnings,
        })
    }

    fn write(
        target: types::Target,
        fresh: types::Credential,
    ) -> Result<sink::Receipt, types::Failure> {
        let target = target_in::<S>(target)?;
        S::write(&Imports, &target, &credential_in(fresh))
            .map(receipt_out)
            .map_err(failure_out)
    }

    fn verify(
        target: types::Target,
        fresh: types::Credential,
    ) -> Result<sink::Receipt, types::Failure> {
        let target = target_in::<S>(target)?;
        S::verify(&Imports, &target, &credential_in(fresh))
            .map(receipt_out)
            .map_err(failure_out)
    }

    fn restart(
        target: types::Target,
        stored: sink::Receipt,
    ) -> Result<sink::Workload, types::Failure> {
        let target = target_in::<S>(target)?;
        let sink::Receipt {
            location,
            version,
            compared,
        } = stored;
        let restarted = S::restart(
            &Imports,
            &target,
            &Receipt {
                location,
                version,
                compared,
            },
        );
        restarted
            .map(|Workload { name, marker }| sink::Workload { name, marker })
            .map_err(failure_out)
    }

    fn observe(
        target: types::Target,
        restarted: sink::Workload,
    ) -> Result<sink::Rollout, types::Failure> {
        let target = target_in::<S>(target)?;
        let sink::Workload { name, marker } = restarted;
        let Rollout {
            state,
            ready,
            wanted,
            detail,
        } = S::observe(&Imports, &target, &Workload { name, marker }).map_err(failure_out)?;
        let state = match state {
            RolloutState::Pending => sink::RolloutState::Pending,
            RolloutState::Progressing => sink::RolloutState::Progressing,
            RolloutState::Complete => sink::RolloutState::Complete,
            RolloutState::Failed => sink::RolloutState::Failed,
            RolloutState::Unseen => sink::RolloutState::Unseen,
        };
        Ok(sink::Rollout {
            state,
            ready,
            wanted,
            detail,
        })
    }
}

fn target_in<S: Sink>(target: types::Target) -> Result<Target<S::Settings>, types::Failure> {
    let types::Target {
        runner_id,
        settings,
        attempt,
    } = target;
    let settings = serde_json::from_str(&settings).map_err(|error| {
        failure_out(Failure::rejected(format!(
            "the settings don't fit this sink: {error}"
        )))
    })?;
    Ok(Target {
        runner_id,
        settings,
        attempt,
    })
}

fn credential_in(credential: types::Credential) -> Credential {
    let types::Credential {
        client_id,
        client_secret,
    } = credential;
    Credential {
        client_id,
        client_secret: Secret::new(client_secret),
    }
}

fn receipt_out(receipt: Receipt) -> sink::Receipt {
    let Receipt {
        location,
        version,
        compared,
    } = receipt;
    sink::Receipt {
        location,
        version,
        compared,
    }
}

fn failure_in(failure: types::Failure) -> Failure {
    let kind = match failure.kind {
        types::FailureKind::Unavailable => FailureKind::Unavailable,
        types::FailureKind::Denied => FailureKind::Denied,
        types::FailureKind::Missing => FailureKind::Missing,
        types::FailureKind::Conflict => FailureKind::Conflict,
        types::FailureKind::Rejected => FailureKind::Rejected,
        types::FailureKind::Uncertain => FailureKind::Uncertain,
    };
    Failure {
        kind,
        message: failure.message,
        retry_after_ms: failure.retry_after_ms,
    }
}

fn failure_out(failure: Failure) -> types::Failure {
    let kind = match failure.kind {
        FailureKind::Unavailable => types::FailureKind::Unavailable,
        FailureKind::Denied => types::FailureKind::Denied,
        FailureKind::Missing => types::FailureKind::Missing,
        FailureKind::Conflict => types::FailureKind::Conflict,
        FailureKind::Rejected => types::FailureKind::Rejected,
        FailureKind::Uncertain => types::FailureKind::Uncertain,
    };
    types::Failure {
        kind,
        message: failure.message,
        retry_after_ms: failure.retry_after_ms,
    }
}

fn need_out(need: Need) -> manifest::Need {
    match need {
        Need::Http(need) => manifest::Need::Http(manifest::HttpNeed {
            method: need.method,
            url: need.url,
            headers: need.headers,
            body: need.body,
            auth: need.auth,
            carries_secret: need.carries_secret,
            seals: need.seals,
            reason: need.reason,
        }),
        Need::File(need) => manifest::Need::File(manifest::FileNeed {
            name: need.name,
            path: need.path,
            access: match need.access {
                Access::Read => manifest::Access::Read,
                Access::Replace => manifest::Access::Replace,
            },
            carries_secret: need.carries_secret,
            seals: need.seals,
            reason: need.reason,
        }),
        Need::Command(need) => manifest::Need::Command(manifest::CommandNeed {
            name: need.name,
            argv: need.argv,
            directory: need.directory,
            seals: need.seals,
            reason: need.reason,
        }),
    }
}
