"""SELECT statements: filters, orders, joins, subqueries, prepared statements, COPY TO, row security."""
from furniture import index_parts
from predicates import Scope, expression
from statement import Statement, Step

FEATURES = []


def feature(name, weight=1):
    def register(function):
        FEATURES.append((name, weight, function))
        return function
    return register


def target(rng, alias, table, most=4):
    """Columns and expressions, or everything."""
    if rng.random() < 0.25 and not any(c.long for c in table.columns):
        return rng.choice((alias + '.*', alias, alias + '.*, ' + alias + '.tableoid::regclass'))
    columns = rng.sample(table.columns, min(len(table.columns), rng.randrange(1, most + 1)))
    return ', '.join(expression(rng, alias, c) for c in columns)


def scope_of(model, alias='a', params=None, test=lambda t: True):
    table = model.any_table(test)
    return (table, Scope(model.rng, [(alias, table)], params)) if table else (None, None)


def prepared(model, body, params, order, approximate=None, times=3, values=None):
    """PREPARE, EXECUTE with several values, DEALLOCATE; mostly with a generic plan."""
    rng = model.rng
    name = model.fresh_name('p')
    mode = rng.choice(('force_generic_plan', 'force_generic_plan', 'auto', 'force_custom_plan'))
    types = ' (%s)' % ', '.join(t for t, _ in params) if params else ''
    statements = [Statement('SET plan_cache_mode = ' + mode), Statement('PREPARE %s%s AS %s' % (name, types, body))]
    for given in (values or [[v for _, v in params]] * times):
        statements.append(Statement('EXECUTE %s%s' % (name, '(%s)' % ', '.join(given) if given else ''), order=order, approximate=approximate))
    return statements + [Statement('DEALLOCATE ' + name), Statement('RESET plan_cache_mode')]


@feature('select.filter', 8)
def select_filter(model):
    table, scope = scope_of(model)
    return [Statement('SELECT %s FROM %s a WHERE %s' % (target(model.rng, 'a', table), table.name, scope.where(3)))]


@feature('select.count', 4)
def select_count(model):
    table, scope = scope_of(model)
    return [Statement('SELECT count(*) FROM %s a%s' % (table.name, scope.where_clause()))]


@feature('select.order.limit', 6)
def select_order(model):
    rng = model.rng
    table, scope = scope_of(model)
    order = table.total_order('a', rng)
    sortable = [c for c in table.columns if c.kind.ordered and not c.long]
    if sortable and rng.random() < 0.5:
        order = 'a.%s%s, %s' % (rng.choice(sortable).sql, rng.choice(('', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST')), order)
    limit = rng.choice(('', ' LIMIT 5', ' LIMIT 40', ' LIMIT 10 OFFSET 7', ' OFFSET 30', ' FETCH FIRST 3 ROWS ONLY', ' LIMIT 0'))
    return [Statement('SELECT %s FROM %s a%s ORDER BY %s%s' % (target(rng, 'a', table), table.name, scope.where_clause(), order, limit), order='list')]


@feature('select.order.index', 3)
def select_order_index(model):
    """The order of an index or the key, which an ordered path may give without a sort."""
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    key = table.key_columns()
    down = rng.choice(('', ' DESC'))
    conditions = ['a.%s = %s' % (c.sql, c.lit(c.probe(rng, 0))) for c in key[:rng.randrange(len(key))]]
    conditions += [Scope(rng, [('a', table)]).simple()] if rng.random() < 0.4 else []
    where = ' WHERE ' + ' AND '.join(conditions) if conditions else ''
    order = ', '.join('a.%s%s' % (c.sql, down) for c in key)
    return [Statement('SELECT %s FROM %s a%s ORDER BY %s LIMIT %d' % (target(rng, 'a', table), table.name, where, order, rng.choice((1, 1, 3, 20, 500))), order='list')]


@feature('select.prepared', 6)
def select_prepared(model):
    rng = model.rng
    params = []
    table, scope = scope_of(model, params=params)
    where = scope.where()
    order = table.total_order('a', rng)
    limit, kind = rng.choice(((' ORDER BY %s LIMIT 9' % order, 'list'), ('', 'set'), ('', 'set')))
    body = 'SELECT %s FROM %s a WHERE %s%s' % (target(rng, 'a', table), table.name, where, limit)
    return prepared(model, body, params, kind)


@feature('select.prepared.key', 4)
def prepared_key(model):
    """A point query with several values."""
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    key = table.key_columns()
    body = 'SELECT a.* FROM %s a WHERE %s' % (table.name, ' AND '.join('a.%s = $%d' % (c.sql, i) for i, c in enumerate(key, 1)))
    values = [[c.lit(c.probe(rng, 0.05)) for c in key] for _ in range(5)]
    return prepared(model, body, [(c.kind.sql, None) for c in key], 'set', values=values)


def joinable(model):
    """Two tables and a condition of equality between them."""
    rng = model.rng
    pairs = []
    for left in model.tables:
        for right in model.tables:
            for a in left.columns:
                for b in right.columns:
                    if a.kind is b.kind and a.kind.ordered and (a is not b or a.name in left.key) and a.group not in ('bool',) and not a.long:
                        weight = 4 if a.references and a.references[0] == right.name or a is b else 1
                        pairs += [(left, right, a, b)] * weight
    return rng.choice(pairs) if pairs else None


@feature('join', 7)
def join(model):
    rng = model.rng
    found = joinable(model)
    if not found:
        return []
    left, right, a, b = found
    scope = Scope(rng, [('a', left), ('b', right)])
    kind = rng.choice(('JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'))
    if rng.random() < 0.5:
        columns = 'count(*), count(DISTINCT a.%s), count(b.%s)' % (a.sql, b.sql)
    else:
        columns = 'a.%s, b.%s, md5(a::text), md5(b::text)' % (a.sql, b.sql)
    extra = '' if kind == 'FULL JOIN' or rng.random() < 0.5 else ' AND ' + scope.simple()
    # keys that repeat make the join large: bounded by the condition on one row of the left
    return [Statement('SELECT %s FROM (SELECT * FROM %s x ORDER BY %s LIMIT %d) a %s %s b ON a.%s = b.%s%s%s' % (
        columns, left.name, left.total_order('x'), rng.choice((5, 20, 60)), kind, right.name, a.sql, b.sql, extra, scope.where_clause()))
        if b.name not in right.key else
        Statement('SELECT %s FROM %s a %s %s b ON a.%s = b.%s%s%s' % (columns, left.name, kind, right.name, a.sql, b.sql, extra,
                                                                     narrow(rng, scope, left, right, a, b)))]


def narrow(rng, scope, left, right, a, b):
    """A condition, where both sides repeat."""
    if len(right.key) > 1 and len(left.key) > 1:
        return ' WHERE ' + scope.on_key('a', left)
    return scope.where_clause()


@feature('join.three', 2)
def join_three(model):
    found = joinable(model)
    if not found:
        return []
    left, right, a, b = found
    rng = model.rng
    third = model.any_table(lambda t: t.key)
    if third is None or a.name not in left.key or b.name not in right.key or len(left.key) > 1:
        return []
    return [Statement('SELECT count(*), min(md5(c::text)) FROM %s a JOIN %s b ON a.%s = b.%s LEFT JOIN %s c ON %s AND b.%s IS NOT NULL' % (
        left.name, right.name, a.sql, b.sql, third.name, Scope(rng, [('c', third)]).on_key('c', third), b.sql))]


@feature('join.semi', 5)
def semi_join(model):
    rng = model.rng
    found = joinable(model)
    if not found:
        return []
    left, right, a, b = found
    outer, inner = Scope(rng, [('a', left)]), Scope(rng, [('b', right)])
    no = rng.choice(('', 'NOT '))
    form = rng.choice(('EXISTS', 'IN', 'ANY'))
    if form == 'EXISTS':
        test = '%sEXISTS (SELECT 1 FROM %s b WHERE b.%s = a.%s AND %s)' % (no, right.name, b.sql, a.sql, inner.simple())
    elif form == 'IN':
        test = 'a.%s %sIN (SELECT b.%s FROM %s b WHERE %s)' % (a.sql, no, b.sql, right.name, inner.where(1))
    else:
        test = 'a.%s = ANY (SELECT b.%s FROM %s b WHERE %s)' % (a.sql, b.sql, right.name, inner.where(1))
    return [Statement('SELECT %s FROM %s a WHERE %s AND %s' % (target(rng, 'a', left), left.name, test, outer.simple()))]


@feature('join.lateral', 4)
def lateral(model):
    rng = model.rng
    found = joinable(model)
    if not found:
        return []
    left, right, a, b = found
    return [Statement('SELECT a.%s, l.* FROM (SELECT * FROM %s x ORDER BY %s LIMIT 15) a %s JOIN LATERAL (SELECT %s FROM %s b WHERE b.%s = a.%s '
                      'ORDER BY %s LIMIT %d) l ON true' % (a.sql, left.name, left.total_order('x'), rng.choice(('CROSS', 'LEFT')) if False else 'LEFT',
                                                          target(rng, 'b', right, 2), right.name, b.sql, a.sql, right.total_order('b', rng), rng.choice((1, 3))))]


@feature('subquery.scalar', 4)
def scalar(model):
    rng = model.rng
    found = joinable(model)
    if not found:
        return []
    left, right, a, b = found
    form = rng.randrange(3)
    if form == 0:
        sql = 'SELECT md5(a::text), (SELECT count(*) FROM %s b WHERE b.%s = a.%s) FROM (SELECT * FROM %s x ORDER BY %s LIMIT 25) a' % (
            right.name, b.sql, a.sql, left.name, left.total_order('x'))
    elif form == 1 and a.kind.ordered and a.group not in ('uuid', 'name', 'bool', 'bytea', 'jsonb', 'range', 'composite', 'char'):
        sql = 'SELECT md5(a::text) FROM %s a WHERE a.%s = (SELECT %s(b.%s) FROM %s b)' % (left.name, a.sql, rng.choice(('min', 'max')), b.sql, right.name)
    else:
        sql = 'SELECT count(*) FROM %s a WHERE (SELECT count(*) FROM %s b WHERE %s) > %d' % (
            left.name, right.name, Scope(rng, [('b', right)]).simple(), rng.choice((0, 3)))
    return [Statement(sql)]


@feature('cte', 3)
def cte(model):
    rng = model.rng
    table, scope = scope_of(model)
    word = rng.choice(('', 'MATERIALIZED ', 'NOT MATERIALIZED '))
    return [Statement('WITH w AS %s(SELECT * FROM %s a WHERE %s) SELECT count(*), min(md5(w::text)), (SELECT count(*) FROM w) FROM w' % (
        word, table.name, scope.where()))]


@feature('union', 3)
def union(model):
    rng = model.rng
    table, scope = scope_of(model)
    columns = [c for c in table.columns if c.canonical and c.kind.ordered and not c.long]
    if not columns:
        return []
    chosen = rng.sample(columns, min(2, len(columns)))
    listed = ', '.join('a.' + c.sql for c in chosen)
    word = rng.choice(('UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT ALL'))
    return [Statement('SELECT %s FROM %s a WHERE %s %s SELECT %s FROM %s a WHERE %s' % (
        listed, table.name, scope.where(1), word, listed, table.name, scope.where(1)))]


@feature('append.ordered', 2)
def append_ordered(model):
    """Two ordered scans merged."""
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    rng = model.rng
    key = ', '.join(c.sql for c in table.key_columns())
    scope = Scope(rng, [(table.name, table)])
    return [Statement('SELECT * FROM (SELECT %s FROM %s WHERE %s UNION ALL SELECT %s FROM %s) u ORDER BY %s LIMIT 30' % (
        key, table.name, scope.simple(), key, table.name, key), order='list')]


@feature('select.distinct', 3)
def distinct(model):
    rng = model.rng
    table, scope = scope_of(model)
    columns = [c for c in table.columns if c.canonical and c.kind.ordered and not c.long]
    if not columns:
        return []
    return [Statement('SELECT DISTINCT %s FROM %s a%s' % (', '.join('a.' + c.sql for c in rng.sample(columns, min(len(columns), rng.randrange(1, 3)))),
                                                         table.name, scope.where_clause()))]


@feature('select.distinct.on', 4)
def distinct_on(model):
    """The last row of each entity."""
    rng = model.rng
    table, scope = scope_of(model)
    columns = [c for c in table.columns if c.kind.ordered and c.canonical and not c.long]
    if len(table.key) > 1 and rng.random() < 0.7:
        column, rest = table.column(table.key[0]), ['a.%s DESC' % table.column(n).sql for n in reversed(table.key)]
    elif columns:
        column, rest = rng.choice(columns), [table.total_order('a')]
    else:
        return []
    return [Statement('SELECT DISTINCT ON (a.%s) a.%s, %s FROM %s a%s ORDER BY a.%s, %s' % (
        column.sql, column.sql, target(rng, 'a', table), table.name, scope.where_clause(), column.sql, ', '.join(rest)), order='list')]


@feature('sample', 2)
def sample(model):
    rng = model.rng
    table = model.any_table()
    method = rng.choice(('SYSTEM', 'BERNOULLI'))
    return [Statement('SELECT count(*) FROM %s TABLESAMPLE %s (100)' % (table.name, method)),
            Statement('SELECT count(*) = count(DISTINCT (a.tableoid, a.ctid)), count(*) <= (SELECT count(*) FROM %s) FROM %s a TABLESAMPLE %s (%d) REPEATABLE (3)' % (
                table.name, table.name, method, rng.choice((1, 20, 60)))),
            Statement('SELECT count(*) FROM (SELECT md5(a::text) h FROM %s a TABLESAMPLE %s (30)) s WHERE h NOT IN (SELECT md5(b::text) FROM %s b)' % (
                table.name, method, table.name))]


@feature('system.columns', 4)
def system_columns(model):
    rng = model.rng
    table = model.any_table()
    pick = '(SELECT %%s FROM %s b ORDER BY %s LIMIT 1 OFFSET %d)' % (table.name, table.total_order('b'), rng.choice((0, 3, 50)))
    forms = ['SELECT a.tableoid::regclass, count(*) FROM %s a GROUP BY 1' % table.name,
             'SELECT count(DISTINCT (a.tableoid, a.ctid)), count(*) FROM %s a' % table.name,
             'SELECT md5(a::text) FROM %s a WHERE a.ctid = %s AND a.tableoid = %s' % (table.name, pick % 'ctid', pick % 'tableoid'),
             'SELECT count(*) FROM %s a WHERE a.xmin IS NULL OR a.xmax IS NULL OR a.cmin IS NULL OR a.ctid IS NULL' % table.name,
             'SELECT md5(a::text) FROM %s a WHERE a.ctid = ANY (ARRAY(SELECT b.ctid FROM %s b WHERE %s)) AND a.tableoid = ANY (ARRAY(SELECT c.tableoid FROM %s c))'
             % ((table.leaves()[0], table.leaves()[0], Scope(rng, [('b', table)]).simple(), table.leaves()[0])),
             'SELECT count(*) FROM %s a JOIN %s b ON a.ctid = b.ctid AND a.tableoid = b.tableoid AND md5(a::text) = md5(b::text)' % (table.name, table.name)]
    return [Statement(rng.choice(forms))]


@feature('lock.rows', 3)
def lock_rows(model):
    rng = model.rng
    table, scope = scope_of(model)
    strength = rng.choice(('FOR UPDATE', 'FOR SHARE', 'FOR NO KEY UPDATE', 'FOR KEY SHARE')) + rng.choice(('', '', ' SKIP LOCKED', ' NOWAIT'))
    query = 'SELECT %s FROM %s a WHERE %s ORDER BY %s LIMIT %d %s' % (
        target(rng, 'a', table), table.name, scope.where(1), table.total_order('a', rng), rng.choice((1, 10, 1000)), strength)
    again = 'SELECT count(*) FROM (SELECT 1 FROM %s a WHERE %s %s) s' % (table.name, scope.where(1), rng.choice(('FOR UPDATE', 'FOR SHARE SKIP LOCKED')))
    return [Statement('BEGIN'), Statement(query, order='list'), Statement(again), Statement(rng.choice(('COMMIT', 'ROLLBACK')))]


@feature('copy.to', 3)
def copy_to(model):
    rng = model.rng
    table, scope = scope_of(model)
    if rng.random() < 0.4 and not table.partitions:
        return [Statement('COPY %s TO STDOUT%s' % (table.name, rng.choice(('', ' (FORMAT csv)', ' (FORMAT csv, HEADER, FORCE_QUOTE *)'))), copy_out=True)]
    return [Statement('COPY (SELECT * FROM %s a%s ORDER BY %s) TO STDOUT' % (table.name, scope.where_clause(), table.total_order('a')),
                      copy_out=True, order='list')]


@feature('explain', 3)
def explain(model):
    rng = model.rng
    table, scope = scope_of(model)
    option = rng.choice(('EXPLAIN', 'EXPLAIN (VERBOSE)', 'EXPLAIN (ANALYZE, TIMING off, BUFFERS)', 'EXPLAIN (COSTS off, FORMAT json)',
                         'EXPLAIN (ANALYZE, VERBOSE, FORMAT yaml)'))
    query = rng.choice(('SELECT %s FROM %s a%s' % (target(rng, 'a', table), table.name, scope.where_clause()),
                        'SELECT count(*), max(md5(a::text)) FROM %s a%s' % (table.name, scope.where_clause()),
                        'SELECT * FROM %s a%s ORDER BY %s LIMIT 3' % (table.name, scope.where_clause(), table.total_order('a'))))
    return [Statement('%s %s' % (option, query), order='any')]


@feature('row.security', 4)
def row_security(model):
    rng = model.rng
    table, scope = scope_of(model, test=lambda t: t.policy)
    if table is None:
        return []
    statements = [Statement('SET ROLE twin_reader'), Statement('SELECT count(*), min(md5(a::text)) FROM %s a%s' % (table.name, scope.where_clause())),
                  # a cheap condition that tells what it sees must not see what the policy hides
                  Statement('SELECT md5(a::text) FROM %s a WHERE spy(%s, a::text)' % (table.name, table.policy)),
                  Statement('SELECT md5(a::text) FROM %s a WHERE spy(%s, a::text) AND %s' % (table.name, table.policy, scope.simple()))]
    return statements + [Statement('RESET ROLE', must=True)]


@feature('view', 2)
def view(model):
    rng = model.rng
    table, scope = scope_of(model)
    name = model.fresh_name('v')
    barrier = rng.choice(('', ' WITH (security_barrier)'))
    outer = Scope(rng, [('v', table)])
    return [Statement('CREATE VIEW %s%s AS SELECT * FROM %s a WHERE %s' % (name, barrier, table.name, scope.where(1))),
            Statement('SELECT count(*), min(md5(v::text)) FROM %s v WHERE %s' % (name, outer.where(1))), Statement('DROP VIEW ' + name)]


@feature('nearest', 3)
def nearest(model):
    """By distance: an index of places gives the order."""
    rng = model.rng
    table = model.any_table(lambda t: t.find('point', test=lambda c: not c.generated))
    if table is None:
        return []
    column = rng.choice(table.find('point'))
    return [Statement('SELECT md5(a::text) FROM %s a WHERE a.%s IS NOT NULL ORDER BY a.%s <-> ST_SetSRID(ST_MakePoint(%.2f, %.2f), 4326), %s LIMIT %d' % (
        table.name, column.sql, column.sql, 5.3 + rng.random() / 5, 43.2 + rng.random() / 5, table.total_order('a'), rng.choice((1, 10))), order='list')]


@feature('select.error', 2)
def failing_select(model):
    """An expression that fails on some rows, the only condition of the query: it fails wherever such a row is."""
    rng = model.rng
    table = model.any_table(lambda t: t.find('int', 'text'))
    if table is None:
        return []
    column = rng.choice(table.find('int', 'text'))
    if column.group == 'int':
        return [Statement('SELECT count(*) FROM %s a WHERE 10 / a.%s::numeric > 1' % (table.name, column.sql))]
    return [Statement('SELECT sum(a.%s::int) FROM %s a' % (column.sql, table.name))]


@feature('select.whole', 3)
def whole(model):
    table = model.any_table()
    rng = model.rng
    return [Statement(rng.choice(('SELECT md5(a::text) FROM %s a' % table.name, 'TABLE %s' % table.name, 'SELECT row_to_json(a)::text FROM %s a' % table.name,
                                  'SELECT EXISTS (SELECT FROM %s), (SELECT count(*) FROM ONLY %s)' % (table.name, table.name))))]


def steps(model, name, function):
    statements = function(model)
    return [Step(name, statements)] if statements else []
