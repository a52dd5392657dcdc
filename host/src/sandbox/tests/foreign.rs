//! Components written byte by byte, for what no compiler would make.

/// An empty component.
pub const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// A component that imports an empty instance of this name.
pub fn importing(name: &str) -> Vec<u8> {
    let mut bytes = COMPONENT.to_vec();
    section(&mut bytes, 7, b"\x01\x42\x00");
    let mut import = vec![1, 0];
    number(&mut import, name.len());
    import.extend(name.as_bytes());
    import.extend(b"\x05\x00");
    section(&mut bytes, 10, &import);
    bytes
}

/// `component` with a core module of these `sections` on top, instantiated so many times.
pub fn with_core_instances(component: &[u8], sections: &[u8], times: usize) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let modules = top_level(component).filter(|id| *id == 1).count();
    section(&mut bytes, 1, &[MODULE, sections].concat());
    let mut instances = Vec::new();
    number(&mut instances, times);
    for _ in 0..times {
        instances.push(0);
        number(&mut instances, modules);
        instances.push(0);
    }
    section(&mut bytes, 2, &instances);
    bytes
}

fn section(bytes: &mut Vec<u8>, id: u8, contents: &[u8]) {
    bytes.push(id);
    number(bytes, contents.len());
    bytes.extend(contents);
}

/// LEB128.
fn number(bytes: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

/// The ids of the sections of a component.
fn top_level(component: &[u8]) -> impl Iterator<Item = u8> {
    let mut at = 8;
    std::iter::from_fn(move || {
        let id = *component.get(at)?;
        at += 1;
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = *component.get(at)?;
            at += 1;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += length;
        Some(id)
    })
}
