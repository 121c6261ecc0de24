"""Locust follows server-sent events: each user subscribes to a symbol once, and reports each event as a request, as
Locust asks of what is not request and response. Locust's own count goes to the file named by COUNTS, ten times a second.
"""

import os
import random

import gevent
from locust import FastHttpUser, events, task

SYMBOLS = os.environ["SYMBOLS"].split(",")


class Follower(FastHttpUser):
    # A stream is silent for as long as nothing happens.
    network_timeout = 600

    @task
    def follow(self):
        response = self.client.get(f"/stream?symbols={random.choice(SYMBOLS)}", stream=True, name="open")
        # Locust's `iter_lines` gives nothing before there is a kilobyte, which is some events too late.
        while line := response.stream.readline(b"\n"):
            if line.startswith(b"data: {"):
                events.request.fire(
                    request_type="SSE", name="event", response_time=0, response_length=len(line), exception=None, context={}
                )


@events.test_start.add_listener
def start_counting(environment, **_):
    gevent.spawn(write_counts, environment.stats)


def write_counts(stats):
    # Written over itself and never emptied, so that a reader always finds a number.
    with open(os.environ["COUNTS"], "w") as counts:
        while True:
            counts.seek(0)
            counts.write(f"{stats.get('event', 'SSE').num_requests}\n")
            counts.flush()
            gevent.sleep(0.1)
