//! Serials of a planting in a few bytes.
//!
//! Attribution opens the serials of every planting of an epoch, 300,000 of
//! them; the JSON of the planted rows would be fifty times as long. Serials come
//! from one allocation and therefore nearly always follow each other. So each is
//! written as its distance from the one that would have followed: zero, one
//! byte. Distances are zigzag-coded LEB128 varints, after the count.

/// Writes `serials`: their number, then their distances.
pub(crate) fn encode(serials: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + serials.len());
    put(&mut bytes, serials.len() as u64);
    let mut expected = 0u64;
    for &serial in serials {
        let distance = serial.wrapping_sub(expected) as i64;
        put(&mut bytes, ((distance << 1) ^ (distance >> 63)) as u64);
        expected = serial.wrapping_add(1);
    }
    bytes
}

/// Reads what [`encode`] wrote; `None` if it is anything else.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let count = take(&mut bytes)?;
    // Each distance takes a byte at least: a longer count is a lie.
    let count = usize::try_from(count).ok().filter(|&count| count <= bytes.len())?;
    let mut serials = Vec::with_capacity(count);
    let mut expected = 0u64;
    for _ in 0..count {
        let zigzag = take(&mut bytes)?;
        let distance = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        let serial = expected.wrapping_add(distance as u64);
        expected = serial.wrapping_add(1);
        serials.push(serial);
    }
    bytes.is_empty().then_some(serials)
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn serials_in_a_row_take_a_byte_each() {
        assert_eq!(encode(&[300, 301, 302]), [3, 0xd8, 0x04, 0, 0]);
        assert_eq!(encode(&[]), [0]);
    }

    #[test]
    fn a_damaged_list_is_noticed() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[2, 0]), None, "too short");
        assert_eq!(decode(&[1, 0, 0]), None, "too long");
        assert_eq!(decode(&[0xff; 12]), None, "a varint without an end");
    }

    proptest! {
        #[test]
        fn serials_survive_their_bytes(serials in prop::collection::vec(any::<u64>(), 0..20)) {
            prop_assert_eq!(decode(&encode(&serials)), Some(serials));
        }
    }
}
