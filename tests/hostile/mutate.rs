//! Changing bytes: at random, and every single one.

use super::random::Random;

/// Changes a few bytes: replaces, inserts, removes, repeats or cuts.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let byte = u8::try_from(random.below(256)).unwrap();
        match random.below(7) {
            0 => bytes[at] = byte,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.insert(at, byte),
            3 => drop(bytes.remove(at)),
            4 => {
                let end = (at + 1 + random.below(16)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => {
                // A piece of it elsewhere.
                let piece: Vec<u8> = bytes[at..].iter().take(1 + random.below(16)).copied().collect();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => bytes.truncate(bytes.len() - random.below(4).min(bytes.len())),
        }
    }
}

/// What is written into binaries and texts: edges of numbers, and what texts have a meaning for.
const INSERTED: [u8; 8] = [0x00, 0x01, 0x7f, 0x80, 0xff, b'"', b'\n', b'9'];

/// Every change of one byte: all ends before it, it is missing, it is there twice, each of its bits is
/// another, and each of a few bytes stands before it or in its place.
pub fn every_change(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
    (0..bytes.len()).flat_map(|at| changes_at(bytes, at))
}

fn changes_at(bytes: &[u8], at: usize) -> Vec<(String, Vec<u8>)> {
    let with = |put: &[u8]| [&bytes[..at], put, &bytes[at + 1..]].concat();
    let byte = bytes[at];
    let mut changes = vec![
        (format!("only {at} bytes"), bytes[..at].to_vec()),
        (format!("byte {at} missing"), with(&[])),
        (format!("byte {at} twice"), with(&[byte, byte])),
    ];
    changes.extend((0..8).map(|bit| (format!("bit {bit} of byte {at}"), with(&[byte ^ 1 << bit]))));
    for more in INSERTED {
        changes.push((format!("{more:#04x} before byte {at}"), with(&[more, byte])));
        if more != byte {
            changes.push((format!("{more:#04x} for byte {at}"), with(&[more])));
        }
    }
    changes
}
