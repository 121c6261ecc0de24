//! gRPC-Web: the service over HTTP/1.1 for browsers, translated in this process, so that no proxy is needed. The status
//! is the last frame of the body; `application/grpc-web-text` is the same in base64. Server streaming, never client
//! streaming: a browser cannot.

use axum::{Router, http::HeaderName};
use proto::wire::CURSOR_HEADER;
use tonic::{Status, server::NamedService};
use tonic_web::GrpcWebLayer;
use tower_http::cors::{Any, CorsLayer};

use crate::{Context, ServeError, grpc, http};

/// Serves until shutdown.
///
/// # Errors
/// None: a connection that fails ends alone.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let service = grpc::service(&context);
    let methods = format!("/{}/{{method}}", name_of(&service));
    // A browser shows a page only those headers that are named here; a call that is refused at once has its status
    // there.
    let exposed = [Status::GRPC_STATUS, Status::GRPC_MESSAGE, HeaderName::from_static(CURSOR_HEADER)];
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any).expose_headers(exposed);
    let router = Router::new().route_service(&methods, service).layer(GrpcWebLayer::new()).layer(cors);
    http::serve(context.transport, router, context.shutdown).await
}

fn name_of<S: NamedService>(_: &S) -> &'static str {
    S::NAME
}
