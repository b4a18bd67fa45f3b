"""The vehicles beside MobilityDB, in one run on one server: its trips, stored point series, sealed rows and rows on heap."""

import decimal

from measure import SIDES, connect, in_turn, run, seconds, timed_rows, value
from report import BESIDE, figure
from vehicles import FULL, SLOW, load, read, told_values

COLUMNS = ('MobilityDB', 'series', 'ratio', 'target', 'met', 'sealed rows', 'ratio', 'met', 'heap rows')
MADE = 'SELECT vehicle_id, t::date AS day, {} AS trip FROM {} GROUP BY 1, 2'
SERIES = 'point_series(t, geom)'
TRIP = 'tgeompointSeq(array_agg(tgeompoint(geom, t) ORDER BY t))'
# where rows on heap count, too: the part that it may take of the better of the two
BETTER = {'T4': (1, '≤ the better of MobilityDB and heap'), 'T5': (1 / 10, '≤ 1/10 of the better of MobilityDB and heap')}
UNJUDGED = ('T7',)
# who stands is as far at the first instant as at the last from a motion that passes in the middle of the wait: either may be kept
TIES = {'T6b': 0.005}


def start():
    connection = connect(search_path='vehicles_mobilitydb,public')
    run(connection, 'CREATE EXTENSION mobilitydb')
    run(connection, 'CREATE SCHEMA vehicles_mobilitydb')
    return connection


def compare(report, what, mobilitydb, series, sealed=None, heap=None, limit=None, target='', unit='s', sealed_judged=True):
    """A row: series and sealed rows have to keep to the same limit, if there is one."""
    def judge(number, judged):
        return '' if limit is None or not judged or number is None else 'yes' if number <= limit else '**no**'

    def ratio(number):
        return '' if number is None or mobilitydb is None else f'{number / mobilitydb:.3g}'

    verdicts = judge(series, True), judge(sealed, sealed_judged)
    report.line(what, [figure(mobilitydb, unit), figure(series, unit), ratio(series), target if limit is not None else '', verdicts[0],
                       figure(sealed, unit), ratio(sealed), verdicts[1], figure(heap, unit)], '**no**' in verdicts)


def build(report, connections, judged):
    """A trip and a series for each vehicle and day: what they take to make, and to hold."""
    count = value(connections['heap'], 'SELECT count(*) FROM fixes')
    made = {side: seconds(lambda: run(connections[side], 'CREATE TABLE trips AS ' + MADE.format(trip, fixes)))
            for side, trip, fixes in (('mobilitydb', TRIP, 'vehicles_heap.fixes'), ('heap', SERIES, 'fixes'), ('territory', SERIES, 'fixes'))}
    compare(report, 'making all trips of rows', made['mobilitydb'], made['heap'], made['territory'], None, 3.0 if judged else None, '≤ 3 s')
    for connection in connections.values():
        run(connection, 'VACUUM (FREEZE, ANALYZE) trips')
    trips, fixes = ({side: float(value(connection, f"SELECT pg_total_relation_size('{table}')")) / count
                     for side, connection in connections.items() if table == 'trips' or side in SIDES} for table in ('trips', 'fixes'))
    compare(report, 'bytes a fix; of rows with speed and index', trips['mobilitydb'], trips['territory'], fixes['territory'], fixes['heap'],
            14 if judged else None, '≤ 14 B', 'B/row', False)


def near(a, b):
    """Lengths and places to a millimetre, speeds to a millionth, seconds to 2 milliseconds, all else altogether."""
    if isinstance(a, float):
        return abs(a - b) <= (1e-6 if abs(a) < 1000 else 1e-3)
    return a == b or isinstance(a, decimal.Decimal) and isinstance(b, decimal.Decimal) and abs(a - b) <= decimal.Decimal('0.002')


def tied(a, b):
    return a[:-1] == b[:-1] and abs(a[-1] - b[-1]) <= TIES['T6b'] * a[-1]


def same_answer(report, question, name, expected, found):
    differing = [(a, b) for a, b in zip(expected, found) if not all(map(near, a, b))]
    if len(expected) != len(found):
        report.check(f'same answer: {question.title}, {name}', False, f'{len(expected)} rows, not {len(found)}')
    elif differing and short(question) in TIES and all(tied(a, b) for a, b in differing):
        report.check(f'{question.title}: ties broken otherwise by {name}', True, f'{len(differing)} of {len(found)} trips')
    elif differing:
        report.check(f'same answer: {question.title}, {name}', False, f'{len(differing)} of {len(found)} rows')


def short(question):
    return question.title.split(':')[0]


def series_of_rows(sql):
    """The statement over series that are made of the sealed rows on the way, of the day alone where it names one."""
    view = 'made_of_day' if 'day = ' in sql else 'made'
    return sql.replace('FROM trips', f'FROM {view}').replace('JOIN trips', f'JOIN {view}')


def medians(connections, statements, repeat):
    """The rows that each gives, and its median seconds, all in turn; what is slow is measured once."""
    warm = {name: timed_rows(connections[side], sql) for name, (side, sql) in statements.items()}
    times = {name: elapsed for name, (elapsed, _) in warm.items()}
    fast = [name for name in statements if times[name] <= SLOW]
    actions = [lambda _, side=side, sql=sql: run(connections[side], sql) for side, sql in (statements[name] for name in fast)]
    rounds = repeat * (4 if all(times[name] < 0.05 for name in fast) else 1)
    times.update(zip(fast, in_turn(actions, rounds)))
    return {name: found for name, (_, found) in warm.items()}, times


def ask(options, report, connections, question, judged):
    statements = {'MobilityDB': ('mobilitydb', question.mobilitydb), 'series': ('territory', question.series), 'heap': ('heap', question.rows),
                  'sealed rows': ('territory', question.rows), 'series of sealed rows': ('territory', series_of_rows(question.series))}
    found, times = medians(connections, {name: (side, sql) for name, (side, sql) in statements.items() if sql}, options.repeat)
    for name, expected in found.items():
        if name != 'series':
            same_answer(report, question, name, expected, found['series'])
    sealed = min(times[name] for name in ('sealed rows', 'series of sealed rows') if name in times)
    limit, target = times['MobilityDB'], '≤ MobilityDB'
    if short(question) in BETTER:
        part, target = BETTER[short(question)]
        limit = min(limit, times['heap']) * part
    compare(report, question.title, times['MobilityDB'], times['series'], sealed, times.get('heap'),
            limit if judged and short(question) not in UNJUDGED else None, target)


def bench(options, report):
    connections = {side: connect(search_path=f'vehicles_{side},public,territory') for side in SIDES}
    for side, connection in connections.items():
        run(connection, f'CREATE SCHEMA vehicles_{side}')
    vehicles, days = load(options, connections)
    connections['mobilitydb'] = start()
    judged = (vehicles, days) == FULL
    count = value(connections['heap'], 'SELECT count(*) FROM fixes')
    report.section(BESIDE, f'{count:,} fixes of {vehicles} vehicles, every 10 seconds, {days} days of 8 hours: a tgeompoint for each vehicle'
                   ' and day in MobilityDB, the same as point_series, and rows. What is asked of sealed rows is asked in SQL and PostGIS,'
                   ' and of series that are made on the way: the faster counts. Ratios are to MobilityDB. The same answers;'
                   ' medians, all in turn; of what takes more than 5 seconds the only run.'
                   + ('' if judged else ' The targets are for 2,880,000 fixes.'), COLUMNS)
    build(report, connections, judged)
    values = told_values(connections['heap'])
    made = MADE.format(SERIES, 'fixes{}')
    for view, where in (('made', ''), ('made_of_day', ' WHERE t >= {day} AND t < {day}::date + 1'.format(**values))):
        run(connections['territory'], f'CREATE VIEW {view} AS ' + made.format(where))
    for question in read(values):
        ask(options, report, connections, question, judged)
    report.check('every question has the same answer', not [what for what in report.missed if what.startswith('same answer')])
    for connection in connections.values():
        connection.close()
