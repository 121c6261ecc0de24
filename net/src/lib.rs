//! How both ends open, accept and meter a connection. It knows no protocol above TLS.
//!
//! A client connects to an `Endpoint`, a server accepts from a `Transport`, and both get a `Stream`. Only this crate
//! sets socket options and builds the scheme of a URL, so an approach does not know how its connections are made. Bytes
//! are counted at the socket, below any encryption.

mod endpoint;
mod listen;
mod live;
mod meter;
mod stream;
mod transport;

pub use endpoint::{Endpoint, Security};
pub use listen::{ListenError, Listener};
pub use meter::{Meter, Traffic};
pub use stream::Stream;
pub use transport::Transport;
