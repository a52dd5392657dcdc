use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;

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

#[tokio::test]
async fn mode_and_owner_stay() {
    let mut bench = Bench::new();
    let path = bench.path("open/values.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(&path, Some(1234), Some(4321)).unwrap();
    }
    let document = bench.read("open/values.yaml").await.unwrap();
    bench.replace(b"a: 1\n", &document.revision).await.unwrap();
    let kept = fs::metadata(&path).unwrap();
    assert_eq!(kept.mode() & 0o7777, 0o640);
    if root {
        assert_eq!((kept.uid(), kept.gid()), (1234, 4321));
    }
}

#[tokio::test]
async fn other_writers_are_conflicts() {
    let mut bench = Bench::new();
    let path = bench.path("open/values.yaml");
    let document = bench.read("open/values.yaml").await.unwrap();
    fs::write(&path, "theirs: 1\n").unwrap();
    let error = bench
        .replace(b"ours: 1\n", &document.revision)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FailureKind::Conflict);
    let error = bench.replace(b"ours: 1\n", "").await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Conflict);
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs: 1\n");
    fs::remove_file(&path).unwrap();
    symlink(bench.path("closed/other.yaml"), &path).unwrap();
    let error = bench
        .replace(b"ours: 1\n", &document.revision)
        .await
        .unwrap_err();
    assert!(matches!(error, FileError::Link { .. }), "{error}");
    fs::remove_file(&path).unwrap();
    let error = bench
        .replace(b"ours: 1\n", &document.revision)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FailureKind::Missing);
    assert_eq!(bench.left(), ["charts"]);
    let other = fs::read_to_string(bench.path("closed/other.yaml")).unwrap();
    assert_eq!(other, "a: closed-content\n");
}

#[tokio::test]
async fn of_many_writers_at_once_none_is_lost() {
    let bench = Arc::new(Bench::new());
    let path = bench.path("open/values.yaml");
    fs::write(&path, "0").unwrap();
    let writer = |bench: Arc<Bench>| {
        move || {
            let mut done = 0;
            while done < 5 {
                let place = folder::place("open/values.yaml", &bench.allowance).unwrap();
                let Ok((old, _)) = contents(&place, 100) else {
                    continue;
                };
                let number: u32 = std::str::from_utf8(&old).unwrap().parse().unwrap();
                let new = (number + 1).to_string();
                match replace::replace(&place, new.as_bytes(), &revision::of(&old), 100) {
                    Ok(_) => done += 1,
                    Err(FileError::Changed { .. } | FileError::Busy { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    };
    let threads: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(writer(Arc::clone(&bench))))
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "20");
    assert_eq!(bench.left(), ["charts", "values.yaml"]);
}

#[tokio::test]
async fn only_what_is_approved_is_replaced() {
    let mut bench = Bench::new();
    let revision = bench.read("open/values.yaml").await.unwrap().revision;
    let token = bench.seal.token(bench.secret, &[]).unwrap();
    let read_only = bench.grant("open/values.yaml", Access::Read, true);
    let without = bench.grant("open/values.yaml", Access::Replace, false);
    let put = async |grant: &Grant, contents: String| {
        replace(
            "values",
            contents.as_bytes(),
            revision.clone(),
            grant,
            &bench.allowance,
            &bench.seal,
        )
        .await
    };
    assert!(matches!(
        put(&read_only, "a".into()).await,
        Err(FileError::ReadOnly { .. })
    ));
    assert!(matches!(
        put(&without, token.clone()).await,
        Err(FileError::WithoutSecret { .. })
    ));
    assert!(matches!(
        put(&Grant::default(), "a".into()).await,
        Err(FileError::NotApproved { .. })
    ));
    let damaged = bench.grant("open/values.yaml", Access::Replace, true);
    let broken = format!("{}99999", &token[..token.len() - 5]);
    assert!(matches!(
        put(&damaged, broken).await,
        Err(FileError::Token(_))
    ));
    assert_eq!(
        fs::read_to_string(bench.path("open/values.yaml")).unwrap(),
        VALUES
    );
    assert!(put(&without, "a".into()).await.is_ok());
}

#[tokio::test]
async fn hard_links_and_leftovers() {
    let mut bench = Bench::new();
    let path = bench.path("open/values.yaml");
    let revision = bench.read("open/values.yaml").await.unwrap().revision;
    fs::hard_link(&path, bench.path("closed/second")).unwrap();
    let error = bench.replace(b"a", &revision).await.unwrap_err();
    assert!(matches!(error, FileError::SeveralNames { .. }));
    fs::remove_file(bench.path("closed/second")).unwrap();
    let old = bench.path("open/.values.yaml.keyferry-0123");
    let young = bench.path("open/.values.yaml.keyferry-4567");
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for path in [&old, &young] {
        fs::write(path, "half a secret").unwrap();
    }
    fs::File::open(&old)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
    bench.replace(b"a", &revision).await.unwrap();
    assert!(!old.exists() && young.exists());
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
