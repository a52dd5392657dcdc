//! What the sandbox costs: a call in a fresh store, a component from the cache, a body sealed; each
//! beside what it replaces. `cargo xtask plugins` has to have built the sinks.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use divan::Bencher;
use keyferry::sandbox::http::PrivateRanges;
use keyferry::sandbox::{Allowance, PluginFile, Prepared, Sandbox};
use keyferry::seal::{KnownSecret, Seal, Segment, parse_pointer};
use keyferry::secret::SecretString;

static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

fn main() {
    divan::main();
    ratios();
}

struct Stage {
    state: tempfile::TempDir,
    sandbox: Sandbox,
    file: PluginFile,
    prepared: Prepared,
    secret: Arc<KnownSecret>,
}

impl Stage {
    fn new() -> Self {
        let state = tempfile::tempdir().expect("a temporary folder");
        let sandbox = Sandbox::new(state.path(), Vec::new(), PrivateRanges::new())
            .expect("a machine that runs wasm");
        let file = read();
        let prepared = sandbox
            .prepare(&file, Allowance::default())
            .expect("a sink as it is built");
        let secret = SecretString::new("Zq9-rk2Lw0Yt8e5Hs7Bv4Nf1Jm6Xc3Pd".to_owned());
        Self {
            state,
            sandbox,
            file,
            prepared,
            secret: KnownSecret::new(&secret),
        }
    }

    fn call(&self, runtime: &tokio::runtime::Runtime) {
        let described = runtime.block_on(self.sandbox.describe(&self.prepared));
        black_box(described.expect("a sink that describes itself"));
    }

    fn cached(&self) -> Prepared {
        self.sandbox
            .prepare(&self.file, Allowance::default())
            .expect("a sink as it is built")
    }

    fn empty_cache(&self) {
        let folder = self.state.path().join("cache");
        for entry in fs::read_dir(folder).expect("the cache").flatten() {
            if entry.path().extension().is_some_and(|end| end == "cwasm") {
                fs::remove_file(entry.path()).expect("a file of the cache");
            }
        }
    }

    fn seal(&self, body: &[u8], pointers: &[Vec<Segment>]) -> usize {
        let mut seal = Seal::new(vec!["client-1".to_owned()]);
        seal.know(Arc::clone(&self.secret));
        seal.seal(body, pointers).len()
    }
}

fn component() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins/aws-ecs.wasm")
}

fn read() -> PluginFile {
    PluginFile::read(&component()).expect("run `cargo xtask plugins` first")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// An answer of some 10 KB with the secret in it, and neighbours that are hidden by place.
fn body() -> Vec<u8> {
    let mut stored = String::from(
        "{\"client_id\":\"client-1\",\"client_secret\":\"Zq9-rk2Lw0Yt8e5Hs7Bv4Nf1Jm6Xc3Pd\"",
    );
    for number in 0..4 {
        stored.push_str(&format!(
            ",\"neighbour_{number}\":\"value-of-neighbour-{number}\""
        ));
    }
    stored.push('}');
    let filler = "lorem ipsum dolor sit amet ".repeat(360);
    let text = serde_json::json!({ "ARN": "arn:x", "SecretString": stored, "filler": filler });
    text.to_string().into_bytes()
}

fn pointers() -> Vec<Vec<Segment>> {
    ["/SecretString/#/*", "/SecretString"]
        .map(|pointer| parse_pointer(pointer).expect("a pointer"))
        .to_vec()
}

#[divan::bench]
fn fresh_store_and_one_call(bencher: Bencher) {
    let runtime = runtime();
    bencher.bench_local(|| STAGE.call(&runtime));
}

#[divan::bench]
fn component_from_the_cache() -> Prepared {
    STAGE.cached()
}

#[divan::bench]
fn component_file_read_and_from_the_cache() -> Prepared {
    STAGE
        .sandbox
        .prepare(&read(), Allowance::default())
        .expect("a sink as it is built")
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn component_compiled_and_kept(bencher: Bencher) {
    bencher
        .with_inputs(|| STAGE.empty_cache())
        .bench_local_values(|()| STAGE.cached());
}

#[divan::bench]
fn seal_10_kb_known_value(bencher: Bencher) {
    let body = body();
    bencher.bench_local(|| STAGE.seal(black_box(&body), &[]));
}

#[divan::bench]
fn seal_10_kb_known_value_and_neighbours(bencher: Bencher) {
    let (body, pointers) = (body(), pointers());
    bencher.bench_local(|| STAGE.seal(black_box(&body), &pointers));
}

#[divan::bench]
fn copy_10_kb(bencher: Bencher) {
    let body = body();
    bencher.bench_local(|| black_box(&body).clone());
}

#[divan::bench]
fn forms_of_a_secret() -> Arc<KnownSecret> {
    KnownSecret::new(&SecretString::new(
        "Zq9-rk2Lw0Yt8e5Hs7Bv4Nf1Jm6Xc3Pd".to_owned(),
    ))
}

fn median(rounds: usize, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[rounds / 2]
}

/// Medians of the same run, each against what it replaces.
fn ratios() {
    let (body, pointers, runtime) = (body(), pointers(), runtime());
    let call = median(501, || STAGE.call(&runtime));
    let cached = median(201, || drop(black_box(STAGE.cached())));
    let sealed = median(1001, || {
        black_box(STAGE.seal(&body, &pointers));
    });
    let copied = median(1001, || drop(black_box(black_box(&body).clone())));
    let mut compile = Vec::new();
    for _ in 0..3 {
        STAGE.empty_cache();
        compile.push(median(1, || drop(STAGE.cached())));
    }
    compile.sort_unstable();
    let times = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    println!("\nfresh store and one call       {call:>12?}   (to reach: 100µs)");
    println!("component from the cache       {cached:>12?}   (to reach: 1ms)");
    println!(
        "compiled from scratch          {:>12?}   {:.0} times the cache",
        compile[1],
        times(compile[1], cached)
    );
    println!("10 KB sealed                   {sealed:>12?}");
    println!(
        "10 KB copied                   {copied:>12?}   sealing takes {:.0} times as long",
        times(sealed, copied)
    );
}
