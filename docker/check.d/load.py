"""Asks for figures from a few clients at once until the time is over or SIGINT comes.

load.py HOST:PORT SECONDS TOKEN: prints how many requests were made and failed; exits with 1 if one
failed. A tenth of the questions are new, so that the database is asked, too.
"""

import collections
import http.client
import random
import signal
import sys
import threading
import time

CLIENTS = 4
PATHS = ["summary", "monthly-stats", "contract-stats", "analytics/debt-balance"]

address, seconds, token = sys.argv[1], float(sys.argv[2]), sys.argv[3]
stop = threading.Event()
signal.signal(signal.SIGINT, lambda *_: stop.set())
requests = collections.Counter()
lock = threading.Lock()


def path():
    date = f"20{random.randrange(10, 25)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
    query = f"?date_from={date}" if random.random() < 0.1 else ""
    return f"/api/v1/credit-portfolio/{random.choice(PATHS)}{query}"


def outcome(connection):
    """The status, or the name of what went wrong."""
    try:
        connection.request("GET", path(), headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        return "200" if answer.status == 200 else f"status {answer.status}"
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return type(error).__name__


def client():
    connection = http.client.HTTPConnection(address, timeout=20)
    while not stop.is_set():
        result = outcome(connection)
        with lock:
            requests[result] += 1
        time.sleep(0.01)


threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
for thread in threads:
    thread.start()
stop.wait(seconds)
stop.set()
for thread in threads:
    thread.join()
failed = sum(requests.values()) - requests["200"]
print(f"{sum(requests.values())} requests, {failed} failed" + (f": {dict(requests)}" if failed else ""))
sys.exit(1 if failed or not requests["200"] else 0)
