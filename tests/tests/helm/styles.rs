//! However the value is written, one refresh after the other, each read back by a real helm.

use keyferry_tests::issuer::Pair;
use serde_json::Value;

use super::world::{Wanted, World, changed_lines};

/// The fixture with its line of the secret replaced.
fn written(text: &str, pair: &Pair, value: &str) -> String {
    let old = Value::from(pair.client_secret.as_str()).to_string();
    text.replace(&format!("{old}   # refreshed by keyferry"), value)
}

#[test]
fn every_style_is_understood_and_only_it_changes() {
    let Some(world) = World::of(Wanted::default()) else { return };
    let styles: [fn(&str) -> String; 7] = [
        |secret| format!("{secret} # plain"),
        |secret| format!("'{secret}'\t# single"),
        |secret| format!("|- # literal\n    {secret}"),
        |secret| format!(">-\n    {secret}"),
        |secret| format!("# below\n    !!str \"{secret}\""),
        |secret| format!("&own \"{secret}\""),
        |secret| format!("\"{}\\\n    {}\"", &secret[..6], &secret[6..]),
    ];
    for (round, style) in styles.into_iter().enumerate() {
        let pair = world.live();
        let plain = pair.client_secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        assert!(plain, "the stand-in's usual secrets need no quotes");
        let text = keyferry_tests::helm::values(&world.id, &pair);
        let mut text = written(&text, &pair, &style(&pair.client_secret));
        if round % 2 == 1 {
            text = text.replace('\n', "\r\n");
        }
        text += "---\nsecond: document # stays\n";
        world.installed.write_values(&text).expect("written");
        // The rehearsal leaves what is right as it is; the refresh changes the value alone.
        world.refresh().expect(0);
        world.assert_whole(u32::try_from(round).expect("few") + 1);
        let after = world.installed.values_text();
        let come = changed_lines(&after, &text);
        assert!(come.len() <= 1 + usize::from(round == 4), "round {round}: {} lines", come.len());
        assert!(come.iter().any(|line| line.contains('"')), "round {round}");
        assert!(after.ends_with("---\nsecond: document # stays\n"));
        assert_eq!(after.matches("\r\n").count() > 0, round % 2 == 1);
    }
}
