"""Measures each generator beside the reference server, ours among them, and prints the table. `run` installs what this
needs; docs/results.md says what the figures mean.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

import processes
from generators import GENERATORS, HERE, JOBS, symbol_names

OURS = "delivery-bench"
# What a generator takes with next to no connections is no connection's. One for each of wrk's threads.
FEWEST = 2
# A smaller growth than this share of it may be chance: a garbage collector's heap breathes.
LEAST_GROWTH = 0.2
WARM_UP_SECONDS = 1
WINDOW_SECONDS = 3
# Where others took more than this share of the processors, it is measured once again; the quieter one counts.
OTHERS_LIMIT = 0.1
ATTEMPTS = 2
# Longer than any measurement takes: every generator is stopped.
LONG_SECONDS = 100
# New users of Artillery a second; it does not come up with more.
ARRIVALS_PER_SECOND = 2_000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default="target/release/delivery-bench")
    parser.add_argument("--scratch", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("generators", nargs="*", metavar="GENERATOR", help=", ".join([OURS, *GENERATORS]))
    options = parser.parse_args()
    wanted = options.generators or [OURS, *GENERATORS]
    if unknown := set(wanted) - {OURS, *GENERATORS}:
        parser.error(f"there is no generator {', '.join(sorted(unknown))}")
    for directory in ("logs", "ours"):
        (options.scratch / directory).mkdir(parents=True, exist_ok=True)
    measured = []
    if OURS in wanted:
        for job_name, job in JOBS.items():
            measured += measure_ours(options, job_name) if job.ours else []
    try:
        measured += measure_others(options, [name for name in wanted if name != OURS])
    except processes.Failed as failed:
        say(str(failed))
        return 1
    (options.scratch / "measurements.json").write_text(json.dumps(measured, indent=1))
    print_table(measured)
    return 1 if any(one["trouble"] for one in measured) else 0


def measure_ours(options, job_name):
    """All rounds of a job by delivery-bench."""
    measured = []
    # A scenario measures each of its numbers of clients at each of its rates, so what has one rate is one run.
    for rate in sorted(set(JOBS[job_name].events_per_second.values())):
        clients = [clients for clients, its_rate in JOBS[job_name].events_per_second.items() if its_rate == rate]
        say(f"{OURS}: {job_name}, {clients} connections, {options.rounds} rounds")
        measured += quietest(lambda: run_ours(options, job_name, clients, rate))
    return measured


def run_ours(options, job_name, clients, rate):
    """One run of delivery-bench: what its records say of the side that makes the load."""
    job = JOBS[job_name]
    out = options.scratch / "ours" / f"{file_name(job_name)}-{rate}"
    (out / "results.jsonl").unlink(missing_ok=True)
    command = [options.binary, "run", "bench-all", "--approach", job.approach, "--trials", str(options.rounds)]
    command += ["--warmup", f"{WARM_UP_SECONDS}s", "--measure", f"{WINDOW_SECONDS}s", "--out", str(out)]
    settings = {"load.clients": clients, "load.symbols": job.symbols, "load.events_per_second": rate}
    # The others send no orders, and have no thread beside them that keeps processors awake.
    settings |= {"load.orders_per_second": 0.0, "machine.keep_awake": "false"}
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    with open(options.scratch / "logs" / f"{out.name}.log", "w") as log:
        subprocess.run(command, stdout=log, stderr=log, check=False)
    records = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    return [measurement(job_name, record) for record in records if record["type"] == "trial"]


def measurement(job_name, record):
    """A trial of ours as a measurement."""
    one = {"job": job_name, "generator": OURS, "connections": record["load"]["clients"], "trouble": record["error"]}
    if record["status"] == "failed":
        return one
    return one | {
        "seconds": record["window"]["measure_ms"] / 1e3,
        "processor_seconds": record["cpu"]["client_us"] / 1e6,
        "done": record["requests"] if JOBS[job_name].requests_per_second else record["events"]["arrived"],
        "bytes_per_connection": record["memory"]["client_bytes_per_client"],
        "others_share": record["host"]["foreign_share"] or 0.0,
    }


def measure_others(options, names):
    """All rounds of the public generators: in each round each of them, at each job, with each number of connections."""
    measured = []
    idle = {}
    for name in names:
        say(f"{name}, {FEWEST} connections")
        idle[name] = measure(options, name, GENERATORS[name].jobs[0], FEWEST)["bytes"]
    for number in range(1, options.rounds + 1):
        for name in names:
            for job_name in GENERATORS[name].jobs:
                for connections in JOBS[job_name].events_per_second:
                    say(f"round {number}: {name}, {job_name}, {connections} connections")
                    [one] = quietest(lambda: [measure(options, name, job_name, connections)])
                    growth = one["bytes"] - idle[name]
                    if growth > LEAST_GROWTH * idle[name]:
                        one["bytes_per_connection"] = growth / (connections - FEWEST)
                    measured.append(one)
    return measured


def quietest(measure_some):
    """Measures again where the machine was busy with something else, and gives what was disturbed least."""
    attempts = []
    for _ in range(ATTEMPTS):
        attempts.append(measure_some())
        if disturbance(attempts[-1]) <= OTHERS_LIMIT:
            break
        say(f"  others took {100 * disturbance(attempts[-1]):.0f} % of the processors")
    return min(attempts, key=disturbance)


def disturbance(measured):
    """The largest share of the processors that others took."""
    return max((one.get("others_share", 0.0) for one in measured), default=0.0)


def measure(options, name, job_name, connections):
    """A public generator, once, beside a server of its own."""
    generator, job = GENERATORS[name], JOBS[job_name]
    log = options.scratch / "logs" / f"{file_name(name)}-{connections}.log"
    counts = options.scratch / "counts"
    processes.forget_counts(counts)
    rate = job.events_per_second.get(connections, 1.0)
    with processes.server(options.binary, job.approach, job.symbols, rate, log.with_suffix(".server")) as served:
        requests = connections * (job.requests_per_second or 0)
        places = {"connections": connections, "requests": requests, "address": served.address, "seconds": LONG_SECONDS}
        command = generator.command.format(here=HERE, scratch=options.scratch, **places)
        environment = {
            "SERVER": served.address,
            "SYMBOLS": ",".join(symbol_names(job)),
            "CONNECTIONS": str(connections),
            "ARRIVAL_SECONDS": str(max(1, connections // ARRIVALS_PER_SECOND)),
            "COUNTS": str(counts.absolute()),
            "ARTILLERY_DISABLE_TELEMETRY": "true",
        }

        def count():
            return processes.counted(counts) if generator.counts_events else processes.requests_received(served)

        with processes.generator(command.split(), environment, log) as driving:
            processes.wait_for_connections(served, driving, connections)
            time.sleep(WARM_UP_SECONDS)
            before = processes.sample(served, driving, count)
            time.sleep(WINDOW_SECONDS)
            after = processes.sample(served, driving, count)
            memory = processes.anonymous_bytes(driving.pid)
            # Who has lost connections has had less to do.
            processes.wait_for_connections(served, driving, connections)
    spent = {total: after[total] - before[total] for total in after}
    found = re.search(generator.trouble, log.read_text())
    return {
        "job": job_name,
        "generator": name,
        "connections": connections,
        "trouble": found and f"it said {found[0]!r}, see {log}",
        "bytes": memory,
        "others_share": spent.pop("others") / spent["seconds"] / os.cpu_count(),
        **spent,
    }


def print_table(measured):
    """Medians over rounds, in Markdown."""
    print("| job | connections | generator | a second | CPU µs each | lowest to highest | each CPU second | KB a connection |")
    print("|---|--:|---|--:|--:|--:|--:|--:|")
    for job_name, job in JOBS.items():
        for connections in job.events_per_second:
            for name in [OURS, *GENERATORS]:
                key = {"job": job_name, "connections": connections, "generator": name}
                if rounds := [one for one in measured if one.items() >= key.items() and one.get("done")]:
                    print(row(key, rounds))
    print(f"\n{processes.machine()}. Others took at most {100 * disturbance(measured):.0f} % of its processors in a window.")
    for one in measured:
        if one["trouble"]:
            print(f"\n{one['generator']}, {one['connections']} connections: {one['trouble']}")


def row(key, rounds):
    rate = statistics.median(one["done"] / one["seconds"] for one in rounds)
    each = sorted(one["processor_seconds"] / one["done"] * 1e6 for one in rounds)
    middle = statistics.median(each)
    memory = [one["bytes_per_connection"] / 1e3 for one in rounds if "bytes_per_connection" in one]
    kilobytes = f"{statistics.median(memory):.1f}" if len(memory) == len(rounds) else "–"
    cells = [key["job"], f"{key['connections']:,}", key["generator"], f"{rate:,.0f}", f"{middle:.1f}"]
    cells += [f"{each[0]:.1f} to {each[-1]:.1f}", f"{1e6 / middle:,.0f}", kilobytes]
    return f"| {' | '.join(cells)} |"


def file_name(name):
    return re.sub(r"\W+", "-", name)


def say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
