"""A reference server and a generator as processes, and what the kernel says of them: CPU time, memory, open
connections, and what has come in on them. Knows no generator by name.
"""

import contextlib
import dataclasses
import glob
import os
import pathlib
import re
import signal
import subprocess
import time

# A server that is not stopped ends by itself.
SERVER_SECONDS = 120
CONNECT_SECONDS = 60
STOP_SECONDS = 2


class Failed(Exception):
    """A measurement cannot be made; says why."""


@dataclasses.dataclass(frozen=True)
class Server:
    """A reference server that listens."""

    process: int
    address: str
    # Descriptors that it has open without any connection.
    idle_descriptors: int


@contextlib.contextmanager
def server(binary, approach, symbols, events_per_second, log):
    """A reference server, for as long as it is needed."""
    command = [binary, "serve", approach, "--listen", "127.0.0.1:0", "--for", f"{SERVER_SECONDS}s"]
    command += ["--symbols", str(symbols), "--events-per-second", str(events_per_second)]
    with open(log, "w") as output, subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=output, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                raise Failed(f"serve {approach} does not say where it listens, see {log}")
            address = line.removeprefix("listening on ").strip()
            yield Server(process.pid, address, descriptors(process.pid))
        finally:
            process.kill()


@contextlib.contextmanager
def generator(command, environment, log):
    """A generator, in a process group of its own: it is asked to stop, and killed if it does not."""
    with open(log, "w") as output, subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=output, stderr=output, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for_connections(served, driving, wanted):
    """Until the server has so many descriptors more than when it was idle."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while (connected := descriptors(served.process) - served.idle_descriptors) < wanted:
        if driving.poll() is not None:
            raise Failed(f"{driving.args} ended before it had connected, see target/generators/logs")
        if time.monotonic() > deadline:
            raise Failed(f"{connected} of {wanted} connections after {CONNECT_SECONDS} s: {driving.args}")
        time.sleep(0.02)


def descriptors(process):
    """How many descriptors a process has open."""
    return len(os.listdir(f"/proc/{process}/fd"))


def sample(served, driving, count):
    """Running totals: of time, of what the generator has done, of the CPU time that it used, and of that which
    others used, beside generator, server and this process."""
    generator, server_side = processor_seconds(driving.pid), processor_seconds(served.process)
    others = machine_seconds() - generator - server_side - sum(os.times()[:4])
    return {"seconds": time.monotonic(), "processor_seconds": generator, "others": others, "done": count()}


def processor_seconds(process):
    """User and system time of a process and of all below it, to the nanosecond: see clock_getcpuclockid(3) for the
    clock's number."""
    return sum(time.clock_gettime_ns(~one << 3 | 2) for one in family(process)) / 1e9


def machine_seconds():
    """User and system time of all processes of the machine, without interrupts."""
    words = pathlib.Path("/proc/stat").read_text().split()
    user, nice, system = map(int, words[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def machine():
    """What this is measured on, in a sentence without its end."""
    model = re.search(r"^model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    release = os.uname().release.split("-")[0]
    return f"{os.cpu_count()} cores of {model[1] if model else 'unknown make'}, {memory:.0f} GiB, Linux {release}, loopback"


def anonymous_bytes(process):
    """Anonymous resident memory of a process and of all below it."""
    status = "".join(pathlib.Path(f"/proc/{one}/status").read_text() for one in family(process))
    return sum(int(kilobytes) * 1024 for kilobytes in re.findall(r"^RssAnon:\s+(\d+)", status, re.MULTILINE))


def family(process):
    """A process and all below it."""
    members = [process]
    for member in members:
        for children in glob.glob(f"/proc/{member}/task/*/children"):
            members += map(int, pathlib.Path(children).read_text().split())
    return members


def requests_received(served):
    """Segments with data that have come in on a server's connections: of a client that waits for each answer, each is a
    request."""
    command = ["ss", "--tcp", "--info", "--numeric", "--no-header", "state", "established", f"src {served.address}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sum(map(int, re.findall(r"\bdata_segs_in:(\d+)", said)))


def forget_counts(prefix):
    """Removes all files whose names begin so."""
    for name in glob.glob(f"{prefix}*"):
        os.remove(name)


def counted(prefix):
    """The sum of the counts in all files whose names begin so."""
    return sum(int(pathlib.Path(name).read_text().split()[0]) for name in glob.glob(f"{prefix}*"))
