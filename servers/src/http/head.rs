//! Checks of request headers that all approaches share: `Host` and the media type of the body.

use axum::http::{
    HeaderMap, Request, Version,
    header::{CONTENT_TYPE, HOST},
};

/// Returns the error in the `Host` of a request, or `None` if it is valid. Before HTTP/1.1, `Host` is optional.
///
/// If a request has no `Host` or two, a proxy and the server behind it may disagree about its host. Therefore RFC 9112,
/// 3.2 requires status 400.
pub(super) fn host_error<B>(request: &Request<B>) -> Option<&'static str> {
    match request.headers().get_all(HOST).iter().take(2).count() {
        0 if request.version() >= Version::HTTP_11 => Some("the request has no Host field: send one\n"),
        2 => Some("the request has several Host fields: send one\n"),
        _ => None,
    }
}

/// Returns the one of these media types that `Content-Type` declares. Ignores parameters and case.
pub(crate) fn media_type(headers: &HeaderMap, known: &[&'static str]) -> Option<&'static str> {
    let declared = headers.get(CONTENT_TYPE)?.as_bytes().split(|byte| *byte == b';').next()?.trim_ascii();
    known.iter().copied().find(|known| known.as_bytes().eq_ignore_ascii_case(declared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_found_despite_parameters_and_case() {
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
