//! The sink for Snowflake, the whole way: real binary, real component, and the stand-ins of issuer
//! and SQL API; and the stand-in itself before judges that nobody here wrote.

mod faults;
mod judges;

mod refresh;
mod refused;
mod standin;

use keyferry_tests::canary::assert_no_canary;
use keyferry_tests::issuer::{Issuer, RunnerSpec};
use keyferry_tests::process::{Config, Outcome, Workspace, sink};
use keyferry_tests::snowflake::{App, Snowflake};
use serde_json::{Value, json};

const RUNNER: &str = "etl-prod";
const TOKEN: &str = "SNOWFLAKE_TOKEN";

/// Secrets in which every quoting that is got wrong shows.
const AWKWARD: [&str; 8] = [
    "plain-secret-0123456789",
    "it's-'quoted'-''twice''-0123456789",
    r"back\slash\\twice\'and-quote\n-not-a-newline-0123456789\",
    "$dollar$$-{{braces}}-#hash-%-0123456789",
    "newline\n-return\r-tab\t-0123456789",
    "é-ü-漢字-\u{1f511}-0123456789",
    "'; DROP SECRET x; -- 0123456789 /* */ ? :name &var \"double\"",
    "\\' OR 'a'='a\\\\' \\u0041\\x41\\101-0123456789'",
];

/// Issuer, account, and a folder with a config that fits them.
struct World {
    issuer: Issuer,
    snowflake: Snowflake,
    id: String,
    first: String,
    settings: Value,
    more: Vec<(&'static str, Value)>,
    workspace: Workspace,
}

impl World {
    /// A runner whose service is suspended and resumed; `more` are keys of the runner.
    fn new(more: &[(&'static str, Value)]) -> Self {
        Self::with(more, |_, _| {})
    }

    /// The same with settings changed.
    fn with(more: &[(&'static str, Value)], change: impl Fn(&App, &mut Value)) -> Self {
        let issuer = Issuer::start().expect("an issuer");
        let spec = RunnerSpec::on(RUNNER, "snowflake", "native app");
        let id = spec.id.clone();
        let pair = issuer.add_runner(spec);
        let snowflake = Snowflake::start_with(issuer.runner_hook()).expect("an account");
        let app = snowflake.seed_app(&id, &pair.client_id, &pair.client_secret);
        let mut settings = json!({
            "account": snowflake.account(),
            "secret": app.secret,
            "role": app.role,
            "restart": "service",
            "service": app.service,
        });
        change(&app, &mut settings);
        let mut world = Self {
            workspace: Workspace::new(&Config::new(&issuer)).expect("a folder"),
            issuer,
            snowflake,
            id,
            first: pair.client_secret,
            settings,
            more: more.to_vec(),
        };
        let origin = world.snowflake.origin();
        world.sign_in_with_a_token(&origin);
        let approved = world.run(&["plugins", "approve", "snowflake", "--yes"]);
        assert_eq!(approved.code, Some(0), "{}", approved.stderr);
        world
    }

    /// From now on the account is at `to`, and a programmatic access token signs in.
    fn sign_in_with_a_token(&mut self, to: &str) {
        let auth = [
            ("kind", json!("snowflake")),
            ("method", json!("access-token")),
            ("token", json!({ "env": TOKEN })),
        ];
        self.configure(&auth, to);
    }

    fn configure(&mut self, auth: &[(&str, Value)], to: &str) {
        let config = Config::new(&self.issuer)
            .part("[auth.snowflake]", auth)
            .env(TOKEN, &self.snowflake.access_token())
            .route(&self.snowflake.address(), to)
            .plugin("snowflake", &sink("snowflake").expect("a component"))
            .runner(
                RUNNER,
                &self.id,
                "snowflake",
                self.settings.clone(),
                &self.more,
            );
        self.workspace.rewrite(&config).expect("written");
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let run = self.workspace.keyferry(arguments).expect("a binary");
        run.finish().expect("an end")
    }

    /// Refreshes, and ends with this code.
    fn refresh(&self, code: i32) -> Outcome {
        let outcome = self.run(&["refresh", RUNNER, "--yes", "-v"]);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        outcome
    }

    /// Goes on with what was held, and ends well.
    fn resume(&self) {
        let outcome = self.run(&["resume", RUNNER]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        self.is_back();
    }

    fn live(&self) -> String {
        self.issuer.credential(&self.id).client_secret
    }

    /// What the issuer has is stored, byte for byte, and the runner came back with it.
    fn is_back(&self) {
        // Compared by a condition, so that a failing test prints no secret.
        assert!(
            self.snowflake.secret_string() == self.live(),
            "another secret is stored"
        );
        assert!(self.issuer.runner(&self.id).connected);
        assert_eq!(self.snowflake.service().status, "RUNNING");
    }

    /// No secret of anybody's is in what was printed and what lies in the folder.
    fn keeps_silent(&self, outcomes: &[&Outcome], secrets: &[&str]) {
        let files = self.workspace.files().expect("readable");
        let mut all: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .collect();
        for outcome in outcomes {
            all.push(("standard output", outcome.stdout.as_bytes()));
            all.push(("standard error", outcome.stderr.as_bytes()));
        }
        let token = self.snowflake.access_token();
        let secrets: Vec<&str> = secrets.iter().copied().chain([token.as_str()]).collect();
        assert_no_canary(&all, &secrets);
    }
}

/// Each case at the same time as the others: most of a refresh is waiting.
fn each<T: Sync>(cases: &[T], test: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}
