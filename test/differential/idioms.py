"""SQL as applications write it, and what a table access method may get wrong: volatile conditions, index-only scans, two-phase commit."""
import blocks
import dml
import queries
from kinds import Raw, copy_text
from predicates import Scope
from statement import Statement

query, write, block = queries.feature, dml.feature, blocks.feature


@query('select.index.only', 3)
def index_only(model):
    """Only columns that an index holds, of a table that was just vacuumed, or not."""
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    scope = Scope(rng, [('a', table)])
    keys = ', '.join('a.' + c.sql for c in table.key_columns())
    first = [Statement('VACUUM ' + table.name)] if rng.random() < 0.4 else []
    form = rng.randrange(3)
    if form == 0:
        return first + [Statement('SELECT %s FROM %s a WHERE %s' % (keys, table.name, scope.on_key('a', table)))]
    if form == 1:
        return first + [Statement('SELECT count(*) FROM %s a WHERE %s' % (table.name, scope.on_key('a', table)))]
    return first + [Statement('SELECT %s FROM %s a ORDER BY %s LIMIT 25' % (keys, table.name, table.total_order('a', rng)), order='list')]


@query('join.self', 3)
def self_join(model):
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    scope = Scope(rng, [('a', table), ('b', table)])
    return [Statement('SELECT count(*), min(md5(b::text)) FROM %s a %s JOIN %s b USING (%s)%s' % (
        table.name, rng.choice(('', 'LEFT', 'FULL')), table.name, ', '.join(c.sql for c in table.key_columns()), scope.where_clause()))]


@query('unnest', 2)
def unnest(model):
    rng = model.rng
    table, scope = queries.scope_of(model, test=lambda t: t.find('array', 'jsonb'))
    if table is None:
        return []
    column = rng.choice(table.find('array', 'jsonb'))
    if column.group == 'array':
        call, result = 'unnest(a.%s) WITH ORDINALITY u(v, n)' % column.sql, 'u.v, u.n'
    else:
        call, result = "jsonb_path_query(a.%s, '$.*') u(v)" % column.sql, 'u.v'
    return [Statement('SELECT %s, count(*) FROM %s a CROSS JOIN LATERAL %s%s GROUP BY %s' % (result, table.name, call, scope.where_clause(), result))]


@query('cte.recursive', 1.5)
def recursive(model):
    """From key to next key: a skip scan by hand."""
    table = model.any_table(lambda t: t.key and t.key_columns()[0].group not in ('uuid', 'name', 'char'))
    if table is None:
        return []
    key = table.key_columns()[0].sql
    return [Statement('WITH RECURSIVE w AS ((SELECT a.%s AS k FROM %s a ORDER BY 1 LIMIT 1) UNION ALL SELECT (SELECT min(a.%s) FROM %s a WHERE a.%s > w.k) FROM w '
                      'WHERE w.k IS NOT NULL) SELECT * FROM (SELECT k FROM w LIMIT 40) s' % (key, table.name, key, table.name, key))]


@query('whole.row', 2)
def whole_row(model):
    rng = model.rng
    table, scope = queries.scope_of(model)
    return [Statement(rng.choice((
        'SELECT count(*) FROM %s a WHERE a IS NULL' % table.name, 'SELECT count(*) FROM %s a WHERE a IS NOT NULL' % table.name,
        'SELECT count(a), count(a.*) FROM %s a%s' % (table.name, scope.where_clause()),
        'SELECT md5(to_jsonb(a)::text) FROM %s a%s' % (table.name, scope.where_clause()),
        'SELECT (a).%s IS NULL FROM (SELECT a FROM %s a%s) s' % (table.columns[-1].sql, table.name, scope.where_clause()))))]


@query('volatile.once', 2)
def volatile_once(model):
    """A volatile condition runs once for each row, no more."""
    rng = model.rng
    table = model.any_table()
    body = rng.choice(("SELECT count(*) FROM %s a WHERE nextval('counter') > 0", "SELECT max(n) FROM (SELECT nextval('counter') n FROM %s a OFFSET 0) s",
                       "SELECT count(DISTINCT nextval('counter')) FROM %s a", "SELECT count(*) FROM (SELECT FROM %s a WHERE nextval('counter') %% 2 = 0) s")) % table.name
    return [Statement("SELECT setval('counter', 1, false)"), Statement(body), Statement('SELECT last_value, is_called FROM counter')]


@block('system.xmin', 1.5)
def xmin(model):
    """Rows that this transaction wrote, by their xmin."""
    rng = model.rng
    table = model.any_table()
    count = Statement("SELECT count(*) FROM %s a WHERE a.xmin::text = (pg_current_xact_id()::text::numeric %% 4294967296)::text" % table.name)
    sets = dml.assignments(table, rng, 'a')
    change = [Statement('UPDATE %s a SET %s WHERE %s' % (table.name, sets, Scope(rng, [('a', table)]).simple()))] if sets else []
    return [Statement('BEGIN'), count] + change + [count, Statement(rng.choice(('COMMIT', 'ROLLBACK'))), count]


@block('lock.write', 3)
def lock_and_write(model):
    """Look with a lock, then write what was looked at."""
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    keys = ', '.join(c.sql for c in table.key_columns())
    where = table.key_condition(rng, 'a') if rng.random() < 0.5 else '(%s) IN (SELECT %s FROM %s ORDER BY %s LIMIT 12)' % (
        ', '.join('a.' + c.sql for c in table.key_columns()), keys, table.name, keys)
    lock = 'SELECT md5(a::text) FROM %s a WHERE %s %s' % (table.name, where, rng.choice(('FOR UPDATE', 'FOR NO KEY UPDATE', 'FOR SHARE', 'FOR KEY SHARE')))
    sets = dml.assignments(table, rng, 'a')
    body = 'UPDATE %s a SET %s WHERE %s' % (table.name, sets, where) if sets and rng.random() < 0.7 else 'DELETE FROM %s a WHERE %s' % (table.name, where)
    inner = rng.choice(([], [Statement('SAVEPOINT l'), Statement(lock.replace('SHARE', 'UPDATE').replace('KEY UPDATE', 'UPDATE')), Statement('ROLLBACK TO l')]))
    return [Statement('BEGIN'), Statement(lock)] + inner + [Statement(body), Statement(lock), Statement(rng.choice(('COMMIT', 'COMMIT', 'ROLLBACK')))]


@block('view.write', 2)
def view_write(model):
    rng = model.rng
    table = model.any_table()
    sets = dml.assignments(table, rng, 'v')
    if sets is None:
        return []
    name = model.fresh_name('wv')
    scope = Scope(rng, [('v', table)])
    return [Statement('CREATE VIEW %s AS SELECT * FROM %s a WHERE %s%s' % (name, table.name, Scope(rng, [('a', table)]).simple(), rng.choice(('', ' WITH CHECK OPTION')))),
            Statement('UPDATE %s v SET %s WHERE %s' % (name, sets, scope.simple())) if rng.random() < 0.6 else
            Statement('DELETE FROM %s v WHERE %s AND %s' % (name, scope.simple(), scope.simple())),
            Statement('DROP VIEW ' + name, must=True)]


@block('copy.freeze', 1)
def copy_freeze(model):
    rng = model.rng
    table = model.any_table(lambda t: not t.partitions)
    if table is None:
        return []
    name = model.fresh_name('frozen')
    columns = [c for c in table.columns if c.writable]
    rows = [[c.probe(rng, 0 if c.not_null else 0.1) for c in columns] for _ in range(20)]
    rows = [r for r in rows if not any(isinstance(v, Raw) for v in r)]
    return [Statement('BEGIN'), Statement('CREATE TABLE %s USING @METHOD@ AS SELECT * FROM %s WHERE false' % (name, table.name)),
            Statement('COPY %s (%s) FROM STDIN (FREEZE)' % (name, ', '.join(c.sql for c in columns)),
                      copy_in=''.join('\t'.join(copy_text(v) for v in row) + '\n' for row in rows)),
            Statement('SELECT md5(a::text) FROM %s a' % name), Statement('COMMIT'), Statement('SELECT md5(a::text) FROM %s a' % name),
            Statement('DROP TABLE ' + name, must=True)]


@block('batch', 2)
def batch(model):
    """Several statements in one message: one transaction, though nobody said BEGIN."""
    statements = blocks.some(model, dml.FEATURES) + blocks.some(model, dml.FEATURES)
    texts = [s.sql for s in statements if s.copy_in is None]
    return [Statement('; '.join(texts))] if len(texts) == len(statements) == 2 else []


@block('two.phase', 1)
def two_phase(model):
    """Where the server allows none, PREPARE TRANSACTION is an error on both sides."""
    rng = model.rng
    table = model.any_table()
    return [Statement('BEGIN')] + blocks.some(model, dml.FEATURES) + [
        Statement("PREPARE TRANSACTION '@SIDE@'", order='any'), Statement('SELECT count(*), min(md5(a::text)) FROM %s a' % table.name),
        Statement("%s PREPARED '@SIDE@'" % rng.choice(('COMMIT', 'ROLLBACK')))]


@write('insert.from.other', 2)
def insert_from_other(model):
    """Into a keyless table from any table with a column of the same type, in bulk."""
    rng = model.rng
    table = model.any_table(lambda t: not t.key and not t.partitions)
    if table is None:
        return []
    other = model.any_table()
    columns, values = [], []
    for c in dml.insert_columns(table, rng):
        same = [o for o in other.columns if o.kind is c.kind and o.flavour_name == c.flavour_name and (o.not_null or not c.not_null)]
        columns.append(c)
        ok = same and not c.check and not c.keyed
        values.append('b.' + rng.choice(same).sql if ok else c.lit(c.value(rng)) + ('' if c.writable else ''))
    if not columns:
        return []
    return [Statement('INSERT INTO %s (%s) SELECT %s FROM %s b ORDER BY %s LIMIT 80' % (
        table.name, ', '.join(c.sql for c in columns), ', '.join(values), other.name, other.total_order('b')))]
