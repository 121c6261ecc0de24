//! A server that is told to end says goodbye to its clients, whichever signal tells it, alone or under a coordinator.

mod command;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command},
    time::Duration,
};

use command::{finish, start};

/// A guard against hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of an approach, and a connection to it on which this was said.
fn serve(approach: &str, said: &str) -> (Child, TcpStream) {
    let mut server = start(&["serve", approach, "--listen", "127.0.0.1:0", "--for", "60s"]);
    let mut line = String::new();
    let output = server.stdout.as_mut().expect("it is piped");
    let mut output = BufReader::new(output);
    output.read_line(&mut line).expect("it says where it listens");
    let address = line.trim_end().strip_prefix("listening on ").expect("an address");
    let mut first_try = String::new();
    output.read_line(&mut first_try).expect("it says how it is tried");
    assert_eq!(first_try, format!("try: curl http://{address}/\n"));
    let mut client = TcpStream::connect(address).expect("it listens");
    client.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    client.write_all(said.replace("ADDRESS", address).as_bytes()).expect("it takes a request");
    (server, client)
}

fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// Reads until this has come.
fn read_until(client: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    while !read.windows(text.len()).any(|window| window == text) {
        let more = client.read(&mut buffer).expect("it comes in time");
        assert!(more > 0, "the end came first: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..more]);
    }
    read
}

/// How the connection ends after the signal, and the server with it.
fn last_words(signal: &str, (server, mut client): (Child, TcpStream)) -> Vec<u8> {
    kill(signal, server.id());
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).expect("the connection ends in order");
    let ended = finish(server);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    rest
}

#[test]
fn a_server_closes_cleanly_after_every_ending_signal() {
    for signal in ["-INT", "-QUIT", "-TERM", "-HUP"] {
        let mut sse = serve("sse", "GET /stream?symbols=BTC HTTP/1.1\r\nhost: ADDRESS\r\n\r\n");
        read_until(&mut sse.1, b"event: cursor\ndata:\n\n");
        let rest = last_words(signal, sse);
        assert!(rest.ends_with(b"0\r\n\r\n"), "{signal}: {}", String::from_utf8_lossy(&rest));

        let web = "POST /MarketData/SubscribeQuotes HTTP/1.1\r\nhost: ADDRESS\r\n\
                   content-type: application/grpc-web+proto\r\ncontent-length: 10\r\n\r\n\0\0\0\0\x05\n\x03BTC";
        let mut web = serve("grpc-web", web);
        read_until(&mut web.1, b"\r\n\r\n");
        let rest = last_words(signal, web);
        assert!(read_has(&rest, b"grpc-status:14\r\n"), "{signal}: {}", String::from_utf8_lossy(&rest));

        let handshake = "GET /stream HTTP/1.1\r\nhost: ADDRESS\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        let mut websocket = serve("websocket", handshake);
        read_until(&mut websocket.1, b"\r\n\r\n");
        let subscribe = br#"{"subscribe":{"symbols":["BTC"]}}"#;
        // Masked with zeros, a text is as it was.
        let frame = [&[0x81, 0x80 | subscribe.len() as u8, 0, 0, 0, 0], subscribe.as_slice()].concat();
        websocket.1.write_all(&frame).expect("it takes a message");
        read_until(&mut websocket.1, b"{\"cursor\":");
        kill(signal, websocket.0.id());
        // A close frame of the server's, and its code.
        let closed = read_until(&mut websocket.1, b"the server is shutting down");
        assert!(read_has(&closed, &1001_u16.to_be_bytes()), "{signal}: {closed:?}");
        drop(websocket.1);
        assert_eq!(finish(websocket.0).code, 0);
    }
}

fn read_has(read: &[u8], text: &[u8]) -> bool {
    read.windows(text.len()).any(|window| window == text)
}

#[test]
fn a_server_ended_during_a_trial_reports_it() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let out = folder.path().join("out");
    let out = out.to_str().expect("a path is text");
    let run = start(&["run", "smoke", "--approach", "sse", "--measure", "30s", "--out", out, "--no-report"]);
    let child = |role: &str| -> Option<u32> {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", run.id())).unwrap_or_default();
        let has_role = |child: &&str| {
            let line = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            line.split(|&byte| byte == 0).any(|argument| argument == role.as_bytes())
        };
        children.split_whitespace().find(has_role)?.parse().ok()
    };
    // A worker is started once the server listens, and so hears signals.
    let server = loop {
        match (child("serve"), child("work")) {
            (Some(server), Some(_)) => break server,
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    kill("-TERM", server);
    let ended = finish(run);
    let results = fs::read_to_string(folder.path().join("out/results.jsonl")).expect("there are results");
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(results.contains("\"status\":\"failed\"") && results.contains("was told to end"), "{results}");
}
