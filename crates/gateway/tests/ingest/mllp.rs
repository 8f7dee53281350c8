//! MLLP: frames in any pieces, answers in order, many connections, limits, a graceful end.
use crate::messages::adt;
use crate::world::World;
use gateway::mllp::serve;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

struct Server {
    world: World,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    served: JoinHandle<std::io::Result<()>>,
}

async fn start() -> Server {
    let world = World::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let (stop, stopping) = watch::channel(false);
    let served = tokio::spawn(serve(listener, None, world.state.clone(), stopping));
    Server {
        world,
        address,
        stop,
        served,
    }
}

fn frame(text: &str) -> Vec<u8> {
    hl7v2::mllp::encode(text.as_bytes())
}

/// Reads that many answers and gives their MSA segments.
async fn answers(stream: &mut TcpStream, count: usize) -> Vec<String> {
    let mut bytes = Vec::new();
    while bytes.iter().filter(|byte| **byte == 0x1c).count() < count {
        assert!(
            stream.read_buf(&mut bytes).await.expect("an answer") > 0,
            "the connection ended"
        );
    }
    let text = String::from_utf8(bytes).expect("text");
    text.split('\r')
        .filter(|line| line.starts_with("MSA"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn pipelined_and_cut_frames_are_answered_in_order() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let bytes = [
        frame(&adt("A01", 2, 8).text()),
        b"noise".to_vec(),
        frame(&adt("A03", 3, 8).text()),
    ]
    .concat();
    for piece in bytes.chunks(61) {
        stream.write_all(piece).await.expect("sent");
    }
    assert_eq!(
        answers(&mut stream, 2).await,
        ["MSA|AA|A01-2-8", "MSA|AA|A03-3-8"]
    );
    assert_eq!(server.world.stay("V1").await["status"], "finished");
}

#[tokio::test]
async fn a_frame_too_large_is_refused_and_the_connection_goes_on() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    stream.write_all(&frame(&"x".repeat(70_000))).await.expect("sent");
    assert!(answers(&mut stream, 1).await[0].starts_with("MSA|AR"));
    stream
        .write_all(&frame(&adt("A01", 2, 8).text()))
        .await
        .expect("sent");
    assert_eq!(answers(&mut stream, 1).await, ["MSA|AA|A01-2-8"]);
}

#[tokio::test]
async fn connections_are_served_side_by_side_and_end_gracefully() {
    let server = start().await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(TcpStream::connect(server.address).await.expect("connected"));
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        let message = adt("A01", 2, 8).with(|it| it.control = number.to_string());
        stream.write_all(&frame(&message.text())).await.expect("sent");
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        assert_eq!(answers(stream, 1).await, [format!("MSA|AA|{number}")]);
    }
    server.stop.send(true).expect("serving");
    server.served.await.expect("no panic").expect("ended well");
    assert_eq!(streams[0].read(&mut [0; 1]).await.expect("closed"), 0);
}
