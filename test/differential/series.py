#!/usr/bin/python3
"""series.py - random float series against a model of them in exact fractions.

The model is written here anew, from what the documentation says, on a stage of
some forty microseconds, so that every instant there is can be asked about:
values, periods, thresholds, regular instants, areas, moving averages,
arithmetic, counters, other forms of the same series; positions and states.
Small stages make what is rare elsewhere common: instants side by side, periods
that end where others begin, crossings between two instants.

series.py --seeds 1-20 [--dsn DSN]: for each seed 20 series; it closes with
"N passed, N failed", a seed being one.  --self-test sees that a model that is
a little wrong is noticed.
"""

import argparse
import random
import sys
from fractions import Fraction

import psycopg2

STAGE = 40              # microseconds
AROUND = range(-3, STAGE + 4)
SERIES_PER_SEED = 20
TOLERANCE = 1e-9

FUNCTIONS = """
    SET search_path = territory, public;
    SET timezone = 'UTC';
    CREATE FUNCTION pg_temp.instant(u integer) RETURNS timestamptz LANGUAGE sql AS $$
        SELECT '2026-01-05 00:00+00'::timestamptz + u * interval '1 microsecond' $$;
    CREATE FUNCTION pg_temp.micro(t timestamptz) RETURNS integer LANGUAGE sql AS $$
        SELECT (extract(epoch FROM t - '2026-01-05 00:00+00'::timestamptz) * 1000000)::int $$"""


def instant(u):
    return '2026-01-05 00:00:00.%06d+00' % u if u >= 0 else '2026-01-04 23:59:59.%06d+00' % (1000000 + u)


def near(a, b):
    if a is None or b is None:
        return a is None and b is None
    return abs(float(a) - float(b)) < TOLERANCE


class Model:
    """A series: instants, values, and where sections start."""

    def __init__(self, interpolation, times, values, starts):
        self.interpolation = interpolation
        self.times = times
        self.values = values
        self.starts = starts

    @classmethod
    def random(cls, rng):
        interpolation = rng.choice(['linear', 'step', 'discrete'])
        places = range(0, STAGE, rng.choice([1, 1, 2, 4]))
        times = sorted(rng.sample(places, rng.randint(1, 9)))
        values = [Fraction(rng.randint(-8, 8), rng.choice([1, 2, 4])) for _ in times]
        starts = [i == 0 or interpolation == 'discrete' or rng.random() < 0.25 for i in range(len(times))]
        return cls(interpolation, times, values, starts)

    @classmethod
    def random_states(cls, rng):
        model = cls.random(rng)
        while model.interpolation == 'linear':
            model = cls.random(rng)
        model.values = [rng.choice('abc') for _ in model.values]
        return model

    def text(self, show=lambda value: repr(float(value))):
        instants = ['%s@%s' % (show(v), instant(t)) for t, v in zip(self.times, self.values)]
        if self.interpolation == 'discrete':
            return '{' + ', '.join(instants) + '}'
        sections = []
        for one, starts in zip(instants, self.starts):
            if starts:
                sections.append([])
            sections[-1].append(one)
        return 'Interp=%s;{%s}' % (self.interpolation, ', '.join('[%s]' % ', '.join(s) for s in sections))

    def goes_on(self, i):
        return 0 <= i < len(self.times) - 1 and not self.starts[i + 1] and self.interpolation != 'discrete'

    wrong_by = 0            # of --self-test

    def line(self, i, u):
        part = Fraction(u - self.times[i], self.times[i + 1] - self.times[i])
        return self.values[i] + (self.values[i + 1] - self.values[i]) * part + self.wrong_by

    def within(self, i, u):
        """In the piece that begins at instant i, or at its end as a limit."""
        return self.line(i, u) if self.interpolation == 'linear' and u != self.times[i] else self.values[i]

    def last(self, u):
        return max((i for i, t in enumerate(self.times) if t <= u), default=-1)

    def value(self, u):
        i = self.last(u)
        return self.within(i, u) if i >= 0 and (self.times[i] == u or self.goes_on(i)) else None

    def limit_from_left(self, u):
        i = self.last(u - 1)
        return self.within(i, u) if self.goes_on(i) else None

    def area(self, begin, end):
        """Of the pieces between two times, and how long they are."""
        area = Fraction(0)
        length = 0
        for i in range(len(self.times)):
            if self.goes_on(i):
                a, b = max(self.times[i], begin), min(self.times[i + 1], end)
                if b > a:
                    area += (self.within(i, a) + self.within(i, b)) / 2 * (b - a)
                    length += b - a
        return area, length

    def part(self, first, last):
        """From one instant to another, as a series."""
        here = slice(first, last + 1)
        return Model(self.interpolation, self.times[here], self.values[here], [True] + self.starts[here][1:])

    def with_values(self, values):
        return Model(self.interpolation, self.times, values, self.starts)

    def going_on(self, interpolation, max_gap):
        starts = [i == 0 or interpolation == 'discrete' or self.times[i] - self.times[i - 1] > max_gap or
                  (self.interpolation != 'discrete' and self.starts[i]) for i in range(len(self.times))]
        return Model(interpolation, self.times, self.values, starts)

    def section(self, i):
        """The section that instant i is in, as a series."""
        first, last = i, i
        while not self.starts[first]:
            first -= 1
        while self.goes_on(last):
            last += 1
        return self.part(first, last)


class Twin:
    """What the server says of random series, compared with the model."""

    def __init__(self, cursor, rng):
        self.cursor = cursor
        self.rng = rng
        self.wrong = []

    def ask(self, query, *arguments):
        self.cursor.execute(query, arguments or None)
        return self.cursor.fetchall()

    def expect(self, ok, *what):
        if not ok:
            self.wrong.append(' '.join(str(w) for w in what))

    def values(self, expression, *arguments):
        return dict(self.ask('SELECT u, value_at(s, pg_temp.instant(u)) FROM (SELECT %s AS s) x, generate_series(%d, %d) u'
                             % (expression, AROUND[0], AROUND[-1]), *arguments))

    def run(self):
        for _ in range(SERIES_PER_SEED):
            series = Model.random(self.rng)
            for check in (self.instants, self.period, self.periods, self.thresholds, self.regular, self.numbers,
                          self.smoothed, self.arithmetic, self.other_forms, self.counter, self.place):
                check(series, series.text())
            self.states(Model.random_states(self.rng))
        return self.wrong

    def instants(self, series, text):
        for u, value in self.values('%s::float_series', text).items():
            self.expect(near(value, series.value(u)), 'value_at', text, u, value, series.value(u))
        for u, known in self.ask('SELECT u, time_spans(%s::float_series) @> pg_temp.instant(u) FROM generate_series(%s, %s) u',
                                 text, AROUND[0], AROUND[-1]):
            self.expect(known == (series.value(u) is not None), 'time_spans', text, u)
        self.expect(self.ask('SELECT %s::float_series::text::float_series = %s::float_series', text, text)[0][0], 'text', text)

    def random_range(self):
        begin, end = sorted(self.rng.randint(-2, STAGE + 2) for _ in range(2))
        if begin == end:
            return begin, end, True, True
        return begin, end, self.rng.random() < 0.5, self.rng.random() < 0.5

    @staticmethod
    def range_text(r):
        return ('[' if r[2] else '(') + instant(r[0]) + ',' + instant(r[1]) + (']' if r[3] else ')')

    def period(self, series, text):
        begin, end, with_begin, with_end = r = self.random_range()
        for u, value in self.values('at(%s::float_series, %s::tstzrange)', text, self.range_text(r)).items():
            if begin < u < end or (u == begin and with_begin) or (u == end and with_end):
                expected = series.value(u)
            elif u == end:
                expected = series.limit_from_left(u)
            elif u == begin:
                expected = series.value(u) if series.goes_on(series.last(u)) else None
            else:
                expected = None
            self.expect(near(value, expected), 'at', text, r, u, value, expected)

    def periods(self, series, text):
        ranges = [self.random_range() for _ in range(self.rng.randint(1, 4))]
        bounds = {bound for r in ranges for bound in r[:2]}
        several = '{' + ','.join(self.range_text(r) for r in ranges) + '}'
        inside = dict(self.ask('SELECT u, %s::tstzmultirange @> pg_temp.instant(u) FROM generate_series(%s, %s) u',
                               several, AROUND[0], AROUND[-1]))
        for u, value in self.values('at(%s::float_series, %s::tstzmultirange)', text, several).items():
            if inside[u]:
                ok = near(value, series.value(u))
            else:
                ok = value is None or (u in bounds and (near(value, series.limit_from_left(u)) or near(value, series.value(u))))
            self.expect(ok, 'at', text, several, u, value, series.value(u))

    def thresholds(self, series, text):
        low = self.rng.choice(series.values + [Fraction(self.rng.randint(-16, 16), 4)])
        high = low + Fraction(self.rng.randint(0, 12), 4)
        for u, above, below, between in self.ask(
                'SELECT u, when_above(s, %s) @> i, when_below(s, %s) @> i, when_between(s, %s, %s) @> i'
                ' FROM (SELECT %s::float_series AS s) x, generate_series(%s, %s) u, pg_temp.instant(u) i',
                float(low), float(low), float(low), float(high), text, AROUND[0], AROUND[-1]):
            value = series.value(u)
            known = value is not None
            self.expect((above, below, between) == (known and value > low, known and value < low, known and low <= value <= high),
                        'when', text, low, high, u, above, below, between, value)

    def regular(self, series, text):
        step = self.rng.randint(1, 13)
        grid = self.grid(step)
        for method in ('none', 'previous', 'linear', 'average'):
            expected = {u: self.resampled(series, method, u, step) for u in grid}
            expected = {u: v for u, v in expected.items() if v is not None}
            got = dict(self.ask("SELECT pg_temp.micro(t), value FROM unnest(resample(%s::float_series,"
                                " %s * interval '1 microsecond', %s))", text, step, method))
            self.expect(set(got) == set(expected) and all(near(got[u], expected[u]) for u in got),
                        'resample', method, step, text, sorted(got.items()), sorted(expected.items()))

    def grid(self, step):
        return sorted({g for g, in self.ask(
            "SELECT pg_temp.micro(time_bucket(%s * interval '1 microsecond', pg_temp.instant(u))) FROM generate_series(-30, %s) u",
            step, STAGE + 30)})

    @staticmethod
    def resampled(series, method, u, step):
        if method == 'average':
            area, length = series.area(u, u + step)
            here = [v for t, v in zip(series.times, series.values) if u <= t < u + step]
            if length > 0:
                return area / length
            return sum(here) / len(here) if here else None
        if u < series.times[0] or u > series.times[-1]:
            return None
        i = series.last(u)
        if method == 'none':
            return series.value(u)
        if method == 'previous' or series.times[i] == u:
            return series.values[i]
        return series.line(i, u)

    def numbers(self, series, text):
        area, length = series.area(-10, STAGE + 10)
        mean = sum(series.values) / len(series.values)
        got = self.ask("SELECT min_value(s), max_value(s), average_value(s), time_weighted_average(s), delta(s),"
                       " CASE WHEN interpolation(s) <> 'discrete' THEN integral(s, '1 microsecond') END"
                       " FROM (SELECT %s::float_series AS s) x", text)[0]
        expected = (min(series.values), max(series.values), mean, area / length if length else mean,
                    series.values[-1] - series.values[0], area if series.interpolation != 'discrete' else None)
        self.expect(all(near(a, b) for a, b in zip(got, expected)), 'numbers', text, got, expected)

    def smoothed(self, series, text):
        width = self.rng.randint(1, 30)
        half = width // 2
        got = self.ask("SELECT pg_temp.micro(t), value FROM unnest(smooth(%s::float_series, %s * interval '1 microsecond')) ORDER BY 1",
                       text, width)
        for i, (u, value) in enumerate(got):
            if series.interpolation == 'discrete':
                around = [v for t, v in zip(series.times, series.values) if abs(t - u) <= half]
                expected = sum(around) / len(around)
            else:
                area, length = series.section(i).area(u - half, u + half)
                expected = area / length if length else series.values[i]
            self.expect(near(value, expected), 'smooth', text, width, u, value, expected)

    def arithmetic(self, series, text):
        other = Model.random(self.rng)
        instants = set(series.times) | set(other.times)
        kinds = (series.interpolation, other.interpolation)
        for operator, operate in (('+', lambda a, b: a + b), ('-', lambda a, b: a - b), ('*', lambda a, b: a * b)):
            curved = operator == '*' and kinds == ('linear', 'linear')
            for u, value in self.values('%%s::float_series %s %%s::float_series' % operator, text, other.text()).items():
                a, b = series.value(u), other.value(u)
                known = a is not None and b is not None and ('discrete' not in kinds or u in instants)
                if curved and u not in instants:
                    self.expect((value is not None) == known, operator, text, other.text(), u, value)
                else:
                    expected = operate(a, b) if known else None
                    self.expect(near(value, expected), operator, text, other.text(), u, value, expected)

    def appended(self, series, kind, show=lambda value: repr(float(value))):
        """A series in two parts that share an instant, or that part at the start of a section, is the whole."""
        k = self.rng.randrange(len(series.times))
        parts = [(series.part(0, k), series.part(k, len(series.times) - 1))]
        if k > 0 and series.starts[k]:
            parts.append((series.part(0, k - 1), parts[0][1]))
        for first, rest in parts:
            same = self.ask('SELECT append(%%s::%s, %%s::%s) = %%s::%s' % (kind, kind, kind), first.text(show), rest.text(show), series.text(show))
            self.expect(same[0][0], 'append', first.text(show), rest.text(show))

    def other_forms(self, series, text):
        self.expect(self.ask('SELECT %s::float_series::jsonb::float_series = %s::float_series', text, text)[0][0], 'jsonb', text)
        self.appended(series, 'float_series')
        kind, gap = self.rng.choice(['linear', 'step', 'discrete']), self.rng.randint(1, 12)
        expected = series.going_on(kind, gap)
        self.expect(self.ask("SELECT set_interpolation(%s::float_series, %s, %s * interval '1 microsecond') = %s::float_series",
                             text, kind, gap, expected.text())[0][0], 'set_interpolation', text, kind, gap)

    def counter(self, series, _):
        maximum = self.rng.choice([None, 10])
        meter = series.with_values([self.rng.randint(0, 9) for _ in series.times])
        changes = [b - a if b >= a else b - a + maximum if maximum else b for a, b in zip(meter.values, meter.values[1:])]
        length = meter.times[-1] - meter.times[0]
        got = self.ask("SELECT counter_delta(s, %s), rate(s, '1 microsecond', %s), (SELECT array_agg(value ORDER BY t) FROM unnest(deltas(s, true, %s))),"
                       " (SELECT array_agg(pg_temp.micro(t) ORDER BY t) FROM unnest(deltas(s))), (SELECT array_agg(value ORDER BY t) FROM unnest(deltas(s)))"
                       " FROM (SELECT %s::float_series AS s) x", maximum, maximum, maximum, meter.text())[0]
        expected = (sum(changes), Fraction(sum(changes), length) if length else None, changes or None, meter.times[1:] or None,
                    [b - a for a, b in zip(meter.values, meter.values[1:])] or None)
        self.expect(near(got[0], expected[0]) and near(got[1], expected[1]) and got[2:] == expected[2:], 'counter', meter.text(), maximum, got, expected)

    def place(self, x, _):
        y = x.with_values([self.rng.randint(-8, 8) for _ in x.times])
        text = x.with_values(list(zip(x.values, y.values))).text(lambda p: 'POINT(%r %r)' % (float(p[0]), float(p[1])))
        begin, end, with_begin, with_end = r = self.random_range()
        for u, px, py, cut in self.ask(
                'SELECT u, ST_X(position_at(s, i)), ST_Y(position_at(s, i)), ST_X(position_at(at(s, %s::tstzrange), i))'
                ' FROM (SELECT %s::point_series AS s) x, generate_series(%s, %s) u, pg_temp.instant(u) i', self.range_text(r), text, AROUND[0], AROUND[-1]):
            self.expect(near(px, x.value(u)) and near(py, y.value(u)), 'position_at', text, u, px, py, x.value(u), y.value(u))
            if begin < u < end or (u == begin and with_begin) or (u == end and with_end):
                self.expect(near(cut, px), 'at', text, r, u, cut, px)
        self.appended(x.with_values(list(zip(x.values, y.values))), 'point_series', lambda p: 'POINT(%r %r)' % (float(p[0]), float(p[1])))
        for form in ['jsonb'] + (['geometry'] if x.interpolation != 'step' else []):
            self.expect(self.ask('SELECT s::%s::point_series = s FROM (SELECT %%s::point_series AS s) x' % form, text)[0][0], form, text)
        step = self.rng.randint(1, 13)
        for method in ('none', 'previous', 'linear'):
            got = self.ask("SELECT pg_temp.micro(t), ST_X(pos), ST_Y(pos) FROM unnest(resample(%s::point_series, %s * interval '1 microsecond', %s))",
                           text, step, method)
            grid = [u for u in self.grid(step) if self.resampled(x, method, u, step) is not None]
            self.expect([u for u, _, _ in got] == grid and all(near(px, self.resampled(x, method, u, step)) and near(py, self.resampled(y, method, u, step))
                                                              for u, px, py in got), 'resample', method, step, text, got)

    def states(self, series):
        text = series.text('"{}"'.format)
        wanted = self.rng.sample('abcd', 2)
        begin, end, with_begin, with_end = r = self.random_range()
        for u, state, is_wanted, cut in self.ask(
                'SELECT u, value_at(s, i), when_state(s, %s, %s) @> i, value_at(at(s, %s::tstzrange), i)'
                ' FROM (SELECT %s::state_series AS s) x, generate_series(%s, %s) u, pg_temp.instant(u) i', *wanted, self.range_text(r), text, AROUND[0], AROUND[-1]):
            self.expect(state == series.value(u) and is_wanted == (state in wanted), 'value_at, when_state', text, wanted, u, state, is_wanted)
            if begin < u < end or (u == begin and with_begin) or (u == end and with_end):
                self.expect(cut == state, 'at', text, r, u, cut)
        step = self.rng.randint(1, 13)
        for method in ('none', 'previous'):
            got = self.ask("SELECT pg_temp.micro(t), state FROM unnest(resample(%s::state_series, %s * interval '1 microsecond', %s))", text, step, method)
            expected = [(u, self.resampled(series, method, u, step)) for u in self.grid(step)]
            self.expect(got == [e for e in expected if e[1] is not None], 'resample', method, step, text, got)
        self.expect(self.ask('SELECT s::jsonb::state_series = s AND s::text::state_series = s FROM (SELECT %s::state_series AS s) x', text)[0][0], 'jsonb', text)
        self.appended(series, 'state_series', '"{}"'.format)


def seeds(text):
    for part in text.split(','):
        first, _, last = part.partition('-')
        yield from range(int(first), int(last or first) + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', default='1-5')
    parser.add_argument('--dsn', default='')
    parser.add_argument('--self-test', action='store_true')
    options = parser.parse_args()
    connection = psycopg2.connect(options.dsn)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(FUNCTIONS)
    if options.self_test:
        Model.wrong_by = Fraction(1, 1000)
    passed = failed = 0
    for seed in seeds(options.seeds):
        wrong = Twin(cursor, random.Random(seed)).run()
        ok = bool(wrong) == options.self_test
        passed += ok
        failed += not ok
        for what in wrong[:0 if options.self_test else 5]:
            print('seed %d: %s' % (seed, what))
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
