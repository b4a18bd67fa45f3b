"""Eight clients at once, each with a mixture of what dashboards and applications ask; heap and territory in turn."""

import random
import statistics
import threading
import time

import queries
from data import day
from measure import SIDES, connect, run, turn

CLIENTS = 8
ROUNDS = 3

# how often a client asks what, in a turn
MIXTURE = {'Q2': 10, 'Q3': 10, 'Q4': 5, 'Q9a': 2, 'Q10c': 4, 'Q1b': 1, 'Q5d': 1, 'Q6': 1, 'Q7a': 1, 'Q8': 1}


def questions(options, client):
    """What this client asks, in its own order; Q2 and Q3 of its own sensors and days."""
    own = random.Random(client)
    asked = {query.name: query.sql for query in queries.w1(options)}
    chosen = []
    for name, often in MIXTURE.items():
        for _ in range(often):
            start = own.randrange(options.days)
            sensor = own.randint(1, options.sensors)
            if name == 'Q2':
                chosen.append(f'SELECT t, temp, flow, idx, state FROM readings WHERE sensor_id = {sensor}'
                              f' AND t >= {day(start)} AND t < {day(start + 1)} ORDER BY t')
            elif name == 'Q3':
                chosen.append("SELECT date_bin('1 minute', t, '2000-01-01 00:00+00') AS m, max(temp) FROM readings"
                              f' WHERE sensor_id = {sensor} AND t >= {day(start, 6)} AND t < {day(start, 18)}'
                              ' GROUP BY m ORDER BY m')
            else:
                chosen.append(asked[name])
    own.shuffle(chosen)
    return chosen


def all_at_once(connections, asked):
    """Seconds until the last client is through, and those of every query."""
    each, failed = [], []

    def client(number):
        try:
            for sql in asked[number]:
                start = time.perf_counter()
                run(connections[number], sql)
                each.append(time.perf_counter() - start)
        except Exception as error:    # said by the main thread
            failed.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - start, each


def bench(options, report):
    asked = [questions(options, client) for client in range(CLIENTS)]
    count = sum(map(len, asked))
    report.section(f'{CLIENTS} clients at once', f'{count} queries, 1 % of the rows hot: each client asks'
                   f' {", ".join(f"{often} × {name}" for name, often in MIXTURE.items())}, in an order of its own; Q2 and Q3'
                   ' of random sensors and days. Heap and territory in turn; median throughput, 95th percentile of'
                   ' all queries.')
    took = {side: [] for side in SIDES}
    each = {side: [] for side in SIDES}
    connections = {side: [connect(search_path=f'as_{side},public') for _ in range(CLIENTS)] for side in SIDES}
    for number in range(1 + ROUNDS):
        for side in turn(SIDES, number):
            elapsed, times = all_at_once(connections[side], asked)
            if number > 0:    # the first warms up
                took[side].append(elapsed)
                each[side].extend(times)
    report.add('queries/s', 'rows/s', *(count / statistics.median(took[side]) for side in SIDES), at_least=1)
    report.add('95th percentile', 's', *(statistics.quantiles(each[side], n=20)[-1] for side in SIDES), at_most=1)
    report.add('median', 's', *(statistics.median(each[side]) for side in SIDES))
    for connection in sum(connections.values(), []):
        connection.close()
