//! Conditional GET: `GET /quotes/{symbol}` is the newest quote with its version as ETag, the cursor of its event; a
//! client that names this version in `If-None-Match` gets 304, for which no body is ever built.

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

/// What `GET /` says.
const DESCRIPTION: &str = "\
conditional-get: the client asks at an interval for the newest state, by its version

GET /quotes/BTC                         the newest quote, with its version as ETag; 304 if If-None-Match names it

curl -i 'http://{address}/quotes/BTC'
";

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let routes = Router::new().route(&format!("{QUOTES_PATH}/{{symbol}}"), get(quote)).with_state(context.hub);
    let site = Site::new(routes, DESCRIPTION, context.transport.address()).open_to_pages();
    http::serve(context.transport, site, context.shutdown).await
}

async fn quote(State(hub): State<Arc<Hub>>, Path(symbol): Path<String>, headers: HeaderMap) -> Response {
    let id = match hub.resolve([symbol.as_str()]) {
        Ok(ids) => ids[0],
        Err(unknown) => return (StatusCode::NOT_FOUND, unknown.to_string()).into_response(),
    };
    let newest = hub.latest(id);
    let version = hub.cursor(newest.quote.sequence).to_string();
    // A cache may keep the quote, but must ask before it uses it.
    let validators = [(header::ETAG, format!("\"{version}\"")), (header::CACHE_CONTROL, "no-cache".to_owned())];
    let mut known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if known.any(|list| names_version(list, &version)) {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    (validators, [(header::CONTENT_TYPE, "application/json")], newest.frame(Quote::to_json)).into_response()
}

/// Whether a field value of `If-None-Match` is `*` or lists the version, by the weak comparison that RFC 9110, 13.1.2
/// asks for: `W/` makes no difference. What cannot be read as an entity tag names nothing, nor does what follows it.
fn names_version(list: &str, version: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let mut rest = list;
    loop {
        // A tag may contain commas, so the list cannot simply be split at them.
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
    fn versions_are_compared_weakly_in_lists_and_by_the_star() {
        for list in [r#""42""#, r#"W/"42""#, r#""1", "42""#, r#""a,b",W/"42" , "7""#, r#", "42""#, "*", " * "] {
            assert!(names_version(list, "42"), "{list}");
        }
    }

    #[test]
    fn other_versions_and_malformed_lists_name_nothing() {
        for list in ["", "42", r#""4""#, r#""421""#, r#"w/"42""#, r#""1,42""#, r#""42"#, r#""1" 42"#, r#""*""#] {
            assert!(!names_version(list, "42"), "{list}");
        }
    }
}
