"""A year of minutes as one value: what functions of series take beside plain SQL over the same rows."""

from measure import SIDES, connect, run, value
from vehicles import ask, read

YEAR = 525600    # minutes, and the first of the next year
MINUTES = 10000    # and one, of a quick run
ROWS = '''INSERT INTO minutes SELECT sensor_id, '2025-01-01'::timestamptz + i * interval '1 minute',
	CASE sensor_id WHEN 1 THEN round((12 + 9 * sin(i / 83651.0) + 4 * sin(i / 229.2) + (i::bigint * 7919 %% 100) / 200.0)::numeric, 1)::float8
		ELSE round((3 + sin(i / 114.6) + (i::bigint * 104729 %% 1000) / 1000.0)::numeric, 3)::float8 END
FROM generate_series(1, 2) AS sensor_id, generate_series(0, %s) AS i'''


def load(connections, minutes):
    for side, connection in connections.items():
        run(connection, f'CREATE SCHEMA series_{side}')
        run(connection, f'CREATE TABLE minutes (sensor_id int, t timestamptz, v float8) USING {side}')
        run(connection, ROWS, minutes)
        run(connection, 'CREATE INDEX ON minutes (sensor_id, t)')
    territory = connections['territory']
    run(territory, "SELECT territory.seal('minutes')")
    run(territory, "CREATE TABLE years AS SELECT sensor_id, float_series(t, v, 'step') AS minutes, float_series(t, v) AS line FROM minutes GROUP BY 1")
    for connection in connections.values():
        run(connection, 'VACUUM (FREEZE, ANALYZE)')


def bench(options, report):
    connections = {side: connect(search_path=f'series_{side},public,territory') for side in SIDES}
    minutes = MINUTES if options.quick else YEAR
    load(connections, minutes)
    report.section('Series', f'Two series of {minutes + 1:,} instants, a minute apart; what is asked takes one of them, or both. Rows in plain SQL,'
                   ' in a heap and sealed in a territory table, both with an index on sensor and time. The same answers; medians.'
                   + (' The targets are for a year.' if options.quick else ''), ('rows, heap', 'rows, sealed', 'series', 'target', 'met'))
    size = float(value(connections['territory'], 'SELECT sum(pg_column_size(minutes)) FROM years')) / (2 * minutes + 2)
    rows = [float(value(connections[side], "SELECT pg_total_relation_size('minutes')")) / (2 * minutes + 2) for side in SIDES]
    report.line('bytes an instant; of rows with index', [f'{number:.2f} B' for number in (*rows, size)])
    for question in read({}, 'series.sql'):
        ask(options, report, connections, question, not options.quick)
    for connection in connections.values():
        connection.close()
