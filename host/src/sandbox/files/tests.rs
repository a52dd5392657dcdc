mod replacing;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::policy::FileNeed;
use crate::sandbox::types::FailureKind;
use crate::seal::{KnownSecret, ValueId, parse_pointer};
use crate::secret::SecretString;

const SECRET: &str = "s3cr3t-\"\\'$x{{y}}#&é%";
const VALUES: &str = "# values\nconfig:\n  oauthClientSecret: old-secret # note\n  port: 80\n";

/// A folder with `values.yaml`, opened, and beside it one that is not.
struct Bench {
    root: tempfile::TempDir,
    allowance: Allowance,
    seal: Seal,
    secret: ValueId,
}

impl Bench {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let open = root.path().join("open");
        fs::create_dir_all(open.join("charts")).unwrap();
        fs::create_dir(root.path().join("closed")).unwrap();
        fs::write(root.path().join("closed/other.yaml"), "a: closed-content\n").unwrap();
        fs::write(open.join("values.yaml"), VALUES).unwrap();
        let mut allowance = Allowance {
            folders: vec![open],
            ..Allowance::default()
        };
        allowance.base = root.path().to_owned();
        let mut seal = Seal::new(Vec::new());
        let secret = seal.know(KnownSecret::new(&SecretString::new(SECRET.into())));
        Self {
            root,
            allowance,
            seal,
            secret,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn grant(&self, path: &str, access: Access, carries_secret: bool) -> Grant {
        let need = FileNeed {
            name: "values".into(),
            path: path.into(),
            access,
            carries_secret,
            seals: Vec::new(),
            reason: String::new(),
        };
        let seals = vec![parse_pointer("/config/oauthClientSecret").unwrap()];
        Grant {
            files: vec![FileGrant { need, seals }],
            ..Grant::default()
        }
    }

    async fn read(&mut self, path: &str) -> Result<Document, FileError> {
        let grant = self.grant(path, Access::Read, false);
        read("values", &grant, &self.allowance, &mut self.seal).await
    }

    async fn replace(&mut self, contents: &[u8], revision: &str) -> Result<String, FileError> {
        let grant = self.grant("open/values.yaml", Access::Replace, true);
        replace(
            "values",
            contents,
            revision.into(),
            &grant,
            &self.allowance,
            &self.seal,
        )
        .await
    }

    fn left(&self) -> Vec<String> {
        let names = fs::read_dir(self.path("open")).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

async fn refused(bench: &mut Bench, path: &str) -> (FailureKind, String) {
    let error = bench
        .read(path)
        .await
        .err()
        .unwrap_or_else(|| panic!("{path} was read"));
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn nothing_outside_the_opened_folders_is_read() {
    let mut bench = Bench::new();
    symlink("/etc/passwd", bench.path("open/passwd")).unwrap();
    symlink("../closed/other.yaml", bench.path("open/link.yaml")).unwrap();
    symlink("../closed", bench.path("open/folder")).unwrap();
    symlink("values.yaml", bench.path("open/inside.yaml")).unwrap();
    let closed = bench.path("closed/other.yaml").display().to_string();
    for path in [
        "/etc/passwd",
        "open/passwd",
        "open/link.yaml",
        "open/folder/other.yaml",
        "open/inside.yaml",
        "open/../closed/other.yaml",
        "open/charts/../../closed/other.yaml",
        "../etc/passwd",
        "closed/other.yaml",
        "openx/values.yaml",
        "/proc/self/root/etc/passwd",
        &closed,
    ] {
        let (kind, text) = refused(&mut bench, path).await;
        assert_eq!(kind, FailureKind::Rejected, "{path}: {text}");
        assert!(
            !text.contains("closed-content") && !text.contains("root:"),
            "{text}"
        );
    }
    assert!(bench.read("open/values.yaml").await.is_ok());
    let absolute = bench.path("open/values.yaml").display().to_string();
    assert!(bench.read(&absolute).await.is_ok());
}

#[tokio::test]
async fn a_folder_that_is_not_open_is_told_how_to_open_it() {
    let mut bench = Bench::new();
    let (_, text) = refused(&mut bench, "closed/other.yaml").await;
    let folder = bench.path("closed").display().to_string();
    assert!(
        text.contains(&format!("folders = [\"{folder}\"]")),
        "{text}"
    );
    bench.allowance.folders.clear();
    let (_, text) = refused(&mut bench, "open/values.yaml").await;
    assert!(text.contains("none is open"), "{text}");
}

#[tokio::test]
async fn a_link_to_an_opened_folder_is_the_operators_own() {
    let mut bench = Bench::new();
    symlink(bench.path("open"), bench.path("link")).unwrap();
    bench.allowance.folders = vec![bench.path("link")];
    assert!(bench.read("link/values.yaml").await.is_ok());
    assert!(bench.read("open/values.yaml").await.is_ok());
}

#[tokio::test]
async fn only_plain_files_are_read() {
    let mut bench = Bench::new();
    let fifo = bench.path("open/fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(bench.path("open/socket")).unwrap();
    for (path, what) in [
        ("open/fifo", "pipe"),
        ("open/socket", "socket"),
        ("open/charts", "folder"),
    ] {
        let (kind, text) = refused(&mut bench, path).await;
        assert_eq!(kind, FailureKind::Rejected);
        assert!(text.contains(what), "{text}");
    }
    bench.allowance.folders.push("/dev".into());
    let (_, text) = refused(&mut bench, "/dev/zero").await;
    assert!(text.contains("device"), "{text}");
    let (_, text) = refused(&mut bench, "open/values.yaml/x").await;
    assert!(text.contains("no folder"), "{text}");
    for gone in ["open/gone.yaml", "open/gone/values.yaml"] {
        let (kind, text) = refused(&mut bench, gone).await;
        assert_eq!(kind, FailureKind::Missing, "{text}");
    }
    bench.allowance.limits.body_bytes = 10;
    let (_, text) = refused(&mut bench, "open/values.yaml").await;
    assert!(text.contains("limit of 10"), "{text}");
}

#[tokio::test]
async fn a_folder_swapped_for_a_link_leads_nowhere() {
    let bench = Bench::new();
    let found = folder::place("open/charts/other.yaml", &bench.allowance).unwrap();
    fs::rename(bench.path("open/charts"), bench.path("open/was")).unwrap();
    symlink(bench.path("closed"), bench.path("open/charts")).unwrap();
    assert!(matches!(found.open(), Err(FileError::Missing { .. })));
}

#[tokio::test]
async fn what_a_sink_reads_is_sealed_and_what_it_writes_is_whole() {
    let mut bench = Bench::new();
    let document = bench.read("open/values.yaml").await.unwrap();
    let seen = String::from_utf8(document.contents.clone()).unwrap();
    assert!(
        !seen.contains("old-secret") && seen.contains("# note"),
        "{seen}"
    );
    let token = bench
        .seal
        .token(bench.secret, &[crate::seal::Encoding::Yaml])
        .unwrap();
    let start = seen.find("kfseal").unwrap();
    let stale = &seen[start..start + token.len()];
    let edited = seen.replace(stale, &format!("\"{token}\""));
    let revision = bench
        .replace(edited.as_bytes(), &document.revision)
        .await
        .unwrap();
    let stored = fs::read_to_string(bench.path("open/values.yaml")).unwrap();
    let escaped = crate::seal::Encoding::Yaml.apply(SECRET);
    assert_eq!(
        stored,
        VALUES.replace("old-secret", &format!("\"{}\"", &*escaped))
    );
    let again = bench.read("open/values.yaml").await.unwrap();
    assert_eq!(again.revision, revision);
    assert!(
        !String::from_utf8(again.contents)
            .unwrap()
            .contains("s3cr3t")
    );
    assert_eq!(bench.left(), ["charts", "values.yaml"]);
}

#[tokio::test]
async fn an_untouched_document_comes_back_byte_for_byte() {
    let mut bench = Bench::new();
    let odd = "\u{feff}# é\r\nconfig: {oauthClientSecret: 'it''s', x: ";
    for text in [
        VALUES,
        "config:\r\n  oauthClientSecret: >-\r\n    a\r\n    b\r\n\r\n# end",
        "{\"config\": {\"oauthClientSecret\":\"a\\/b\" } }",
    ] {
        fs::write(bench.path("open/values.yaml"), text).unwrap();
        let document = bench.read("open/values.yaml").await.unwrap();
        bench
            .replace(&document.contents, &document.revision)
            .await
            .unwrap();
        assert_eq!(
            fs::read_to_string(bench.path("open/values.yaml")).unwrap(),
            text
        );
    }
    fs::write(bench.path("open/values.yaml"), odd).unwrap();
    let (kind, text) = refused(&mut bench, "open/values.yaml").await;
    assert_eq!(kind, FailureKind::Rejected);
    assert!(
        text.contains("can't be shown") && !text.contains("it's"),
        "{text}"
    );
}

#[test]
fn a_revision_is_no_digest_that_could_be_computed_outside() {
    let plain = {
        use sha2::Digest as _;
        crate::sandbox::hex(&sha2::Sha256::digest(b"contents"))
    };
    assert_ne!(revision::of(b"contents"), plain);
    assert_eq!(revision::of(b"contents"), revision::of(b"contents"));
    assert_ne!(revision::of(b"contents"), revision::of(b"content"));
}
