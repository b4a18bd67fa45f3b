"""INSERT, UPDATE, DELETE, MERGE, COPY FROM, TRUNCATE.

A statement on many rows may fail in one way only, and must not depend on which row comes first: keys of many rows are moved by more
than the keys span, sources of joins are unique, multi-row inserts have an order."""
from kinds import Raw, copy_text, literal
from predicates import Scope
from queries import target
from schema import bad_value
from statement import Statement, Step

FEATURES = []


def feature(name, weight=1):
    def register(function):
        FEATURES.append((name, weight, function))
        return function
    return register


def returning(rng, table, alias=None):
    roll = rng.random()
    if roll < 0.6:
        return ''
    name = alias or table.name
    return ' RETURNING ' + ('md5(%s::text)' % name if roll < 0.8 else target(rng, name, table))


def free_columns(table, rng=None):
    """Columns that many rows may be given at once."""
    return [c for c in table.columns if c.writable and not c.identity and not c.keyed and not c.partition_key and c.name not in table.key]


def literal_or_default(column, rng):
    if column.default is not None and rng.random() < 0.1:
        return 'DEFAULT'
    return column.lit(column.value(rng))


def changed(table, column, name, rng):
    """A new value for a column, of one row or of many: keeps its flavour, and fails for all rows or for none."""
    roll = rng.random()
    constant = column.lit(column.pool[0] if column.fresh_next is not None and column.pool and column.check is None else column.value(rng))
    if column.fresh_next is not None or roll < 0.35:
        return constant
    if roll < 0.42 and not column.not_null:
        return 'NULL'
    if roll < 0.46 and column.default is not None:
        return 'DEFAULT'
    same = [c for c in table.columns if c is not column and c.kind is column.kind and c.flavour_name == column.flavour_name
            and not column.check and (c.not_null or not column.not_null) and not c.generated and c.name not in table.key]
    prefix = name[:-len(column.sql)]
    if same and roll < 0.55:
        return prefix + rng.choice(same).sql
    group = column.group
    if group in ('int', 'numeric') and column.tame and column.kind_name != 'decimal':
        if column.kind_name == 'int4' and roll > 0.9:
            return 'steady()'
        return '((%s::numeric + 1) %% 10)::%s' % (name, column.kind.sql) if column.canonical and column.flavour_name != 'infinite' else name
    if group == 'float' and column.tame and column.canonical:
        return '%s + 0.5' % name if column.flavour_name != 'sensor' else 'round(%s::numeric + 0.1, 1)::%s' % (name, column.kind.sql)
    if group == 'text' and not column.check:
        return "left(%s || 'x', %d)" % (name, 8) if not column.long else "%s || 'x'" % name
    if group in ('timestamptz', 'timestamp') and column.tame:
        return "%s + interval '1 hour'" % name
    if group == 'date' and column.tame:
        return name + ' + 1'
    if group == 'bool':
        return 'NOT ' + name
    if group == 'jsonb':
        return "jsonb_build_object('a', %d, 'was', %s->'a')" % (rng.randrange(5), name)
    if group == 'array':
        return name + '[1:2]' if not column.not_null else "%s || %s" % (name + '[1:2]', column.lit(column.short_probe(rng)))
    if column.kind_name == 'point' and group == 'point':
        return 'ST_Translate(%s, 0.001, 0)' % name
    return constant


def assignments(table, rng, alias, single=False, excluded=False):
    columns = free_columns(table)
    if single and rng.random() < 0.35:
        columns = [c for c in table.columns if c.writable and c.identity != 'ALWAYS']
    if not columns:
        return None
    parts = []
    for c in rng.sample(columns, min(len(columns), rng.choice((1, 1, 2, 3)))):
        bad = bad_value(c, rng) if single and rng.random() < 0.04 else None
        if bad is not None:
            value = "'%s'" % bad
        elif c.name in table.key or c.keyed:
            value = c.lit(c.value(rng) if rng.random() < 0.6 else c.probe(rng))
        elif excluded and rng.random() < 0.5:
            value = 'excluded.' + c.sql
        else:
            value = changed(table, c, '%s.%s' % (alias, c.sql), rng)
        parts.append('%s = %s' % (c.sql, value))
    return ', '.join(parts)


def row_values(table, columns, rng, spoil=0.0, old_key=0.0):
    """A row for an INSERT; old_key: how often its key is one that may exist."""
    old = rng.random() < old_key
    values = []
    for c in columns:
        bad = bad_value(c, rng) if rng.random() < spoil else None
        if bad is not None:
            values.append(bad)
        elif c.not_null and rng.random() < spoil / 4 and c.name not in table.key:
            values.append(None)
        elif old and c.name in table.key:
            values.append(c.probe(rng, 0))
        else:
            values.append(c.value(rng))
    if not old and table.key[:1] == ['entity']:
        # an observation of an entity at a time that no row has yet, mostly
        clock = table.column(table.key[-1])
        if clock in columns:
            at = columns.index(clock)
            values[at] = moved_stamp(table, values[at], rng)
    return values


def moved_stamp(table, text, rng):
    if text is None or 'infinity' in text or rng.random() < 0.1:
        return text
    year = str(2025 + table.next_number() % 70)
    day = '28' if text[8:10] == '29' and text[5:7] == '02' else text[8:10]
    return year + text[4:8] + day + text[10:]


def insert_columns(table, rng):
    return [c for c in table.written(rng) if c.identity != 'ALWAYS']


def values_list(table, columns, rows, typed=False):
    def text(column, value):
        if bad_like(column, value):
            return "'%s'" % value
        return 'NULL::' + column.kind.sql if typed and value is None else literal(column.kind, value)
    return ', '.join('(%s)' % ', '.join(text(c, v) for c, v in zip(columns, row)) for row in rows)


def bad_like(column, value):
    """Values that only their column refuses are given without a cast, as applications do."""
    from kinds import BAD
    return value is not None and (value == BAD.get(column.kind_name) or column.check and value == column.check[2])


@feature('insert.values', 8)
def insert_values(model):
    rng = model.rng
    table = model.any_table()
    columns = insert_columns(table, rng)
    if not columns:
        return []
    rows = [row_values(table, columns, rng, 0.012, 0.04) for _ in range(rng.choice((1, 1, 2, 5, 30)))]
    return [Statement('INSERT INTO %s (%s) VALUES %s%s' % (table.name, ', '.join(c.sql for c in columns), values_list(table, columns, rows), returning(rng, table)))]


@feature('insert.default', 1)
def insert_default(model):
    table = model.any_table()
    return [Statement('INSERT INTO %s DEFAULT VALUES%s' % (table.name, returning(model.rng, table)))]


def copied_columns(table, alias, rng):
    """(columns, expressions) that make new rows of old ones, with other keys."""
    shift = getattr(table, 'shifts', 0)
    table.shifts = shift + 1
    columns, values = [], []
    for c in table.columns:
        if not c.writable or c.identity == 'ALWAYS':
            continue
        name = '%s.%s' % (alias, c.sql)
        value = name
        if c.name in table.key and (len(table.key) == 1 or c.name == table.key[-1]):
            value = moved_key(c, name, shift)
        elif c.keyed and not c.references:
            value = 'NULL' if not c.not_null else name
        columns.append(c)
        values.append(value)
    return columns, values


def moved_key(column, name, shift):
    """Times by more than the 70 years that moved_stamp spreads them over: what is moved must not meet what stays."""
    group = column.group
    if group in ('timestamptz', 'timestamp'):
        return "%s + interval '%d days'" % (name, 30000 * 2 ** min(shift, 9))
    if group == 'date':
        return '%s + %d' % (name, 30000 * 2 ** min(shift, 9))
    if column.kind_name == 'uuid':
        return "md5(%s::text || '%d')::uuid" % (name, shift)
    if column.kind_name == 'int2':
        return name
    if group in ('int', 'numeric'):
        return '%s + %d' % (name, 1000000 * 2 ** min(shift, 9))
    return "%s || '-%d'" % (name, shift)


@feature('insert.select', 5)
def insert_select(model):
    rng = model.rng
    table = model.any_table()
    columns, values = copied_columns(table, 'a', rng)
    if getattr(table, 'shifts', 0) > 9:
        return []
    scope = Scope(rng, [('a', table)])
    conflict = rng.choice(('', ' ON CONFLICT DO NOTHING')) if not table.excluded else ''
    return [Statement('INSERT INTO %s (%s) SELECT %s FROM %s a WHERE %s ORDER BY %s LIMIT %d%s%s' % (
        table.name, ', '.join(c.sql for c in columns), ', '.join(values), table.name, scope.where(1), table.total_order('a'),
        rng.choice((1, 20, 150)), conflict, returning(rng, table)))]


@feature('copy.from', 3)
def copy_from(model):
    rng = model.rng
    table = model.any_table()
    columns = [c for c in table.columns if c.writable]
    rows = [row_values(table, columns, rng, 0.002, 0.004) for _ in range(rng.choice((1, 5, 60)))]
    rows = [r for r in rows if not any(isinstance(v, Raw) for v in r)]
    form = ''
    if rng.random() < 0.2 and int(model.version) >= 12:
        form = ' WHERE %s' % Scope(rng, [(table.name, table)]).simple() if not any(c.generated for c in table.columns) else ''
    return [Statement('COPY %s (%s) FROM STDIN%s' % (table.name, ', '.join(c.sql for c in columns), form),
                      copy_in=''.join('\t'.join(copy_text(v) for v in row) + '\n' for row in rows))]


def conflict_target(table, rng):
    """(text, columns) of a unique key that ON CONFLICT can name."""
    able = [u for u in table.uniques if not u.deferrable]
    if not able:
        return None
    unique = rng.choice(able)
    columns = [table.column(n) for n in unique.columns]
    if unique.constraint and rng.random() < 0.4 and not table.partitions:
        return ' ON CONSTRAINT ' + unique.name, columns
    listed = '(%s)' % unique.expression if unique.expression else ', '.join(c.sql for c in columns)
    return ' (%s)%s' % (listed, ' WHERE ' + unique.where if unique.where else ''), columns


@feature('upsert', 8)
def upsert(model):
    rng = model.rng
    table = model.any_table(lambda t: any(not u.deferrable for u in t.uniques))
    if table is None:
        return []
    target_text, keys = conflict_target(table, rng)
    columns = [c for c in table.columns if c.writable and c.identity != 'ALWAYS' and (c in keys or c.not_null or rng.random() < 0.8)]
    if any(k not in columns for k in keys):
        return []
    rows, seen = [], set()
    for _ in range(rng.choice((1, 2, 6))):
        row = row_values(table, columns, rng, 0.005)
        for at, c in enumerate(columns):
            if c in keys and rng.random() < 0.8:
                row[at] = c.probe(rng, 0)
        key = tuple(row[columns.index(k)] for k in keys)
        if key not in seen or rng.random() < 0.05:
            rows.append(row)
        seen.add(key)
    text = 'INSERT INTO %s AS a (%s) VALUES %s ON CONFLICT' % (table.name, ', '.join(c.sql for c in columns), values_list(table, columns, rows))
    deferrable = any(u.deferrable for u in table.uniques)
    if rng.random() < 0.25:
        return [Statement('%s%s DO NOTHING%s' % (text, target_text if deferrable or table.excluded or rng.random() < 0.6 else '', returning(rng, table, 'a')))]
    sets = assignments(table, rng, 'a', single=rng.random() < 0.1 and len(rows) == 1, excluded=True)
    if sets is None:
        return []
    # a column that the INSERT leaves out is there in excluded all the same
    where = ' WHERE ' + Scope(rng, [('a', table)]).simple() if rng.random() < 0.3 else ''
    back = returning(rng, table, 'a') or rng.choice(('', '', '', ' RETURNING (a.xmax = 0) AS inserted'))
    return [Statement('%s%s DO UPDATE SET %s%s%s' % (text, target_text, sets, where, back))]


@feature('update.key', 8)
def update_one(model):
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    sets = assignments(table, rng, 'a', single=True)
    if sets is None:
        return []
    return [Statement('UPDATE %s a SET %s WHERE %s%s' % (table.name, sets, table.key_condition(rng, 'a'), returning(rng, table, 'a')))]


@feature('update.many', 7)
def update_many(model):
    rng = model.rng
    table = model.any_table()
    sets = assignments(table, rng, 'a')
    if sets is None:
        return []
    scope = Scope(rng, [('a', table)])
    where = ' WHERE ' + scope.where(1) if rng.random() < 0.93 else ''
    return [Statement('UPDATE %s a SET %s%s%s' % (table.name, sets, where, returning(rng, table, 'a')))]


@feature('update.move', 3)
def update_move(model):
    """Keys of many rows, moved by more than all keys span; across partitions too."""
    rng = model.rng
    table = model.any_table(lambda t: t.key and t.column(t.key[-1]).group in ('timestamptz', 'timestamp', 'date', 'int', 'uuid')
                            and t.column(t.key[-1]).identity != 'ALWAYS' and t.column(t.key[-1]).kind_name != 'int2')
    if table is None or getattr(table, 'shifts', 0) > 8:
        return []
    column = table.column(table.key[-1])
    shift = getattr(table, 'shifts', 0)
    table.shifts = shift + 1
    scope = Scope(rng, [('a', table)])
    where = ' WHERE ' + scope.where(1) if rng.random() < 0.8 else ''
    return [Statement('UPDATE %s a SET %s = %s%s%s' % (table.name, column.sql, moved_key(column, 'a.' + column.sql, shift), where, returning(rng, table, 'a')))]


@feature('update.deferred', 3)
def update_deferred(model):
    """A unique key that is checked at the end bears a step that overlaps."""
    rng = model.rng
    found = [(t, u) for t in model.tables for u in t.uniques if u.deferrable and t.column(u.columns[0]).group in ('int', 'date') and len(u.columns) == 1]
    found = [(t, u) for t, u in found if sum(u.columns[0] in o.columns for o in t.uniques) == 1 and t.column(u.columns[0]).kind_name != 'int2'
             and not t.column(u.columns[0]).check and t.column(u.columns[0]).tame]
    if not found:
        return []
    table, unique = rng.choice(found)
    column = table.column(unique.columns[0])
    step = 3 if column.kind_name == 'int4' else 1
    return [Statement('UPDATE %s SET %s = %s + %d' % (table.name, column.sql, column.sql, step))]


@feature('update.from', 4)
def update_from(model):
    """From a source in which every key is there once."""
    rng = model.rng
    table = model.any_table()
    columns = free_columns(table)
    if not columns:
        return []
    pairs = [(c, p) for c in table.columns if c.references for p in model.tables if p.name == c.references[0] and p.key == [c.references[1]]]
    scope = Scope(rng, [('a', table)])
    if pairs and rng.random() < 0.6:
        column, parent = rng.choice(pairs)
        source, test = '%s b' % parent.name, 'a.%s = b.%s' % (column.sql, parent.column(parent.key[0]).sql)
        scope = Scope(rng, [('a', table), ('b', parent)])
    elif table.key:
        key = ', '.join(c.sql for c in table.key_columns())
        source = '(SELECT %s FROM %s x WHERE %s) b' % (key, table.name, Scope(rng, [('x', table)]).simple())
        test = ' AND '.join('a.%s = b.%s' % (c.sql, c.sql) for c in table.key_columns())
    else:
        column = rng.choice([c for c in table.columns if c.kind.ordered] or [None])
        if column is None:
            return []
        source, test = '(SELECT DISTINCT x.%s AS k FROM %s x) b' % (column.sql, table.name), 'a.%s = b.k' % column.sql
    sets = assignments(table, rng, 'a')
    return [Statement('UPDATE %s a SET %s FROM %s WHERE %s AND %s%s' % (table.name, sets, source, test, scope.simple(), returning(rng, table, 'a')))]


@feature('delete.key', 4)
def delete_one(model):
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    return [Statement('DELETE FROM %s a WHERE %s%s' % (table.name, table.key_condition(rng, 'a'), returning(rng, table, 'a')))]


@feature('delete.many', 4)
def delete_many(model):
    rng = model.rng
    table, scope = model.any_table(), None
    scope = Scope(rng, [('a', table)])
    return [Statement('DELETE FROM %s a WHERE %s AND %s%s' % (table.name, scope.where(1), scope.simple(), returning(rng, table, 'a')))]


@feature('delete.limit', 3)
def delete_limit(model):
    rng = model.rng
    table = model.any_table(lambda t: t.key)
    if table is None:
        return []
    key = ', '.join(c.sql for c in table.key_columns())
    return [Statement('DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s ORDER BY %s LIMIT %d%s)' % (
        table.name, key, key, table.name, table.total_order(rng=rng), rng.choice((1, 9, 60)), ''))]


@feature('delete.using', 3)
def delete_using(model):
    rng = model.rng
    table = model.any_table()
    other = model.any_table()
    pairs = [(a, b) for a in table.columns for b in other.columns if a.kind is b.kind and a.kind.ordered and not a.long]
    if not pairs:
        return []
    a, b = rng.choice(pairs)
    return [Statement('DELETE FROM %s a USING (SELECT x.%s AS k FROM %s x ORDER BY %s LIMIT 3) b WHERE a.%s = b.k AND %s%s' % (
        table.name, b.sql, other.name, other.total_order('x'), a.sql, Scope(rng, [('a', table)]).simple(), returning(rng, table, 'a')))]


@feature('delete.duplicates', 1)
def delete_duplicates(model):
    """All but one of the rows that look the same; which one stays does not show."""
    table = model.any_table(lambda t: not t.key)
    if table is None:
        return []
    return [Statement('DELETE FROM %s WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM (SELECT a.tableoid, a.ctid, row_number() OVER '
                      '(PARTITION BY md5(a::text) ORDER BY a.ctid) n FROM %s a) d WHERE n > 1)' % (table.name, table.name))]


@feature('ctid.write', 2)
def ctid_write(model):
    rng = model.rng
    table = model.any_table(lambda t: not t.partitions)
    if table is None:
        return []
    found = '(SELECT b.ctid FROM %s b ORDER BY %s LIMIT 1 OFFSET %d)' % (table.name, table.total_order('b'), rng.choice((0, 2, 30)))
    sets = assignments(table, rng, 'a')
    if sets is None or rng.random() < 0.4:
        return [Statement('DELETE FROM %s a WHERE a.ctid = %s%s' % (table.name, found, returning(rng, table, 'a')))]
    return [Statement('UPDATE %s a SET %s WHERE a.ctid = %s%s' % (table.name, sets, found, returning(rng, table, 'a')))]


@feature('merge', 6)
def merge(model):
    rng = model.rng
    table = model.any_table(lambda t: t.key and not any(c.identity == 'ALWAYS' for c in t.columns))
    if table is None or model.version < 15:
        return []
    columns = [c for c in table.columns if c.writable]
    rows, seen = [], set()
    for _ in range(rng.choice((1, 3, 12))):
        row = row_values(table, columns, rng, 0, 0.7)
        key = tuple(row[columns.index(k)] for k in table.key_columns())
        if key not in seen:
            rows.append(row)
        seen.add(key)
    names = ', '.join(c.sql for c in columns)
    source = '(VALUES %s) s (%s)' % (values_list(table, columns, rows, typed=True), names)
    test = ' AND '.join('a.%s = s.%s' % (c.sql, c.sql) for c in table.key_columns())
    parts = []
    if rng.random() < 0.3:
        parts.append('WHEN MATCHED AND %s THEN %s' % (Scope(rng, [('a', table)]).simple(), rng.choice(('DELETE', 'DO NOTHING'))))
    free = free_columns(table)
    if free and rng.random() < 0.8:
        chosen = rng.sample(free, min(len(free), 2))
        parts.append('WHEN MATCHED THEN UPDATE SET ' + ', '.join('%s = %s' % (c.sql, rng.choice(('s.' + c.sql, changed(table, c, 'a.' + c.sql, rng)))) for c in chosen))
    if rng.random() < 0.7:
        override = ' OVERRIDING SYSTEM VALUE' if any(c.identity for c in columns) else ''
        parts.append('WHEN NOT MATCHED THEN INSERT (%s)%s VALUES (%s)' % (names, override, ', '.join('s.' + c.sql for c in columns)))
    if not parts:
        parts = ['WHEN MATCHED THEN DELETE']
    return [Statement('MERGE INTO %s a USING %s ON %s %s' % (table.name, source, test, ' '.join(parts)))]


@feature('cte.write', 3)
def cte_write(model):
    rng = model.rng
    table, other = model.any_table(), model.any_table()
    scope = Scope(rng, [('a', table)])
    sets = assignments(table, rng, 'a')
    if sets is None or rng.random() < 0.5:
        return [Statement('WITH gone AS (DELETE FROM %s a WHERE %s AND %s RETURNING *) SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM %s), '
                          '(SELECT min(md5(gone::text)) FROM gone)' % (table.name, scope.simple(), scope.simple(), other.name))]
    return [Statement('WITH new AS (UPDATE %s a SET %s WHERE %s RETURNING a.*) SELECT md5(new::text) FROM new' % (table.name, sets, scope.simple()))]


@feature('truncate', 0.5)
def truncate(model):
    rng = model.rng
    table = model.any_table()
    return [Statement('TRUNCATE %s%s%s' % (table.name, rng.choice(('', ' RESTART IDENTITY')), rng.choice(('', ' CASCADE'))))]


@feature('row.security.write', 2)
def write_as_reader(model):
    rng = model.rng
    table = model.any_table(lambda t: t.policy)
    if table is None:
        return []
    scope = Scope(rng, [('a', table)])
    sets = assignments(table, rng, 'a')
    body = 'UPDATE %s a SET %s WHERE %s' % (table.name, sets, scope.where(1)) if sets and rng.random() < 0.6 else \
        'DELETE FROM %s a WHERE %s AND %s' % (table.name, scope.simple(), scope.simple())
    return [Statement('SET ROLE twin_reader'), Statement(body), Statement('RESET ROLE', must=True)]


def steps(model, name, function):
    statements = function(model)
    return [Step(name, statements, changes=True)] if statements else []
