use super::Scan;

const REQUESTS: &[u8] = b"POST / HTTP/1.1\r\nX-Amz-Target: secretsmanager.PutSecretValue\r\n\r\n{}\
    POST / HTTP/1.1\r\nhost: a\r\nx-amz-target: AmazonEC2ContainerServiceV20141113.UpdateService\r\n\r\n{}";

#[test]
fn every_target_is_found_once_wherever_the_stream_is_cut() {
    for size in [1, 2, 7, 31, 64, 500] {
        let mut scan = Scan::default();
        let found: Vec<String> = REQUESTS
            .chunks(size)
            .flat_map(|chunk| scan.more(chunk))
            .collect();
        assert_eq!(
            found,
            ["PutSecretValue", "UpdateService"],
            "in chunks of {size}"
        );
    }
}

#[test]
fn a_long_body_is_not_kept() {
    let mut scan = Scan::default();
    assert!(scan.more(&[b'x'; 100_000]).is_empty());
    assert!(scan.tail.len() <= super::LONGEST);
}
