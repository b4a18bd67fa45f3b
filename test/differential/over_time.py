"""Aggregates of territory over rows: they depend on the set of rows alone, so that results are the same to the last bit."""
from aggregates import BUCKETS, DEVIATION, SUM, Select, group_keys
from queries import feature, scope_of

CLOCKS = ('timestamptz', 'timestamp', 'date')


def measured(rng, table, alias):
    """A number that is finite, as some type that casts to float8."""
    columns = [c for c in table.find('int', 'float', 'numeric') if c.tame and c.flavour_name not in ('infinite', 'extreme', 'odd')]
    if not columns:
        return None
    name = '%s.%s' % (alias, rng.choice(columns).sql)
    return rng.choice((name, name, name, '%s::float8 * 2 + 1' % name, '%s::float4' % name))


def add_over_time(model, select, alias, table, scope, clock):
    rng = model.rng
    t = '%s.%s' % (alias, clock.sql)
    finite = 'isfinite(%s)' % t
    choices = [("territory.longest_gap(%s)" % t, None), ("territory.longest_gap(%s, '3 hours')" % t, None)]
    value = measured(rng, table, alias)
    if value:
        mode = rng.choice(("'step'", "'linear'"))
        choices += [('territory.time_weighted_average(%s, %s)' % (value, t), None), ('territory.time_weighted_average(%s, %s, %s)' % (value, t, mode), None),
                    ("territory.integral(%s, %s, %s, '1 hour')" % (value, t, mode), None), ('territory.counter_delta(abs(%s), %s)' % (value, t), None),
                    ('territory.counter_rate(abs(%s), %s, 1e12)' % (value, t), None), ('territory.exceedance(%s, %s, 5, %s)' % (value, t, mode), None),
                    ('territory.histogram(%s, -50, 50, 7)' % value, None), ('territory.num_values(territory.stats_summary(%s))' % value, None),
                    ('territory.max_value(territory.stats_summary(%s))' % value, None), ('territory.mean(territory.stats_summary(%s))' % value, SUM),
                    ('territory.sample_stddev(territory.stats_summary(%s))' % value, DEVIATION)] * 2
    texts = [c for c in table.find('text', 'enum') if not c.long]
    if texts:
        state = rng.choice(texts)
        name, wanted = '%s.%s' % (alias, state.sql), state.lit(state.short_probe(rng))
        if state.group == 'enum' or state.kind_name not in ('text', 'varchar'):
            name, wanted = '%s::text' % name, '%s::text' % wanted
        choices += [('territory.state_duration(%s, %s, coalesce(%s, \'none\')::text)' % (name, t, wanted), None),
                    ('territory.availability(%s, %s, ARRAY[coalesce(%s, \'none\')::text])' % (name, t, wanted), None)]
    sql, tolerance = rng.choice(choices)
    if clock.flavour_name == 'infinite' or rng.random() < 0.3:
        at_end = sql.endswith('))')
        condition = ' FILTER (WHERE %s%s)' % (finite, ' AND %s' % scope.simple() if rng.random() < 0.5 else '')
        sql = sql[:-1] + condition + ')' if at_end and 'stats_summary' in sql else sql + condition
    select.add(sql, tolerance)


def add_end(model, select, alias, table, clock):
    """The first or last of any column, as it looks."""
    rng = model.rng
    column = rng.choice([c for c in table.columns if not c.long])
    select.add('(territory.%s(%s.%s, %s.%s))::text' % (rng.choice(('first', 'last')), alias, column.sql, alias, clock.sql))


def ask(model, keys, table, scope, clock, where):
    rng = model.rng
    select = Select()
    for key in keys:
        select.add(key)
    for _ in range(rng.randrange(1, 4)):
        if rng.random() < 0.3:
            add_end(model, select, 'a', table, clock)
        else:
            add_over_time(model, select, 'a', table, scope, clock)
    group = ' GROUP BY ' + ', '.join(str(i) for i in range(1, len(keys) + 1)) if keys else ''
    return [select.statement('SELECT %s FROM %s a%s%s' % (', '.join(select.items), table.name, where, group))]


@feature('over_time.group', 5)
def over_time_group(model):
    table, scope = scope_of(model, test=lambda t: t.find(*CLOCKS))
    if table is None:
        return []
    clock = model.rng.choice(table.find(*CLOCKS))
    keys = group_keys(model, 'a', table) if model.rng.random() < 0.8 else []
    return ask(model, keys, table, scope, clock, scope.where_clause())


@feature('over_time.bucket', 5)
def over_time_bucket(model):
    """By entity and bucket of the time that the rows are sorted by."""
    rng = model.rng
    table, scope = scope_of(model, test=lambda t: t.find(*BUCKETS) and t.time_column())
    if table is None:
        return []
    clock = table.time_column()
    keys = [rng.choice(BUCKETS[clock.group]).replace('{}', 'a.' + clock.sql)]
    if table.key[:1] == ['entity']:
        keys.append('a.entity')
    return ask(model, keys, table, scope, clock, scope.where_clause() if rng.random() < 0.4 else '')
