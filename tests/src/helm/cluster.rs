//! The API server and its etcd: built once, started on free ports, shared by the tests of one
//! process that run at the same time, and ended when the last of them ends.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{EcdsaKeyPair, KeyPair};
use serde_json::json;
use tempfile::TempDir;

use super::api::Api;
use super::tools::{Helm, Tools};
use crate::peer::peer_unavailable;
use crate::process::{Run, Running, project_root};
use crate::server::lock;

const BUILD: &str = include_str!("cluster.sh");
const HALF_AN_HOUR: Duration = Duration::from_secs(1800);
const START: Duration = Duration::from_secs(60);

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum User {
    /// May do everything.
    Admin,
    /// May do what a test allows it.
    Limited,
}

impl User {
    /// The user's name, for a RoleBinding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Limited => "limited",
        }
    }
}

/// A running API server; it ends with its last handle.
pub struct Cluster {
    // In the order in which they end.
    _proxy: Running,
    _server: Running,
    _etcd: Running,
    folder: TempDir,
    api: Api,
}

static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

impl Cluster {
    /// The cluster of this process, or a word that there can be none here.
    ///
    /// # Panics
    /// If it can be had and doesn't start, or can't be had where `CI` is `true`.
    pub fn shared_or_skip() -> Option<Arc<Self>> {
        let mut shared = lock(&SHARED);
        if let Some(cluster) = shared.upgrade() {
            return Some(cluster);
        }
        let programs = programs().and_then(|programs| Ok((programs, Tools::prepare(Helm::Three)?)));
        match programs {
            Ok((programs, tools)) => {
                let cluster = Self::start(&programs, &tools).expect("a built API server starts");
                let cluster = Arc::new(cluster);
                *shared = Arc::downgrade(&cluster);
                Some(cluster)
            }
            Err(why) => {
                peer_unavailable("kubernetes", format!("{why:#}"));
                None
            }
        }
    }

    fn start(programs: &Path, tools: &Tools) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("keyferry-cluster-")?;
        let inside = |name: &str| folder.path().join(name);
        let [client, peer, secure] = free_ports()?;
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let etcd = Run::new(programs.join("etcd"))
            .args([
                "--listen-client-urls",
                &url(client),
                "--advertise-client-urls",
                &url(client),
            ])
            .args([
                "--listen-peer-urls",
                &url(peer),
                "--initial-advertise-peer-urls",
                &url(peer),
            ])
            .args([
                "--initial-cluster",
                &format!("default={}", url(peer)),
                "--log-level",
                "error",
            ])
            .arg_path("--data-dir", &inside("etcd"))
            .start()?;
        fs::write(inside("tokens"), tokens())?;
        let (private, public) = account_keys()?;
        fs::write(inside("accounts.pem"), private)?;
        fs::write(inside("accounts.pub"), public)?;
        let server = Run::new(programs.join("kube-apiserver"))
            .args([
                format!("--etcd-servers={}", url(client)),
                format!("--secure-port={secure}"),
            ])
            .args(["--bind-address=127.0.0.1", "--authorization-mode=RBAC"])
            .args([
                "--service-cluster-ip-range=10.0.0.0/24",
                "--service-account-issuer=https://127.0.0.1",
            ])
            .args(["--disable-admission-plugins=ServiceAccount"])
            .arg_path("--cert-dir", &inside("certificates"))
            .arg_path("--token-auth-file", &inside("tokens"))
            .arg_path("--service-account-key-file", &inside("accounts.pub"))
            .arg_path(
                "--service-account-signing-key-file",
                &inside("accounts.pem"),
            )
            .timeout(START)
            .start()?;
        for user in [User::Admin, User::Limited] {
            let config = kubeconfig(secure, user).to_string();
            fs::write(inside(&format!("{}.kubeconfig", user.name())), config)?;
        }
        let kubectl = |arguments: &[&str]| {
            Run::new(tools.program("kubectl"))
                .args(arguments)
                .env("KUBECONFIG", inside("admin.kubeconfig"))
                .env("HOME", folder.path())
        };
        let mut server = server;
        server.wait_until(|_| {
            let ready = kubectl(&["get", "--raw=/readyz"]).finish();
            ready.is_ok_and(|outcome| outcome.code == Some(0))
        })?;
        let mut proxy = kubectl(&["proxy", "--port=0"]).timeout(START).start()?;
        let mut address = None;
        proxy.wait_until(|proxy| {
            address = announced(&proxy.stdout_so_far());
            address.is_some()
        })?;
        let api = Api::new(&address.context("kubectl did not say where it listens")?);
        Ok(Self {
            _proxy: proxy,
            _server: server,
            _etcd: etcd,
            folder,
            api,
        })
    }

    /// The API, with every right.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The kubeconfig of a user.
    pub fn kubeconfig(&self, user: User) -> PathBuf {
        self.folder
            .path()
            .join(format!("{}.kubeconfig", user.name()))
    }
}

trait ArgPath {
    fn arg_path(self, name: &str, path: &Path) -> Self;
}

impl ArgPath for Run {
    fn arg_path(self, name: &str, path: &Path) -> Self {
        self.args([format!("{name}={}", path.display())])
    }
}

/// Builds etcd and the API server where they are missing; a second caller waits for the first.
fn programs() -> anyhow::Result<PathBuf> {
    let peers = project_root().join("target/peers");
    fs::create_dir_all(&peers)?;
    let lock = File::create(peers.join("kubernetes.lock"))?;
    lock.lock()?;
    let folder = peers.join("kubernetes");
    if folder.join("kube-apiserver").is_file() && folder.join("etcd").is_file() {
        return Ok(folder);
    }
    let script = peers.join("kubernetes.sh");
    fs::write(&script, BUILD)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let outcome = Run::new("sh")
        .args([script.display().to_string(), folder.display().to_string()])
        .env("HOME", &peers)
        .timeout(HALF_AN_HOUR)
        .finish()?;
    let last = outcome
        .stderr
        .lines()
        .last()
        .unwrap_or("it said nothing")
        .to_owned();
    anyhow::ensure!(
        outcome.code == Some(0),
        "building the API server failed: {last}"
    );
    Ok(folder)
}

/// Free at this moment; nobody else on the machine is in a hurry to take them.
fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    let mut held = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn tokens() -> String {
    let line = |user: User, group: &str| format!("token-{0},{0},{0},\"{group}\"\n", user.name());
    line(User::Admin, "system:masters") + &line(User::Limited, "tests")
}

fn kubeconfig(port: u16, user: User) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "test",
            "cluster": { "server": format!("https://127.0.0.1:{port}"), "insecure-skip-tls-verify": true },
        }],
        "users": [{ "name": user.name(), "user": { "token": format!("token-{}", user.name()) } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": user.name() } }],
        "current-context": "test",
    })
}

/// What comes before the point in the public key of this curve.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The server wants a key pair for tokens of service accounts, though no test uses one.
fn account_keys() -> anyhow::Result<(String, String)> {
    let random = ring::rand::SystemRandom::new();
    let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let unmade = || anyhow::anyhow!("no key can be made");
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| unmade())?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).map_err(|_| unmade())?;
    let public = [&P256, pair.public_key().as_ref()].concat();
    Ok((pem("PRIVATE", key.as_ref()), pem("PUBLIC", &public)))
}

fn pem(kind: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let body: String = lines.map(|line| format!("{line}\n")).collect();
    let line = |word: &str| format!("-----{word} {kind} KEY-----\n");
    line("BEGIN") + &body + &line("END")
}

fn announced(stdout: &str) -> Option<String> {
    let (_, address) = stdout.split_once("Starting to serve on ")?;
    let (address, _) = address.split_once('\n')?;
    Some(address.trim().to_owned())
}
