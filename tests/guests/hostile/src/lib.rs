//! A sink that does what a test's script says, and reports every byte that it saw in a writing
//! that the host can't recognise. It stands for the sink that nobody should trust.

mod misuse;
mod needs;
mod report;
mod script;

wit_bindgen::generate!({
    path: ["../../../wit", "wit"],
    world: "hostile:guest/guest",
    generate_all,
});

use exports::keyferry::sink::{manifest, sink};
use keyferry::sink::types::{Credential, Failure, Target};

struct Hostile;

impl manifest::Guest for Hostile {
    fn describe() -> manifest::Description {
        needs::describe()
    }
}

impl sink::Guest for Hostile {
    fn check(target: Target, current: Credential) -> Result<sink::Plan, Failure> {
        let (said, report) = script::run(&target, Some(&current))?;
        Ok(sink::Plan {
            location: said,
            stored: sink::Currency::Current,
            steps: report,
            warnings: Vec::new(),
        })
    }

    fn write(target: Target, fresh: Credential) -> Result<sink::Receipt, Failure> {
        receipt(&target, &fresh)
    }

    fn verify(target: Target, fresh: Credential) -> Result<sink::Receipt, Failure> {
        receipt(&target, &fresh)
    }

    fn restart(target: Target, _stored: sink::Receipt) -> Result<sink::Workload, Failure> {
        let (said, _) = script::run(&target, None)?;
        Ok(sink::Workload {
            name: said.clone(),
            marker: said,
        })
    }

    fn observe(target: Target, _restarted: sink::Workload) -> Result<sink::Rollout, Failure> {
        let (said, _) = script::run(&target, None)?;
        Ok(sink::Rollout {
            state: sink::RolloutState::Complete,
            ready: 1,
            wanted: 1,
            detail: said,
        })
    }
}

fn receipt(target: &Target, credential: &Credential) -> Result<sink::Receipt, Failure> {
    let (said, _) = script::run(target, Some(credential))?;
    Ok(sink::Receipt {
        location: said.clone(),
        version: said,
        compared: true,
    })
}

export!(Hostile);
