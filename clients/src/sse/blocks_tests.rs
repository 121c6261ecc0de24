//! Compares `Blocks`, with streams in arbitrary chunks, to a reference parser that reads the whole text at once.

use eventsource_stream::Event;
use proptest::prelude::*;

use super::*;
use crate::{line_end::counted, sse::event};

/// The result of reading a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    /// Name, data and last event id of each dispatched event.
    events: Vec<(String, String, String)>,
    last_event_id: String,
    retry_ms: Option<u64>,
    comments: u64,
}

/// Reads chunks the way the client does.
fn read(chunks: impl IntoIterator<Item = Vec<u8>>) -> Result<Read, ClientError> {
    let (mut blocks, mut read) = (Blocks::default(), Read::default());
    for chunk in chunks {
        blocks.add(chunk.into());
        while let Some(block) = blocks.next()? {
            let Event { event, data, id, retry } = event::read(&block, &read.last_event_id)?;
            read.last_event_id = id;
            read.retry_ms = retry.map(|retry| retry.as_millis() as u64).or(read.retry_ms);
            if block.has_data {
                read.events.push((event, data, read.last_event_id.clone()));
            }
        }
        read.comments += blocks.take_comments();
    }
    Ok(read)
}

/// Reads the whole stream by the steps of WHATWG HTML, section 9.2.6.
fn by_the_standard(stream: &[u8]) -> Read {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let (mut read, mut name, mut data, mut id, mut retry) = (Read::default(), "", String::new(), String::new(), None);
    // Text after the last line end is not a line, and lines after the last empty line are not an event.
    let lines = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    for line in if text.contains('\n') { lines.split('\n').collect() } else { Vec::new() } {
        if line.is_empty() {
            read.last_event_id = id.clone();
            read.retry_ms = retry.take().or(read.retry_ms);
            if let Some(data) = data.strip_suffix('\n') {
                let name = if name.is_empty() { "message" } else { name };
                read.events.push((name.to_owned(), data.to_owned(), id.clone()));
            }
            (name, data) = ("", String::new());
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => read.comments += 1,
            "event" => name = value,
            "data" => data += &format!("{value}\n"),
            "id" if !value.contains('\0') => id = value.to_owned(),
            "retry" if !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit()) => {
                retry = Some(value.parse().map_or(999_999_999_999, |ms: u64| ms.min(999_999_999_999)));
            }
            _ => {}
        }
    }
    read
}

fn in_chunks(stream: &[u8], size: usize) -> Vec<Vec<u8>> {
    stream.chunks(size).map(<[u8]>::to_vec).collect()
}

/// Name, data and id of one event.
type Dispatched = (&'static str, &'static str, &'static str);

/// Streams and the events that they contain.
const STREAMS: &[(&[u8], &[Dispatched])] = &[
    (b"data: a\n\ndata:b\r\rdata\r\n\r\n", &[("message", "a", ""), ("message", "b", ""), ("message", "", "")]),
    (b"\xef\xbb\xbfdata: a\n\n", &[("message", "a", "")]),
    (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", &[("message", "b", "")]),
    (b"\n\xef\xbb\xbfdata: a\n\n", &[]),
    (b"data: a\n:\n\n", &[("message", "a", "")]),
    (b"data: a\n: comment\ndata: b\n\n", &[("message", "a\nb", "")]),
    (b": caf\xe9\n\ndata: \xe9\n\n", &[("message", "\u{fffd}", "")]),
    (b"data: \xf0\x9f\x91\n\n", &[("message", "\u{fffd}", "")]),
    (b"event: ping\ndata: {}\n\n", &[("ping", "{}", "")]),
    (b"event: a\nevent: b\ndata:  x\n\n", &[("b", " x", "")]),
    (b"event: a\n\ndata: x\n\n", &[("message", "x", "")]),
    (b"id: 7\ndata: a\n\ndata: b\n\n", &[("message", "a", "7"), ("message", "b", "7")]),
    (b"id: 7\n\ndata: a\n\n", &[("message", "a", "7")]),
    (b"id: 7\n\nid\ndata: a\n\n", &[("message", "a", "")]),
    (b"id: 7\n\nid:\n\ndata: a\n\n", &[("message", "a", "")]),
    (b"id: 7\n\nid: 8\0\ndata: a\n\n", &[("message", "a", "7")]),
    (b"id:  7 \ndata: a\n\ndata: b\n\n", &[("message", "a", " 7 "), ("message", "b", " 7 ")]),
    (b"unknown: 1\nDATA: no\n data: no\ndata : no\ndata: a\n\n", &[("message", "a", "")]),
    (b"data: a\n\ndata: never ended\n", &[("message", "a", "")]),
    (b"data: a\n\nid: 9\ndata: never ended", &[("message", "a", "")]),
    (b"data: a\r\n\r\n\r\ndata: b\n\r", &[("message", "a", ""), ("message", "b", "")]),
    (b"", &[]),
];

#[test]
fn reads_the_same_events_whatever_the_chunk_size() {
    for (stream, events) in STREAMS {
        let expected = by_the_standard(stream);
        let found: Vec<_> = expected.events.iter().map(|(name, data, id)| (&name[..], &data[..], &id[..])).collect();
        assert_eq!(found, *events, "{:?}", String::from_utf8_lossy(stream));
        for size in 1..=stream.len().max(1) {
            let read = read(in_chunks(stream, size)).unwrap();
            assert_eq!(read, expected, "{:?} in chunks of {size}", String::from_utf8_lossy(stream));
        }
    }
}

#[test]
fn id_and_retry_apply_without_data() {
    let read = read([b"id: 777\nretry: 20\n\n".to_vec()]).unwrap();
    assert_eq!((read.last_event_id.as_str(), read.retry_ms), ("777", Some(20)));
    let read = self::read([b"id: 5\n\nid: 777\nretry: 20\ndata: the end is missing\n".to_vec()]).unwrap();
    assert_eq!((read.last_event_id.as_str(), read.retry_ms), ("5", None));
}

#[test]
fn retry_accepts_only_digits_and_is_bounded() {
    for (text, expected) in [
        ("1000", Some(1_000)),
        ("0", Some(0)),
        ("00000000000000000000000000000000000000012", Some(12)),
        ("99999999999999", Some(999_999_999_999)),
        ("99999999999999999999999999999999999999999", Some(999_999_999_999)),
        ("+5", None),
        ("-5", None),
        ("1e3", None),
        ("5 ", None),
        ("٣", None),
        ("", None),
    ] {
        let read = read([format!("retry: {text}\n\n").into_bytes()]).unwrap();
        assert_eq!(read.retry_ms, expected, "{text}");
    }
}

#[test]
fn a_carriage_return_at_the_end_of_a_chunk_ends_the_line_at_once() {
    let mut blocks = Blocks::default();
    blocks.add("data: a\r\r".into());
    assert!(blocks.next().unwrap().is_some(), "the event is complete without the next chunk");
    blocks.add("\ndata: b\r".into());
    assert!(blocks.next().unwrap().is_none());
    blocks.add("\n".into());
    assert!(blocks.next().unwrap().is_none(), "a line feed after a carriage return is not another line end");
    blocks.add("\r".into());
    assert!(blocks.next().unwrap().is_some());
}

#[test]
fn counts_comments_inside_and_between_events() {
    for stream in [":\n\n:\n\n:\n\n", ":\n:\n:\n", "data: a\n:\n:\n\n:", "data: a\n\n:\n:\n:\n"] {
        let expected = by_the_standard(stream.as_bytes()).comments;
        for size in 1..=stream.len() {
            assert_eq!(read(in_chunks(stream.as_bytes(), size)).unwrap().comments, expected, "{stream:?}");
        }
    }
}

#[test]
fn rejects_an_endless_event_in_bounded_memory() {
    let endless = [b"data: and so on\n".as_slice(), b"data: no line end ", b"id: 1\n", b"event: x\n", b"\xff"];
    for part in endless {
        let mut blocks = Blocks::default();
        let refused = (0..4 * MESSAGE_LIMIT_BYTES / part.len()).find_map(|_| {
            blocks.add(part.to_vec().into());
            let kept = blocks.line.capacity() + blocks.block.text.capacity();
            assert!(kept <= 8 * MESSAGE_LIMIT_BYTES, "{kept} bytes are buffered");
            blocks.next().err()
        });
        let refused = refused.expect("an event above the limit is rejected").to_string();
        assert!(
            refused.contains(&format!("an event of the stream is larger than {MESSAGE_LIMIT_BYTES} bytes")),
            "{refused}"
        );
    }
}

#[test]
fn endless_comments_and_unknown_fields_use_bounded_memory() {
    for part in [b":\n".as_slice(), b": a comment that goes on", b"unknown: field\n", b"\n", b"\r"] {
        let mut blocks = Blocks::default();
        for _ in 0..2 * MESSAGE_LIMIT_BYTES / part.len() {
            blocks.add(part.to_vec().into());
            assert_eq!(blocks.next().unwrap(), None);
        }
        assert!(blocks.line.capacity() + blocks.block.text.capacity() < 1024, "{part:?}");
    }
}

#[test]
fn reads_the_largest_event() {
    let data = "x".repeat(MESSAGE_LIMIT_BYTES - 100);
    let stream = format!("id: 1\ndata: {data}\n\n");
    let read = read(in_chunks(stream.as_bytes(), 1_000)).unwrap();
    assert_eq!(read.events, [("message".to_owned(), data, "1".to_owned())]);
}

/// The cost per byte does not depend on how much of the event has arrived before it.
#[test]
fn searches_each_byte_once_for_a_line_end() {
    for bytes in [1 << 10, 1 << 14, 1 << 18, (1 << 20) - 100] {
        for chunk in [1, 1_000, 16_384] {
            let stream = format!("id: 1\ndata: {}\n\n", "x".repeat(bytes));
            counted::take();
            read(in_chunks(stream.as_bytes(), chunk)).unwrap();
            assert_eq!(counted::take(), stream.len(), "{bytes} bytes in chunks of {chunk}");
        }
    }
}

/// Generates valid and invalid streams from the tokens of the grammar.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let tokens = [
        "data", "id", "event", "retry", ":", ": ", " ", "\n", "\r", "\r\n", "\n\n", "12", "x", "\u{feff}", "\0", "é",
        "message",
    ];
    let token = prop::sample::select(tokens.map(|token| token.as_bytes().to_vec()).to_vec());
    let bytes = prop::collection::vec(any::<u8>(), 0..4);
    let parts = prop::collection::vec(prop_oneof![9 => token, 1 => bytes], 0..60);
    parts.prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn reads_any_stream_in_any_chunks_as_the_standard_does(
        stream in streams(),
        cuts in prop::collection::vec(1_usize..9, 1..200),
    ) {
        let mut rest = stream.as_slice();
        let mut sizes = cuts.iter().cycle();
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            chunks.push(chunk.to_vec());
            rest = after;
        }
        let read = read(chunks).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read, by_the_standard(&stream));
    }
}
