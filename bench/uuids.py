"""Inserts into a table whose primary key says nothing about where a row is."""

import measure
from measure import SIDES, connect, run, rows, value

ROWS = 10000
PER_SEGMENT = 1000


def bench(options, report):
    segments = 100 if options.quick else 1000
    report.section('Unique keys', f'10,000 rows into a table with a uuid primary key, over {segments:,} sealed'
                   f' segments of {PER_SEGMENT:,} rows; the same rows into both.')
    connections = {side: connect(search_path=f'uuid_{side},public', **{'territory.segment_rows': PER_SEGMENT})
                   for side in SIDES}
    for side, connection in connections.items():
        run(connection, f'CREATE SCHEMA uuid_{side}')
        run(connection, f'CREATE TABLE requests (id uuid PRIMARY KEY, t timestamptz, v float8) USING {side}')
        # md5 is as good as random, and the same for both
        run(connection, 'INSERT INTO requests SELECT md5(i::text)::uuid,'
                        f" timestamptz '2025-01-01' + i * interval '1 minute', i % 97 FROM generate_series(1, {segments * PER_SEGMENT}) i")
    connection = connections['territory']
    run(connection, "SELECT territory.seal('requests')")
    sealed = value(connection, "SELECT count(*) FROM territory.verify('requests')")
    for side in SIDES:
        run(connections[side], 'VACUUM ANALYZE requests')
        run(connections[side], 'PREPARE find AS SELECT * FROM requests WHERE id = md5($1)::uuid')
        run(connections[side], 'PREPARE one AS INSERT INTO requests VALUES (md5($1)::uuid, $2, 1)')

    def many(number, side, prefix):
        run(connections[side], f"INSERT INTO requests SELECT md5('{prefix}' || {number} || '.' || i)::uuid,"
                               f" timestamptz '2026-01-01' + i * interval '1 second', 1 FROM generate_series(1, {ROWS}) i")

    def single(number, side):
        run(connections[side], 'BEGIN')
        for i in range(1000):
            run(connections[side], f"EXECUTE one ('single{number}.{i}', '2026-02-01')")
        run(connections[side], 'COMMIT')

    times = measure.in_turn([lambda n, side=side: many(n, side, 'a') for side in SIDES], options.repeat)
    report.add('INSERT ... SELECT of 10,000 rows', 's', *times, at_most=3, note=f'{sealed:,} segments')
    times = measure.in_turn([lambda n, side=side: single(n, side) for side in SIDES], options.repeat)
    report.add('1,000 prepared INSERTs of one row', 's', *times)
    def look_up(number, side):
        for i in range(100):
            run(connections[side], f"EXECUTE find ('{1 + (number * 100 + i) * 9973 % (segments * PER_SEGMENT)}')")

    times = measure.in_turn([lambda n, side=side: look_up(n, side) for side in SIDES], options.repeat)
    report.add('prepared look-up of a row, each of 100', 's', *(t / 100 for t in times))
    sums = [rows(connections[side], 'SELECT count(*), count(DISTINCT id), sum(v) FROM requests') for side in SIDES]
    report.check('the same rows afterwards', measure.same_rows(*sums, True))
    refused = 0
    for key in (1, segments * PER_SEGMENT // 2, segments * PER_SEGMENT):
        try:
            run(connection, f"EXECUTE one ('{key}', '2026-02-01')")
        except measure.psycopg2.errors.UniqueViolation:
            refused += 1
    report.check('sealed keys are refused', refused == 3)
