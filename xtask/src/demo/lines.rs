//! Two states of a text file, compared line by line, fit to be shown: what stands between quotes on
//! a changed line is a fingerprint.

use super::stored::fingerprint;

/// What differs between two texts.
#[derive(PartialEq, Eq, Debug)]
pub enum Difference {
    /// These lines, counted from 1; the others are the same, byte for byte.
    Lines(Vec<usize>),
    /// There are more or fewer lines.
    Shape,
}

/// Compares, with the line ends.
pub fn difference(before: &str, after: &str) -> Difference {
    let [one, other] = [before, after].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    if one.len() != other.len() {
        return Difference::Shape;
    }
    let pairs = (1..).zip(one.iter().zip(&other));
    let changed = pairs.filter(|(_, (one, other))| one != other);
    Difference::Lines(changed.map(|(number, _)| number).collect())
}

/// As `git diff` would show it, in few words and without a line around.
pub fn shown(name: &str, before: &str, after: &str) -> Vec<String> {
    let Difference::Lines(changed) = difference(before, after) else {
        return vec![format!("{name} has another number of lines")];
    };
    let count = after.lines().count();
    let changes = changed.len();
    let mut all = vec![format!(
        "{name} | {count} lines, {changes} insertion(+), {changes} deletion(-)"
    )];
    for number in changed {
        all.push(format!("@@ -{number} +{number} @@"));
        for (sign, text) in [('-', before), ('+', after)] {
            let line = text.lines().nth(number - 1).unwrap_or_default();
            all.push(format!("{sign}{}", hidden(line)));
        }
    }
    all
}

/// Whether one line alone differs, and in it nothing but what stands between the quotes.
pub fn one_value_differs(before: &str, after: &str) -> bool {
    let Difference::Lines(changed) = difference(before, after) else {
        return false;
    };
    let [number] = changed[..] else {
        return false;
    };
    let [one, other] = [before, after].map(|text| {
        let line = text.split_inclusive('\n').nth(number - 1)?;
        quoted(line).map(|(head, _, tail)| (head, tail))
    });
    one.is_some() && one == other
}

/// The line with everything between its first and last quote, or all of it, as a fingerprint.
fn hidden(line: &str) -> String {
    match quoted(line) {
        Some((head, inner, tail)) => {
            format!("{head}{}{tail}", fingerprint(inner))
        }
        None => fingerprint(line),
    }
}

/// What stands before, between and behind the outermost quotes, which belong to the outside.
fn quoted(line: &str) -> Option<(&str, &str, &str)> {
    let (from, to) = (line.find('"')? + 1, line.rfind('"')?);
    let inner = line.get(from..to)?;
    Some((&line[..from], inner, &line[to..]))
}

#[cfg(test)]
mod tests;
