"""Very many segments: what a look-up costs, and what a backend keeps in memory."""

import statistics

import measure
from measure import connect, rows, run, seconds

PER_SEGMENT = 10
POINT = ("SELECT t, v FROM {table} WHERE sensor_id = {sensor} AND t >= '{hour}' AND t < '{hour}'::timestamptz + "
         "interval '1 hour' ORDER BY t")


GROUPED = "SELECT date_bin('1 hour', t, '2000-01-01 00:00+00') AS h, avg(v) FROM {table} GROUP BY h ORDER BY h"


class Table:
    """Sealed in steps, as history comes: each holds some hours of every sensor."""

    def __init__(self, name, segments, sensors, steps, hour):
        self.name, self.segments, self.sensors, self.steps, self.hour = name, segments, sensors, steps, hour

    def build(self, connection):
        run(connection, f'CREATE TABLE {self.name} (sensor_id int, t timestamptz, v float8, PRIMARY KEY (sensor_id, t))'
                        ' USING territory')
        minutes = self.segments * PER_SEGMENT // self.sensors
        for step in range(self.steps):
            first, last = minutes * step // self.steps, minutes * (step + 1) // self.steps - 1
            run(connection, f"INSERT INTO {self.name} SELECT s, timestamptz '2025-01-01 00:00+00' + m * interval '1 minute',"
                            f' s + m % 7 FROM generate_series({first}, {last}) m, generate_series(1, {self.sensors}) s')
            run(connection, 'SELECT territory.seal(%s)', self.name)
        run(connection, f'VACUUM ANALYZE {self.name}')

    def point(self, sensor):
        return POINT.format(table=self.name, sensor=sensor, hour=self.hour)

    def prepare(self, connection):
        run(connection, 'PREPARE point AS ' +
            POINT.format(table=self.name, sensor='$1', hour='$2').replace("'$2'", '$2'))

    def ask(self, connection):
        """A hundred times, of several sensors."""
        for call in range(100):
            run(connection, f"EXECUTE point ({1 + call % self.sensors}, '{self.hour}')")


def bench(options, report):
    many = 10000 if options.quick else 100000
    few = 100
    tables = (Table('few', few, 10, 1, '2025-01-01 00:20+00'), Table('many', many, 100, 10, '2025-01-01 05:20+00'))
    report.section('Directory', f'The same question of a table of {few} segments (in the place of heap) and of one of'
                   f' {many:,}; segments of {PER_SEGMENT} rows, an hour of one sensor.')
    connection = connect(search_path='public', **{'territory.segment_rows': PER_SEGMENT})
    backends = []
    for table in tables:
        table.build(connection)
        backends.append(connect())
        table.prepare(backends[-1])
        table.ask(backends[-1])
    found = [len(rows(backend, f"EXECUTE point (7, '{table.hour}')")) for table, backend in zip(tables, backends)]
    report.check('both give an hour', found == [60, 60])
    times = measure.in_turn([lambda _, table=table, backend=backend: table.ask(backend)
                             for table, backend in zip(tables, backends)], options.repeat)
    report.add('prepared point query', 's', *(t / 100 for t in times), at_most=2)

    first = [[], []]
    for number in range(options.repeat):
        for place, table in enumerate(tables):
            fresh = connect()
            first[place].append(seconds(lambda: run(fresh, table.point(number + 1))))
            fresh.close()
    report.add('first query of a fresh connection', 's', *map(statistics.median, first), at_most=5)

    # every segment there is, then by key again
    for table, backend in zip(tables, backends):
        run(backend, f'SELECT count(*), max(v) FROM {table.name}')
        table.ask(backend)
    kept = [measure.backend_contexts(backend, 'territory%') for backend in backends]
    report.add('memory that a backend keeps for it', 'MB', *kept)
    report.add('memory that a backend keeps for the larger', 'MB', None, kept[1], at_most=8e6)
    plan(options, report, connection, tables[1])
    for table, backend in zip(tables, backends):
        backend.close()
        run(connection, f'DROP TABLE {table.name}')


def plan(options, report, connection, table):
    """How long plans take to make, against heap's of the same rows."""
    report.section('Planning', f'Planning time of a backend that has planned it before, the same rows as a heap table'
                   f' and as {table.segments:,} segments; medians of {options.repeat * 10}.')
    run(connection, 'CREATE TABLE many_heap (LIKE many INCLUDING INDEXES) USING heap')
    run(connection, 'INSERT INTO many_heap SELECT * FROM many')
    run(connection, 'VACUUM ANALYZE many_heap')
    backend = connect()
    for what, sql in (('a point query', POINT.format(table='{table}', sensor=7, hour=table.hour)), ('a GROUP BY', GROUPED)):
        times = [[], []]
        for number in range(options.repeat * 10 + 1):
            for place, name in measure.turn(enumerate(('many_heap', 'many')), number):
                found = rows(backend, 'EXPLAIN (SUMMARY, FORMAT json) ' + sql.format(table=name))[0][0]
                if number > 0:
                    times[place].append(found[0]['Planning Time'] / 1000)
        report.add(what, 's', *map(statistics.median, times), over=0.001)
    backend.close()
    run(connection, 'DROP TABLE many_heap')
