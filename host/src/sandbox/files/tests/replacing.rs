//! Replacing: what stays, what is refused, and who else may be at the file.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;

use super::*;

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
