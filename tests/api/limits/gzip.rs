//! gzip and brotli by hand: stored blocks, and a bomb.

/// A gzip member of stored blocks: larger than its content, and simple.
pub fn stored_gzip(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut chunks = content.chunks(65_535).peekable();
    while let Some(chunk) = chunks.next() {
        let length = u16::try_from(chunk.len()).expect("at most 65535");
        bytes.push(u8::from(chunks.peek().is_none()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(chunk);
    }
    bytes.extend(crc32(content).to_le_bytes());
    bytes.extend(u32::try_from(content.len()).expect("small").to_le_bytes());
    bytes
}

/// A brotli stream of stored blocks. <https://www.rfc-editor.org/rfc/rfc7932#section-9.2>
pub fn stored_brotli(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, chunk) in content.chunks(65_536).enumerate() {
        let length = u32::try_from(chunk.len() - 1).expect("at most 65535");
        // Not the last, four nibbles of length, stored; the first has the window's bit before it.
        let head = (length << 3 | 1 << 19) << u32::from(at == 0);
        bytes.extend(&head.to_le_bytes()[..3]);
        bytes.extend(chunk);
    }
    // The last, and empty.
    bytes.push(3);
    bytes
}

fn crc32(content: &[u8]) -> u32 {
    !content.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Many spaces in few bytes: fixed Huffman codes, one literal and then matches of 258 at distance 1.
pub fn bomb(matches: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let code = |bits: &mut Vec<bool>, value: u32, width: u32| {
        bits.extend((0..width).rev().map(|bit| value >> bit & 1 == 1))
    };
    code(&mut bits, 0x30 + u32::from(b' '), 8);
    for _ in 0..matches {
        code(&mut bits, 0b1100_0101, 8);
        code(&mut bits, 0, 5);
    }
    code(&mut bits, 0, 7);
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bytes.extend(bits.chunks(8).map(|byte| {
        byte.iter()
            .enumerate()
            .fold(0, |sum, (place, bit)| sum | u8::from(*bit) << place)
    }));
    let content = vec![b' '; 1 + matches * 258];
    bytes.extend(crc32(&content).to_le_bytes());
    bytes.extend(u32::try_from(content.len()).expect("small").to_le_bytes());
    bytes
}
