"""Aggregates, groups, time buckets and windows, whose values do not depend on the order of the rows."""
from predicates import Scope
from queries import feature, prepared, scope_of
from statement import Statement

# Float sums add in the order of the rows: what their absolute error may be, for values of some hundreds.
SUM, DEVIATION, REAL_SUM = 1e-6, 1e-3, 0.5
BUCKETS = {
    'timestamptz': ("date_trunc('hour', {})", "date_trunc('day', {})", "date_trunc('month', {})", "date_trunc('day', {}, 'America/New_York')",
                    "date_trunc('hour', {}, 'Asia/Kathmandu')", "{}::date", "date_trunc('week', {} AT TIME ZONE 'UTC')", "extract(hour FROM {})",
                    "date_bin('15 minutes', {}, '2000-01-01')", "date_bin('7 days', {}, '2001-01-01 00:00+00')", "extract(dow FROM {})",
                    "floor(extract(epoch FROM {}) / 300) * 300", "floor(extract(epoch FROM {}) / 86400) * 86400",
                    "date_trunc('hour', {}) + interval '5 minutes' * floor(extract(minute FROM {}) / 5)",
                    "to_char({}, 'YYYY-MM')", "CAST(date_trunc('month', CAST({} AS timestamp)) AS date)", "{} AT TIME ZONE 'Europe/Paris'",
                    "date_trunc('year', {} AT TIME ZONE 'Australia/Lord_Howe')"),
    'timestamp': ("date_trunc('hour', {})", "date_trunc('day', {})", "{}::date", "extract(hour FROM {})", "date_bin('1 hour', {}, '2000-01-01')",
                  "floor(extract(epoch FROM {}) / 3600) * 3600", "{} AT TIME ZONE 'Europe/Paris'", "date_trunc('hour', {}::timestamptz)"),
    'date': ("date_trunc('month', {})", "{}", "extract(dow FROM {})", "date_trunc('week', {}::timestamp)", "to_char({}, 'IYYY-IW')"),
}


class Select:
    """A list of results, with the tolerance of each."""

    def __init__(self):
        self.items, self.approximate, self.relative = [], {}, 1e-9

    def add(self, sql, tolerance=None):
        if tolerance is not None:
            self.approximate[len(self.items)] = tolerance
            if tolerance == REAL_SUM:
                self.relative = 1e-3
        self.items.append(sql)

    def statement(self, sql, order='set'):
        return Statement(sql, order=order, approximate=self.approximate, relative=self.relative)


def chosen(rng, scope, name):
    """A CASE that gives the column or nothing."""
    branches = ''.join(' WHEN %s THEN %s' % (scope.simple(), rng.choice((name, name, 'NULL'))) for _ in range(rng.randrange(1, 4)))
    return 'CASE%s%s END' % (branches, rng.choice(('', ' ELSE NULL', ' ELSE %s' % name)))


def add_aggregate(model, select, alias, table, scope, filters=True):
    rng = model.rng
    column = rng.choice(table.columns)
    name = '%s.%s' % (alias, column.sql)
    group = column.group
    choices = [('count(%s)' % name, None), ('count(*)', None)]
    if column.kind.hashed and column.kind.ordered:
        choices.append(('count(DISTINCT %s)' % name, None))
    if group in ('int', 'numeric'):
        choices += [(f % name, None) for f in ('sum(%s)', 'avg(%s)', 'stddev(%s)', 'var_pop(%s)', 'variance(%s)')]
        choices += [('sum(DISTINCT %s)' % name, None)] if column.canonical else []
        choices += [('sum(%s::int8)' % name if group == 'int' and column.tame else 'sum(%s)' % name, None)]
        if group == 'int':
            choices += [('%s(%s)' % (f, name), None) for f in ('bit_and', 'bit_or', 'bit_xor')]
            choices += [('int_xor(%s::int8)' % name, None), ('int_xor_parallel(%s::int8)' % name, None)]
    if group == 'float' and column.tame:
        small = column.kind_name == 'float4'
        choices += [('sum(%s)' % name, REAL_SUM if small else SUM), ('avg(%s)' % name, SUM), ('stddev(%s)' % name, DEVIATION), ('var_samp(%s)' % name, DEVIATION),
                    ('sum(%s::float8)' % name, SUM), ('avg(%s * 2 + 1)' % name, SUM), ('stddev_pop(%s)' % name, DEVIATION)]
        if column.canonical and column.flavour_name != 'odd':
            choices.append(('percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)' % name, None))
    if group == 'interval' and column.tame:
        choices += [('sum(%s)' % name, None)]
    if column.canonical and column.kind.ordered and not column.long:
        if group in ('int', 'numeric', 'float', 'text', 'timestamptz', 'timestamp', 'date', 'time', 'interval', 'inet', 'enum', 'oid', 'array'):
            choices += [('min(%s)' % name, None), ('max(%s)' % name, None)] * 2
        choices += [('mode() WITHIN GROUP (ORDER BY %s)' % name, None), ('percentile_disc(0.25) WITHIN GROUP (ORDER BY %s)' % name, None)]
        if group != 'array':
            choices += [('array_agg(DISTINCT %s)' % name, None), ("md5(string_agg(%s::text, ',' ORDER BY %s))" % (name, name), None),
                        ('md5(array_agg(%s ORDER BY %s DESC)::text)' % (name, name), None)]
    if group == 'bool':
        choices += [('bool_and(%s)' % name, None), ('bool_or(%s)' % name, None), ('every(NOT %s)' % name, None)]
    if group == 'range':
        choices.append(('range_agg(%s)' % name, None))
    if group in ('point', 'geometry'):
        choices.append(('ST_Extent(%s)' % name, None))
    if group == 'jsonb':
        choices.append(('md5(jsonb_agg(%s ORDER BY %s::text)::text)' % (name, name), None))
    sql, tolerance = rng.choice(choices)
    if filters and rng.random() < 0.3 and sql.count(name) == 1 and '(%s)' % name in sql:
        sql = sql.replace(name, chosen(rng, scope, name))
    if filters and rng.random() < 0.25:
        if sql.startswith('md5('):
            sql = 'count(%s)' % name
            tolerance = None
        sql += ' FILTER (WHERE %s)' % scope.simple()
    elif rng.random() < 0.15 and tolerance is None:
        sql = 'coalesce((%s)::text, %s)' % (sql, "'none'")
    select.add(sql, tolerance)


def group_keys(model, alias, table, most=2):
    """Things to group by, that look alike where they are equal."""
    rng = model.rng
    keys = []
    for c in rng.sample(table.columns, len(table.columns)):
        name = '%s.%s' % (alias, c.sql)
        if c.group in BUCKETS:
            keys.append(rng.choice(BUCKETS[c.group]).replace('{}', name))
        elif c.group == 'float' and not c.canonical and not c.generated:
            keys.append('%s + 0.0' % name)
        elif c.group in ('int', 'numeric') and rng.random() < 0.3:
            keys.append('%s::numeric > 3' % name)
        elif c.canonical and c.kind.ordered and not c.long:
            keys.append(name)
        elif c.kind.ordered and not c.long:
            keys.append('%s::text' % name)
        elif c.kind_name == 'point':
            keys.append('round(ST_X(%s)::numeric, 1)' % name)
    first = ['%s.%s' % (alias, table.column('entity').sql)] if table.key[:1] == ['entity'] and rng.random() < 0.6 else []
    return (first + keys)[:rng.randrange(1, most + 1)]


@feature('aggregate.all', 8)
def aggregate_all(model):
    table, scope = scope_of(model)
    select = Select()
    for _ in range(model.rng.randrange(1, 6)):
        add_aggregate(model, select, 'a', table, scope)
    return [select.statement('SELECT %s FROM %s a%s' % (', '.join(select.items), table.name, scope.where_clause()))]


@feature('aggregate.group', 8)
def aggregate_group(model):
    rng = model.rng
    table, scope = scope_of(model)
    keys = group_keys(model, 'a', table)
    if not keys:
        return []
    select = Select()
    for key in keys:
        select.add(key)
    for _ in range(rng.randrange(1, 5)):
        add_aggregate(model, select, 'a', table, scope)
    having = rng.choice(('', '', '', ' HAVING count(*) > 2', ' HAVING count(*) BETWEEN 1 AND 5 OR max(a.ctid) IS NULL' if False else ' HAVING bool_or(%s)' % scope.simple()))
    order = ''
    if rng.random() < 0.3:
        order = ' ORDER BY ' + ', '.join('%d%s' % (i, rng.choice(('', ' DESC'))) for i in range(1, len(keys) + 1))
    return [select.statement('SELECT %s FROM %s a%s GROUP BY %s%s%s' % (', '.join(select.items), table.name, scope.where_clause(),
                                                                       ', '.join(str(i) for i in range(1, len(keys) + 1)), having, order),
                             order='list' if order else 'set')]


@feature('aggregate.bucket', 8)
def aggregate_bucket(model):
    """A dashboard: a stretch of time, an entity or all, a bucket, some measures."""
    rng = model.rng
    table, scope = scope_of(model, test=lambda t: t.find(*BUCKETS))
    if table is None:
        return []
    clock = table.time_column() if rng.random() < 0.8 else rng.choice(table.find(*BUCKETS))
    bucket = rng.choice(BUCKETS[clock.group]).replace('{}', 'a.' + clock.sql)
    select = Select()
    select.add(bucket)
    keys = ['1']
    if table.key[:1] == ['entity'] and rng.random() < 0.5:
        select.add('a.entity')
        keys.append('2')
    for _ in range(rng.randrange(1, 4)):
        add_aggregate(model, select, 'a', table, scope, filters=rng.random() < 0.4)
    conditions = []
    if rng.random() < 0.6:
        low, high = clock.lit(clock.probe(rng, 0)), clock.lit(clock.probe(rng, 0))
        conditions.append('a.%s >= least(%s, %s) AND a.%s < greatest(%s, %s)' % (clock.sql, low, high, clock.sql, low, high))
    if rng.random() < 0.3:
        conditions.append(scope.simple())
    where = ' WHERE ' + ' AND '.join(conditions) if conditions else ''
    order = rng.random() < 0.5
    return [select.statement('SELECT %s FROM %s a%s GROUP BY %s%s' % (', '.join(select.items), table.name, where, ', '.join(keys),
                                                                     ' ORDER BY ' + ', '.join(keys) if order else ''), order='list' if order else 'set')]


@feature('aggregate.sets', 4)
def grouping_sets(model):
    rng = model.rng
    table, scope = scope_of(model)
    keys = group_keys(model, 'a', table, 3)
    if not keys:
        return []
    # by number would not do inside ROLLUP: the expressions, from a subquery
    names = ['g%d' % i for i in range(len(keys))]
    select = Select()
    for name in names:
        select.add('s.' + name)
    select.add('grouping(%s)' % ', '.join('s.' + n for n in names))
    outer = Scope(rng, [('s', table)])
    for _ in range(2):
        add_aggregate(model, select, 's', table, outer)
    listed = ', '.join('s.' + n for n in names)
    form = rng.choice(('ROLLUP (%s)', 'CUBE (%s)', 'GROUPING SETS ((%s), ())', 'GROUPING SETS ((), (%s), (s.g0))')) % listed
    inner = 'SELECT a.*, %s FROM %s a%s' % (', '.join('%s AS %s' % p for p in zip(keys, names)), table.name, scope.where_clause())
    return [select.statement('SELECT %s FROM (%s) s GROUP BY %s' % (', '.join(select.items), inner, form))]


@feature('aggregate.join', 4)
def aggregate_join(model):
    """Groups by a column of a dimension, or over all of a join on its key."""
    rng = model.rng
    pairs = [(t, c) for t in model.tables for c in t.columns if c.references]
    if not pairs:
        return []
    table, column = rng.choice(pairs)
    parent = next((t for t in model.tables if t.name == column.references[0]), None)
    if parent is None or column.references[1] not in [c.name for c in parent.columns]:
        return []
    select = Select()
    keys = group_keys(model, 'd', parent, 1)
    scope = Scope(rng, [('a', table)])
    if not keys:
        return []
    select.add(keys[0])
    for _ in range(3):
        add_aggregate(model, select, 'a', table, scope)
    return [select.statement('SELECT %s FROM %s a %sJOIN %s d ON d.%s = a.%s%s GROUP BY 1' % (
        ', '.join(select.items), table.name, rng.choice(('', 'LEFT ')), parent.name, parent.column(column.references[1]).sql, column.sql, scope.where_clause()))]


@feature('aggregate.prepared', 3)
def aggregate_prepared(model):
    params = []
    table, scope = scope_of(model, params=params)
    select = Select()
    plain = Scope(model.rng, [('a', table)])
    for _ in range(3):
        add_aggregate(model, select, 'a', table, plain)
    where = scope.where()
    statements = prepared(model, 'SELECT %s FROM %s a WHERE %s' % (', '.join(select.items), table.name, where), params, 'set', select.approximate)
    for s in statements:
        s.relative = select.relative
    return statements


@feature('aggregate.correlation', 2)
def correlation(model):
    """Of columns that vary: of a constant one, the last digits decide between null and nonsense."""
    rng = model.rng
    table = model.any_table(lambda t: len(t.find('float', test=lambda c: c.flavour_name in ('sensor', 'real'))) > 0)
    if table is None:
        return []
    columns = table.find('float', test=lambda c: c.flavour_name in ('sensor', 'real'))
    x, y = rng.choice(columns), rng.choice(columns)
    guard = 'CASE WHEN stddev_pop(a.%s) > 0.05 AND stddev_pop(a.%s) > 0.05 THEN %%s END' % (x.sql, y.sql)
    select = Select()
    for function in ('corr', 'regr_slope', 'covar_pop', 'regr_avgx'):
        select.add(guard % ('%s(a.%s, a.%s)' % (function, y.sql, x.sql)), DEVIATION)
    select.add('regr_count(a.%s, a.%s)' % (y.sql, x.sql))
    return [select.statement('SELECT %s FROM %s a' % (', '.join(select.items), table.name))]


@feature('aggregate.minmax', 3)
def extremes(model):
    """min and max through an index, and the newest row."""
    rng = model.rng
    table, scope = scope_of(model, test=lambda t: t.time_column() is not None)
    if table is None:
        return []
    clock = table.time_column()
    return [Statement('SELECT min(a.%s), max(a.%s) FROM %s a%s' % (clock.sql, clock.sql, table.name, scope.where_clause())),
            Statement('SELECT a.%s FROM %s a%s ORDER BY a.%s DESC LIMIT 1' % (clock.sql, table.name, rng.choice(('', ' WHERE a.%s IS NOT NULL' % clock.sql)), clock.sql),
                      order='list')]


@feature('aggregate.empty', 1)
def aggregate_nothing(model):
    table, scope = scope_of(model)
    return [Statement('SELECT count(*), max(md5(a::text)) FROM %s a WHERE %s' % (table.name, model.rng.choice(('false', 'NULL', '1 = 0 OR NOT true')))),
            Statement('SELECT 1 FROM %s a WHERE true HAVING count(*) >= 0' % table.name)]


@feature('window', 6)
def window(model):
    rng = model.rng
    table, scope = scope_of(model)
    total = table.total_order('a', rng)
    partitions = [c for c in table.columns if c.kind.ordered and not c.long]
    partition = 'PARTITION BY a.%s ' % rng.choice(partitions).sql if partitions and rng.random() < 0.7 else ''
    if table.key[:1] == ['entity'] and rng.random() < 0.5:
        partition = 'PARTITION BY a.entity '
    over = '(%sORDER BY %s%s)'
    select = Select()
    select.add('md5(a::text)')
    for _ in range(rng.randrange(1, 4)):
        column = rng.choice(table.columns)
        name = 'a.%s' % column.sql if not column.long else 'md5(a.%s::text)' % column.sql
        frame = rng.choice(('', ' ROWS BETWEEN 3 PRECEDING AND CURRENT ROW', ' ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
                            ' ROWS BETWEEN 1 FOLLOWING AND 4 FOLLOWING EXCLUDE CURRENT ROW'))
        select.add(rng.choice(('row_number() OVER ' + over, 'rank() OVER ' + over, 'lag(%s) OVER ' % name + over, 'lead(%s, 2) OVER ' % name + over,
                               'first_value(%s) OVER ' % name + over, 'nth_value(%s, 2) OVER ' % name + over, 'count(%s) OVER ' % name + over,
                               'ntile(4) OVER ' + over, 'last_value(%s) OVER ' % name + over)) % (partition, total, frame))
    if rng.random() < 0.3:
        floats = table.find('float', test=lambda c: c.tame and c.flavour_name != 'odd')
        if floats:
            column = rng.choice(floats)
            select.add('avg(a.%s) OVER (%sORDER BY %s ROWS BETWEEN 5 PRECEDING AND CURRENT ROW)' % (column.sql, partition, total), SUM)
    return [select.statement('SELECT %s FROM %s a%s' % (', '.join(select.items), table.name, scope.where_clause()))]


@feature('window.top', 2)
def top_per_group(model):
    rng = model.rng
    table, scope = scope_of(model)
    columns = [c for c in table.columns if c.canonical and c.kind.ordered and not c.long]
    if not columns:
        return []
    column = rng.choice(columns)
    return [Statement('SELECT r.h, r.n FROM (SELECT md5(a::text) h, row_number() OVER (PARTITION BY a.%s ORDER BY %s) n FROM %s a%s) r WHERE r.n <= 2' % (
        column.sql, table.total_order('a'), table.name, scope.where_clause()))]
