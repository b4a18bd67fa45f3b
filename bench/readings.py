"""A territory's sensors: load, seal, question, change, rewrite."""

import random
import statistics

import clients
import data
import duck
import measure
import queries
from data import PARTS, create_readings, day
from measure import SIDES, connect, run, rows, seconds, value


def bench(options, report):
    count = options.count
    print(f'Generating {count:,} readings', flush=True)
    data.generate(options)
    connections = {side: connect(search_path=f'as_{side},public') for side in SIDES}
    for side, connection in connections.items():
        run(connection, f'CREATE SCHEMA as_{side}')
        create_readings(connection, side)
        data.create_sensors(connection, options.work)
    # the sessions here are of UTC; where the server is a city's, its zone is told by default
    run(connections['territory'], "SELECT territory.set_layout('readings', other_zone => 'Europe/Paris')")
    load(options, report, connections, count)
    seal(options, report, connections, count)
    clean(connections)
    ducks = start_duckdb(options, report, count) if options.duckdb else None
    points(options, report, connections)
    queries.bench(options, report, connections, ducks)
    options.save()
    if ducks:
        ducks.stop()
    clients.bench(options, report)
    options.save()
    run(connections['territory'], "SELECT territory.seal('readings')")    # what came for the hot passes
    clean(connections)
    change(options, report, connections)
    rewrite(report, connections)
    memory(options, report)


def clean(connections):
    for side in SIDES:
        run(connections[side], 'VACUUM (FREEZE, ANALYZE) readings')


def start_duckdb(options, report, count):
    """DuckDB with the same rows; None, and said, where it is not to be had."""
    report.section('DuckDB', 'Its readings in order of arrival, and sorted by sensor and time.', ('in order', 'sorted'))
    try:
        ducks = duck.Duck(options.work, '4GB')
    except duck.DuckError as error:
        report.line(f'skipped: {error}', [])
        return None
    arrival, ordered = ducks.load(options.work, PARTS)
    report.line('load, sort afterwards', [arrival, ordered])
    report.line('bytes a row', [f'{ducks.bytes(order) / count:.2f} B' for order in duck.ORDERS])
    return ducks


def bytes_of(connection, table='readings'):
    return value(connection, 'SELECT pg_total_relation_size(%s::regclass)', table)


def copy_parts(connections, targets, work):
    """The seconds of each part of each target: (connection's name, table)."""
    times = {target: [] for target in targets}
    for part in range(1, PARTS + 1):
        for target in measure.turn(targets, part):
            side, table = target
            times[target].append(seconds(lambda: data.copy(connections[side], work, part, table)))
    return times


def load(options, report, connections, count):
    report.section('Load', f'{count:,} readings of {options.sensors:,} sensors, {options.days} days, in order of'
                   f' arrival; btree (sensor_id, t) and BRIN (t) on both. COPY in {PARTS} parts, in turn; medians.')
    targets = [('heap', 'readings'), ('territory', 'readings')]
    bulk = measure.has_setting(connections['territory'], 'territory.bulk_seal')
    if bulk:
        connections['bulk'] = connect(search_path='as_territory,public', **{'territory.bulk_seal': 'on'})
        create_readings(connections['bulk'], 'territory', 'bulk')
        targets.append(('bulk', 'bulk'))
    times = copy_parts(connections, targets, options.work)
    part = {target: statistics.median(t) for target, t in times.items()}
    heap = part['heap', 'readings']
    report.add('COPY, rows stay hot', 's', heap, part['territory', 'readings'], at_most=1.1)
    if bulk:
        report.add('COPY, territory.bulk_seal', 's', heap, part['bulk', 'bulk'], at_most=1.0)
        report.add('bytes a row, after bulk_seal', 'B/row', bytes_of(connections['heap']) / count,
                   bytes_of(connections['bulk'], 'bulk') / count)
        run(connections['bulk'], 'DROP TABLE bulk')
        connections.pop('bulk').close()
    report.copy_rate = count / PARTS / part['territory', 'readings']


def seal(options, report, connections, count):
    connection = connections['territory']
    rates = []
    sealed_bytes = sealed_rows = 0
    report.section('Seal', f'Against COPY into the same table. One of the {PARTS} parts, all its rows at once; then all'
                   ' of them in as many steps by time, where each step reads all that is still hot: the median step.'
                   ' A VACUUM after each.')
    create_readings(connection, 'territory', 'part')
    copied = seconds(lambda: data.copy(connection, options.work, 1, 'part'))
    result = []
    sealed = seconds(lambda: result.extend(rows(connection, "SELECT rows FROM territory.seal('part')")))
    run(connection, 'DROP TABLE part')
    report.add('rows/s, COPY and seal of a part', 'rows/s', result[0][0] / copied, result[0][0] / sealed, at_least=2.5,
               note='COPY in the place of heap')
    for part in range(1, PARTS + 1):
        border = data.moment(0, 0, options.days * 1440 * part // PARTS)
        result = []
        elapsed = seconds(lambda: result.extend(
            rows(connection, 'SELECT rows, sealed_bytes FROM territory.seal(%s, %s)', 'readings', border)))
        rates.append(result[0][0] / elapsed)
        sealed_rows += result[0][0]
        sealed_bytes += result[0][1]
        run(connection, 'VACUUM readings')
    rate = statistics.median(rates)
    report.add('rows/s, COPY and seal in steps', 'rows/s', report.copy_rate, rate, note='COPY in the place of heap')
    report.add('bytes a row of sealed data', 'B/row', None, sealed_bytes / sealed_rows, at_most=3)
    report.add('bytes a row of the relation, indexes included', 'B/row', bytes_of(connections['heap']) / count,
               bytes_of(connection) / count)
    report.check('every row is sealed', sealed_rows == count, f'{sealed_rows:,}')


def points(options, report, connections):
    """Fifty sensors and days by a prepared statement."""
    report.section('Prepared statements', 'Warm, in turn; medians.')
    random.seed(1)
    calls = [(random.randint(1, options.sensors), day(random.randrange(options.days))) for _ in range(50)]
    for side in SIDES:
        run(connections[side], "PREPARE one_day AS SELECT t, temp, flow, idx, state FROM readings"
                               " WHERE sensor_id = $1 AND t >= $2 AND t < $2 + interval '1 day' ORDER BY t")
        run(connections[side], "PREPARE one_hour AS SELECT t, temp, flow, idx, state FROM readings"
                               " WHERE sensor_id = $1 AND t >= $2 AND t < $2 + interval '1 hour' ORDER BY t")

    def ask_all(side, name):
        for sensor, start in calls:
            run(connections[side], f'EXECUTE {name} ({sensor}, {start})')

    for name, words, bound in (('one_day', 'a day', 1.0), ('one_hour', 'an hour', None)):
        times = measure.in_turn([lambda _, side=side: ask_all(side, name) for side in SIDES], options.repeat)
        report.add(f'prepared, a sensor and {words}, each of 50', 's', *(t / len(calls) for t in times), at_most=bound)


def change(options, report, connections):
    report.section('Changes', 'Each in a transaction of its own, each time of other rows.')
    per_sensor = min(10000, options.days * 1440)

    def statement(side, sql):
        run(connections[side], sql)

    def where(number):
        sensor = 1 + number * 3 % options.sensors
        return (f'WHERE sensor_id = {sensor} AND t < '
                + day(0, 0, per_sensor))

    def moment(number):
        minutes = max(1, 10000 // options.sensors)
        return f'WHERE t >= {day(1, number, 0)} AND t < {day(1, number, minutes)}'

    actions = (
        (f'UPDATE of {per_sensor:,} rows of a sensor', lambda n: f'UPDATE readings SET temp = temp + 1 {where(n)}', 5),
        (f'DELETE of {per_sensor:,} rows of a sensor', lambda n: f'DELETE FROM readings {where(n + 20)}', 5),
        ('UPDATE of the 10,000 rows of some minutes', lambda n: f'UPDATE readings SET temp = temp + 1 {moment(n)}', None),
        ('DELETE of the 10,000 rows of some minutes', lambda n: f'DELETE FROM readings {moment(n + 10)}', None),
    )
    for name, sql, bound in actions:
        times = measure.in_turn([lambda n, side=side: statement(side, sql(n)) for side in SIDES], options.repeat)
        report.add(name, 's', *times, at_most=bound)
    sums = [rows(connections[side], 'SELECT count(*), sum(temp), sum(flow), sum(sensor_id), sum(state) FROM readings')
            for side in SIDES]
    report.check('the same rows afterwards', measure.same_rows(*sums, True))


def rewrite(report, connections):
    report.section('Rewrites')
    territory, heap = connections['territory'], connections['heap']
    before = rows(territory, 'SELECT count(*), sum(temp), sum(state) FROM readings')
    count = before[0][0]
    elapsed = {side: seconds(lambda: run(connections[side], 'ALTER TABLE readings ALTER state TYPE int'))
               for side in SIDES}
    hot = value(territory, "SELECT pg_relation_size('readings')")
    hot_before = 10 * 10000 * 100    # updated rows, that were hot before
    report.add('ALTER TYPE', 's', elapsed['heap'], elapsed['territory'])
    report.add('bytes a row after it, indexes included', 'B/row', bytes_of(heap) / count, bytes_of(territory) / count)
    report.check('ALTER TYPE leaves history sealed', hot < hot_before, f'{hot:,} bytes of heap')
    report.check('the same rows after it', measure.same_rows(
        before, rows(territory, 'SELECT count(*), sum(temp), sum(state) FROM readings'), True))
    before = rows(heap, 'SELECT count(*), sum(temp), sum(state) FROM readings')
    adopted = []
    taken = seconds(lambda: adopted.extend(rows(heap, "SELECT rows, sealed_bytes FROM territory.adopt('readings')")))
    left = before[0][0]
    report.add('adopt', 's', None, taken)
    report.add('rows/s, COPY and adopt', 'rows/s', report.copy_rate, left / taken, note='COPY in the place of heap')
    report.add('bytes a row of sealed data after adopt', 'B/row', None, adopted[0][1] / left, at_most=3)
    report.add('bytes a row of the relation after adopt', 'B/row', None, bytes_of(heap) / left, at_most=3.2)
    report.check('the same rows after adopt', measure.same_rows(
        before, rows(heap, 'SELECT count(*), sum(temp), sum(state) FROM readings'), True))


def memory(options, report):
    """What a backend takes for itself, above what it had."""
    report.section('Memory', 'Most anonymous memory of the backend, above what it had before.')
    connection = connect(search_path='as_territory,public', maintenance_work_mem='64MB')
    create_readings(connection, 'territory', 'part')
    data.copy(connection, options.work, 1, 'part')
    with measure.PeakMemory(connection) as peak:
        run(connection, "SELECT territory.seal('part')")
    report.add('seal, maintenance_work_mem = 64MB', 'MB', None, peak.growth, at_most=64e6 * 1.5)
    connection.close()
    connection = connect(search_path='as_territory,public', max_parallel_workers_per_gather=0, jit='off')
    with measure.PeakMemory(connection) as peak:
        run(connection, 'SELECT count(*), sum(temp), sum(flow), sum(idx), max(state), max(lon), max(lat) FROM part')
    report.add('scan of every column', 'MB', None, peak.growth, at_most=8e6)
    run(connection, 'DROP TABLE part')
    connection.close()
