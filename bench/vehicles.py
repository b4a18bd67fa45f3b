"""A territory's vehicles: stored point series against rows in plain SQL and PostGIS, hot on heap and sealed."""

import os
import re
import statistics
import subprocess

import measure
from measure import SIDES, connect, run, rows, seconds, value

FULL = (200, 5)     # vehicles and days that the targets are for
SLOW = 5    # seconds: what takes longer is measured once


class Question:
    """A name and title, the most that it may take, a statement over series, one over rows, one over series made of them, one over MobilityDB's trips."""

    def __init__(self, block, values):
        head, *rest = block.strip().split('\n')
        self.title = head.removeprefix('-- ')
        self.limit = None
        if rest[0].startswith('-- at most: '):
            self.limit = float(rest.pop(0).removeprefix('-- at most: ').removesuffix(' ms')) / 1000
        sql = re.sub(r"(?<!:):([a-z]+)\b", lambda match: values[match.group(1)], '\n'.join(rest))
        sql, _, self.mobilitydb = (part.strip().rstrip(';') for part in sql.partition('\n-- mobilitydb\n'))
        sql, _, self.made = (part.strip().rstrip(';') for part in sql.partition('\n-- series of rows\n'))
        self.series, _, self.rows = (part.strip().rstrip(';') for part in sql.partition('\n-- rows\n'))


def read(values, file='vehicles.sql'):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), file)) as text:
        return [Question(block, values) for block in text.read().split('\n\n')[1:]]


def told_values(heap):
    """What the statements name: a place of the streets, the square around it, the second day."""
    place = value(heap, "SELECT ST_AsEWKT(geom) FROM fixes WHERE vehicle_id = 7 AND t = '2026-06-02 10:00+00'")
    return {'place': f"'{place}'::geometry", 'zone': f"ST_Expand('{place}'::geometry, 1000)", 'day': "'2026-06-02'"}


def load(options, connections):
    """The same fixes for both, in Lambert 93; sealed in territory."""
    vehicles, days = (20, 2) if options.quick else FULL
    with open(f'{options.work}/vehicles.csv', 'w') as csv:
        subprocess.run([os.path.join(options.work, 'vehicles'), str(vehicles), str(days)], stdout=csv, check=True)
    heap = connections['heap']
    run(heap, 'CREATE TABLE told (vehicle_id int, t timestamptz, lon float8, lat float8, speed float8)')
    run(heap, f"COPY told FROM '{options.work}/vehicles.csv' (FORMAT csv)")
    for side, connection in connections.items():
        run(connection, f'CREATE TABLE fixes (vehicle_id int, t timestamptz, geom geometry(Point, 2154), speed float8) USING {side}')
        run(connection, 'INSERT INTO fixes SELECT vehicle_id, t, ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 2154), speed'
                        ' FROM vehicles_heap.told')
        run(connection, 'CREATE INDEX ON fixes (vehicle_id, t)')
        run(connection, 'CREATE TABLE vehicles AS SELECT generate_series(1, %s) AS vehicle_id', vehicles)
    run(connections['territory'], "SELECT territory.seal('fixes')")
    for connection in connections.values():
        run(connection, 'VACUUM (FREEZE, ANALYZE) fixes, vehicles')
    return vehicles, days


def build(report, connections, judged):
    """The series of all trips, and what they take."""
    count = value(connections['heap'], 'SELECT count(*) FROM fixes')
    made = {}
    for side, connection in connections.items():
        made[side] = seconds(lambda: run(connection, 'CREATE TABLE trips AS SELECT vehicle_id, t::date AS day,'
                                                     ' point_series(t, geom) AS trip FROM fixes GROUP BY 1, 2'))
        run(connection, 'VACUUM (FREEZE, ANALYZE) trips')
    limit = 3.0
    report.line('building the series of all trips from rows', [made['heap'], made['territory'], '', '≤ 3 s' if judged else '',
                ('yes' if max(made.values()) <= limit else '**no**') if judged else ''], judged and max(made.values()) > limit)
    report.line('bytes a fix, rows and their index', [
        f"{value(connection, 'SELECT pg_total_relation_size(%s::regclass)', 'fixes') / count:.1f} B" for connection in connections.values()])
    place = 'ST_SetSRID(ST_MakePoint(lon, lat), 4326)'
    for what, made_of, table, target in (
            ('Lambert 93 in full', 'pg_column_size(point_series(t, geom))', 'fixes', 14),
            ('Lambert 93 to 1 cm', "pg_column_size(point_series(t, geom, 'linear', NULL, 0.01))", 'fixes', 6),
            ('longitude and latitude of 6 decimals, and speed',
             f'pg_column_size(point_series(t, {place})) + pg_column_size(float_series(t, speed))', 'told', 6)):
        size = float(value(connections['heap'], f'SELECT sum(size) FROM (SELECT {made_of} AS size FROM {table} GROUP BY vehicle_id, t::date) x')) / count
        report.line(f'bytes a fix, {what}', ['', '', f'{size:.2f} B', f'≤ {target} B' if judged else '', ('yes' if size <= target else '**no**') if judged else ''],
                    judged and size > target)


def median(connection, sql, repeat):
    """Seconds, and the rows of the first, which warms up and counts only if it is slow."""
    warm, found = measure.timed_rows(connection, sql)
    if warm > SLOW:
        return warm, found
    return statistics.median(seconds(lambda: run(connection, sql)) for _ in range(repeat * (4 if warm < 0.02 else 1))), found


def ask(options, report, connections, question, judged):
    """Rows on both, series on one: the same answers."""
    series, found = median(connections['territory'], question.series, options.repeat)
    times = []
    for side in SIDES:
        if not question.rows:
            times.append(None)
            continue
        elapsed, expected = median(connections[side], question.rows, options.repeat)
        times.append(elapsed)
        if not same(expected, found):
            report.check(f'same answer: {question.title}, {side}', False, difference(expected, found))
    missed = bool(judged and question.limit and series > question.limit)
    report.line(question.title, [*times, series, f'≤ {question.limit * 1000:g} ms' if judged and question.limit else '',
                                 ('**no**' if missed else 'yes') if judged and question.limit else ''], missed)


def difference(expected, found):
    return f'{len(expected)} rows, not {len(found)}' if len(expected) != len(found) else \
        f'{sum(not same([a], [b]) for a, b in zip(expected, found))} of {len(found)} rows'


def same(expected, found):
    """Lengths to the millimetre, speeds to a millionth."""
    return len(expected) == len(found) and all(
        all(abs(x - y) <= 1e-6 * max(1, abs(x) / 1000) if isinstance(x, float) else x == y or abs(float(x) - float(y)) < 0.002
            for x, y in zip(a, b) if not hasattr(x, 'year')) for a, b in zip(expected, found))


def bench(options, report):
    connections = {side: connect(search_path=f'vehicles_{side},public,territory') for side in SIDES}
    for side, connection in connections.items():
        run(connection, f'CREATE SCHEMA vehicles_{side}')
    vehicles, days = load(options, connections)
    judged = (vehicles, days) == FULL
    count = value(connections['heap'], 'SELECT count(*) FROM fixes')
    report.section('Vehicles', f'{count:,} fixes of {vehicles} vehicles, every 10 seconds, {days} days of 8 hours: rows in plain SQL and'
                   ' PostGIS, hot in a heap and sealed in a territory table, against one point_series for each vehicle and day.'
                   ' The same answers; medians, of what takes more than 5 seconds the only run.'
                   + ('' if judged else ' The targets are for 2,880,000 fixes.'), ('rows, heap', 'rows, sealed', 'series', 'target', 'met'))
    build(report, connections, judged)
    for question in read(told_values(connections['heap'])):
        ask(options, report, connections, question, judged)
    for connection in connections.values():
        connection.close()
