//! The signature against an example that AWS publishes, and each refusal.

use super::*;

fn keys() -> Keys {
    Keys {
        id: "AKIDEXAMPLE".to_owned(),
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: None,
    }
}

fn request(headers: &[(&str, &str)]) -> Request {
    Request {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        body: Vec::new(),
    }
}

#[test]
fn the_published_example_has_the_published_signature() {
    // "get-vanilla" of AWS's signature test suite.
    let request = request(&[
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
    ]);
    let canonical = canonical(&request, &["host", "x-amz-date"]);
    let scope = "20150830/us-east-1/service/aws4_request";
    assert_eq!(
        signature_of(&keys(), "20150830T123600Z", scope, &canonical),
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
}

#[test]
fn what_was_signed_is_accepted_and_anything_else_refused() {
    let signed = |change: &dyn Fn(&mut Request)| {
        let mut request = request(&[("host", "h"), ("x-amz-target", "t")]);
        let added = sign(&request, &keys(), "eu-west-1", "ecs");
        request.headers.extend(added);
        change(&mut request);
        verify(&request, &keys(), "eu-west-1", "ecs")
    };
    assert_eq!(signed(&|_| {}), Ok(()));
    assert_eq!(
        signed(&|r| r.body = b"more".to_vec()),
        Err(Refusal::Mismatch)
    );
    assert_eq!(
        signed(&|r| r.headers[1].1 = "other".to_owned()),
        Err(Refusal::Mismatch)
    );
    assert_eq!(
        signed(&|r| r.headers.push(("x-amz-late".to_owned(), "1".to_owned()))),
        Err(Refusal::Incomplete("SignedHeaders")),
    );
    assert_eq!(
        signed(&|r| r.headers.retain(|(name, _)| name != "authorization")),
        Err(Refusal::Missing),
    );
}

#[test]
fn another_key_region_service_or_time_is_refused_for_what_it_is() {
    let refusal = |keys_used: &Keys, region: &str, service: &str| {
        let mut request = request(&[("host", "h")]);
        let added = sign(&request, keys_used, region, service);
        request.headers.extend(added);
        verify(&request, &keys(), "eu-west-1", "ecs")
    };
    let with = |change: &dyn Fn(&mut Keys)| {
        let mut other = keys();
        change(&mut other);
        other
    };
    let stranger = with(&|keys| keys.id = "AKIDOTHER".to_owned());
    let guesser = with(&|keys| keys.secret = "guess".to_owned());
    let session = with(&|keys| keys.session_token = Some("t".to_owned()));
    assert_eq!(
        refusal(&stranger, "eu-west-1", "ecs"),
        Err(Refusal::UnknownKey)
    );
    assert_eq!(
        refusal(&session, "eu-west-1", "ecs"),
        Err(Refusal::UnknownKey)
    );
    assert_eq!(
        refusal(&guesser, "eu-west-1", "ecs"),
        Err(Refusal::Mismatch)
    );
    assert_eq!(
        refusal(&keys(), "us-east-1", "ecs"),
        Err(Refusal::Scope("region"))
    );
    assert_eq!(
        refusal(&keys(), "eu-west-1", "s3"),
        Err(Refusal::Scope("service"))
    );
    assert_eq!(check_time("20200101T000000Z"), Err(Refusal::Expired));
}
