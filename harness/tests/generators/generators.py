"""The jobs, and the public generators that do them: data, and nothing of how they are measured."""

import dataclasses
import pathlib

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Job:
    """What all generators of a kind do beside the same server."""

    approach: str
    symbols: int
    # For each number of connections. The streams carry as much with few connections as with many.
    events_per_second: dict
    # Of each connection; None is as many as are answered, and for streams that there are none.
    requests_per_second: int | None = None
    # Whether ours can do it: it sends what is due, and never as much as is answered.
    ours: bool = True


@dataclasses.dataclass(frozen=True)
class Generator:
    """A public generator."""

    jobs: tuple
    # With {connections}, {requests} (a second, of all), {address}, {scratch}, {here} and {seconds} to fill in, and COUNTS,
    # SERVER, CONNECTIONS, SYMBOLS and ARRIVAL_SECONDS in its environment.
    command: str
    # A pattern of what it says if something went wrong.
    trouble: str
    # Requests are counted by the kernel, at the server; events by whoever takes them.
    counts_events: bool = False


JOBS = {
    # Hardly any poll finds something, so that all polls are alike.
    "poll, 1/s": Job("short-poll/1s", 500, {1_000: 5.0, 10_000: 5.0}, 1),
    "poll, 20/s": Job("short-poll/50ms", 500, {1_000: 5.0}, 20),
    "poll, unpaced": Job("short-poll", 500, {1_000: 5.0, 10_000: 5.0}, ours=False),
    "SSE": Job("sse", 10, {1_000: 200.0, 10_000: 20.0}),
    "WebSocket": Job("websocket", 10, {1_000: 200.0, 10_000: 20.0}),
}

ASK = "http://{address}/events?symbols=BTC"
WRK_TROUBLE = r"Non-2xx.*|connect [1-9]\d*"
GENERATORS = {
    "wrk": Generator(("poll, unpaced",), f"wrk -t 2 -c {{connections}} -d {{seconds}}s {ASK}", WRK_TROUBLE),
    "wrk-pausing": Generator(
        ("poll, 1/s",), f"wrk -t 2 -c {{connections}} -d {{seconds}}s -s {{here}}/pause.lua {ASK}", WRK_TROUBLE
    ),
    "oha": Generator(
        ("poll, 1/s", "poll, 20/s"),
        f"{{scratch}}/bin/oha --no-tui -c {{connections}} -q {{requests}} -z {{seconds}}s {ASK}",
        r"\[(?!204)\d+\] \d+ responses",
    ),
    "Locust": Generator(
        ("SSE",),
        "{scratch}/venv/bin/locust --locustfile {here}/locustfile.py --headless --only-summary "
        "--users {connections} --spawn-rate {connections} --run-time {seconds}s --host http://{address}",
        r"[1-9]\d*\(\d.*",
        counts_events=True,
    ),
    "Artillery": Generator(
        ("WebSocket",),
        "{scratch}/node_modules/.bin/artillery run {here}/artillery.yml",
        r"errors\..*|vusers\.failed: \.+ [1-9]\d*",
        counts_events=True,
    ),
}


def symbol_names(job):
    """The names of a job's symbols, as the server has them."""
    return [["BTC", "ETH"][index] if index < 2 else f"S{index:05}" for index in range(job.symbols)]
