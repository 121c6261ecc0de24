//! gRPC-Web: the service over HTTP/1.1 for browsers. The server translates it itself, so no proxy is needed. The status
//! is the last frame of the body. `application/grpc-web-text` is the same in base64. The server answers health checks.
//! Browsers cannot stream requests, so it has no bidirectional method, and therefore no reflection either.

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use proto::{market_data_server::MarketDataServer, wire::CURSOR_HEADER};
use tonic::{Status, server::NamedService};
use tonic_web::GrpcWebLayer;
use tower_http::cors::{Any, CorsLayer};

use crate::{
    Context, ServeError,
    grpc_service::{Market, service},
    grpc_stream,
    http::{self, Site},
};

/// The response to `GET /`.
const DESCRIPTION: &str = "\
grpc-web: gRPC server streaming over HTTP/1.1

POST /MarketData/GetQuote, /MarketData/SubscribeQuotes, /grpc.health.v1.Health/Check
                                        with content-type application/grpc-web+proto or application/grpc-web-text

printf '\\0\\0\\0\\0\\5\\n\\3BTC' | curl -s --data-binary @- -H 'content-type: application/grpc-web+proto' \
  {http}/MarketData/GetQuote
";

/// The media types that the server accepts: protobuf, and protobuf in base64.
const MEDIA_TYPES: [&str; 4] = [
    "application/grpc-web+proto",
    "application/grpc-web",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];
/// The response to a request of another media type.
const UNSUPPORTED: &str = "this server accepts gRPC-Web, with content-type application/grpc-web+proto: see `GET /`\n";

/// Serves until shutdown.
///
/// # Errors
/// None. A failed connection does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let service = service(&context, grpc_stream::quote_methods());
    let (reporter, health) = tonic_health::server::health_reporter();
    let [methods, health_methods] = [name_of(&service), name_of(&health)].map(|name| format!("/{name}/{{method}}"));
    // A browser shows a page only the headers that are listed here. A call that is refused at once has its status in
    // the headers.
    let exposed = [Status::GRPC_STATUS, Status::GRPC_MESSAGE, HeaderName::from_static(CURSOR_HEADER)];
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any).expose_headers(exposed);
    let routes = Router::new()
        .route_service(&methods, service)
        .route_service(&health_methods, health)
        .layer(GrpcWebLayer::new())
        .layer(middleware::from_fn(only_grpc_web))
        .layer(cors);
    let site = Site::new(routes, DESCRIPTION, context.transport.address());
    reporter.set_serving::<MarketDataServer<Market>>().await;
    let shutdown = context.shutdown.clone();
    let say_goodbye = async {
        shutdown.cancelled().await;
        reporter.set_not_serving::<MarketDataServer<Market>>().await;
    };
    let (served, ()) = tokio::join!(http::serve(context.transport, site, context.shutdown), say_goodbye);
    served
}

/// Refuses requests that are not gRPC-Web, with an HTTP status, because their clients do not understand gRPC statuses.
async fn only_grpc_web(mut request: Request, next: Next) -> Response {
    let Some(media_type) = http::media_type(request.headers(), &MEDIA_TYPES) else {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED).into_response();
    };
    // The library does not accept parameters.
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    next.run(request).await
}

fn name_of<S: NamedService>(_: &S) -> &'static str {
    S::NAME
}
