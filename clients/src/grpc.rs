//! The connection of one gRPC client: the generated client over a channel that it does not share. All approaches with
//! gRPC over HTTP/2 connect and reconnect with this module.

use std::time::Duration;

use net::Endpoint;
use proto::{Cursor, Params, market_data_client::MarketDataClient, wire::MESSAGE_LIMIT_BYTES};
use tonic::Status;

use crate::{
    ClientError, Cost,
    grpc_call::{Recovery, recovery},
    grpc_channel::{Channel, Connector},
    retry::Backoff,
};

/// The generated client over a connection that it does not share.
pub(crate) type MarketClient = MarketDataClient<Channel>;

/// A client's connection to its server, which reconnects with backoff.
pub(crate) struct GrpcConnection {
    connector: Connector,
    pub(crate) market: MarketClient,
    backoff: Backoff,
    /// Number of connections that have been counted.
    counted: u64,
}

impl GrpcConnection {
    /// Connects, with the setting `client` (`tonic`, `hyper`).
    ///
    /// # Errors
    /// The server cannot be reached.
    pub(crate) async fn open(endpoint: Endpoint, params: &Params, seed: u64) -> Result<Self, ClientError> {
        let connector = Connector::new(endpoint, params);
        let market = connect(&connector).await?;
        Ok(Self { counted: connector.opened(), connector, market, backoff: Backoff::new(seed) })
    }

    /// Resets the backoff, after a call has succeeded.
    pub(crate) fn reset_backoff(&mut self) {
        self.backoff.reset();
    }

    /// Counts the connections that replaced a lost one since the last call of this function.
    pub(crate) fn count_reconnects(&mut self, cost: &mut Cost) {
        let opened = self.connector.opened();
        cost.reconnects += opened - self.counted;
        self.counted = opened;
    }

    /// Prepares for another call after one has ended: pauses, and reconnects if the connection was lost. Returns the
    /// cursor to restart from if the client's own is too old or of another log.
    ///
    /// # Errors
    /// The server would refuse the call again.
    pub(crate) async fn recover(&mut self, status: &Status, cost: &mut Cost) -> Result<Option<Cursor>, ClientError> {
        match recovery(status)? {
            Recovery::Reset(cursor) => {
                cost.resets += 1;
                return Ok(Some(cursor));
            }
            Recovery::Retry(asked) => {
                cost.errors += 1;
                self.backoff.pause_at_least(asked).await;
            }
            Recovery::Reconnect(asked) => {
                cost.errors += 1;
                self.reconnect(asked, cost).await?;
            }
        }
        Ok(None)
    }

    async fn reconnect(&mut self, asked: Option<Duration>, cost: &mut Cost) -> Result<(), ClientError> {
        self.backoff.pause_at_least(asked).await;
        if self.connector.reconnects_by_itself() {
            return Ok(());
        }
        self.market = loop {
            match connect(&self.connector).await {
                Ok(market) => break market,
                Err(error) => self.backoff.pause_after(error, cost).await?,
            }
        };
        Ok(())
    }
}

async fn connect(connector: &Connector) -> Result<MarketClient, ClientError> {
    let channel = connector.open().await?;
    Ok(MarketDataClient::with_origin(channel, connector.origin()?).max_decoding_message_size(MESSAGE_LIMIT_BYTES))
}
