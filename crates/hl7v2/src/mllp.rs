//! MLLP framing: `<VT> message <FS> <CR>` on a byte stream. A state machine without IO.
//! <https://www.hl7.org/documentcenter/public/wg/inm/mllp_transport_specification.PDF>
//!
//! A message holds neither VT nor FS, so FS alone ends it: senders that forget the CR would
//! otherwise wait for their answer forever.

const START: u8 = 0x0b;
const END: u8 = 0x1c;
const CARRIAGE_RETURN: u8 = 0x0d;

/// What came out of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A whole message, without its frame.
    Frame(Vec<u8>),
    /// So many bytes stood outside any frame and were dropped. Told when the next frame starts.
    Garbage(usize),
    /// A frame passed the limit. These are its bytes up to there; the rest, until it ends, is
    /// dropped.
    TooLarge(Vec<u8>),
    /// A new frame started inside one that had not ended; so many bytes of the old one are lost.
    Interrupted(usize),
}

enum State {
    Outside {
        garbage: usize,
    },
    Inside,
    /// Past the limit, until the frame ends.
    Skipping,
}

/// Takes bytes as they arrive, in pieces of any size.
pub struct Decoder {
    limit: usize,
    state: State,
    buffer: Vec<u8>,
}

impl Decoder {
    /// `limit` is the largest message in bytes.
    pub fn new(limit: usize) -> Decoder {
        Decoder {
            limit,
            state: State::Outside { garbage: 0 },
            buffer: Vec::new(),
        }
    }

    /// Feeds the next bytes; the result does not depend on how the stream is cut.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Output> {
        let mut out = Vec::new();
        for byte in bytes {
            self.step(*byte, &mut out);
        }
        out
    }

    /// True while a message has begun and not ended: a peer that falls silent now is stuck.
    pub fn in_frame(&self) -> bool {
        !matches!(self.state, State::Outside { .. })
    }

    /// What the end of the stream leaves over.
    pub fn finish(self) -> Option<Output> {
        match self.state {
            State::Outside { garbage: 0 } | State::Skipping => None,
            State::Outside { garbage } => Some(Output::Garbage(garbage)),
            State::Inside => Some(Output::Interrupted(self.buffer.len())),
        }
    }

    fn step(&mut self, byte: u8, out: &mut Vec<Output>) {
        match (&mut self.state, byte) {
            (State::Outside { garbage }, START) => {
                if *garbage > 0 {
                    out.push(Output::Garbage(*garbage));
                }
                self.start();
            }
            // Blank lines between frames are a habit of some senders, not noise worth telling.
            (State::Outside { garbage: 0 }, CARRIAGE_RETURN | b'\n') => {}
            (State::Outside { garbage }, _) => *garbage += 1,
            (State::Inside, START) => {
                out.push(Output::Interrupted(self.buffer.len()));
                self.start();
            }
            (State::Inside, END) => {
                out.push(Output::Frame(std::mem::take(&mut self.buffer)));
                self.state = State::Outside { garbage: 0 };
            }
            (State::Inside, _) => self.keep(byte, out),
            (State::Skipping, END) => self.state = State::Outside { garbage: 0 },
            (State::Skipping, START) => self.start(),
            (State::Skipping, _) => {}
        }
    }

    fn start(&mut self) {
        self.buffer = Vec::new();
        self.state = State::Inside;
    }

    fn keep(&mut self, byte: u8, out: &mut Vec<Output>) {
        if self.buffer.len() < self.limit {
            self.buffer.push(byte);
            return;
        }
        out.push(Output::TooLarge(std::mem::take(&mut self.buffer)));
        self.state = State::Skipping;
    }
}

/// A message in its frame.
pub fn encode(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(message.len() + 3);
    frame.push(START);
    frame.extend_from_slice(message);
    frame.extend([END, CARRIAGE_RETURN]);
    frame
}
