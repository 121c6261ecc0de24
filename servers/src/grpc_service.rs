//! The gRPC service. Each method is implemented in the file of the approach that uses it, and an approach lists the
//! methods that its server has.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use proto::{
    Cursor, FollowRequest, OutgoingQuote, QuoteRequest, SubscribeRequest, TradeConfirmation, TradeOrder,
    market_data_server::{MarketData, MarketDataServer},
    wire::MESSAGE_LIMIT_BYTES,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    Context, Hub, Subscription,
    grpc_deadline::Deadline,
    grpc_messages::{Messages, QuoteCodec, response_after},
    trade::Desk,
};

/// The methods of a server. A call of a method that is absent ends with UNIMPLEMENTED.
#[derive(Clone, Copy, Default)]
pub(crate) struct Methods {
    pub(crate) get_quote: Option<GetQuote>,
    pub(crate) subscribe_quotes: Option<SubscribeQuotes>,
    pub(crate) follow_quotes: Option<FollowQuotes>,
    pub(crate) trade: Option<Trade>,
}

type GetQuote = fn(&Market, &QuoteRequest) -> Result<OutgoingQuote, Status>;
type SubscribeQuotes = fn(Subscription, QuoteCodec) -> Messages<OutgoingQuote>;
type FollowQuotes = fn(&Market, Streaming<FollowRequest>) -> Followed<'_>;
type Trade = fn(&Market, Streaming<TradeOrder>) -> Messages<TradeConfirmation>;

/// The cursor that the messages of a call start after, and the messages.
pub(crate) type Followed<'a> = BoxFuture<'a, Result<(Cursor, Messages<OutgoingQuote>), Status>>;

/// Returns the service with these methods.
pub(crate) fn service(context: &Context, methods: Methods) -> MarketDataServer<Market> {
    let market = Market {
        methods,
        hub: Arc::clone(&context.hub),
        desk: Arc::new(Desk::new(Arc::clone(&context.hub))),
        codec: QuoteCodec::from_params(&context.params),
        shutdown: context.shutdown.clone(),
    };
    MarketDataServer::new(market).max_decoding_message_size(MESSAGE_LIMIT_BYTES)
}

/// The implementation of the service: the state that all methods use.
pub(crate) struct Market {
    methods: Methods,
    pub(crate) hub: Arc<Hub>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) codec: QuoteCodec,
    pub(crate) shutdown: CancellationToken,
}

impl Market {
    /// Creates the subscription that a client requests.
    pub(crate) fn subscribe(&self, request: &SubscribeRequest) -> Result<Subscription, Status> {
        let symbols = self.hub.resolve(request.symbols.iter().map(String::as_str))?;
        let after = request.cursor().map_err(|invalid| Status::invalid_argument(invalid.to_string()))?;
        Ok(self.hub.subscribe(symbols, after))
    }
}

#[tonic::async_trait]
impl MarketData for Market {
    type SubscribeQuotesStream = Messages<OutgoingQuote>;
    type TradeStream = Messages<TradeConfirmation>;
    type FollowQuotesStream = Messages<OutgoingQuote>;

    async fn get_quote(&self, request: Request<QuoteRequest>) -> Result<Response<OutgoingQuote>, Status> {
        let get_quote = self.methods.get_quote.ok_or_else(not_served)?;
        get_quote(self, request.get_ref()).map(Response::new)
    }

    async fn subscribe_quotes(
        &self,
        request: Request<SubscribeRequest>,
    ) -> Result<Response<Messages<OutgoingQuote>>, Status> {
        let subscribe_quotes = self.methods.subscribe_quotes.ok_or_else(not_served)?;
        let deadline = Deadline::from_metadata(request.metadata())?;
        let subscription = self.subscribe(request.get_ref())?;
        let cursor = subscription.cursor();
        let messages = subscribe_quotes(subscription, self.codec);
        Ok(response_after(cursor, deadline.limit_messages(messages)))
    }

    async fn trade(
        &self,
        request: Request<Streaming<TradeOrder>>,
    ) -> Result<Response<Messages<TradeConfirmation>>, Status> {
        let trade = self.methods.trade.ok_or_else(not_served)?;
        let deadline = Deadline::from_metadata(request.metadata())?;
        let messages = trade(self, request.into_inner());
        Ok(Response::new(deadline.limit_messages(messages)))
    }

    async fn follow_quotes(
        &self,
        request: Request<Streaming<FollowRequest>>,
    ) -> Result<Response<Messages<OutgoingQuote>>, Status> {
        let follow_quotes = self.methods.follow_quotes.ok_or_else(not_served)?;
        let mut deadline = Deadline::from_metadata(request.metadata())?;
        let (cursor, messages) = deadline.limit(follow_quotes(self, request.into_inner())).await?;
        Ok(response_after(cursor, deadline.limit_messages(messages)))
    }
}

fn not_served() -> Status {
    Status::unimplemented("this server does not serve this method: see `GET /`")
}
