"""What is asked of the readings, and of whom: heap, territory, DuckDB; all sealed, and with hot rows."""

import os
import re
import statistics

import data
import duck
import measure
from data import PARTS, create_readings, day
from measure import SIDES, connect, run, rows

SLOW = 5    # seconds: what takes longer is measured 3 times, not more
QUICK = 0.02    # seconds: what takes less is measured 4 times as often
FULL = 20_000_000    # rows that the targets are for


class Query:
    """A statement with a name, a title, what it may take at most, and how others than territory are asked."""

    def __init__(self, block, values):
        block, _, others = block.strip().partition('\n-- of others:\n')
        head, *bounds, sql = block.strip().split('\n', 1 + block.count('\n-- at most: '))
        self.name, self.title = head.removeprefix('-- ').split(': ', 1)
        self.bounds = [bound for line in bounds for bound in line.removeprefix('-- at most: ').split(', ')]
        self.sql, self.others = (
            re.sub(r"(?<![:'\w]):([a-z_]+)", lambda match: values[match.group(1)], text.rstrip().rstrip(';'))
            for text in (sql, others or sql))
        self.ordered = 'ORDER BY' in sql

    def __str__(self):
        return f'{self.name}: {self.title}'

    def asked(self, name):
        """What is asked of an engine."""
        return self.sql if name == 'territory' else self.others

    def limits(self, heap, others):
        """(seconds, words) of each bound; others: territory's seconds by name."""
        for bound in self.bounds:
            if match := re.fullmatch(r'heap / ([\d.]+)', bound):
                yield heap / float(match[1]), f'1/{match[1]} of heap' if match[1] != '1' else 'heap'
            elif match := re.fullmatch(r'([\d.]+) ms', bound):
                yield float(match[1]) / 1000, bound
            else:
                factor, name = re.fullmatch(r'([\d.]+) \* (\w+)', bound).groups()
                yield float(factor) * others[name], f'{factor} of {name}'


def often(repeat, seconds):
    """How many times something is measured that takes so long."""
    return repeat * 4 if seconds < QUICK else repeat


def read(file, values):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), file)) as text:
        return [Query(block, values) for block in text.read().split('\n\n')[1:]]


def w1(options):
    """The workload with the values that this size of data gives."""
    first = options.days * 4 // 7
    chosen = [options.sensors * part // 1000 for part in (17, 133, 251, 398, 417, 642, 777, 903)]
    return read('queries.sql', {
        'sensor': str(chosen[4]), 'sensors': ', '.join(map(str, chosen)),
        'day': day(first), 'next_day': day(first + 1), 'third_day': day(first + 3),
        'morning': day(first, 6), 'evening': day(first, 18),
        'before_instant': day(options.days - 3, 17, 18), 'instant': day(options.days - 3, 17, 23),
    })


class Engines:
    """Who answers: each by seconds() and rows()."""

    def __init__(self, connections, ducks=None):
        self.connections, self.ducks = connections, ducks
        self.names = list(SIDES) + (list(duck.ORDERS) if ducks else [])

    def seconds(self, name, query):
        sql = query.asked(name)
        if name in SIDES:
            return measure.seconds(lambda: run(self.connections[name], sql))
        return self.ducks.seconds(name, duck.dialect(sql))

    def rows(self, name, query):
        sql = query.asked(name)
        if name in SIDES:
            return rows(self.connections[name], sql)
        return self.ducks.rows(name, duck.dialect(sql))

    def first(self, query):
        """(seconds, rows) of each, seconds of heap and territory only; a DuckDB that cannot answer is left out."""
        found = {}
        for name in self.names:
            if name in SIDES:
                found[name] = measure.timed_rows(self.connections[name], query.asked(name))
                continue
            try:
                found[name] = (None, self.rows(name, query))
            except duck.DuckError as error:
                print(f'  {query.name} in {name}: {error}', flush=True)
        return found

    def medians(self, query, repeat):
        """Median seconds of each, and who did not give heap's rows; a first round warms up, unless it is slow."""
        found = self.first(query)
        expected = found['heap'][1]
        plain = duck.plain_rows(expected) if len(found) > len(SIDES) else None
        others = [name for name, (_, rows_found) in found.items()
                  if not measure.same_rows(expected if name in SIDES else plain, rows_found, query.ordered)]
        times = {name: [] for name in found}
        slowest = max(found[side][0] for side in SIDES)
        if slowest > SLOW:
            for side in SIDES:
                times[side].append(found[side][0])
        for number in range(2 if slowest > SLOW else often(repeat, slowest)):
            for name in measure.turn(found, number):
                times[name].append(self.seconds(name, query))
        return {name: statistics.median(t) for name, t in times.items()}, others


def columns(engines, *more):
    return ('heap', 'territory', 'ratio', 'target', 'met') + more + \
        tuple(f'DuckDB, {order}' for order in engines.names[2:])


def ask(options, report, engines, asked, more=None):
    """A row for each query; gives the median seconds of each by name.

    more: a query's name to a cell that stands behind 'met', from the seconds of all so far."""
    found, equal = {}, True
    for query in asked:
        times, others = engines.medians(query, options.repeat)
        for name in others:
            equal = False
            report.check(f'same rows in {name}: {query}', False)
        found[query.name] = times
        seconds = times['territory']
        limits = list(query.limits(times['heap'], {name: t['territory'] for name, t in found.items()}))
        judged = bool(limits) and options.judged
        met = all(seconds <= limit for limit, _ in limits)
        report.line(str(query), [
            times['heap'], seconds, f"{seconds / times['heap']:.3g}",
            '≤ ' + ' and '.join(words for _, words in limits) if judged else '',
            ('yes' if met else '**no**') if judged else '',
            *([more(query.name, found)] if more else []),
            *(times.get(name) for name in engines.names[2:])], judged and not met)
    report.check('every query gives the same rows', equal)
    return found


def bench_sealed(options, report, engines):
    report.section('Queries, all sealed', 'Warm. What takes more than 5 seconds was measured 3 times, what takes less'
                   f' than 20 ms {options.repeat * 4} times, the rest {options.repeat} times; all in turn; medians.'
                   + ('' if options.judged else f' The targets are for {FULL:,} rows and more.')
                   + (f' DuckDB {engines.ducks.version}.' if engines.ducks else ''), columns(engines))
    return ask(options, report, engines, w1(options))


def bench_dashboards(options, report, engines):
    """BI tools' buckets over everything and over a tenth of it."""
    first = options.days * 4 // 7
    tenth = f"WHERE t >= {day(first)} AND t < {day(first, 0, options.days * 144)}"
    plain = {'G1': 'G0', 'G2': 'G0', 'M1': 'M0'}

    def beside(name, found):
        if name not in plain:
            return ''
        return f"{found[name]['territory'] / found[plain[name]]['territory']:.2f}"

    for words, condition in (('the full range', ''), (f'{options.count // 10:,} rows', tenth)):
        report.section(f'Buckets of BI tools, {words}', 'Beside date_bin: the same bucket by date_bin on territory, of'
                       ' which this is so many times.', columns(engines, 'beside date_bin'))
        ask(options, report, engines, read('dashboards.sql', {'range': condition}), beside)


def bench_zones(options, report, engines):
    """Blocks are cut at one zone's days, and asked for another's."""
    report.section('Days of another zone', "Q6 on a table whose calendar is Europe/Paris's, by days of UTC; and on one"
                   " of UTC whose other zone is Europe/Paris, by days of the latter.")
    asked = {query.name: query for query in w1(options)}['Q6']
    name, connection = 'as_paris', connect(search_path='as_paris,public', **{'territory.bulk_seal': 'on'})
    run(connection, f'CREATE SCHEMA {name}')
    create_readings(connection, 'territory')
    run(connection, "SELECT territory.set_layout('readings', time_zone => 'Europe/Paris')")
    for part in range(1, PARTS + 1):
        data.copy(connection, options.work, part)
    run(connection, 'VACUUM (FREEZE, ANALYZE) readings')
    heap = engines.connections['heap']
    asked.name, asked.title = 'Q6', "UTC's days of a table of Europe/Paris"
    ask(options, report, Engines({'heap': heap, 'territory': connection}), [asked])
    local = asked.sql.replace("date_bin('1 day', t, '2000-01-01 00:00+00')", "date_trunc('day', t)")
    if local == asked.sql:
        raise ValueError('Q6 has no day to replace')
    asked.sql, asked.others, asked.title = local, local, "Europe/Paris's days of a table of UTC"
    for side in SIDES:
        run(engines.connections[side], "SET timezone = 'Europe/Paris'")
    ask(options, report, Engines(engines.connections), [asked])
    asked.title = "Europe/Paris's days of a table of Europe/Paris"
    run(connection, "SET timezone = 'Europe/Paris'")
    ask(options, report, Engines({'heap': heap, 'territory': connection}), [asked])
    for side in SIDES:
        run(engines.connections[side], "SET timezone = 'UTC'")
    run(connection, 'DROP TABLE readings')
    connection.close()


def bench_hot(options, report, engines, sealed, title, file, hot):
    """The same with rows that are not sealed; heap's own rate is that of a table of just these."""
    for connection in (*engines.connections.values(), hot):
        data.copy(connection, options.work, file)
    run(hot, 'VACUUM ANALYZE readings')
    count = measure.value(hot, 'SELECT count(*) FROM readings')
    report.section(f'Queries, {title}', f'{count:,} rows that came after the seal. At most: what it may take when all is'
                   ' sealed, and what heap takes for a table of just these rows.',
                   ('heap, sealed rows', 'heap, hot rows', 'territory, sealed', 'territory', 'target', 'met'))
    equal = True
    for query in w1(options):
        sides = Engines(engines.connections)
        same = measure.same_rows(sides.rows('heap', query), sides.rows('territory', query), query.ordered)
        before = sealed[query.name]
        run(hot, query.others)
        times = measure.in_turn([lambda _, connection=connection, sql=sql: run(connection, sql)
                                 for connection, sql in ((hot, query.others),
                                                         (engines.connections['territory'], query.sql))],
                                often(options.repeat, before['territory']))
        limit = min(seconds for seconds, _ in query.limits(before['heap'], {})) + times[0]
        met = times[1] <= limit
        equal &= same
        if not same:
            report.check(f'same rows: {query}', False)
        report.line(str(query), [before['heap'], times[0], before['territory'], times[1],
                                 limit if options.judged else '', ('yes' if met else '**no**') if options.judged else ''],
                    options.judged and not met)
    report.check('every query gives the same rows', equal)


def bench(options, report, connections, ducks):
    """All passes; leaves the hot rows in both tables."""
    options.judged = options.count >= FULL
    engines = Engines(connections, ducks)
    sealed = bench_sealed(options, report, engines)
    bench_dashboards(options, report, engines)
    bench_zones(options, report, engines)
    hot = connect(search_path='as_hot,as_heap,public')
    run(hot, 'CREATE SCHEMA as_hot')
    create_readings(hot, 'heap')
    bench_hot(options, report, engines, sealed, 'with the last hour hot', 'hour', hot)
    bench_hot(options, report, engines, sealed, 'with 1 % of the rows hot', 'later', hot)
    hot.close()
