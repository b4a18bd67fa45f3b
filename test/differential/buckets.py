"""What dashboards do with times: buckets, parts of dates, time zones, and bounds. Every expression can be asked of any time that the
column may hold; those that cannot are for columns whose times are all of a calendar."""
from dense import ZONES
from kinds import quote

UNITS = ('hour', 'hour', 'day', 'day', 'day', 'month', 'month', 'week', 'minute', 'quarter', 'year', 'second', 'milliseconds', 'microseconds', 'decade', 'century', 'millennium')
FIELDS = ('hour', 'hour', 'dow', 'isodow', 'day', 'doy', 'week', 'month', 'quarter', 'year', 'isoyear', 'minute', 'second', 'epoch', 'decade', 'century', 'julian')
ZONED_FIELDS = ('timezone', 'timezone_hour')
STRIDES = ('5 minutes', '10 minutes', '15 minutes', '1 hour', '7 minutes', '23 seconds', '1 day', '7 days', '36:00:00', '1.5 seconds', '90 minutes', '0.25 seconds')
ORIGINS = ('2000-01-01', '2001-01-01 00:00:00', '2025-03-30 01:23:45', '2030-07-01 12:00', '1969-12-31 23:59:59.9', '2025-10-26 00:30')
SECONDS = ('300', '300', '60', '900', '3600', '86400', '7', '0.5', '604800')
FORMATS = ('YYYY-MM-DD', 'YYYY-MM', 'YYYY-MM-DD HH24:00', 'IYYY-IW', 'Day', 'HH24:MI', 'FMMonth', 'YYYY-MM-DD"T"HH24:MI:SS', 'Q', 'SSSS', 'D TZ OF')


def zone(model):
    rng = model.rng
    return model.zone if rng.random() < 0.4 else rng.choice(ZONES + ('America/New_York', 'UTC', 'Europe/Paris', '+05:30', 'EST5EDT', 'Pacific/Apia'))


def of_instants(model, t, tame):
    """Of a timestamptz."""
    rng = model.rng
    unit, z = rng.choice(UNITS), zone(model)
    stride, origin = rng.choice(STRIDES), rng.choice(ORIGINS)
    minutes = rng.choice((5, 5, 10, 15, 30, 7))
    made = ["date_trunc('%s', %s)" % (unit, t)] * 4 + ["date_trunc('%s', %s, '%s')" % (unit, t, z)] * 3 + [
        "date_bin('%s', %s, '%s')" % (stride, t, origin), "date_bin('%s', %s, '%s+00')" % (stride, t, origin), '%s::date' % t, 'CAST(%s AS date)' % t,
        "to_char(%s, '%s')" % (t, rng.choice(FORMATS)), 'extract(%s FROM %s)' % (rng.choice(FIELDS + ZONED_FIELDS), t), "date_part('%s', %s)" % (rng.choice(FIELDS), t),
        'floor(extract(epoch FROM %s) / %s) * %s' % ((t,) + (rng.choice(SECONDS),) * 2),
        "date_trunc('hour', %s) + interval '%d minutes' * floor(extract(minute FROM %s) / %d)" % (t, minutes, t, minutes),
        "date_trunc('minute', %s) + interval '%d seconds' * floor(extract(second FROM %s) / %d)" % (t, minutes, t, minutes),
        "CAST(date_trunc('%s', CAST(%s AS timestamp)) AS date)" % (unit, t), "date_trunc('%s', CAST(%s AS timestamp))" % (unit, t),
        "CAST(CAST(date_trunc('week', CAST((CAST(%s AS timestamp) + interval '1 day') AS timestamp)) AS timestamp) + interval '-1 day' AS timestamp)" % t,
        "date_trunc('week', %s + interval '1 day') - interval '1 day'" % t, "date_trunc('%s', %s AT TIME ZONE '%s')" % (unit, t, z),
        "date_trunc('%s', %s AT TIME ZONE '%s') AT TIME ZONE '%s'" % (unit, t, z, z), "(%s AT TIME ZONE '%s')::date" % (t, z), "%s AT TIME ZONE '%s'" % (t, z),
        "%s AT TIME ZONE '%s' AT TIME ZONE 'UTC'" % (t, z), "extract(hour FROM %s AT TIME ZONE '%s')" % (t, z), '%s::timestamp' % t,
        "date_trunc('%s', %s)::timestamp" % (unit, t), "date_trunc('%s', date_trunc('hour', %s))" % (unit, t), "date_trunc('day', %s - interval '6 hours')" % t,
        "extract(epoch FROM date_trunc('%s', %s))" % (unit, t), "date_trunc('%s', %s)::date" % (unit, t), "timezone('%s', %s)" % (z, t),
        "date_trunc('%s', %s) AT TIME ZONE '%s'" % (unit, t, z), "(%s)::text" % t, "date_trunc('%s', %s::date)" % (unit, t)]
    if tame:
        made += ['CAST(extract(hour FROM %s) AS integer)' % t, '(extract(epoch FROM %s)::bigint / 300) * 300' % t, '%s::time' % t,
                 'to_timestamp(floor(extract(epoch FROM %s) / 900) * 900)' % t, 'floor(extract(epoch FROM %s) / 300)::int8 * 300' % t,
                 "date_trunc('day', %s)::date - date '2025-01-01'" % t, 'extract(isodow FROM %s)::int %% 7' % t, "to_char(%s, 'HH24')::int" % t,
                 'round(extract(epoch FROM %s))' % t, 'to_timestamp((extract(epoch FROM %s)::int8 / 600) * 600) AT TIME ZONE \'UTC\'' % t]
    return made


def of_locals(model, t, tame):
    """Of a timestamp."""
    rng = model.rng
    unit, z = rng.choice(UNITS), zone(model)
    minutes = rng.choice((5, 10, 15))
    made = ["date_trunc('%s', %s)" % (unit, t)] * 3 + [
        "date_bin('%s', %s, '%s')" % (rng.choice(STRIDES), t, rng.choice(ORIGINS)), '%s::date' % t, 'extract(%s FROM %s)' % (rng.choice(FIELDS), t),
        'floor(extract(epoch FROM %s) / %s) * %s' % ((t,) + (rng.choice(SECONDS),) * 2), "to_char(%s, '%s')" % (t, rng.choice(FORMATS[:-1])),
        "date_trunc('hour', %s) + interval '%d minutes' * floor(extract(minute FROM %s) / %d)" % (t, minutes, t, minutes),
        "%s AT TIME ZONE '%s'" % (t, z), "date_trunc('%s', %s::timestamptz)" % (unit, t), "date_trunc('%s', %s AT TIME ZONE 'UTC')" % (unit, t),
        "date_trunc('%s', %s AT TIME ZONE 'UTC', '%s')" % (unit, t, z), "date_trunc('%s', %s AT TIME ZONE 'UTC' AT TIME ZONE '%s')" % (unit, t, z),
        'CAST(%s AS timestamptz)' % t, "(%s AT TIME ZONE '%s')::date" % (t, z)]
    if tame:
        made += ['CAST(extract(hour FROM %s) AS integer)' % t, '%s::time' % t]
    return made


def of_dates(model, t, tame):
    rng = model.rng
    unit = rng.choice(UNITS)
    made = ["date_trunc('%s', %s)" % (unit, t), t, t, 'extract(%s FROM %s)' % (rng.choice(('dow', 'isodow', 'month', 'year', 'week', 'epoch', 'quarter', 'doy')), t),
            "date_trunc('%s', %s::timestamp)" % (unit, t), "date_trunc('%s', %s::timestamptz, '%s')" % (unit, t, zone(model)), "to_char(%s, 'IYYY-IW')" % t,
            "date_trunc('%s', %s)::date" % (unit, t), '%s::timestamptz' % t, "%s AT TIME ZONE '%s'" % (t, zone(model)),
            "date_bin('7 days', %s, '2001-01-01')" % t, "date_bin('14 days', %s::timestamp, '2030-01-07')" % t]
    if tame:
        made += ["%s - date '2025-01-01'" % t, '%s + 1' % t]
    return made


def time_buckets(model, t):
    """territory's own, as TimescaleDB's is written."""
    rng = model.rng
    z = zone(model)
    return ["territory.time_bucket('%s', %s)" % (rng.choice(STRIDES + ('300.000s', '1 month', '1 year')), t), "territory.time_bucket('1 day', %s, '%s')" % (t, z),
            "territory.time_bucket('%s', %s, timestamptz '%s')" % (rng.choice(STRIDES), t, rng.choice(ORIGINS)), "territory.time_bucket('1 hour', %s, '%s')" % (t, z)]


SHIFTS = ('1 hour', '6 hours', '1 day', '-1 day', '30 minutes', '1 month', '-90 minutes', '1 week', '0.1 seconds')
KINDS_OF = {'timestamptz': 'tz', 'timestamp': 'ts', 'date': 'date'}


class Composer:
    """Expressions out of expressions: whoever thinks that a bucket rises with its column has to look at each step."""

    def __init__(self, model, column, name):
        self.model, self.rng, self.tame, self.own, self.name = model, model.rng, column.tame, KINDS_OF[column.group], name

    def of(self, kind, depth):
        if depth <= 0 and kind == self.own:
            return self.name
        return getattr(self, kind)(depth - 1)

    def time(self, depth):
        return self.of(self.rng.choice((self.own, self.own, 'tz', 'ts', 'date')), depth)

    def tz(self, depth):
        rng, z = self.rng, zone(self.model)
        if depth <= 0:
            return {'tz': self.name, 'ts': "%s AT TIME ZONE '%s'" % (self.name, z), 'date': '%s::timestamptz' % self.name}[self.own]
        made = ["date_trunc('%s', {tz})" % rng.choice(UNITS), "date_trunc('%s', {tz}, '%s')" % (rng.choice(UNITS), z), "date_bin('%s', {tz}, '%s+00')" % (rng.choice(STRIDES), rng.choice(ORIGINS)),
                "({tz} %s interval '%s')" % (rng.choice('+-'), rng.choice(SHIFTS)), "({ts} AT TIME ZONE '%s')" % z, '({ts})::timestamptz', '({date})::timestamptz']
        if self.tame:
            made.append('to_timestamp({num})' if rng.random() < 0.5 else 'to_timestamp(floor(extract(epoch FROM {tz}) / 60) * 60)')
        return self.fill(rng.choice(made), depth)

    def ts(self, depth):
        rng, z = self.rng, zone(self.model)
        if depth <= 0:
            return {'tz': rng.choice(('%s::timestamp', "(%%s AT TIME ZONE '%s')" % z)) % self.name, 'ts': self.name, 'date': '%s::timestamp' % self.name}[self.own]
        made = ["date_trunc('%s', {ts})" % rng.choice(UNITS), "date_bin('%s', {ts}, '%s')" % (rng.choice(STRIDES), rng.choice(ORIGINS)),
                "({ts} %s interval '%s')" % (rng.choice('+-'), rng.choice(SHIFTS)), "({tz} AT TIME ZONE '%s')" % z, '({tz})::timestamp', '({date})::timestamp']
        return self.fill(rng.choice(made), depth)

    def date(self, depth):
        if depth <= 0:
            return {'tz': '%s::date', 'ts': '%s::date', 'date': '%s'}[self.own] % self.name
        made = ['({tz})::date', '({ts})::date'] + (['({date} + %d)' % self.rng.choice((1, -7, 30))] if self.tame else [])
        return self.fill(self.rng.choice(made), depth)

    def num(self, depth):
        rng = self.rng
        made = ['extract(%s FROM {%s})' % (rng.choice(FIELDS if kind != 'date' else ('dow', 'month', 'year', 'day', 'epoch')), kind) for kind in ('tz', 'ts', 'date')]
        if depth > 0:
            k = rng.choice(SECONDS)
            made += ['floor({num} / %s) * %s' % (k, k), '({num} + %s)' % k, '(-{num})', 'round({num})', 'trunc({num})', '({num} / %s)' % k, 'abs({num} - 1700000000)', 'greatest({num}, 12)']
            if self.tame:
                made += ['({num} % 7)', '({num})::int8', '(({num})::int8 / 300) * 300', '({num})::int8 % 5']
        return self.fill(rng.choice(made), depth)

    def text(self, depth):
        rng = self.rng
        return self.fill(rng.choice(("to_char({tz}, '%s')" % rng.choice(FORMATS), "to_char({ts}, '%s')" % rng.choice(FORMATS[:-1]), 'left(({ts})::text, 13)', '({date})::text', '({num})::text')), depth)

    def span(self, depth):
        rng = self.rng
        made = ['({tz}) - ({tz})', "({ts}) - ({ts})", "({tz}) - timestamptz '2025-03-30 00:00+00'"] if self.tame else []
        return self.fill(rng.choice(made), depth) if made else self.num(depth)

    def fill(self, form, depth):
        for kind in ('tz', 'ts', 'date', 'num'):
            while '{%s}' % kind in form:
                form = form.replace('{%s}' % kind, self.of(kind, depth), 1)
        return form


def composed(model, column, name):
    rng = model.rng
    return Composer(model, column, name).of(rng.choice(('tz', 'tz', 'ts', 'ts', 'date', 'num', 'num', 'text', 'span')), rng.choice((1, 2, 2, 3, 4)))


def bucket(model, column, name):
    """An expression on a column of times."""
    rng = model.rng
    if rng.random() < 0.4:
        return composed(model, column, name)
    made = {'timestamptz': of_instants, 'timestamp': of_locals, 'date': of_dates}[column.group](model, name, column.tame)
    if column.group == 'timestamptz' and getattr(model, 'time_bucket', False) and rng.random() < 0.15:
        made = time_buckets(model, name)
    return rng.choice(made)


def instant(rng, column):
    """A moment of a column that is of a calendar, as text."""
    return rng.choice([v for v in column.pool if v and 'inf' not in v and 'BC' not in v] or ['2025-03-30 12:00:00'])


def bounds(model, column, name):
    """A stretch of time, as tools write it."""
    rng = model.rng
    low, high = sorted((instant(rng, column), instant(rng, column)))
    kind = column.kind.sql
    plain = lambda text: text[:19]
    forms = ["{t} >= '{a}' AND {t} < '{b}'", "{t} BETWEEN '{a}' AND '{b}'", "{t} BETWEEN '{a}'::{k} AND '{b}'::{k}", "{t} > '{a}'::{k} AND {t} <= '{b}'::{k}",
             "{t} >= to_timestamp('{c}', 'YYYY-MM-DD HH24:MI:SS') AND {t} < to_timestamp('{d}', 'YYYY-MM-DD HH24:MI:SS')",
             "{t} >= to_timestamp('{c}.000000', 'YYYY-MM-DD HH24:MI:SS.US')", "{t} < '{b}'", "{t} >= '{a}'", "{t} >= '{c}'::timestamp AND {t} < '{d}'::timestamp",
             "{t} >= '{a}'::timestamptz", "{t} >= '{c}'::date AND {t} < '{d}'::date + 1", "{t}::date = '{c}'::date", "{t}::date BETWEEN '{c}'::date AND '{d}'::date",
             "{t} > now() - interval '300 years'", "{t} >= date_trunc('day', '{a}'::timestamptz) AND {t} < date_trunc('day', '{b}'::timestamptz)",
             "date_trunc('day', {t}) = date_trunc('day', '{a}'::{k})", "{t} >= to_timestamp(1743292800) AND {t} < to_timestamp(1761440400)",
             "{t} > CURRENT_DATE - 40000", "{t} BETWEEN SYMMETRIC '{b}' AND '{a}'", "NOT ({t} >= '{a}' AND {t} < '{b}')", "{t} < 'infinity'", "{t} > '-infinity'",
             "{t} >= ('{c}'::timestamp AT TIME ZONE 'Europe/Paris')", "isfinite({t})", "{t} IS NOT NULL"]
    weights = [4, 4, 2, 2, 2] + [1] * (len(forms) - 5)
    return rng.choices(forms, weights)[0].format(t=name, k=kind, a=low, b=high, c=plain(low), d=plain(high))


def around_range(rng, column, name):
    """A comparison that all rows pass, or all but those at one end, or a few in the middle."""
    low, high = (column.lit(v) for v in column.range)
    return rng.choice(('{x} >= {a}', '{x} <= {b}', '{x} > {a}', '{x} < {b}', '{x} BETWEEN {a} AND {b}', '{x} = {a}', '{x} <> {a}', '{x} >= {a} AND {x} < {b}', '{x} > {a}::numeric - 1')).format(
        x=name, a=low, b=high)


def fields_of(column, name, rng):
    """Conditions on a part of the time."""
    return rng.choice(("extract(hour FROM %s) BETWEEN 7 AND 9" % name if column.group != 'date' else 'extract(dow FROM %s) > 2' % name, 'extract(dow FROM %s) IN (0, 6)' % name,
                       "to_char(%s, 'YYYY-MM') = %s" % (name, quote('2025-03')), "date_trunc('month', %s) = '2025-10-01'" % name))
