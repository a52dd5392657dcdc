//! The plugin's file: no component, one for something else, one that was compiled before.

use std::fs;
use std::path::PathBuf;

use keyferry_tests::world::{RUNNER, World};

/// A world whose plugin is a file of these bytes.
fn plugged(bytes: &[u8]) -> World {
    let world = World::with(
        |_| {},
        &[],
        |config| {
            let text = config.text().to_owned();
            let path = text
                .lines()
                .find(|line| line.starts_with("path = "))
                .expect("a path");
            let text = text.replace(path, "path = \"plugin.wasm\"");
            config.replaced(&text)
        },
    );
    fs::write(file(&world), bytes).expect("written");
    world
}

fn file(world: &World) -> PathBuf {
    world.workspace.path().join("plugin.wasm")
}

/// Asserts that it can't be approved, with this said, and that nothing runs.
fn useless(bytes: &[u8], says: &[&str]) {
    let world = plugged(bytes);
    let says = &[says, &["plugin.wasm"]].concat();
    world
        .json(&["plugins", "approve", "aws-ecs", "--yes"])
        .expect(1)
        .says(says);
    world
        .json(&["plugins", "inspect", "aws-ecs"])
        .expect(1)
        .says(says);
    world.json(&["refresh", RUNNER, "--yes"]).expect(1);
    assert!(!world.workspace.path().join("keyferry.lock").exists());
    world.assert_untouched();
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("wat")
}

#[test]
fn a_file_that_is_not_there() {
    let world = plugged(b"");
    fs::remove_file(file(&world)).expect("a file");
    let ended = world
        .json(&["plugins", "approve", "aws-ecs", "--yes"])
        .expect(1);
    ended.says(&["cannot read the plugin", "plugin.wasm"]);
    world
        .json(&["refresh", RUNNER, "--yes"])
        .expect(1)
        .says(&["plugin"]);
    world.assert_untouched();
}

#[test]
fn what_is_no_wasm() {
    useless(b"", &["it is empty"]);
    useless(
        b"#!/bin/sh\necho hello\n",
        &["not wasm at all", "Check the `path`"],
    );
}

#[test]
fn a_core_module() {
    let module = wat("(module (func (export \"write\")))");
    useless(&module, &["a core module", "Make a component of it"]);
}

/// The header of what wasmtime compiles, which is an ELF file of an operating system of its own.
#[test]
fn compiled_code() {
    let mut elf = vec![0; 64];
    elf[..8].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 200]);
    // Sizes of the header and of its tables' entries; a flag for components.
    (elf[16], elf[20], elf[48], elf[52], elf[54], elf[58]) = (1, 1, 2, 64, 56, 64);
    useless(&elf, &["compiled by wasmtime", "Give the .wasm"]);
}

#[test]
fn a_component_that_is_damaged() {
    let mut bytes = wat("(component (core module (func (export \"f\"))))");
    bytes.truncate(bytes.len() - 3);
    useless(&bytes, &["can't be compiled"]);
}

#[test]
fn a_component_for_another_world() {
    useless(
        &wat("(component)"),
        &[
            "another world or version",
            "keyferry:sink/sink@0.1.0",
            "exports nothing",
        ],
    );
    useless(
        &wat("(component (instance $i) (export \"wasi:cli/run@0.2.6\" (instance $i)))"),
        &["another world or version", "wasi:cli/run@0.2.6"],
    );
}

#[test]
fn a_component_for_another_version_of_the_contract() {
    let newer = r#"(component (instance $i)
        (export "keyferry:sink/manifest@0.2.0" (instance $i))
        (export "keyferry:sink/sink@0.2.0" (instance $i)))"#;
    let says = ["keyferry:sink/sink@0.1.0", "keyferry:sink/sink@0.2.0"];
    useless(&wat(newer), &says);
}

#[test]
fn a_component_with_the_right_names_and_other_types() {
    let hollow = r#"(component (instance $i)
        (export "keyferry:sink/manifest@0.1.0" (instance $i))
        (export "keyferry:sink/sink@0.1.0" (instance $i)))"#;
    useless(
        &wat(hollow),
        &["does not fit the contract keyferry:sink@0.1.0"],
    );
}

#[test]
fn a_component_that_imports_what_no_host_offers() {
    let http = r#"(component
        (import "wasi:http/outgoing-handler@0.2.6" (instance))
        (import "keyferry:sink/reveal@0.1.0" (instance)))"#;
    let says = [
        "imports wasi:http/outgoing-handler@0.2.6",
        "keyferry:sink/reveal@0.1.0",
        "no host",
    ];
    useless(&wat(http), &says);
}
