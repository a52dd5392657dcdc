//! Names of objects as SQL writes them, and as Snowflake lists them: what stands in double quotes
//! counts to the letter, the rest in upper case.

#[cfg(test)]
mod tests;

/// The parts of a name with dots, as Snowflake lists them.
pub(crate) fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = name;
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(inside) => quoted(inside),
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_uppercase(), &rest[end..])
            }
        };
        parts.push(part);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return parts,
        }
    }
}

/// What stands up to the closing quote, two quotes being one of its letters, and what follows.
fn quoted(inside: &str) -> (String, &str) {
    let mut part = String::new();
    let mut rest = inside;
    while let Some((before, after)) = rest.split_once('"') {
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                part.push('"');
                rest = next;
            }
            None => return (part, after),
        }
    }
    part.push_str(rest);
    (part, "")
}
