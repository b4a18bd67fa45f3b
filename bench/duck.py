"""DuckDB beside the two: the npm package @duckdb/node-api, installed into the temporary folder; files in order of arrival
and sorted by sensor and time.  Times are timestamps without zone, in UTC."""

import datetime
import decimal
import json
import os
import re
import shutil
import subprocess

PACKAGE = '@duckdb/node-api'
ORDERS = ('arrival', 'sorted')
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
COLUMNS = 'sensor_id INTEGER, t TIMESTAMP, temp DOUBLE, flow DOUBLE, idx DOUBLE, state SMALLINT, lon DOUBLE, lat DOUBLE'


class DuckError(Exception):
    """What DuckDB answered instead."""


def dialect(sql):
    """Heap's SQL as DuckDB's: its bucket function, bounds without a zone, a box without PostGIS."""
    sql = re.sub(r"date_bin\('([^']*)', t, '2000-01-01 00:00\+00'\)",
                 r"time_bucket(INTERVAL '\1', t, TIMESTAMP '2000-01-01 00:00:00')", sql)
    sql = re.sub(r"'([-0-9]+T[0-9:]+)\+00:00'", r"TIMESTAMP '\1'", sql)
    return re.sub(r's\.geom && ST_MakeEnvelope\(([^,]*), ([^,]*), ([^,]*), ([^,]*), 4326\)',
                  r's.lon BETWEEN \1 AND \3 AND s.lat BETWEEN \2 AND \4', sql)


def plain(value):
    """A value of psycopg2 as duckdb.js gives it."""
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    return float(value) if isinstance(value, decimal.Decimal) else value


def plain_rows(rows):
    return [tuple(map(plain, row)) for row in rows]


class Duck:
    """The process that answers; both databases are open in it."""

    def __init__(self, work, memory):
        self.folder = os.path.join(work, 'duckdb')
        os.mkdir(self.folder)
        self.process = None
        npm = shutil.which('npm')
        if npm is None or shutil.which('node') is None:
            raise DuckError('there is no node and npm')
        done = subprocess.run([npm, 'install', '--prefix', self.folder, '--no-audit', '--no-fund', '--loglevel=error',
                               PACKAGE], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise DuckError(f'npm could not install {PACKAGE}: {done.stderr.strip()[-300:]}')
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'duckdb.js')
        self.process = subprocess.Popen(['node', script], cwd=self.folder, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for order in ORDERS:
            self.request(open=order, file=self.path(order), settings={'memory_limit': memory})
        self.version = self.rows('arrival', 'SELECT version()')[0][0]

    def path(self, order):
        return os.path.join(self.folder, f'{order}.db')

    def bytes(self, order):
        return os.path.getsize(self.path(order))

    def request(self, **request):
        self.process.stdin.write(json.dumps(request) + '\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise DuckError('DuckDB went away')
        reply = json.loads(line)
        if 'error' in reply:
            raise DuckError(reply['error'])
        return reply

    def seconds(self, order, sql):
        return self.request(on=order, sql=sql)['seconds']

    def rows(self, order, sql):
        return [tuple(row) for row in self.request(on=order, sql=sql, rows=True)['rows']]

    def load(self, work, parts):
        """Seconds to load in order of arrival, and seconds more to sort; checkpoints included."""
        run = self.seconds
        run('arrival', f'CREATE TABLE readings ({COLUMNS})')
        arrival = sum(run('arrival', f"COPY readings FROM '{work}/{part}.csv' (FORMAT csv, HEADER false)")
                      for part in range(1, parts + 1)) + run('arrival', 'CHECKPOINT')
        ordered = run('sorted', 'CREATE TABLE readings AS SELECT * FROM arrival.readings ORDER BY sensor_id, t')
        ordered += run('sorted', 'CHECKPOINT')
        for order in ORDERS:
            run(order, 'CREATE TABLE sensors (sensor_id INTEGER PRIMARY KEY, lon DOUBLE, lat DOUBLE, district TEXT)')
            run(order, "INSERT INTO sensors SELECT column0, column1, column2, 'district ' || column0 % 20"
                       f" FROM read_csv('{work}/sensors.csv', header = false)")
        return arrival, ordered

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()
