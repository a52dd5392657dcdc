//! A program from its start to the end of everything it started.
//!
//! It leads a process group of its own. Whoever is left in the group is killed when the program has
//! ended, when its time is over, and when the call is given up. A process that leaves the group
//! (`setsid`) gets away; a program that does so was approved by the operator.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::oneshot;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{CommandError, Ready};

/// What a program may use up.
pub struct Bounds {
    /// Until it is told to end.
    pub time: Duration,
    /// From there until it is killed.
    pub grace: Duration,
    /// Of each of its outputs.
    pub bytes: usize,
}

/// What a program left behind, not sealed yet.
pub struct Printed {
    pub status: i32,
    pub stdout: Zeroizing<Vec<u8>>,
    pub stderr: Zeroizing<Vec<u8>>,
}

/// How long outputs are waited for when the program is gone: one who left the group may hold them.
const LAST_WORDS: Duration = Duration::from_secs(1);

pub async fn to_the_end(
    ready: Ready,
    program: &str,
    bounds: &Bounds,
) -> Result<Printed, CommandError> {
    let unstarted = |source| CommandError::NotStarted {
        program: program.to_owned(),
        source,
    };
    let Ready {
        mut command,
        directory,
    } = ready;
    let mut child = command.spawn().map_err(unstarted)?;
    drop(directory);
    let stdout = drain(child.stdout.take(), bounds.bytes);
    let stderr = drain(child.stderr.take(), bounds.bytes);
    let group = Group::of(&child);
    let mut ended = reap(child, &group);
    let (status, in_time) = match timeout(bounds.time, &mut ended).await {
        Ok(status) => (status, true),
        Err(_) => {
            group.signal(Signal::TERM);
            let status = match timeout(bounds.grace, &mut ended).await {
                Ok(status) => status,
                Err(_) => {
                    group.signal(Signal::KILL);
                    ended.await
                }
            };
            (status, false)
        }
    };
    let lost = || CommandError::Lost {
        program: program.to_owned(),
    };
    let status = status.map_err(|_| lost())?;
    if !in_time {
        return Err(CommandError::TimedOut {
            program: program.to_owned(),
            seconds: bounds.time.as_secs(),
        });
    }
    let last = async { (stdout.await, stderr.await) };
    let (Ok(stdout), Ok(stderr)) = timeout(LAST_WORDS, last).await.map_err(|_| lost())? else {
        return Err(lost());
    };
    match (stdout, stderr) {
        (Some(stdout), Some(stderr)) => Ok(Printed {
            status: code(status),
            stdout,
            stderr,
        }),
        _ => Err(CommandError::TooMuch {
            program: program.to_owned(),
            most: bounds.bytes,
        }),
    }
}

fn code(status: ExitStatus) -> i32 {
    let by_signal = status.signal().map(|number| 128 + number);
    status.code().or(by_signal).unwrap_or(-1)
}

/// The processes of one program. Shared with the thread that reaps it, so that no signal is ever
/// sent to a number that the system has given to somebody else.
struct Group(Arc<Mutex<Option<Pid>>>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(Arc::new(Mutex::new(Pid::from_raw(
            child.id().cast_signed(),
        ))))
    }

    fn signal(&self, signal: Signal) {
        let leader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leader) = *leader {
            // There may be nobody left.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Waits for the program, kills what is left of its group, and only then lets go of its number.
fn reap(mut child: Child, group: &Group) -> oneshot::Receiver<ExitStatus> {
    let (sender, receiver) = oneshot::channel();
    let leader = Arc::clone(&group.0);
    std::thread::spawn(move || {
        let id = *leader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = id {
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(id), ended) {}
            let mut leader = leader.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = kill_process_group(id, Signal::KILL);
            *leader = None;
            if let Ok(status) = child.wait() {
                // Nobody listens when the call was given up.
                let _ = sender.send(status);
            }
        }
    });
    receiver
}

/// Reads an output to its end; what is over the bound is read and dropped, so that the program
/// isn't held up by it. `None` if there was too much.
fn drain(
    output: Option<impl Read + Send + 'static>,
    most: usize,
) -> oneshot::Receiver<Option<Zeroizing<Vec<u8>>>> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut kept = Zeroizing::new(Vec::new());
        let mut over = false;
        let mut chunk = Zeroizing::new([0u8; 16 << 10]);
        if let Some(mut output) = output {
            loop {
                match output.read(&mut *chunk) {
                    Ok(0) => break,
                    Ok(length) if !over && kept.len() + length <= most => {
                        kept.extend_from_slice(&chunk[..length]);
                    }
                    Ok(_) => {
                        over = true;
                        kept = Zeroizing::default();
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
        }
        // Nobody listens when the call was given up.
        let _ = sender.send((!over).then_some(kept));
    });
    receiver
}
