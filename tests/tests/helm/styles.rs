//! However the value is written, one refresh after the other, each read back by a real helm.

use keyferry_tests::helm::quoted;
use keyferry_tests::issuer::Pair;

use super::world::{Wanted, World, changed_lines};

/// The fixture with its line of the secret replaced.
fn written(text: &str, pair: &Pair, value: &str) -> String {
    let old = quoted(&pair.client_secret);
    text.replace(&format!("{old}   # refreshed by keyferry"), value)
}

/// A secret that needs no quotes.
fn plain() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!("plain-{:032}", now.expect("a clock after 1970").as_nanos())
}

#[test]
fn every_style_is_understood_and_only_it_changes() {
    let wanted = Wanted {
        secrets: Some(plain),
        ..Wanted::default()
    };
    let Some(world) = World::of(wanted) else {
        return;
    };
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
        assert!(
            come.len() <= 1 + usize::from(round == 4),
            "round {round}: {} lines",
            come.len()
        );
        assert!(come.iter().any(|line| line.contains('"')), "round {round}");
        assert!(after.ends_with("---\nsecond: document # stays\n"));
        assert_eq!(after.matches("\r\n").count() > 0, round % 2 == 1);
    }
}
