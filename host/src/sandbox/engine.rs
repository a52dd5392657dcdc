//! The one engine, and the clock that interrupts its guests.

use std::time::Duration;

use wasmtime::{Config, Engine};

/// How often a spinning guest has to let go.
const TICK: Duration = Duration::from_millis(10);

/// Makes the engine and starts its ticker, which ends with it.
///
/// # Errors
/// If the machine can't run compiled wasm or start a thread.
pub fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    // Operators read what failed and what to do, never a backtrace of a guest; without the maps for
    // one, compiled code is smaller, and so quicker to authenticate.
    config
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None)
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(512 << 10)
        .async_stack_size(2 << 20);
    let engine = Engine::new(&config)?;
    let weak = engine.weak();
    // A thread of its own: a busy runtime can't delay it.
    std::thread::Builder::new()
        .name("epoch".into())
        .spawn(move || {
            loop {
                std::thread::sleep(TICK);
                let Some(engine) = weak.upgrade() else { return };
                engine.increment_epoch();
            }
        })?;
    Ok(engine)
}
