"""The article's own Python client against a server of this project: its messages, its field numbers, its two calls.

The .proto text below is the article's. It is silent about QuoteRequest, TradeOrder and TradeConfirmation, so these have
the fields that its code uses and no others: a client that was written from the article knows nothing of what this
project has added. Exits with 0 when quotes and confirmations have arrived as the article says they do.
"""

import importlib
import pathlib
import sys
import tempfile

import grpc
from grpc_tools import protoc

PROTO = """
syntax = "proto3";

service MarketData {
  // Unary: client sends one request, server sends one response
  rpc GetQuote (QuoteRequest) returns (Quote);

  // Server streaming: client sends one request, server sends many
  rpc SubscribeQuotes (SubscribeRequest) returns (stream Quote);

  // Bidirectional: both sides stream
  rpc Trade (stream TradeOrder) returns (stream TradeConfirmation);
}

message SubscribeRequest { repeated string symbols = 1; }
message Quote {
  string symbol = 1;
  double bid = 2;
  double ask = 3;
  int64 timestamp_ms = 4;
}

message QuoteRequest { string symbol = 1; }
message TradeOrder {
  string symbol = 1;
  int64 quantity = 2;
  string side = 3;
}
message TradeConfirmation {
  string order_id = 1;
  string status = 2;
}
"""

# The article's client says 30 seconds; the deadline fires the same after three.
STREAM_SECONDS = 3
# No other call may take longer.
CALL_SECONDS = 10
ORDERS = 5


def main():
    target = f"localhost:{sys.argv[1]}"
    with tempfile.TemporaryDirectory() as directory:
        market_data_pb2, market_data_pb2_grpc = generate(directory)
        with grpc.insecure_channel(target) as channel:
            grpc.channel_ready_future(channel).result(timeout=CALL_SECONDS)
            stub = market_data_pb2_grpc.MarketDataStub(channel)
            failures = [
                check(*outcome)
                for outcome in (
                    get_quote(market_data_pb2, stub),
                    subscribe_quotes(market_data_pb2, stub),
                    trade(market_data_pb2, stub),
                )
            ]
    return 1 if any(failures) else 0


def generate(directory):
    """What `python -m grpc_tools.protoc` writes for the article's .proto."""
    pathlib.Path(directory, "market_data.proto").write_text(PROTO)
    arguments = ["protoc", f"-I{directory}", f"--python_out={directory}", f"--grpc_python_out={directory}"]
    if protoc.main([*arguments, "market_data.proto"]) != 0:
        sys.exit("protoc does not take the article's text")
    sys.path.insert(0, directory)
    return importlib.import_module("market_data_pb2"), importlib.import_module("market_data_pb2_grpc")


def get_quote(market_data_pb2, stub):
    quote = stub.GetQuote(market_data_pb2.QuoteRequest(symbol="BTC"), timeout=CALL_SECONDS)
    return "GetQuote gives the quote that was asked for", quote.symbol == "BTC", quote.symbol


def subscribe_quotes(market_data_pb2, stub):
    request = market_data_pb2.SubscribeRequest(symbols=["BTC", "ETH"])
    quotes = []
    code = grpc.StatusCode.OK
    try:
        for quote in stub.SubscribeQuotes(request, timeout=STREAM_SECONDS):
            quotes.append(quote)
    except grpc.RpcError as error:
        code = error.code()
    symbols = {quote.symbol for quote in quotes}
    good = all(0 < quote.bid < quote.ask and quote.timestamp_ms > 0 for quote in quotes)
    passed = good and symbols == {"BTC", "ETH"} and code == grpc.StatusCode.DEADLINE_EXCEEDED
    what = "SubscribeQuotes streams both symbols until the deadline fires"
    return what, passed, f"{len(quotes)} quotes of {sorted(symbols)}, then {code.name}"


def trade(market_data_pb2, stub):
    def generate_orders():
        for number in range(ORDERS):
            yield market_data_pb2.TradeOrder(symbol="BTC", quantity=number + 1, side="BUY")

    confirmations = list(stub.Trade(generate_orders(), timeout=CALL_SECONDS))
    identities = {confirmation.order_id for confirmation in confirmations}
    statuses = sorted({confirmation.status for confirmation in confirmations})
    passed = len(identities) == len(confirmations) == ORDERS and statuses == ["FILLED"]
    return "Trade confirms each order", passed, f"{len(confirmations)} confirmations, {statuses}"


def check(what, passed, seen):
    print(f"{'ok' if passed else 'FAIL'}    {what} ({seen})", flush=True)
    return not passed


if __name__ == "__main__":
    sys.exit(main())
