//! What a person sees while it happens, on standard error: a live line on a terminal, plain lines
//! elsewhere.

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::rotation::{Phase, Watch};
use crate::sandbox::{LogLevel, LogLine, SinkLog};

/// Shows phases as they come and go.
pub struct Screen {
    live: bool,
    state: RefCell<State>,
}

struct State {
    phase: Option<Phase>,
    since: Instant,
    bar: Option<ProgressBar>,
    last: String,
}

impl Screen {
    /// A screen on standard error.
    pub fn new() -> Self {
        let state = State {
            phase: None,
            since: Instant::now(),
            bar: None,
            last: String::new(),
        };
        Self {
            live: std::io::stderr().is_terminal(),
            state: RefCell::new(state),
        }
    }

    /// Clears the live line.
    pub fn finish(&self) {
        if let Some(bar) = self.state.borrow_mut().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        match &self.state.borrow().bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => {
                let _ = writeln!(std::io::stderr(), "{text}");
            }
        }
    }
}

impl Watch for Screen {
    fn entered(&self, phase: Phase, doing: &str) {
        let mut state = self.state.borrow_mut();
        if state.phase != Some(phase) {
            state.phase = Some(phase);
            state.since = Instant::now();
        }
        state.last.clear();
        if self.live {
            let bar = state.bar.get_or_insert_with(|| {
                let bar = ProgressBar::new_spinner();
                if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:>9}  {msg}") {
                    bar.set_style(style);
                }
                bar.enable_steady_tick(Duration::from_millis(100));
                bar
            });
            bar.set_prefix(phase.name());
            bar.set_message(doing.to_owned());
        }
    }

    fn progress(&self, phase: Phase, detail: &str) {
        let mut state = self.state.borrow_mut();
        if state.last == detail {
            return;
        }
        state.last = detail.to_owned();
        match &state.bar {
            Some(bar) => bar.set_message(detail.to_owned()),
            None => {
                drop(state);
                self.line(&format!("  {:>9}  {detail}", phase.name()));
            }
        }
    }

    fn left(&self, phase: Phase, result: &str) {
        let elapsed = self.state.borrow().since.elapsed();
        self.line(&format!(
            "✓ {:>9}  {result} ({})",
            phase.name(),
            duration(elapsed)
        ));
    }

    fn warning(&self, text: &str) {
        self.line(&format!("!   warning  {text}"));
    }
}

/// A length of time as people read it.
pub fn duration(time: Duration) -> String {
    match time.as_millis() {
        0 => format!("{} µs", time.as_micros()),
        ms @ 1..10 => format!("{ms}.{} ms", time.as_micros() % 1000 / 100),
        ms @ 10..1000 => format!("{ms} ms"),
        _ if time.as_secs() < 60 => format!("{:.1} s", time.as_secs_f64()),
        _ if time.as_secs() < 3600 => {
            format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
        }
        _ if time.as_secs() < 86_400 => format!(
            "{} h {} min",
            time.as_secs() / 3600,
            time.as_secs() % 3600 / 60
        ),
        _ => format!("{} days", time.as_secs() / 86_400),
    }
}

/// Lines of a sink, on standard error.
pub fn sink_log(verbose: bool) -> SinkLog {
    std::sync::Arc::new(move |line: LogLine| {
        let mark = match line.level {
            LogLevel::Warning => "! ",
            LogLevel::Debug if !verbose => return,
            LogLevel::Info | LogLevel::Debug => "  ",
        };
        let _ = writeln!(std::io::stderr(), "{mark}     sink  {}", line.message);
    })
}
