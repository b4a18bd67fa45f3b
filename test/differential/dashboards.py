"""What is asked of readings: figures, groups, buckets of time, joins with what is known of the entities, in every place that SQL has for
a query. A Query is put together first; a wrapper then makes statements of it."""
import copy

import catalog
import changes
import queries
from aggregates import Select
from buckets import around_range, bounds, bucket, fields_of, instant
from dense import ZONES, ready
from predicates import Scope
from statement import Statement, Step

FEATURES = []
# what summaries know of a type
SUMMED = {'int': ('count', 'sum', 'avg', 'min', 'max'), 'float': ('count', 'sum', 'avg', 'min', 'max', 'stddev', 'var_pop', 'var_samp'), 'timestamptz': ('count', 'min', 'max', 'least_of'),
          'timestamp': ('count', 'min', 'max'), 'date': ('count', 'min', 'max'), 'text': ('count',), 'numeric': ('count', 'sum', 'min', 'max')}


def feature(name, weight=1):
    def register(function):
        FEATURES.append((name, weight, function))
        return function
    return register


class Query:
    """SELECT of named results c1, c2 …"""

    def __init__(self, model, table, source=None, alias='a'):
        self.model, self.rng, self.table, self.alias = model, model.rng, table, alias
        self.source = source or '%s %s' % (table.name, alias)
        self.select, self.conditions, self.groups, self.having, self.tail, self.order = Select(), [], [], '', '', 'set'
        self.plain = self.rng.random() < 0.7      # only aggregates that see each row once, as it comes
        self.scope = Scope(self.rng, [(alias, table)])

    def name(self, column):
        return '%s.%s' % (self.alias, column.sql)

    def text(self, more=()):
        conditions = self.conditions + list(more)
        items = ', '.join('%s AS c%d' % (item, i) for i, item in enumerate(self.select.items, 1))
        where = ' WHERE ' + ' AND '.join(conditions) if conditions else ''
        group = ' GROUP BY ' + ', '.join(self.groups) if self.groups else ''
        return 'SELECT %s FROM %s%s%s%s%s' % (items, self.source, where, group, self.having, self.tail)

    def names(self):
        return ', '.join('c%d' % i for i in range(1, len(self.select.items) + 1))

    def statement(self, sql=None, order=None):
        return self.select.statement(sql or self.text(), order or self.order)

    def shifted(self, by=1):
        """The tolerances of the same results behind others."""
        select = copy.copy(self.select)
        select.approximate = {i + by: t for i, t in self.select.approximate.items()}
        return select


# -- pieces

def pick_table(model):
    return model.tables[0] if model.rng.random() < 0.93 else model.rng.choice(model.tables[:2])


def measure(model, query, simple=False):
    """One aggregate more."""
    rng, table = query.rng, query.table
    if rng.random() < 0.15:
        call = catalog.Call(rng.choice(('count(*)', 'count(*)', 'count_from(*)', 'count(1)', "any_number(%s::text, 'x')" % query.name(rng.choice(table.columns)))))
    else:
        call = column_measure(model, query)
    filtered = ''
    if not simple and not call.guarded and rng.random() < 0.15:
        filtered = ' FILTER (WHERE %s)' % query.scope.simple()
    sql, tolerance = call.sql(filtered), call.tolerance
    if not simple and rng.random() < 0.1:
        sql, tolerance = around(rng, sql, tolerance)
    query.select.add(sql, tolerance)
    return sql


def column_measure(model, query):
    rng, table = query.rng, query.table
    for _ in range(40):
        column = rng.choice(table.columns)
        if column.long:
            continue
        name = query.name(column)
        if not query.plain and rng.random() < 0.12:
            call = catalog.ordered_set_call(rng, column, name)
        elif not query.plain and rng.random() < 0.06:
            call = catalog.made_call(rng, table, query.alias, column, name)
        else:
            able = [a for a in catalog.aggregates(model) if a.takes(column)]
            if rng.random() < 0.5:
                able = [a for a in able if a.name in ('count', 'sum', 'avg', 'min', 'max', 'stddev', 'var_pop', 'variance', 'bool_and')] or able
            call = catalog.call_of(rng, rng.choice(able), table, query.alias, column, catalog.expression_of(rng, column, name, query.scope), query.plain) if able else None
        if call:
            return call
    return catalog.Call('count(*)')


def around(rng, sql, tolerance):
    """More of an aggregate than itself: what is exact only."""
    if tolerance is not None:
        return 'coalesce(%s, -1)' % sql, tolerance
    return rng.choice(('(%s) IS NULL' % sql, "coalesce((%s)::text, '-')" % sql, '(%s, count(*))::text' % sql, 'CASE WHEN count(*) > 3 THEN %s END' % sql)), None


def key_expression(model, query, clock_share=0.5):
    """(what is grouped by, how it is shown): equal keys that look different are shown alike."""
    rng, table = query.rng, query.table
    clocks = table.find('timestamptz', 'timestamp', 'date')
    if clocks and rng.random() < clock_share:
        column = clocks[0] if rng.random() < 0.8 else rng.choice(clocks)
        made = bucket(model, column, query.name(column))
        return made, made
    for _ in range(30):
        column = rng.choice(table.columns[:1] * 3 + table.columns)
        name = query.name(column)
        if column.long or not column.kind.ordered or not column.kind.hashed:
            continue
        roll = rng.random()
        if roll < 0.7:
            return name, catalog.same_look(name, column)
        if roll < 0.8:
            return (query.scope.simple(),) * 2
        if column.group == 'int' and column.tame:
            return (rng.choice(('%s %% 3' % name, '%s > 3' % name, '(%s / 4)::int8' % name, 'CASE WHEN %s > 2 THEN %s END' % (name, name))),) * 2
        if column.group in ('text', 'icu'):
            return (rng.choice(('upper(%s)' % name, 'left(%s, 1)' % name, 'length(%s)' % name)),) * 2
        if column.canonical:
            return ("coalesce(%s, %s)" % (name, column.lit(column.short_probe(rng))),) * 2
    return ('1 + 1', '1 + 1')


def add_keys(model, query, most=3, clock_share=0.5):
    """Groups by expressions, some by their number."""
    rng = query.rng
    for _ in range(rng.choice((1, 1, 2, 2, most))):
        key, shown = key_expression(model, query, clock_share)
        if key in query.groups or key == '1 + 1' and query.groups:
            continue
        query.select.add(shown)
        query.groups.append(str(len(query.select.items)) if key == shown and (key[0].isdigit() or rng.random() < 0.4) else key)


def add_conditions(model, query, most=2):
    rng = query.rng
    clock = query.table.time_column()
    if clock and rng.random() < 0.45:
        query.conditions.append(bounds(model, clock, query.name(clock)))
    if rng.random() < 0.3:
        column = query.table.columns[0]
        literals = [column.lit(column.probe(rng, 0)) for _ in range(3)]
        query.conditions.append(rng.choice(('%s = %s' % (query.name(column), literals[0]), '%s IN (%s)' % (query.name(column), ', '.join(literals)),
                                            '%s = ANY (ARRAY[%s])' % (query.name(column), ', '.join(literals)), '%s <> %s' % (query.name(column), literals[0]))))
    if rng.random() < 0.25:
        query.conditions.append(query.scope.where(1))
    if clock and rng.random() < 0.05:
        query.conditions.append(fields_of(clock, query.name(clock), rng))


def add_having(model, query):
    rng = query.rng
    forms = ['count(*) > %d' % rng.choice((0, 2, 60, 500)), 'count(*) BETWEEN 2 AND 70', 'bool_or(%s)' % query.scope.simple(), 'NOT bool_and(%s)' % query.scope.simple()]
    clock = query.table.time_column()
    if clock:
        forms += ["max(%s) > %s" % (query.name(clock), clock.lit(clock.probe(rng, 0))), 'min(%s) IS NOT NULL' % query.name(clock)]
    query.having = ' HAVING ' + rng.choice(forms) + (' AND count(*) < 100000' if rng.random() < 0.2 else '')


def add_order(query, limit_share=0.4):
    """By every key, so that what comes first is determined."""
    rng = query.rng
    keys = list(range(1, len(query.groups) + 1))
    if not keys:
        return
    rng.shuffle(keys)
    # what equal keys look like is no matter of the order, but only of those that are shown as they are
    query.tail = ' ORDER BY ' + ', '.join('%s%s' % (query.groups[k - 1] if not query.groups[k - 1].isdigit() else k,
                                                   rng.choice(('', '', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST'))) for k in keys)
    query.order = 'list'
    if rng.random() < limit_share:
        query.tail += rng.choice((' LIMIT 1', ' LIMIT 5', ' LIMIT 10 OFFSET 3', ' FETCH FIRST 24 ROWS ONLY', ' OFFSET 5'))


def plain_query(model, grouped=None, most_measures=4, table=None, order=True):
    rng = model.rng
    query = Query(model, table or pick_table(model))
    if grouped if grouped is not None else rng.random() < 0.75:
        add_keys(model, query)
    add_conditions(model, query)
    for _ in range(rng.randrange(1, most_measures + 1)):
        measure(model, query)
    if rng.random() < 0.1:
        query.select.add(query.select.items[-1], query.select.approximate.get(len(query.select.items) - 1))    # the same twice
    if rng.random() < 0.12:
        add_arithmetic(query)
    if query.groups and rng.random() < 0.25:
        add_having(model, query)
    if order and rng.random() < 0.4:
        add_order(query)
    if query.groups and rng.random() < 0.12:
        add_window(query)
    return query


def add_arithmetic(query):
    """Of several aggregates."""
    name = query.name(query.rng.choice([c for c in query.table.columns if not c.long]))
    query.select.add(query.rng.choice(('count(*) - count(%s)', '100.0 * count(%s) / nullif(count(*), 0)', 'count(*) = count(%s)', 'ROW(count(%s), count(*))::text')) % name)


def add_window(query):
    """Over the groups; all keys make its order total."""
    numbers = [g if not g.isdigit() else query.select.items[int(g) - 1] for g in query.groups]
    order = ', '.join(numbers)
    query.select.add(query.rng.choice(('sum(count(*)) OVER (ORDER BY %s)', 'row_number() OVER (ORDER BY count(*), %s)', 'lag(count(*)) OVER (ORDER BY %s)', 'count(*) - first_value(count(*)) OVER (ORDER BY %s)',
                                       'sum(sum(1)) OVER (PARTITION BY count(*) > 10 ORDER BY %s)')) % order)


# -- features: what is asked

@feature('dense.figures', 5)
def figures(model):
    """Of everything, or of a stretch."""
    query = plain_query(model, grouped=False, most_measures=7)
    return [query.statement()]


@feature('dense.groups', 8)
def groups(model):
    return [plain_query(model, grouped=True).statement()]


@feature('dense.buckets', 8)
def buckets(model):
    """A panel: buckets of a stretch, of one entity or of each."""
    rng = model.rng
    query = Query(model, model.tables[0])
    clock = query.table.time_column()
    made = bucket(model, clock, query.name(clock))
    query.select.add(made)
    query.groups.append(rng.choice(('1', made)))
    if rng.random() < 0.4:
        query.select.add(query.name(query.table.columns[0]))
        query.groups.append('2')
    if rng.random() < 0.7:
        query.conditions.append(bounds(model, clock, query.name(clock)))
    if rng.random() < 0.25:
        query.conditions.append(query.scope.simple())
    for _ in range(rng.randrange(1, 4)):
        measure(model, query, simple=rng.random() < 0.7)
    if rng.random() < 0.6:
        add_order(query)
    return [query.statement()]


@feature('dense.summaries', 8)
def summaries(model):
    """Only what summaries know, so that whole blocks and segments are answered by them."""
    rng = model.rng
    query = Query(model, model.tables[0])
    table, clock = query.table, query.table.time_column()
    if rng.random() < 0.5:
        unit = rng.choice(('hour', 'day', 'month', 'week', 'year'))
        t = query.name(clock)
        made = rng.choice(("date_trunc('%s', %s)" % (unit, t), '%s::date' % t, "date_bin('%s', %s, '2025-01-01')" % (rng.choice(('1 day', '7 days', '1 hour')), t)))
        query.select.add(made)
        query.groups.append('1')
    if rng.random() < 0.4:
        # one that is the same for most rows, too
        key = rng.choice(table.columns[:1] * 3 + [c for c in table.columns if c.canonical and c.group in ('int', 'bool', 'date', 'timestamptz', 'enum', 'oid')])
        query.select.add(query.name(key))
        query.groups.append(str(len(query.select.items)))
    if rng.random() < 0.5:
        pick = lambda: rng.choice(clock.edges) if clock.edges and rng.random() < 0.5 else instant(rng, clock)
        low, high = sorted((pick(), pick()))
        forms = ("{t} >= '{a}' AND {t} < '{b}'", "{t} > '{a}'", "{t} < '{b}'", "{t} <= '{b}'", "{t} BETWEEN '{a}' AND '{b}'", "{t} >= '{a}'")
        query.conditions.append(rng.choice(forms).format(t=query.name(clock), a=low, b=high) if rng.random() < 0.7 else bounds(model, clock, query.name(clock)))
    ranged = [c for c in table.columns if c.range]
    if ranged and rng.random() < 0.4:
        column = rng.choice(ranged)
        query.conditions.append(around_range(rng, column, query.name(column)))
    for _ in range(rng.randrange(1, 5)):
        column = rng.choice([c for c in table.columns if c.group in SUMMED])
        name = rng.choice(SUMMED[column.group])
        if rng.random() < 0.08:
            name = rng.choice({'int4': ('sum_from', 'mean_from', 'greatest_from'), 'float8': ('real_from', 'moments_from')}.get(column.kind_name, ('count',)))
        able = [a for a in catalog.aggregates(model) if a.takes(column) and a.name == name]
        if able and catalog.determined(able[0], column):
            query.select.add(catalog.same_look('%s(%s)' % (name, query.name(column)), column) if name in ('min', 'max') else '%s(%s)' % (name, query.name(column)),
                             catalog.tolerance_of(name, able[0].result, column))
    if not query.select.items or rng.random() < 0.3:
        query.select.add('count(*)')
    if rng.random() < 0.3:
        add_order(query)
    return [query.statement()]


@feature('dense.same', 6)
def same_expression(model):
    """One expression in WHERE, SELECT, GROUP BY, HAVING, ORDER BY, FILTER, and in an aggregate."""
    rng = model.rng
    query = Query(model, model.tables[0])
    table = query.table
    columns = [c for c in table.columns if c.kind.ordered and c.kind.hashed and not c.long and c.canonical]
    column = rng.choice(table.find('timestamptz', 'timestamp', 'date')[:1] * 4 + columns)
    make = expression_maker(model, column)
    e = make(query.name(column))
    at = lambda: make(column.lit(column.probe(rng, 0)))
    others = ['count(*)', 'count(%s)' % e, 'max(%s)' % e if column.group in ('timestamptz', 'int', 'float') and column.kind_name != 'percent' else 'count(DISTINCT %s)' % e,
              'count(*) FILTER (WHERE %s = %s)' % (e, at()), 'count(*) FILTER (WHERE %s IS NOT NULL)' % e, 'sum(CASE WHEN %s >= %s THEN 1 ELSE 0 END)' % (e, at())]
    if rng.random() < 0.85:
        query.select.add(e)
        query.groups.append(rng.choice(('1', e)))
    for other in rng.sample(others, rng.randrange(1, 4)):
        query.select.add(other)
    if query.groups and rng.random() < 0.4:
        query.select.add(rng.choice(('(%s) IS NULL', '(%s)::text', 'coalesce((%s)::text, \'none\')')) % e)
    for form in rng.sample(('%s IS NOT NULL', '%s >= {}', '%s = {}', '%s <> {}', '%s IN ({}, {}, {})', '%s BETWEEN {} AND {}', 'NOT %s < {}'), rng.choice((0, 1, 1, 2))):
        query.conditions.append((form % ('(%s)' % e)).format(at(), at(), at()))
    if rng.random() < 0.4:
        query.having = ' HAVING ' + (rng.choice(('(%s) IS NOT NULL', '(%s) > {}', '(%s) <> {}')) % e).format(at()) if query.groups else ' HAVING count(%s) > 0' % e
    if query.groups and rng.random() < 0.5:
        query.tail, query.order = ' ORDER BY %s%s' % (rng.choice(('1', e)), rng.choice(('', ' DESC'))), 'list'
        if rng.random() < 0.4:
            query.tail += ' LIMIT 7'
    return [query.statement()]


def expression_maker(model, column):
    """A function that puts a name or a literal into one and the same expression."""
    rng = model.rng
    if column.group in ('timestamptz', 'timestamp', 'date'):
        made = bucket(model, column, '@COLUMN@')
    elif column.group == 'int' and column.tame:
        made = rng.choice(('@COLUMN@', '@COLUMN@ % 4', '@COLUMN@ / 2', '@COLUMN@::numeric', '@COLUMN@::text', '-@COLUMN@'))
    elif column.group == 'text':
        made = rng.choice(('@COLUMN@', 'upper(@COLUMN@)', 'left(@COLUMN@, 1)', 'length(@COLUMN@)', "@COLUMN@ || 'x'"))
    elif column.group == 'float' and column.tame:
        made = rng.choice(('@COLUMN@', 'round(@COLUMN@)', 'floor(@COLUMN@ / 5) * 5', '@COLUMN@::numeric', 'width_bucket(@COLUMN@::float8, 0, 50, 10)'))
    else:
        made = '@COLUMN@'
    return lambda name: made.replace('@COLUMN@', name)


@feature('dense.sets', 3)
def sets(model):
    """GROUPING SETS, ROLLUP, CUBE of columns and of buckets."""
    rng = model.rng
    query = Query(model, model.tables[0])
    keys = []
    for _ in range(rng.choice((1, 2, 2, 3))):
        key, shown = key_expression(model, query)
        if key == shown and key not in keys and not key[0].isdigit():
            keys.append(key)
    if not keys:
        return []
    for key in keys:
        query.select.add(key)
    query.select.add('grouping(%s)' % ', '.join(keys))
    add_conditions(model, query)
    for _ in range(rng.randrange(1, 4)):
        measure(model, query)
    form = rng.choice(('ROLLUP (%s)', 'CUBE (%s)', 'GROUPING SETS ((%s), ())', 'GROUPING SETS ((), (%s), ({0}))', 'GROUPING SETS ((%s), (%s))', '{0}, ROLLUP (%s)', 'GROUPING SETS (({0}), (%s))'))
    query.groups = [form.replace('%s', ', '.join(keys)).replace('{0}', keys[0])]
    if rng.random() < 0.2:
        add_having(model, query)
    return [query.statement()]


@feature('dense.many', 3)
def many_groups(model):
    """More groups than memory has room for."""
    rng = model.rng
    query = Query(model, model.tables[0])
    table, clock = query.table, query.table.time_column()
    keys = [query.name(clock), query.name(table.columns[0])]
    canonical = [c for c in table.columns[2:] if c.canonical and c.kind.ordered and c.kind.hashed and not c.long]
    if canonical and rng.random() < 0.5:
        keys.append(query.name(rng.choice(canonical)))
    keys = keys[rng.choice((0, 0, 1)):] if len(keys) > 2 else keys
    for key in keys:
        query.select.add(key)
        query.groups.append(key)
    for _ in range(rng.randrange(1, 4)):
        measure(model, query)
    if rng.random() < 0.3:
        add_order(query)
    inner = query.text()
    before = [Statement("SET work_mem = '64kB'"), Statement('SET hash_mem_multiplier = 1')]
    if rng.random() < 0.5:
        exact = ', '.join('count(c%d)' % i for i in range(1, len(query.select.items) + 1))
        texts = ", ".join('c%d' % i for i in range(1, len(query.select.items) + 1) if i - 1 not in query.select.approximate)
        statement = Statement("SELECT count(*), %s, sum(hashtext((%s)::text)) FROM (%s) q" % (exact, 'ROW(%s)' % texts, inner), order='set')
        return before + [statement]
    return before + [query.statement()]


@feature('dense.last', 6)
def last_row(model):
    """The last row of each entity, in the ways that people write it."""
    rng = model.rng
    table = model.tables[0]
    entity, clock = 'a.entity', 'a.' + table.column('observed_at').sql
    scope = Scope(rng, [('a', table)])
    targets = ', '.join('a.' + c.sql for c in table.columns[2:]) if table.key else 'a.observed_at'
    where = ''
    if rng.random() < 0.5:
        where = ' WHERE ' + rng.choice((scope.simple(), bounds(model, table.time_column(), clock), '%s = %s' % (entity, table.columns[0].lit(table.columns[0].probe(rng, 0)))))
    down = rng.choice((' DESC', ' DESC', '', ' DESC NULLS LAST'))
    limit = rng.choice(('', '', ' LIMIT 3'))
    forms = ['SELECT DISTINCT ON ({e}) {e}, {c}, {x} FROM {t} a{w} ORDER BY {e}, {c}{d}{l}', 'SELECT DISTINCT ON ({e}) {e}, {x} FROM {t} a{w} ORDER BY {e} DESC, {c}{d}{l}',
             'SELECT {c} FROM {t} a{w} ORDER BY {c}{d} LIMIT 5', 'SELECT max({c}), min({c}) FROM {t} a{w}', 'SELECT {e}, max({c}) FROM {t} a{w} GROUP BY {e}',
             'SELECT p.id, l.* FROM t2 p LEFT JOIN LATERAL (SELECT {c}, {x} FROM {t} a{w} {a} {e} = p.id ORDER BY {c}{d} LIMIT 1) l ON true',
             'SELECT p.id, (SELECT max({c}) FROM {t} a{w} {a} {e} = p.id) FROM t2 p', 'SELECT count(*), count(DISTINCT {e}), count(DISTINCT {c}) FROM {t} a{w}',
             'SELECT p.id, l.* FROM t2 p CROSS JOIN LATERAL (SELECT count(*), min({c}), max({c}) FROM {t} a{w} {a} {e} = p.id AND {c} IS NOT NULL) l',
             'SELECT {e}, {c} FROM (SELECT a.*, row_number() OVER (PARTITION BY {e} ORDER BY {c}{d}) AS n FROM {t} a{w}) a WHERE n <= 2',
             'SELECT DISTINCT {e} FROM {t} a{w}', 'SELECT {e}, {c} FROM {t} a{w} ORDER BY {c}{d}, {e} LIMIT 8', 'SELECT {c} FROM {t} a WHERE {c} = (SELECT max({c}) FROM {t} a{w})']
    form = rng.choice(forms)
    sql = form.format(e=entity, c=clock, x=targets, t=table.name, w=where, d=down, l=limit, a='AND' if where else 'WHERE')
    determined = 'ORDER BY' in form and not 'LATERAL' in form and 'OVER' not in form
    return [Statement(sql, order='list' if determined else 'set')]


@feature('dense.top', 5)
def top_groups(model):
    """The first groups by their keys: the newest buckets, the greatest values."""
    rng = model.rng
    query = Query(model, model.tables[0])
    add_keys(model, query, most=2, clock_share=0.7)
    if not query.groups:
        return []
    if rng.random() < 0.4:
        add_conditions(model, query)
    for _ in range(rng.randrange(1, 3)):
        measure(model, query, simple=True)
    add_order(query, 0)
    query.tail += rng.choice((' LIMIT 1', ' LIMIT 3', ' LIMIT 12', ' LIMIT 2 OFFSET 4', ' LIMIT 100'))
    return [query.statement()]


@feature('dense.newest', 6)
def newest(model):
    """DISTINCT ON, of entities and of other columns, by time and by more than that."""
    rng = model.rng
    table = model.tables[0]
    clock = table.column('observed_at')
    others = [c for c in table.columns if c.canonical and c.kind.ordered and c.kind.hashed and not c.long and c is not clock]
    keys = [table.columns[0]] if rng.random() < 0.7 else rng.sample(others, min(len(others), rng.choice((1, 1, 2))))
    query = Query(model, table)
    if rng.random() < 0.5:
        add_conditions(model, query)
    down = rng.choice((' DESC', ' DESC', ' DESC', '', ' DESC NULLS LAST', ' NULLS FIRST'))
    then = ['a.observed_at' + down]
    if table.key:
        then += ['a.%s' % c.sql for c in table.key_columns() if c is not clock and c not in keys] if rng.random() < 0.7 or table.columns[0] not in keys else []
        if keys != [table.columns[0]] and 'a.entity' not in then and table.columns[0] not in keys:
            then.append('a.entity')
        shown = ['a.' + c.sql for c in rng.sample(table.columns, min(len(table.columns), rng.choice((1, 2, 3))))]
    else:
        shown = ['a.observed_at']
    if rng.random() < 0.2:
        shown.append("date_trunc('hour', a.observed_at)")
    names = ['a.' + c.sql for c in keys]
    ordered = [n + rng.choice(('', ' DESC')) for n in names]
    where = ' WHERE ' + ' AND '.join(query.conditions) if query.conditions else ''
    sql = 'SELECT DISTINCT ON (%s) %s FROM %s a%s ORDER BY %s' % (', '.join(names), ', '.join(names + shown), table.name, where, ', '.join(ordered + then))
    form = rng.randrange(6)
    if form == 0:
        return [Statement('SELECT count(*), min(q::text COLLATE "C"), max(q::text COLLATE "C") FROM (%s) q' % sql)]
    if form == 1 and keys == [table.columns[0]]:
        return [Statement('SELECT p.*, q.* FROM t2 p LEFT JOIN (%s) q ON q.entity = p.id' % sql)]
    if form == 2:
        return queries.prepared(model, sql, [], 'list')
    return [Statement(sql + rng.choice(('', '', ' LIMIT 2', ' OFFSET 1')), order='list')]


@feature('dense.filter', 7)
def filtered_rows(model):
    """Rows by conditions of every kind, alone and together: as a fingerprint where there are many, else in order."""
    rng = model.rng
    query = Query(model, model.tables[0])
    table, clock = query.table, query.table.time_column()
    add_conditions(model, query)
    query.conditions.append('(%s)' % query.scope.where(3))
    if rng.random() < 0.3:
        columns = [c for c in table.columns if c.range]
        if columns:
            column = rng.choice(columns)
            query.conditions.append(rng.choice(('', 'NOT ')) + '(%s)' % around_range(rng, column, query.name(column)))
    if rng.random() < 0.2:
        times = ', '.join(clock.lit(clock.probe(rng, 0.1)) for _ in range(4))
        query.conditions.append(rng.choice(('%s IN (%s)', '%s = ANY (ARRAY[%s])', '%s NOT IN (%s)', '%s <> ALL (ARRAY[%s])')) % (query.name(clock), times))
    shown = rng.sample(table.columns, min(len(table.columns), rng.choice((1, 2, 4))))
    for column in shown:
        query.select.add('a.*' if rng.random() < 0.05 else query.name(column))
    where = ' WHERE ' + rng.choice((' AND ', ' AND ', ' OR ')).join(query.conditions)
    items = ', '.join(i for i in query.select.items if i != 'a.*') or 'a'
    form = rng.randrange(5)
    if form < 2:
        return [Statement('SELECT count(*), sum(hashtext(s::text)) FROM (SELECT %s FROM %s a%s OFFSET 0) s' % (items, table.name, where))]
    if form == 2:
        return [Statement('SELECT count(*) FROM %s a%s' % (table.name, where))]
    order = table.total_order('a', rng) if table.key or rng.random() < 0.3 else 'a.observed_at%s' % rng.choice(('', ' DESC'))
    if form == 3 and table.key:
        order = rng.choice(('a.observed_at, a.entity', 'a.observed_at DESC, a.entity', 'a.entity, a.observed_at DESC'))
    total = table.key or 'text' in order
    return [Statement('SELECT %s FROM %s a%s ORDER BY %s LIMIT %d' % (items if total else 'a.observed_at', table.name, where, order, rng.choice((1, 10, 100))), order='list')]


@feature('dense.distinct', 2)
def distinct(model):
    rng = model.rng
    query = Query(model, model.tables[0])
    for _ in range(rng.choice((1, 1, 2))):
        key, shown = key_expression(model, query)
        if key == shown:
            query.select.add(key)
    if not query.select.items:
        return []
    add_conditions(model, query)
    if rng.random() < 0.4:
        query.tail, query.order = ' ORDER BY ' + ', '.join(str(i) for i in range(1, len(query.select.items) + 1)), 'list'
        if rng.random() < 0.4:
            query.tail += ' LIMIT 6'
    return [query.statement(query.text().replace('SELECT ', 'SELECT DISTINCT ', 1))]


# -- joins

def join_query(model):
    """Readings with what is known of their entities, grouped by that."""
    rng = model.rng
    table, places = model.tables[:2]
    kind = rng.choice(('JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'comma'))
    source = '%s a, %s p' % (table.name, places.name) if kind == 'comma' else '%s a %s %s p ON p.id = a.entity' % (table.name, kind, places.name)
    if kind == 'JOIN' and rng.random() < 0.3:
        source = '%s p JOIN %s a ON p.id = a.entity' % (places.name, table.name)
    if kind == 'JOIN' and rng.random() < 0.25:
        # not the unique key, or not only that
        source = '%s a JOIN %s ON p.id = a.entity' % (table.name, rng.choice((
            '(SELECT * FROM {0} UNION ALL SELECT * FROM {0} WHERE active) p', '(SELECT * FROM {0} WHERE active IS NOT FALSE) p', '(SELECT DISTINCT ON (id) * FROM {0} ORDER BY id) p',
            '(SELECT * FROM {0} ORDER BY id LIMIT 3) p', '(SELECT q.id, q.district, r.since, r.limit_value, r.active FROM {0} q LEFT JOIN {0} r ON r.id = q.id AND r.active) p')).format(places.name))
    elif rng.random() < 0.1 and kind != 'comma':
        source += ' AND ' + Scope(rng, [('p', places)]).simple()
    query = Query(model, table, source)
    if kind == 'comma':
        query.conditions.append('p.id = a.entity')
    forms = ['p.district', 'p.id', 'p.active', 'p.since', 'p.district IS NULL', 'coalesce(p.active, false)', "date_trunc('month', p.since)", 'a.entity', 'p.limit_value']
    for key in rng.sample(forms, rng.choice((0, 1, 1, 2))):
        query.select.add(key)
        query.groups.append(key)
    clock = table.time_column()
    if rng.random() < 0.6:
        made = bucket(model, clock, 'a.' + clock.sql)
        query.select.add(made)
        query.groups.append(made)
    add_conditions(model, query)
    if rng.random() < 0.35:
        query.conditions.append(rng.choice((Scope(rng, [('p', places)]).simple(), 'p.active', "a.observed_at >= p.since", 'p.district IS NOT NULL', 'p.limit_value > 15')))
    return query, places


@feature('dense.join', 7)
def join(model):
    rng = model.rng
    query, places = join_query(model)
    for _ in range(rng.randrange(1, 4)):
        measure(model, query, simple=rng.random() < 0.5)
    if rng.random() < 0.3:
        query.select.add(rng.choice(('count(p.id)', 'max(p.limit_value)', 'count(DISTINCT p.district)', 'sum(CASE WHEN p.active THEN 1 ELSE 0 END)', 'min(p.since)')))
    floats = query.table.find('float', test=lambda c: c.tame and c.flavour_name in ('sensor', 'real'))
    if floats and rng.random() < 0.2:
        query.select.add('count(*) FILTER (WHERE a.%s > p.limit_value)' % floats[0].sql)
    if query.groups and rng.random() < 0.2:
        add_having(model, query)
    if rng.random() < 0.3:
        add_order(query)
    return [query.statement()]


@feature('dense.join.semi', 3)
def semi_join(model):
    rng = model.rng
    table, places = model.tables[:2]
    query = plain_query(model, table=table)
    inner = Scope(rng, [('p', places)]).simple()
    query.conditions.append(rng.choice(('a.entity IN (SELECT p.id FROM {p} p WHERE {w})', 'EXISTS (SELECT 1 FROM {p} p WHERE p.id = a.entity AND {w})',
                                        'NOT EXISTS (SELECT 1 FROM {p} p WHERE p.id = a.entity AND {w})', 'a.entity = ANY (ARRAY(SELECT p.id FROM {p} p WHERE {w}))',
                                        'a.entity = (SELECT max(p.id::text) FROM {p} p WHERE {w})::{k}')).format(p=places.name, w=inner, k=table.columns[0].kind.sql))
    return [query.statement()]


# -- wrappers: where a query stands

def in_place(model, name, query):
    """Statements that run the query somewhere else than at the top."""
    rng = query.rng
    text = query.text()
    if name == 'cte':
        word = rng.choice(('', 'MATERIALIZED ', 'NOT MATERIALIZED '))
        return [query.statement('WITH q AS %s(%s) SELECT * FROM q' % (word, text), 'set')]
    if name == 'twice':
        return [Statement('WITH q AS (%s) SELECT count(*), (SELECT count(*) FROM q) FROM q' % text)]
    if name == 'view':
        view = model.fresh_name('dv')
        return [Statement('CREATE VIEW %s AS %s' % (view, text)), query.statement('SELECT * FROM %s' % view, 'set'),
                query.statement('SELECT * FROM %s WHERE c1 IS NOT NULL' % view, 'set'), Statement('DROP VIEW IF EXISTS ' + view)]
    if name == 'union':
        other = query.text([query.scope.simple()])
        word = 'UNION ALL' if query.select.approximate else rng.choice(('UNION ALL', 'UNION ALL', 'UNION', 'EXCEPT', 'INTERSECT'))
        return [query.statement('(%s) %s (%s)' % (text, word, other), 'set')]
    if name == 'create':
        made = model.fresh_name('made')
        return [Statement('CREATE TABLE %s AS %s' % (made, text)), query.statement('SELECT * FROM %s' % made, 'set'), Statement('DROP TABLE IF EXISTS ' + made)]
    if name == 'window':
        return [query.statement('SELECT %s, count(*) OVER (), row_number() OVER (ORDER BY c1::text COLLATE "C") IS NULL FROM (%s) q' % (query.names(), text), 'set')]
    if name == 'filter':
        return [query.statement('SELECT * FROM (%s) q WHERE c%d IS NOT NULL' % (text, len(query.select.items)), 'set')]
    if name == 'exists':
        return [Statement('SELECT EXISTS (%s), NOT EXISTS (%s)' % (text, query.text([query.scope.simple()])))]
    return plpgsql(model, query)


def plpgsql(model, query):
    """In a function, three times in a loop: the plan of the first runs is kept."""
    rng = query.rng
    function, made = model.fresh_name('f'), model.fresh_name('kept')
    column = query.table.columns[0]
    body = query.text(['%s %s k' % (query.name(column), rng.choice(('=', '>=', '<>')))])
    keys = ', '.join(column.lit(column.probe(rng, 0)) for _ in range(rng.choice((3, 7))))
    return [Statement('CREATE TABLE %s AS %s LIMIT 0' % (made, query.text(['false']).replace(query.tail, '') if query.tail else query.text(['false']))),
            Statement('CREATE FUNCTION %s() RETURNS void LANGUAGE plpgsql AS $f$ DECLARE k %s; BEGIN FOREACH k IN ARRAY ARRAY[%s] LOOP INSERT INTO %s %s; END LOOP; END $f$' % (
                function, column.kind.sql, keys, made, body)),
            Statement('SELECT %s()' % function), query.statement('SELECT * FROM %s' % made, 'set'), Statement('DROP FUNCTION IF EXISTS %s()' % function),
            Statement('DROP TABLE IF EXISTS ' + made)]


@feature('dense.place', 7)
def placed(model):
    rng = model.rng
    query = plain_query(model)
    return in_place(model, rng.choice(('cte', 'twice', 'view', 'union', 'union', 'create', 'window', 'filter', 'exists', 'plpgsql', 'plpgsql')), query)


@feature('dense.scalar', 4)
def scalar(model):
    """One figure, in a list of results, in a condition, once for each row of another table."""
    rng = model.rng
    table, places = model.tables[:2]
    query = Query(model, table)
    add_conditions(model, query)
    measure(model, query)
    correlated = query.text([rng.choice(('a.entity = p.id', 'a.entity = p.id', 'a.entity >= p.id', "a.observed_at >= p.since", "a.observed_at < p.since AND a.entity = p.id",
                                         "date_trunc('day', a.observed_at) = date_trunc('day', p.since)"))])
    form = rng.randrange(4)
    if form == 0:
        return [query.shifted().statement('SELECT p.id, (%s) FROM %s p' % (correlated, places.name))]
    if form == 1 and 0 not in query.select.approximate:
        return [Statement('SELECT p.id FROM %s p WHERE (%s) IS NOT NULL' % (places.name, correlated))]
    if form == 2:
        return [query.shifted().statement('SELECT p.id, l.* FROM %s p %s JOIN LATERAL (%s) l ON true' % (places.name, rng.choice(('LEFT', 'INNER')), correlated))]
    return [query.shifted().statement('SELECT 1, (%s)' % query.text())]


@feature('dense.lateral', 4)
def lateral(model):
    """Groups, once for each row of another table."""
    rng = model.rng
    query = plain_query(model, grouped=True, table=model.tables[0])
    outer = model.tables[1].name
    condition = rng.choice(('a.entity = p.id', 'a.entity = p.id', "a.observed_at >= p.since", 'a.entity = p.id AND a.observed_at < p.since'))
    return [query.shifted().statement('SELECT p.id, l.* FROM (SELECT * FROM %s ORDER BY id LIMIT 6) p %s JOIN LATERAL (%s) l ON true' % (
        outer, rng.choice(('LEFT', 'INNER')), query.text([condition])), 'set')]


@feature('dense.prepared', 7)
def prepared(model):
    """Generic and custom plans; the session's time zone may change in between."""
    rng = model.rng
    query = plain_query(model)
    table, params = query.table, []
    scope = Scope(rng, [('a', table)], params)
    more = [scope.on_column('a', rng.choice(table.columns)) for _ in range(rng.choice((1, 2)))]
    clock = table.time_column()
    if clock and rng.random() < 0.5:
        for operator in ('>=', '<'):
            params.append((clock.kind.sql, clock.lit(clock.probe(rng, 0))))
            more.append('%s %s $%d' % (query.name(clock), operator, len(params)))
    statements = queries.prepared(model, query.text(more), params, query.order, query.select.approximate, times=3)
    between = [Statement('SET TimeZone = ' + "'%s'" % rng.choice(ZONES))] if rng.random() < 0.5 else []
    for s in statements:
        s.relative = query.select.relative
    return statements[:3] + between + statements[3:]


@feature('dense.cursor', 4)
def cursor(model):
    rng = model.rng
    query = plain_query(model, grouped=True)
    if not query.groups:
        return []
    add_order(query, 0.1)
    fetch = lambda: query.statement(rng.choice(('FETCH 3 FROM dc', 'FETCH NEXT FROM dc', 'FETCH PRIOR FROM dc', 'FETCH BACKWARD 4 FROM dc', 'FETCH ALL FROM dc', 'FETCH BACKWARD ALL FROM dc',
                                                'FETCH FIRST FROM dc', 'FETCH LAST FROM dc', 'FETCH ABSOLUTE 5 FROM dc', 'FETCH RELATIVE -2 FROM dc', 'MOVE 2 FROM dc')), 'list')
    scroll, hold = rng.choice(('SCROLL ', 'SCROLL ', '')), rng.random() < 0.2
    fetches = [fetch() for _ in range(rng.randrange(2, 6))] if scroll else [query.statement('FETCH 4 FROM dc', 'list'), query.statement('FETCH ALL FROM dc', 'list')]
    change = [Statement('DELETE FROM %s a WHERE %s' % (query.table.name, query.table.key_condition(rng, 'a')))] if query.table.key and rng.random() < 0.3 else []
    statements = [Statement('BEGIN'), Statement('DECLARE dc %sCURSOR %sFOR %s' % (scroll, 'WITH HOLD ' if hold else '', query.text()))]
    statements += fetches[:2] + change + fetches[2:]
    if hold:
        return statements + [Statement('COMMIT')] + [query.statement('FETCH ALL FROM dc', 'list'), Statement('CLOSE dc')]
    return statements + [Statement(rng.choice(('COMMIT', 'ROLLBACK')))]


@feature('dense.reader', 3)
def reader(model):
    """As a role that a policy hides rows from, or that may not see every column."""
    rng = model.rng
    query = plain_query(model, table=model.tables[0])
    table = query.table
    statements = []
    if table.policy and rng.random() < 0.6:
        spies = ['spy(%s, a::text)' % table.policy]
        statements = [query.statement(query.text(rng.choice(([], spies)))), Statement('SELECT count(*) FILTER (WHERE spy(%s, a::text)) FROM %s a' % (table.policy, table.name)),
                      Statement('SELECT count(*), bool_and(spy(%s, a::text)) FROM %s a WHERE %s' % (table.policy, table.name, query.scope.simple()))]
        return [Statement('SET ROLE twin_reader')] + statements + [Statement('RESET ROLE', must=True)]
    shown = rng.sample(table.columns, max(2, len(table.columns) - 2))
    allowed = ', '.join(c.sql for c in shown)
    statements = [Statement('REVOKE ALL ON %s FROM twin_reader' % table.name), Statement('GRANT SELECT (%s) ON %s TO twin_reader' % (allowed, table.name)),
                  Statement('SET ROLE twin_reader'), query.statement(), Statement('SELECT count(*) FROM %s' % table.name),
                  Statement('SELECT a.%s, count(*) FROM %s a GROUP BY a.%s' % ((shown[0].sql, table.name, shown[0].sql))
                            if shown[0].canonical and shown[0].kind.hashed and shown[0].kind.ordered else 'SELECT count(a.%s) FROM %s a' % (shown[0].sql, table.name)),
                  Statement('SELECT count(a) FROM %s a' % table.name), Statement('RESET ROLE', must=True)]
    return statements + [Statement('GRANT ALL ON %s TO twin_reader' % table.name, must=True)]


@feature('dense.error', 3)
def failing(model):
    """Errors that every order of the rows meets, and ones that a FILTER or CASE keeps away."""
    rng = model.rng
    table = model.tables[0]
    column = rng.choice([c for c in table.columns if not c.long and c.kind.ordered])
    name = 'a.' + column.sql
    forms = ['SELECT count(%s), sum(1 / (CASE WHEN %s IS NULL THEN 1 ELSE 0 END)) FROM {t} a' % (name, name), 'SELECT sum(9e307::float8) FROM {t} a',
             'SELECT a.entity, sum(3e307::float8 + 0 * length(%s::text)) FROM {t} a GROUP BY a.entity' % name, 'SELECT max((\'x\' || %s::text)::int4) FROM {t} a' % name,
             'SELECT sum(1 / length(%s::text)) FILTER (WHERE length(%s::text) > 0) FROM {t} a' % (name, name),
             'SELECT count(*) FROM {t} a GROUP BY 1 / (length(%s::text) - length(%s::text))' % (name, name),
             'SELECT count(*) FROM {t} a HAVING 1 / (count(*) - count(*)) > 0', 'SELECT sum(CASE WHEN length(%s::text) <> 0 THEN 1 / length(%s::text) END) FROM {t} a' % (name, name),
             'SELECT a.entity, 1 / (count(*) - count(*)) FROM {t} a GROUP BY a.entity', 'SELECT count(*) FROM {t} a WHERE 1 / length(%s::text || \'x\') >= 0' % name,
             'SELECT sum(9223372036854775807 + length(%s::text || \'x\')) FROM {t} a' % name, 'SELECT date_trunc(\'hours of the day\', a.observed_at), count(*) FROM {t} a GROUP BY 1',
             'SELECT sum(interval \'170000000 years\') FROM {t} a', 'SELECT date_bin(\'1 month\', a.observed_at::timestamp, \'2001-01-01\'), count(*) FROM {t} a GROUP BY 1',
             'SELECT date_bin(\'0 s\', a.observed_at::timestamp, \'2001-01-01\'), count(*) FROM {t} a GROUP BY 1',
             'SELECT date_trunc(\'day\', a.observed_at::timestamptz, \'Nowhere/Land\'), count(*) FROM {t} a GROUP BY 1']
    return [Statement(rng.choice(forms).format(t=table.name))]


@feature('dense.zone', 4)
def change_zone(model):
    """Another zone, and the same panel in both."""
    rng = model.rng
    zones = ZONES + (model.zone,) * 3
    query = Query(model, model.tables[0])
    clock = query.table.time_column()
    made = bucket(model, clock, query.name(clock))
    query.select.add(made)
    query.groups.append('1')
    measure(model, query, simple=True)
    name = model.fresh_name('z')
    if rng.random() < 0.5:
        return [query.statement(), Statement("SET TimeZone = '%s'" % rng.choice(zones)), query.statement()]
    return [Statement('PREPARE %s AS %s' % (name, query.text())), query.statement('EXECUTE ' + name), Statement("SET TimeZone = '%s'" % rng.choice(zones)), query.statement('EXECUTE ' + name),
            Statement("SET TimeZone = '%s'" % rng.choice(zones)), query.statement('EXECUTE ' + name), Statement('DEALLOCATE ' + name)]


@feature('dense.transaction', 4)
def transaction(model):
    """The same question before, during and after changes that are kept or not."""
    rng = model.rng
    query = plain_query(model, table=model.tables[0])
    ask = lambda: query.statement()
    change = lambda: changes.delete(model) if rng.random() < 0.7 else changes.update(model) + changes.late_rows(model)
    statements = [Statement('BEGIN' + rng.choice(('', ' ISOLATION LEVEL REPEATABLE READ')))] + ([ask()] if rng.random() < 0.5 else [])
    statements += [Statement('SAVEPOINT s')] + change() + [ask(), Statement('ROLLBACK TO s'), ask()]
    if rng.random() < 0.6:
        statements += [Statement('SAVEPOINT s')] + changes.delete(model) + [ask(), Statement(rng.choice(('RELEASE s', 'ROLLBACK TO s')))]
    return statements + [Statement(rng.choice(('COMMIT', 'COMMIT', 'ROLLBACK'))), ask()]


@feature('dense.snapshot', 4)
def snapshot(model):
    """A session that looks at what was, while rows change and are sealed."""
    rng = model.rng
    query = plain_query(model, table=model.tables[0])
    one = lambda elder: Statement(query.text(), query.order, query.select.approximate, query.select.relative, elder=elder)
    cursor = query.groups and rng.random() < 0.4
    statements = [Statement('BEGIN ISOLATION LEVEL REPEATABLE READ', elder=True), one(True) if rng.random() < 0.6 else Statement('SELECT 1', elder=True)]
    if cursor:
        statements.append(Statement('DECLARE old CURSOR FOR ' + query.text(), elder=True))
    for _ in range(rng.choice((1, 2, 3))):
        statements += rng.choice((changes.delete, changes.delete, changes.update, changes.late_rows))(model)
        if rng.random() < 0.5:
            statements += [Statement("SELECT * FROM territory.%s('%s')" % (rng.choice(('seal', 'seal', 'compact')), leaf), side='right') for leaf in query.table.leaves()]
        statements.append(one(rng.random() < 0.7))
    if cursor:
        statements.append(Statement('FETCH ALL FROM old', query.order, query.select.approximate, query.select.relative, elder=True))
    return statements + [one(True), Statement('COMMIT', elder=True), one(False)]


def steps(model, name, function):
    if len(model.tables) < 2 or not ready(model.tables[0]):
        return []
    statements = function(model)
    return [Step(name, statements, changes=name in ('dense.transaction', 'dense.snapshot', 'dense.cursor'))] if statements else []
