use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::*;
use crate::policy::CommandNeed;
use crate::sandbox::types::FailureKind;
use crate::seal::{KnownSecret, parse_pointer};
use crate::secret::SecretString;

const SECRET: &str = "s3cr3t-\"\\'$x";

struct Bench {
    root: tempfile::TempDir,
    allowance: Allowance,
    seal: Seal,
    left: Duration,
}

impl Bench {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let allowance = Allowance {
            folders: vec![root.path().to_owned()],
            base: root.path().to_owned(),
            ..Allowance::default()
        };
        let mut seal = Seal::new(Vec::new());
        seal.know(KnownSecret::new(&SecretString::new(SECRET.into())));
        Self {
            root,
            allowance,
            seal,
            left: Duration::from_secs(20),
        }
    }

    /// A script of this text, by its full path.
    fn script(&self, text: &str) -> String {
        let path = self.root.path().join("script");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    async fn sh(&mut self, text: &str) -> Result<Output, CommandError> {
        let script = self.script(text);
        self.run(&[&script], None, &[]).await
    }

    async fn run(
        &mut self,
        argv: &[&str],
        directory: Option<&str>,
        seals: &[&str],
    ) -> Result<Output, CommandError> {
        let need = CommandNeed {
            name: "it".into(),
            argv: argv.iter().map(ToString::to_string).collect(),
            directory: directory.map(str::to_owned),
            seals: Vec::new(),
            reason: String::new(),
        };
        let seals = seals
            .iter()
            .map(|pointer| parse_pointer(pointer).unwrap())
            .collect();
        let grant = Grant {
            commands: vec![CommandGrant { need, seals }],
            ..Grant::default()
        };
        let deadline = Instant::now() + self.left;
        run("it", &grant, &self.allowance, &mut self.seal, deadline).await
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

/// Waits until the process whose number is in the file is gone.
async fn gone(path: &Path) -> bool {
    let id = fs::read_to_string(path).unwrap();
    for _ in 0..100 {
        let state = fs::read_to_string(format!("/proc/{}/stat", id.trim()));
        // A zombie runs no more; whoever adopted it will collect it.
        if state.is_err() || state.is_ok_and(|stat| stat.contains(") Z ")) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn arguments_arrive_as_they_are() {
    let mut bench = Bench::new();
    let script =
        bench.script("for a in \"$@\"; do printf '<%s>' \"$a\"; done; echo err >&2; exit 3");
    let hostile = ["a b", "$(id)", "; rm -rf /", "`id`", "*", "x\ny", "'", "--"];
    let argv: Vec<&str> = std::iter::once(script.as_str()).chain(hostile).collect();
    let output = bench.run(&argv, None, &[]).await.unwrap();
    let expected: String = hostile
        .iter()
        .map(|argument| format!("<{argument}>"))
        .collect();
    assert_eq!(
        (output.status, output.stdout, output.stderr.as_str()),
        (3, expected, "err\n")
    );
}

#[tokio::test]
async fn the_environment_is_what_the_operator_lists() {
    let mut bench = Bench::new();
    let env = bench.run(&["env"], None, &[]).await.unwrap().stdout;
    for line in env.lines() {
        assert!(
            line.starts_with("PATH=") || line.starts_with("HOME="),
            "{line}"
        );
    }
    bench.allowance.environment = vec!["PATH".into(), "NOT_SET_ANYWHERE".into()];
    let env = bench.run(&["env"], None, &[]).await.unwrap().stdout;
    assert!(
        env.starts_with("PATH=") && env.lines().count() == 1,
        "{env}"
    );
    let stdin = bench.run(&["cat"], None, &[]).await.unwrap();
    assert_eq!((stdin.status, stdin.stdout.as_str()), (0, ""));
}

#[tokio::test]
async fn a_program_is_found_by_the_operators_path_only() {
    let mut bench = Bench::new();
    let script = bench.script("echo hijacked");
    fs::rename(&script, bench.file("no-such-program-here")).unwrap();
    for (program, kind) in [
        ("no-such-program-here", FailureKind::Missing),
        ("/no/such/program", FailureKind::Missing),
        ("./no-such-program-here", FailureKind::Rejected),
        ("", FailureKind::Rejected),
    ] {
        let error = bench.run(&[program], Some("."), &[]).await.err().unwrap();
        assert_eq!(error.kind(), kind, "{program}: {error}");
    }
    assert!(bench.run(&[], None, &[]).await.is_err());
    let here = OsString::from(format!(".::{}", bench.root.path().display()));
    let found = program::find("no-such-program-here", &here).unwrap();
    assert_eq!(found, bench.file("no-such-program-here"));
    assert!(program::find("no-such-program-here", OsStr::new(".:")).is_err());
    fs::set_permissions(&found, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(program::find("no-such-program-here", &here).is_err());
}

#[tokio::test]
async fn its_folder_must_be_open() {
    let mut bench = Bench::new();
    fs::create_dir(bench.file("chart")).unwrap();
    symlink("/etc", bench.file("link")).unwrap();
    let output = bench.run(&["pwd"], Some("chart"), &[]).await.unwrap();
    let chart = bench.file("chart").canonicalize().unwrap();
    assert_eq!(Path::new(output.stdout.trim()), chart);
    for elsewhere in ["/etc", "link", "chart/..", "gone"] {
        let error = bench
            .run(&["pwd"], Some(elsewhere), &[])
            .await
            .err()
            .unwrap();
        assert!(
            matches!(error, CommandError::Directory(_)),
            "{elsewhere}: {error}"
        );
    }
    let output = bench.run(&["pwd"], None, &[]).await.unwrap();
    assert_eq!(output.stdout, "/\n");
}

#[tokio::test]
async fn what_it_leaves_running_is_ended() {
    let mut bench = Bench::new();
    let pid = bench.file("pid");
    let text = format!(
        "sleep 300 >/dev/null 2>&1 & echo $! > {}; echo done",
        pid.display()
    );
    let output = bench.sh(&text).await.unwrap();
    assert_eq!(output.stdout, "done\n");
    assert!(gone(&pid).await, "the grandchild lives on");
    let text = format!("(sleep 300) & echo $! > {}", pid.display());
    let started = Instant::now();
    bench.sh(&text).await.unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "the grandchild held the output open"
    );
    assert!(gone(&pid).await);
}

#[tokio::test]
async fn one_that_ignores_to_be_ended_is_killed_with_all_of_its_own() {
    let mut bench = Bench::new();
    bench.left = Duration::from_secs(5);
    let (pid, child) = (bench.file("pid"), bench.file("child"));
    let text = format!(
        "trap '' TERM; echo $$ > {}; sh -c \"trap '' TERM; sleep 300\" & echo $! > {}; while :; do sleep 1; done",
        pid.display(),
        child.display()
    );
    let started = Instant::now();
    let error = bench.sh(&text).await.err().unwrap();
    assert!(matches!(error, CommandError::TimedOut { .. }), "{error}");
    assert_eq!(error.kind(), FailureKind::Uncertain);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    assert!(gone(&pid).await && gone(&child).await);
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let pid = bench.file("pid");
    let text = format!("sleep 300 & echo $! > {}; sleep 300", pid.display());
    let call = bench.sh(&text);
    assert!(
        tokio::time::timeout(Duration::from_millis(600), call)
            .await
            .is_err()
    );
    assert!(gone(&pid).await);
}

#[tokio::test]
async fn endless_output_neither_blocks_nor_fills_memory() {
    let mut bench = Bench::new();
    bench.allowance.limits.body_bytes = 1000;
    let text = "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; echo end";
    let error = bench.sh(text).await.err().unwrap();
    assert!(matches!(error, CommandError::TooMuch { .. }), "{error}");
    assert_eq!(error.kind(), FailureKind::Uncertain);
    bench.left = Duration::from_secs(2);
    let error = bench.run(&["yes"], None, &[]).await.err().unwrap();
    assert!(matches!(error, CommandError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_signal_is_a_status() {
    let mut bench = Bench::new();
    assert_eq!(bench.sh("kill -9 $$").await.unwrap().status, 137);
    assert_eq!(bench.sh("exit 255").await.unwrap().status, 255);
}

#[tokio::test]
async fn the_secret_is_hidden_in_every_output() {
    use base64::Engine as _;
    let mut bench = Bench::new();
    let engine = base64::engine::general_purpose::STANDARD;
    let encoded = engine.encode(SECRET);
    let longer = engine.encode(format!("user:{SECRET}!"));
    let core = &engine.encode(format!("user:{SECRET}"))[8..16];
    let document = serde_json::json!({ "a": SECRET, "data": encoded, "b": longer }).to_string();
    fs::write(bench.file("out"), document).unwrap();
    let out = bench.file("out").display().to_string();
    let output = bench
        .sh(&format!("cat {out}; cat {out} >&2"))
        .await
        .unwrap();
    for text in [output.stdout, output.stderr] {
        assert!(
            !text.contains("s3cr3t") && !text.contains(&encoded),
            "{text}"
        );
        assert!(!text.contains(core), "{text}");
    }
}

#[tokio::test]
async fn fields_of_an_output_are_hidden_or_all_of_it_is() {
    let mut bench = Bench::new();
    let seals = ["/config/key"];
    let script = bench.script("echo '{\"config\": {\"key\": \"stale-1\", \"n\": 1}}'");
    let output = bench.run(&[&script], None, &seals).await.unwrap();
    assert!(output.stdout.contains("\"n\": 1") && !output.stdout.contains("stale-1"));
    for other in [
        "config: {key: stale-1}",
        "{\"config\": {\"key\": \"stale-1\"",
        "warning\n{\"config\":{\"key\":\"stale-1\"}}",
    ] {
        let script = bench.script(&format!("printf '%s' '{other}'"));
        let output = bench.run(&[&script], None, &seals).await.unwrap();
        assert!(
            output.stdout.starts_with("kfseal") && !output.stdout.contains("stale"),
            "{other}"
        );
    }
    let output = bench.run(&["true"], None, &seals).await.unwrap();
    assert_eq!(output.stdout, "");
}

#[tokio::test]
async fn arguments_never_carry_a_token() {
    let mut bench = Bench::new();
    let known = bench
        .seal
        .know(KnownSecret::new(&SecretString::new(SECRET.into())));
    let token = bench.seal.token(known, &[]).unwrap();
    let error = bench.run(&["echo", &token], None, &[]).await.err().unwrap();
    assert!(matches!(error, CommandError::SecretArgument { .. }));
    let grant = Grant::default();
    let error = run(
        "it",
        &grant,
        &bench.allowance,
        &mut bench.seal,
        Instant::now(),
    )
    .await;
    assert!(matches!(error, Err(CommandError::NotApproved { .. })));
}
