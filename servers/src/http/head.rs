//! What every request says before its approach is asked: whom it is for, and what its body is written in.

use axum::http::{
    HeaderMap, Request, Version,
    header::{CONTENT_TYPE, HOST},
};

/// What is wrong with the `Host` of a request. Returns `None` if it is in order; before HTTP/1.1 it may be absent.
///
/// A proxy and the server behind it may take a request without it, or with two, to be for different hosts; RFC 9112, 3.2
/// therefore asks for status 400.
pub(super) fn fault<B>(request: &Request<B>) -> Option<&'static str> {
    match request.headers().get_all(HOST).iter().take(2).count() {
        0 if request.version() >= Version::HTTP_11 => Some("the request has no Host field: send one\n"),
        2 => Some("the request has several Host fields: send one\n"),
        _ => None,
    }
}

/// The one of these media types that the body is declared as, whatever its parameters and its case.
pub(crate) fn media_type(headers: &HeaderMap, known: &[&'static str]) -> Option<&'static str> {
    let declared = headers.get(CONTENT_TYPE)?.as_bytes().split(|byte| *byte == b';').next()?.trim_ascii();
    known.iter().copied().find(|known| known.as_bytes().eq_ignore_ascii_case(declared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_may_have_parameters() {
        let find = |value: &'static str| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
            media_type(&headers, &["application/grpc", "application/json"])
        };
        assert_eq!(find("application/json"), Some("application/json"));
        assert_eq!(find("Application/JSON ; charset=utf-8"), Some("application/json"));
        for other in ["text/plain", "application/jsonp", "application/grpc+json", ""] {
            assert_eq!(find(other), None, "{other}");
        }
        assert_eq!(media_type(&HeaderMap::new(), &["application/json"]), None);
    }
}
