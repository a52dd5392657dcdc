//! What is no sink, and what wants more than there is, is refused by name before it runs.

use super::foreign::{COMPONENT, importing};
use super::stage::{Stage, guest};
use crate::sandbox::LoadError;

async fn refused(bytes: &[u8]) -> LoadError {
    let stage = Stage::new().await;
    match stage.prepare(bytes) {
        Ok(_) => panic!("it was taken for a sink"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn imports_beyond_the_contract_are_named() {
    for name in [
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:keyvalue/store@0.2.0",
        "env:foo/bar",
        "keyferry:sink/reveal@0.1.0",
        "keyferry:sink/http@0.2.0",
        "keyferry:sink/http@1.0.0",
        "keyferry:sink/http",
        "wasi-http",
    ] {
        let error = refused(&importing(name)).await;
        assert!(
            matches!(error, LoadError::Imports { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn a_name_cannot_rewrite_the_operators_terminal() {
    for name in [
        "url=<https://x/\u{1b}[2J\r\u{202e}>",
        "relative-url=<\u{1b}[31m>",
    ] {
        let text = refused(&importing(name)).await.to_string();
        assert!(
            !text
                .chars()
                .any(|c| c == '\u{1b}' || c == '\r' || c == '\u{202e}'),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn sockets_are_a_trap_and_no_reason_to_refuse() {
    // Such a component fails here only because it exports nothing.
    let error = refused(&importing("wasi:sockets/tcp@0.2.0")).await;
    assert!(matches!(error, LoadError::Exports { .. }), "{error}");
}

#[tokio::test]
async fn another_world_is_told_from_ours() {
    let error = refused(COMPONENT).await;
    let text = error.to_string();
    assert!(matches!(error, LoadError::Exports { .. }), "{text}");
    assert!(
        text.contains("keyferry:sink/manifest@0.1.0") && text.contains("nothing"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_no_component_is_told_by_what_it_is() {
    let stage = Stage::new().await;
    let compiled = wasmtime::component::Component::from_binary(&stage.sandbox.engine, COMPONENT)
        .and_then(|component| component.serialize())
        .unwrap();
    for (bytes, says) in [
        (compiled.as_slice(), "compiled by wasmtime"),
        (b"\0asm\x01\0\0\0", "core module"),
        (b"#!/bin/sh\n", "not wasm at all"),
        (b"", "empty"),
    ] {
        let error = refused(bytes).await;
        assert!(matches!(error, LoadError::NotAComponent { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_component_is_refused() {
    let whole = guest(b'0');
    let error = refused(&whole[..whole.len() / 2]).await;
    assert!(matches!(error, LoadError::Broken { .. }), "{error}");
    let mut tail = whole;
    tail.extend(b"\x01\x7f not a section");
    let error = refused(&tail).await;
    assert!(matches!(error, LoadError::Broken { .. }), "{error}");
}
