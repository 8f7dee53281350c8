//! Frames in pieces, noise between them, line ends and character sets of all kinds.
use super::line::{Line, framed};
use crate::on_both;
use crate::support::Baton;
use crate::support::messages::{Adt, unique};

on_both!(
    a_frame_may_come_byte_by_byte,
    garbage_between_frames_is_dropped,
    line_ends_of_any_kind,
    names_arrive_in_any_charset
);

fn admission() -> Adt {
    Adt::new("A01", &unique("P"), &unique("V"))
}

fn a_frame_may_come_byte_by_byte(baton: &Baton) {
    baton.sender();
    let (first, second) = (admission(), admission());
    let mut line = Line::open(baton);
    for byte in framed(first.text()) {
        line.send([byte]);
    }
    assert!(line.answer().contains(&format!("MSA|AA|{}", first.control)));
    // A frame and a half, then the rest.
    let both = [framed(first.text()), framed(second.text())].concat();
    let (now, later) = both.split_at(both.len() - 40);
    line.send(now);
    assert!(
        line.answer().contains(&first.control),
        "a repeat is answered again"
    );
    line.send(later);
    assert!(line.answer().contains(&format!("MSA|AA|{}", second.control)));
}

fn garbage_between_frames_is_dropped(baton: &Baton) {
    baton.sender();
    let lost = admission();
    let mut line = Line::open(baton);
    let cut = &framed(lost.text())[..60];
    for noise in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\r\n\r\n\n",
        b"\x1c\r\x1c\r",
        &[0xff, 0xfe, 0x00],
        cut,
    ] {
        line.send(noise);
        line.accepted(&admission());
    }
    // FS alone ends a frame; the CR after it is only looked for.
    let plain = admission();
    line.send(format!("\x0b{}\x1c", plain.text()));
    assert!(line.answer().contains(&format!("MSA|AA|{}", plain.control)));
    let visit = lost.visit.expect("a visit");
    assert!(
        baton
            .partner()
            .find(&format!("Encounter?identifier={visit}"))
            .is_empty()
    );
}

fn line_ends_of_any_kind(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let mut line = Line::open(baton);
    for end in ["\r", "\n", "\r\n"] {
        let message = admission();
        let answer = line.exchange(message.text().replace('\r', end));
        assert!(
            answer.contains(&format!("MSA|AA|{}", message.control)),
            "{end:?}: {answer}"
        );
        let visit = message.visit.expect("a visit");
        let stay = partner.only(&format!("Encounter?identifier={visit}"));
        assert_eq!(stay["status"], "in-progress", "PV1 was read: {stay}");
    }
}

type Encode = fn(&str) -> Vec<u8>;

/// ISO 8859-1 is the first 256 code points.
fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).expect("a Latin-1 letter"))
        .collect()
}

fn names_arrive_in_any_charset(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let mut line = Line::open(baton);
    let cases: [(&str, &str, Encode); 4] = [
        ("UNICODE UTF-8", "Łęcka Ñandú 王", |text| {
            text.as_bytes().to_vec()
        }),
        ("8859/1", "Müller-Peña", latin1),
        ("", "Ångström", |text| text.as_bytes().to_vec()),
        ("", "Señor", latin1),
    ];
    for (charset, name, encode) in cases {
        let message = admission();
        let text = message.text().replace("Sample^Robin", &format!("{name}^Robin"));
        let text = text.replacen("|2.5.1\r", &format!("|2.5.1||||||{charset}\r"), 1);
        let answer = line.exchange(encode(&text));
        assert!(
            answer.contains(&format!("MSA|AA|{}", message.control)),
            "{answer}"
        );
        let patient = partner.only(&format!("Patient?identifier={}", message.patient));
        assert_eq!(patient["name"][0]["family"], name, "{charset}");
    }
}
