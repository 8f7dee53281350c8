use hl7v2::mllp::{Decoder, Output, encode};
use proptest::prelude::*;

fn decode(bytes: &[u8], limit: usize) -> Vec<Output> {
    let mut decoder = Decoder::new(limit);
    let mut out = decoder.push(bytes);
    out.extend(decoder.finish());
    out
}

fn frame(text: &str) -> Output {
    Output::Frame(text.as_bytes().to_vec())
}

#[test]
fn pipelined_frames_come_out_in_order() {
    let stream = [encode(b"one"), b"\r\n".to_vec(), encode(b"two")].concat();
    assert_eq!(decode(&stream, 100), [frame("one"), frame("two")]);
}

#[test]
fn noise_between_frames_is_counted() {
    let stream = [b"hello".to_vec(), encode(b"one"), b"?!".to_vec()].concat();
    assert_eq!(
        decode(&stream, 100),
        [Output::Garbage(5), frame("one"), Output::Garbage(2)]
    );
}

#[test]
fn a_forgotten_carriage_return_does_no_harm() {
    assert_eq!(
        decode(b"\x0bone\x1c\x0btwo\x1c", 100),
        [frame("one"), frame("two")]
    );
    assert_eq!(
        decode(b"\x0bone\x1cx\x1c\r", 100),
        [frame("one"), Output::Garbage(3)]
    );
}

#[test]
fn a_frame_that_never_ends_does_not_swallow_the_next() {
    let stream = [b"\x0bhalf".to_vec(), encode(b"whole")].concat();
    assert_eq!(decode(&stream, 100), [Output::Interrupted(4), frame("whole")]);
    assert_eq!(decode(b"\x0bhalf", 100), [Output::Interrupted(4)]);
}

#[test]
fn too_large_is_told_once_and_the_stream_recovers() {
    let stream = [encode(&[b'x'; 50]), encode(b"fits")].concat();
    let beginning = Output::TooLarge(vec![b'x'; 10]);
    assert_eq!(decode(&stream, 10), [beginning, frame("fits")]);
    assert_eq!(decode(&encode(&[b'x'; 10]), 10), [Output::Frame(vec![b'x'; 10])]);
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    // Mostly the bytes that matter to the framing.
    let byte = prop_oneof![Just(0x0b), Just(0x1c), Just(0x0d), Just(b'a'), any::<u8>()];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn cutting_the_stream_changes_nothing(bytes in stream(), cuts in prop::collection::vec(0usize..200, 0..10)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut decoder = Decoder::new(20);
        let mut out = Vec::new();
        for pair in cuts.windows(2) {
            out.extend(decoder.push(&bytes[pair[0]..pair[1]]));
        }
        out.extend(decoder.finish());
        prop_assert_eq!(out, decode(&bytes, 20));
    }

    #[test]
    fn what_is_framed_comes_out(texts in prop::collection::vec("[ -~\r]{0,60}", 0..6)) {
        let stream: Vec<u8> = texts.iter().flat_map(|text| encode(text.as_bytes())).collect();
        let expected: Vec<Output> = texts.iter().map(|text| frame(text)).collect();
        prop_assert_eq!(decode(&stream, 100), expected);
    }
}
