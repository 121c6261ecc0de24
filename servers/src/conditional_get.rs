//! Conditional GET: `GET /quotes/{symbol}` returns the newest quote. Its ETag is the cursor of its event. A client that
//! sends this ETag in `If-None-Match` gets 304, for which no body is encoded.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use proto::{Quote, wire::QUOTES_PATH};

use crate::{
    Context, Hub, ServeError,
    http::{self, Site},
};

/// The response to `GET /`.
const DESCRIPTION: &str = "\
conditional-get: the client asks at an interval for the newest state, by its version

GET /quotes/BTC                         the newest quote, with its version as ETag; 304 if If-None-Match names it

curl -i '{http}/quotes/BTC'
";

/// Serves until shutdown.
///
/// # Errors
/// None. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let routes = Router::new().route(&format!("{QUOTES_PATH}/{{symbol}}"), get(quote)).with_state(context.hub);
    let site = Site::new(routes, DESCRIPTION, context.transport.address()).allow_any_origin();
    http::serve(context.transport, site, context.shutdown).await
}

async fn quote(State(hub): State<Arc<Hub>>, Path(symbol): Path<String>, headers: HeaderMap) -> Response {
    let id = match hub.resolve([symbol.as_str()]) {
        Ok(ids) => ids[0],
        Err(unknown) => return (StatusCode::NOT_FOUND, unknown.to_string()).into_response(),
    };
    let newest = hub.latest(id);
    let version = hub.cursor(newest.quote.sequence).to_string();
    // A cache may store the quote, but must revalidate it before each use.
    let validators = [(header::ETAG, format!("\"{version}\"")), (header::CACHE_CONTROL, "no-cache".to_owned())];
    let mut known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if known.any(|list| names_version(list, &version)) {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    (validators, [(header::CONTENT_TYPE, "application/json")], newest.frame(Quote::to_json)).into_response()
}

/// Returns whether a value of `If-None-Match` is `*` or lists the version. Uses the weak comparison that RFC 9110,
/// 13.1.2 requires, which ignores `W/`. Ignores the rest of a list from the first invalid entity tag on.
fn names_version(list: &str, version: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let mut rest = list;
    loop {
        // A tag may contain commas, so the list cannot be split at them.
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some((tag, after)) =
            rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"').and_then(|tag| tag.split_once('"'))
        else {
            return false;
        };
        if tag == version {
            return true;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_version_in_lists_with_weak_tags_and_by_the_star() {
        for list in [r#""42""#, r#"W/"42""#, r#""1", "42""#, r#""a,b",W/"42" , "7""#, r#", "42""#, "*", " * "] {
            assert!(names_version(list, "42"), "{list}");
        }
    }

    #[test]
    fn other_versions_and_malformed_lists_do_not_match() {
        for list in ["", "42", r#""4""#, r#""421""#, r#"w/"42""#, r#""1,42""#, r#""42"#, r#""1" 42"#, r#""*""#] {
            assert!(!names_version(list, "42"), "{list}");
        }
    }
}
