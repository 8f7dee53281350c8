//! One MLLP connection, byte by byte where a scene wants it.
use crate::support::Baton;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const START: u8 = 0x0b;
const END: u8 = 0x1c;

pub struct Line {
    stream: TcpStream,
}

pub fn framed(message: impl AsRef<[u8]>) -> Vec<u8> {
    [&[START], message.as_ref(), &[END, b'\r']].concat()
}

impl Line {
    pub fn open(baton: &Baton) -> Line {
        Line::to(&baton.mllp)
    }

    pub fn to(address: &str) -> Line {
        let stream = TcpStream::connect(address).expect("MLLP listens");
        stream.set_nodelay(true).expect("a socket option");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a socket option");
        Line { stream }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("sent");
    }

    /// False when the connection is gone.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// The next answer without its frame.
    pub fn answer(&mut self) -> String {
        self.next().expect("an answer, not the end of the connection")
    }

    /// None when the server has closed the connection.
    pub fn next(&mut self) -> Option<String> {
        let mut answer = Vec::new();
        while !answer.ends_with(&[END, b'\r']) {
            let mut byte = [0];
            match self.stream.read(&mut byte) {
                Ok(0) => return None,
                Ok(_) => answer.push(byte[0]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&answer)),
            }
        }
        assert_eq!(answer.remove(0), START, "{answer:?}");
        answer.truncate(answer.len() - 2);
        Some(String::from_utf8(answer).expect("UTF-8"))
    }

    pub fn exchange(&mut self, message: impl AsRef<[u8]>) -> String {
        self.send(framed(message));
        self.answer()
    }

    /// The message is accepted, and the answer names it.
    pub fn accepted(&mut self, message: &crate::support::messages::Adt) {
        let answer = self.exchange(message.text());
        assert!(
            answer.contains(&format!("\rMSA|AA|{}", message.control)),
            "{answer}"
        );
    }

    /// Nothing more to say; answers still come.
    pub fn hang_up(&mut self) {
        self.stream
            .shutdown(std::net::Shutdown::Write)
            .expect("half closed");
    }
}
