"""What spans several statements: transactions and savepoints, cursors, PL/pgSQL."""
import dml
import queries
from predicates import Scope
from statement import Statement, Step

FEATURES = []


def feature(name, weight=1):
    def register(function):
        FEATURES.append((name, weight, function))
        return function
    return register


CALM = ('explain', 'row.security', 'lock.rows', 'view', 'row.security.write', 'truncate')


def some(model, features, but=()):
    """Statements of one feature, out of a list, that may stand inside a transaction."""
    rng = model.rng
    able = [f for f in features if f[0] not in CALM and f[0] not in but]
    for _ in range(6):
        _, _, function = rng.choices(able, [f[1] for f in able])[0]
        statements = function(model)
        if statements:
            return statements
    return []


@feature('transaction', 8)
def transaction(model):
    rng = model.rng
    level = rng.choice(('', '', ' ISOLATION LEVEL REPEATABLE READ', ' ISOLATION LEVEL SERIALIZABLE'))
    statements = [Statement('BEGIN' + level)]
    depth, names = 0, 0
    if rng.random() < 0.2:
        statements.append(Statement('SET CONSTRAINTS ALL %s' % rng.choice(('DEFERRED', 'IMMEDIATE'))))
    for _ in range(rng.randrange(2, 7)):
        roll = rng.random()
        if roll < 0.25:
            names += 1
            depth += 1
            statements.append(Statement('SAVEPOINT s%d' % depth))
        elif roll < 0.45 and depth:
            statements.append(Statement('%s s%d' % (rng.choice(('ROLLBACK TO', 'ROLLBACK TO', 'RELEASE')), depth)))
            if statements[-1].sql.startswith('RELEASE'):
                depth -= 1
        elif roll < 0.75:
            statements += guarded(some(model, dml.FEATURES), rng, names)
            names += 1
        else:
            statements += some(model, queries.FEATURES)
    return statements + [Statement(rng.choice(('COMMIT', 'COMMIT', 'ROLLBACK')))]


def guarded(statements, rng, number):
    """Statements that may fail, mostly within a savepoint, so that the transaction goes on."""
    if rng.random() < 0.2:
        return statements
    name = 'g%d' % number
    return [Statement('SAVEPOINT ' + name)] + statements + [Statement('ROLLBACK TO ' + name if rng.random() < 0.25 else 'RELEASE ' + name)]


@feature('transaction.truncate', 1)
def truncated(model):
    table = model.any_table()
    rng = model.rng
    return [Statement('BEGIN'), Statement('TRUNCATE %s CASCADE' % table.name)] + some(model, dml.FEATURES) + [
        Statement('SELECT count(*) FROM ' + table.name), Statement('ROLLBACK')]


@feature('transaction.ddl', 2)
def ddl_undone(model):
    rng = model.rng
    table = model.any_table()
    column = rng.choice(table.columns)
    change = rng.choice(('ALTER TABLE %s ADD COLUMN undone int DEFAULT 5' % table.name, 'ALTER TABLE %s ADD COLUMN undone int DEFAULT steady()' % table.name,
                         'ALTER TABLE %s DROP COLUMN %s CASCADE' % (table.name, column.sql), 'CREATE INDEX undone ON %s (md5(%s::text))' % (table.name, table.columns[0].sql)
                         if table.columns[0].group in ('int', 'uuid', 'text') else 'CREATE INDEX undone ON %s ((%s IS NULL))' % (table.name, column.sql)))
    return [Statement('BEGIN'), Statement(change), Statement('SELECT count(*), min(md5(a::text)) FROM %s a' % table.name)] + [
        Statement('ROLLBACK')]


@feature('cursor.scroll', 4)
def scroll(model):
    rng = model.rng
    table = model.any_table()
    scope = Scope(rng, [('a', table)])
    hold = rng.random() < 0.25
    query = 'SELECT %s FROM %s a%s ORDER BY %s' % (queries.target(rng, 'a', table), table.name, scope.where_clause(), table.total_order('a', rng))
    moves = ('FETCH 3', 'FETCH NEXT', 'FETCH PRIOR', 'FETCH FIRST', 'FETCH LAST', 'FETCH BACKWARD 4', 'FETCH FORWARD 10', 'FETCH ABSOLUTE 7', 'FETCH ABSOLUTE -2',
             'FETCH RELATIVE 2', 'FETCH RELATIVE -3', 'MOVE 5', 'MOVE BACKWARD 2', 'FETCH BACKWARD ALL', 'FETCH ALL', 'FETCH 0', 'MOVE FORWARD ALL')
    fetch = lambda: Statement('%s FROM c' % rng.choice(moves), order='list')
    statements = [Statement('BEGIN'), Statement('DECLARE c %sSCROLL CURSOR %sFOR %s' % (rng.choice(('', 'INSENSITIVE ', 'BINARY ')) if False else '',
                                                                                       'WITH HOLD ' if hold else '', query))]
    statements += [fetch() for _ in range(rng.randrange(2, 7))]
    if rng.random() < 0.5:
        statements += guarded(some(model, dml.FEATURES), rng, 1)
        statements += [fetch() for _ in range(3)]
    if hold:
        return statements + [Statement('COMMIT')] + [fetch() for _ in range(2)] + [Statement('CLOSE c')]
    return statements + [Statement(rng.choice(('CLOSE c', 'FETCH 1 FROM c')), order='list'), Statement('COMMIT')]


@feature('cursor.plain', 2)
def plain_cursor(model):
    """Forward only, in no order: all rows, though others go while it is open."""
    rng = model.rng
    table = model.any_table()
    scope = Scope(rng, [('a', table)])
    return [Statement('BEGIN'), Statement('DECLARE c NO SCROLL CURSOR FOR SELECT md5(a::text) FROM %s a%s' % (table.name, scope.where_clause())),
            Statement('MOVE 0 FROM c')] + guarded(some(model, dml.FEATURES), rng, 1) + [Statement('FETCH ALL FROM c'), Statement('FETCH ALL FROM c'), Statement('COMMIT')]


@feature('cursor.current', 4)
def current_of(model):
    rng = model.rng
    table = model.any_table()
    sets = dml.assignments(table, rng, table.name)
    scope = Scope(rng, [('a', table)])
    ordered = 'DECLARE c CURSOR FOR SELECT * FROM %s a%s ORDER BY %s FOR UPDATE' % (table.name, scope.where_clause(), table.total_order('a', rng))
    single = 'DECLARE c CURSOR FOR SELECT * FROM %s a WHERE %s' % (table.name, table.key_condition(rng, 'a') if table.key else 'false')
    statements = [Statement('BEGIN'), Statement(ordered if rng.random() < 0.7 else single)]
    for _ in range(rng.randrange(1, 4)):
        statements.append(Statement('FETCH %d FROM c' % rng.choice((1, 1, 4)), order='list'))
        statements.append(Statement('SAVEPOINT w'))
        if sets and rng.random() < 0.7:
            statements.append(Statement('UPDATE %s SET %s WHERE CURRENT OF c%s' % (table.name, sets, dml.returning(rng, table))))
        else:
            statements.append(Statement('DELETE FROM %s WHERE CURRENT OF c%s' % (table.name, dml.returning(rng, table))))
        # where the cursor stands on no row, that was an error
        statements.append(Statement(rng.choice(('ROLLBACK TO w', 'RELEASE w', 'RELEASE w', 'RELEASE w'))))
    return statements + [Statement(rng.choice(('COMMIT', 'COMMIT', 'ROLLBACK')))]


@feature('plpgsql.exception', 4)
def exception_block(model):
    """Insert, or where the key is there, update: the old way."""
    rng = model.rng
    table = model.any_table(lambda t: t.key and not any(c.identity == 'ALWAYS' for c in t.columns))
    if table is None:
        return []
    columns = dml.insert_columns(table, rng)
    if any(table.column(k) not in columns for k in table.key):
        columns += [table.column(k) for k in table.key if table.column(k) not in columns]
    rows = [dml.row_values(table, columns, rng, 0.01, 0.6) for _ in range(3)]
    names = ', '.join(c.sql for c in columns)
    body = ''
    for row in rows:
        keys = ' AND '.join('%s = %s' % (c.sql, c.lit(row[columns.index(c)])) for c in table.key_columns())
        sets = dml.assignments(table, rng, table.name)
        other = 'UPDATE %s SET %s WHERE %s' % (table.name, sets, keys) if sets else 'DELETE FROM %s WHERE %s' % (table.name, keys)
        body += ('BEGIN INSERT INTO %s (%s) VALUES %s; EXCEPTION WHEN unique_violation THEN %s; WHEN not_null_violation OR check_violation THEN NULL; END; '
                 % (table.name, names, dml.values_list(table, columns, [row]), other))
    return [Statement('DO $do$ BEGIN %s END $do$' % body)]


@feature('plpgsql.loop', 3)
def loop(model):
    """Row by row over an ordered query, writing as it goes."""
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    keys = ' AND '.join('a.%s = r.%s' % (c.sql, c.sql) for c in table.key_columns())
    sets = dml.assignments(table, rng, 'a')
    write = 'UPDATE %s a SET %s WHERE %s' % (table.name, sets, keys) if sets and rng.random() < 0.7 else 'DELETE FROM %s a WHERE %s' % (table.name, keys)
    undo = rng.random() < 0.3
    inner = "BEGIN %s; RAISE EXCEPTION 'undo'; EXCEPTION WHEN raise_exception THEN NULL; END;" % write if undo else write + ';'
    return [Statement('DO $do$ DECLARE r record; BEGIN FOR r IN SELECT * FROM %s ORDER BY %s LIMIT %d LOOP %s END LOOP; END $do$' % (
        table.name, table.total_order(rng=rng), rng.choice((1, 5, 40)), inner))]


@feature('plpgsql.function', 2)
def function(model):
    """A function with a query in it, called more often than the plan cache's five times."""
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    name = model.fresh_name('f')
    column = table.key_columns()[0]
    scope = Scope(rng, [('a', table)])
    return [Statement('CREATE FUNCTION %s(given %s) RETURNS bigint STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM %s a WHERE a.%s = given AND %s); END $$' % (
                name, column.kind.sql, table.name, column.sql, scope.simple())),
            Statement('SELECT v, %s(v::%s) FROM unnest(ARRAY[%s]::text[]) v' % (name, column.kind.sql, ', '.join(column.lit(column.probe(rng, 0)) + '::text' for _ in range(8)))),
            Statement('DROP FUNCTION ' + name)]


def steps(model, name, function):
    statements = function(model)
    return [Step(name, statements, changes=True)] if statements else []
