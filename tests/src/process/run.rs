//! One process: it inherits nothing but `PATH`, is bounded in time, and its whole group ends with
//! its handle.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};

use crate::server::lock;

const POLL: Duration = Duration::from_millis(1);

/// What to run and how.
#[derive(Clone)]
pub struct Run {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    input: Vec<u8>,
    terminal: bool,
    timeout: Duration,
}

/// How it ended.
#[derive(Clone)]
pub struct Outcome {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// From its start to its end.
    pub elapsed: Duration,
}

impl Run {
    /// With no argument, only `PATH` in the environment, empty input, and two minutes.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let path = std::env::var_os("PATH").map(|path| (OsString::from("PATH"), path));
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: path.into_iter().collect(),
            directory: None,
            input: Vec::new(),
            terminal: false,
            timeout: Duration::from_secs(120),
        }
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments
            .extend(arguments.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// Sets a variable, over one of the same name set before.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets the working directory.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Sets standard input.
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Lets standard input be a terminal, at which a person types `words`.
    pub fn typing(self, words: &str) -> Self {
        Self {
            terminal: true,
            ..self.stdin(words)
        }
    }

    /// Sets how long it may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs to the end; an error if it takes too long.
    pub fn finish(self) -> anyhow::Result<Outcome> {
        self.start()?.wait()
    }

    /// Starts and returns at once.
    pub fn start(self) -> anyhow::Result<Running> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment)
            .process_group(0);
        let keyboard = if self.terminal {
            Some(terminal()?)
        } else {
            None
        };
        let (keyboard, stdin) = match keyboard {
            Some((keyboard, screen)) => (Some(keyboard), Stdio::from(screen)),
            None => (None, Stdio::piped()),
        };
        command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        let started = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("can't run {}", self.program.display()))?;
        let input = self.input;
        // A program that ends without reading its input is no failure.
        let keyboard = match child.stdin.take() {
            Some(mut stdin) => {
                std::thread::spawn(move || stdin.write_all(&input).ok());
                None
            }
            None => {
                let mut keyboard = keyboard.context("no standard input")?;
                keyboard.write_all(&input)?;
                Some(keyboard)
            }
        };
        let stdout = Captured::of(child.stdout.take().context("no standard output")?);
        let stderr = Captured::of(child.stderr.take().context("no standard error")?);
        let end = started + self.timeout;
        Ok(Running {
            child,
            stdout,
            stderr,
            started,
            end,
            _keyboard: keyboard,
        })
    }
}

/// Both ends of a new terminal, the typing person's first. It is nobody's controlling terminal.
fn terminal() -> anyhow::Result<(File, File)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let keyboard = openpt(flags)?;
    grantpt(&keyboard)?;
    unlockpt(&keyboard)?;
    let screen = ioctl_tiocgptpeer(&keyboard, flags)?;
    Ok((keyboard.into(), screen.into()))
}

/// A process that runs; its group is killed when this is dropped.
pub struct Running {
    child: Child,
    stdout: Captured,
    stderr: Captured,
    started: Instant,
    end: Instant,
    /// A terminal lasts as long as its other end.
    _keyboard: Option<File>,
}

impl Running {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Standard output so far.
    pub fn stdout_so_far(&self) -> String {
        self.stdout.so_far()
    }

    /// Standard error so far.
    pub fn stderr_so_far(&self) -> String {
        self.stderr.so_far()
    }

    /// Waits for `condition`; an error if the process ends or time runs out before.
    pub fn wait_until(&mut self, mut condition: impl FnMut(&Self) -> bool) -> anyhow::Result<()> {
        while !condition(self) {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "it ended with {status} before the moment came: {}",
                    self.stderr_so_far()
                );
            }
            if Instant::now() >= self.end {
                self.kill_group();
                bail!("the moment never came: {}", self.stderr_so_far());
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Ends the whole group with SIGKILL as soon as `condition` holds.
    pub fn kill_when(mut self, mut condition: impl FnMut() -> bool) -> anyhow::Result<Outcome> {
        self.wait_until(|_| condition())?;
        self.kill()
    }

    /// Ends the whole group with SIGKILL now.
    pub fn kill(mut self) -> anyhow::Result<Outcome> {
        self.outcome()
    }

    /// Waits for the end; an error if it takes too long.
    pub fn wait(mut self) -> anyhow::Result<Outcome> {
        loop {
            if self.ended()? {
                return self.outcome();
            }
            if Instant::now() >= self.end {
                self.kill_group();
                bail!(
                    "it took too long and was killed; so far: {}",
                    self.stderr_so_far()
                );
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether it ended. It is not reaped yet, so its id is still its own.
    fn ended(&self) -> anyhow::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let pid = self.pid().context("a process without an id")?;
        Ok(waitid(WaitId::Pid(pid), options)?.is_some())
    }

    fn outcome(&mut self) -> anyhow::Result<Outcome> {
        let elapsed = self.started.elapsed();
        // Whatever it left behind in its group would hold the pipes open.
        self.kill_group();
        let status = self.child.wait()?;
        Ok(Outcome {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
            elapsed,
        })
    }

    fn kill_group(&self) {
        // An error means that nothing of the group is left.
        self.pid()
            .and_then(|group| kill_process_group(group, Signal::KILL).ok());
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Once the process was waited for, its id may be another's.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill_group();
            self.child.wait().ok();
        }
    }
}

struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Captured {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(read @ 1..) = pipe.read(&mut chunk) {
                lock(&shared).extend_from_slice(&chunk[..read]);
            }
        });
        Self {
            bytes,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&lock(&self.bytes)).into_owned()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().ok();
        }
        self.so_far()
    }
}
