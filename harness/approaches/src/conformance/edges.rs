//! Cases about edges: the end of a server, invalid requests, and orders.

use anyhow::{Context as _, Result, bail, ensure};
use clients::{ClientError, Orders};
use proto::{TradeOrder, symbol_name};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use super::{Fixture, Outcome};

/// A symbol that does not exist.
const UNKNOWN_SYMBOL: &str = "NOPE";
/// Invalid in every protocol: 4 GiB as a length prefix, and no method as a request line.
const GARBAGE: [u8; 64] = [0xff; 64];
/// A valid request for a path that does not exist.
const STRAY_REQUEST: &[u8] = b"GET /nothing-here HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// Number of orders that are sent.
const ORDERS: usize = 5;

/// A server with clients stops on request, and leaves no connection open.
pub(super) async fn shuts_down_cleanly(mut fixture: Fixture) -> Result<Outcome> {
    let mut readers = Vec::new();
    for symbol in 0..3 {
        readers.push(fixture.subscribe(&[symbol], Some(0)).await?);
    }
    fixture.publish(12);
    for reader in &mut readers {
        fixture.expect_complete(reader, 0).await?;
    }
    fixture.end().await?;
    Ok(Outcome::Passed)
}

/// A client that asks for an unknown symbol is refused with a reason.
pub(super) async fn refuses_an_unknown_symbol(mut fixture: Fixture) -> Result<Outcome> {
    let symbols = vec![symbol_name(0), UNKNOWN_SYMBOL.to_owned()];
    let error = match fixture.open(symbols, Some(0), Orders::default()).await {
        Ok(subscription) => fixture.reader(&[0], subscription).until_lost().await?,
        Err(error) => error,
    };
    let ClientError::Refused(reason) = error else { bail!("not refused, but: {error}") };
    let names_symbol = reason.contains(UNKNOWN_SYMBOL);
    // Bare frames cannot carry a reason.
    ensure!(names_symbol || fixture.subject.approach.facts.floor, "the refusal does not name the symbol: {reason}");
    expect_service(&mut fixture).await
}

/// An invalid request is answered or its connection closed, and other clients are served.
pub(super) async fn survives_garbage(mut fixture: Fixture) -> Result<Outcome> {
    let mut bystander = fixture.subscribe(&[1], Some(0)).await?;
    for nonsense in [&GARBAGE[..], STRAY_REQUEST] {
        let mut stream = TcpStream::connect(fixture.address).await?;
        stream.write_all(nonsense).await?;
        let mut answer = [0; 1024];
        let read = tokio::time::timeout(fixture.patience, stream.read(&mut answer)).await;
        // A reset is as clear a refusal as a close.
        let read = read.context("nonsense is neither answered nor sent away")?.unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..read]);
        if let Some(status) = answer.strip_prefix("HTTP/1.1 ") {
            ensure!(status.starts_with('4'), "nonsense is answered as if it were none: {answer}");
        }
    }
    fixture.publish(6);
    fixture.expect_complete(&mut bystander, 0).await?;
    expect_service(&mut fixture).await
}

/// Every order of a client is confirmed.
pub(super) async fn confirms_orders(mut fixture: Fixture) -> Result<Outcome> {
    if !fixture.subject.approach.facts.bidirectional {
        return Ok(Outcome::NotApplicable("the connection carries nothing to the server"));
    }
    let (sender, orders) = mpsc::channel(ORDERS);
    let subscription = fixture.open(vec![symbol_name(0)], Some(0), Orders::new(orders)).await?;
    let mut reader = fixture.reader(&[0], subscription);
    let mut wanted = Vec::new();
    for number in 0..ORDERS {
        let client_order_id = format!("order-{number}");
        wanted.push(client_order_id.clone());
        let order = TradeOrder { symbol: symbol_name(0), quantity: 1, side: "BUY".into(), client_order_id };
        sender.send(order).await.context("the client takes no orders")?;
        fixture.publish(6);
    }
    reader.until("all confirmations", |reader| reader.confirmations.len() >= ORDERS).await?;
    let mut confirmed: Vec<&str> = reader.confirmations.iter().map(|it| it.client_order_id.as_str()).collect();
    confirmed.sort_unstable();
    ensure!(confirmed == wanted, "confirmed are {confirmed:?}, but ordered were {wanted:?}");
    fixture.expect_complete(&mut reader, 0).await?;
    Ok(Outcome::Passed)
}

/// Checks that another client is still served.
async fn expect_service(fixture: &mut Fixture) -> Result<Outcome> {
    let mut reader = fixture.subscribe(&[0], Some(0)).await?;
    fixture.publish(6);
    fixture.expect_complete(&mut reader, 0).await?;
    Ok(Outcome::Passed)
}
