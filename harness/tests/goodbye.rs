//! A server closes its connections cleanly on every termination signal. During a trial it also reports the signal.

mod command;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command},
    time::Duration,
};

use command::{finish, start};

/// Timeout of every read, as a guard against hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a server of this approach. Returns it with a connection on which `said` was sent, after `ADDRESS` in it was
/// replaced by the server's address.
fn serve(approach: &str, said: &str) -> (Child, TcpStream) {
    let mut server = start(&["serve", approach, "--listen", "127.0.0.1:0", "--for", "60s"]);
    let mut line = String::new();
    let output = server.stdout.as_mut().expect("stdout is piped");
    let mut output = BufReader::new(output);
    output.read_line(&mut line).expect("the server prints its address");
    let address = line.trim_end().strip_prefix("listening on ").expect("an address");
    let mut first_try = String::new();
    output.read_line(&mut first_try).expect("the server prints a command to try it");
    assert_eq!(first_try, format!("try: curl http://{address}/\n"));
    let mut client = TcpStream::connect(address).expect("the server listens");
    client.set_read_timeout(Some(PATIENCE)).expect("a read timeout is set");
    client.write_all(said.replace("ADDRESS", address).as_bytes()).expect("the request is sent");
    (server, client)
}

fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// Reads until `text` has arrived, and returns everything read.
fn read_until(client: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    while !read.windows(text.len()).any(|window| window == text) {
        let more = client.read(&mut buffer).expect("the text arrives before the timeout");
        assert!(more > 0, "the connection closed first: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..more]);
    }
    read
}

/// Sends the signal to the server, and returns what the client reads until the connection closes. Asserts that the
/// server exits with 0.
fn last_words(signal: &str, (server, mut client): (Child, TcpStream)) -> Vec<u8> {
    kill(signal, server.id());
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).expect("the connection closes cleanly");
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
        // A mask of zeros leaves the text unchanged.
        let frame = [&[0x81, 0x80 | subscribe.len() as u8, 0, 0, 0, 0], subscribe.as_slice()].concat();
        websocket.1.write_all(&frame).expect("the message is sent");
        read_until(&mut websocket.1, b"{\"cursor\":");
        kill(signal, websocket.0.id());
        // The server's close frame has this reason and the code 1001.
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
    // The worker starts after the server listens. By then the server handles signals.
    let server = loop {
        match (child("serve"), child("work")) {
            (Some(server), Some(_)) => break server,
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    kill("-TERM", server);
    let ended = finish(run);
    let results = fs::read_to_string(folder.path().join("out/results.jsonl")).expect("the run wrote results");
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(results.contains("\"status\":\"failed\"") && results.contains("was told to end"), "{results}");
}
