"""Connections, times and memory; every figure is taken of both sides in turn."""

import os
import statistics
import threading
import time

import psycopg2

SIDES = ('heap', 'territory')


def connect(**settings):
    """A fresh backend, each statement a transaction; dsn from the environment, as psql's."""
    connection = psycopg2.connect('', options=' '.join(f'-c {k}={v}' for k, v in settings.items()))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'")
    return connection


def run(connection, sql, *arguments):
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments or None)


def rows(connection, sql, *arguments):
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments or None)
        return cursor.fetchall()


def value(connection, sql, *arguments):
    return rows(connection, sql, *arguments)[0][0]


def seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def timed_rows(connection, sql):
    """Its rows, and the time until the last of them is here."""
    with connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute(sql)
        elapsed = time.perf_counter() - start
        return elapsed, cursor.fetchall()


def turn(things, number):
    """Forth and back: who goes first finds caches and disks otherwise than who comes next."""
    things = list(things)
    return things if number % 2 == 0 else things[::-1]


def in_turn(actions, repeat):
    """The median seconds of each action, all of them once per round."""
    times = [[] for _ in actions]
    for number in range(repeat):
        for place, action in turn(enumerate(actions), number):
            times[place].append(seconds(lambda: action(number)))
    return [statistics.median(t) for t in times]


def same_value(a, b):
    """Sums of floats depend on the order of their terms, which no engine promises; JSON has whole floats as integers."""
    types = {type(a), type(b)}
    if float in types and types <= {float, int}:
        return a == b or abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    return a == b


def same_rows(one, other, ordered):
    if len(one) != len(other):
        return False
    if not ordered:
        one, other = sorted(one), sorted(other)
    return all(len(a) == len(b) and all(map(same_value, a, b)) for a, b in zip(one, other))


class PeakMemory:
    """The most memory of its own that a backend had while the block ran, in bytes; None where /proc does not tell."""

    def __init__(self, connection):
        self.path = f'/proc/{connection.info.backend_pid}/status'
        self.peak = None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def read(self):
        try:
            with open(self.path) as status:
                for line in status:
                    if line.startswith('RssAnon:'):
                        return int(line.split()[1]) * 1024
        except OSError:
            pass
        return None

    def watch(self):
        while not self.stop.wait(0.02):
            now = self.read()
            if now is not None:
                self.peak = max(self.peak or 0, now)

    def __enter__(self):
        self.peak = self.before = self.read()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    @property
    def growth(self):
        return None if self.peak is None else self.peak - self.before


def backend_contexts(connection, pattern):
    """Bytes that this backend keeps in memory contexts so named."""
    return int(value(connection, 'SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts'
                                 ' WHERE name LIKE %s', pattern))


def has_setting(connection, name):
    return bool(rows(connection, 'SELECT 1 FROM pg_settings WHERE name = %s', name))


def cpu_model():
    try:
        with open('/proc/cpuinfo') as info:
            for line in info:
                if line.startswith('model name'):
                    return line.split(':', 1)[1].strip()
    except OSError:
        pass
    return os.uname().machine
