"""Random tables, their rows, indexes, keys, triggers and policies."""
from datetime import timedelta

from kinds import BAD, GEOMETRIES, KINDS, STARTS, Raw, literal, stamp
from model import Column, Table, Unique, copy_rows
from statement import METHOD, Statement, Step

PRELUDE = [
    "CREATE TYPE mood AS ENUM ('calm', 'busy', 'jam', 'closed')",
    "CREATE DOMAIN percent AS int4 CHECK (VALUE BETWEEN 0 AND 100)",
    "CREATE DOMAIN label AS text CHECK (VALUE <> 'noir')",
    "CREATE TYPE place AS (street text, number int4)",
    "CREATE TABLE log_rows (event text, was text, became text) USING heap",
    "CREATE SEQUENCE counter",
    "CREATE FUNCTION steady() RETURNS int4 VOLATILE LANGUAGE plpgsql AS 'BEGIN RETURN 7; END'",
    "CREATE FUNCTION spy(allowed bool, value text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS "
    "$$ BEGIN IF allowed IS NOT TRUE THEN RAISE EXCEPTION 'leak: %', value; END IF; RETURN true; END $$",
    "CREATE FUNCTION xor_step(state int8, value int8) RETURNS int8 IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS 'SELECT state # value'",
    "CREATE AGGREGATE int_xor(int8) (SFUNC = xor_step, STYPE = int8, INITCOND = '0')",
    "CREATE AGGREGATE int_xor_parallel(int8) (SFUNC = xor_step, STYPE = int8, INITCOND = '0', COMBINEFUNC = xor_step, PARALLEL = SAFE)",
    "CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log_rows VALUES "
    "(TG_TABLE_NAME || ' ' || TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN left(OLD::text, 80) || md5(OLD::text) END, "
    "CASE WHEN TG_OP <> 'DELETE' THEN left(NEW::text, 80) || md5(NEW::text) END); RETURN NULL; END $$",
    "CREATE FUNCTION log_statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log_rows VALUES "
    "(TG_TABLE_NAME || ' statement ' || TG_OP); RETURN NULL; END $$",
    "CREATE FUNCTION log_old() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log_rows "
    "SELECT TG_TABLE_NAME || ' old ' || TG_OP, count(*)::text, sum(hashtext(o::text))::text FROM old_rows o; RETURN NULL; END $$",
    "CREATE FUNCTION log_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log_rows "
    "SELECT TG_TABLE_NAME || ' new ' || TG_OP, count(*)::text, sum(hashtext(n::text))::text FROM new_rows n; RETURN NULL; END $$",
]
NAMES = ('level', 'flow', 'status', 'note', 'code', 'speed', 'Mixed Case', 'select', 'état', 'battery', 'payload', 'kind', 'area', 'extra')


def make_column(model, name, kind_name=None, flavour=None, not_null=None):
    rng = model.rng
    if kind_name is None:
        kind_name = rng.choice([k for k in KINDS if model.geometry or k not in GEOMETRIES])
    kind = KINDS[kind_name]
    flavour = flavour or rng.choice(list(kind.flavours))
    return Column(name, kind_name, kind, flavour, rng, rng.random() < 0.2 if not_null is None else not_null)


def make_fresh(column, start=0):
    column.fresh_next, column.not_null, column.null_share = start, True, 0
    column.canonical = True
    return column


def condition_for(column, rng):
    """A partial index's condition, or a policy's: immutable, cannot fail."""
    if column.group in ('int', 'numeric', 'float', 'oid', 'text', 'timestamptz', 'timestamp', 'date', 'interval', 'uuid', 'inet'):
        return '%s %s %s' % (column.sql, rng.choice(('>', '<=', '<>')), column.lit(column.short_probe(rng)))
    if column.group == 'bool':
        return column.sql
    return column.sql + ' IS NOT NULL'


def add_check(table, column, rng):
    name = '%s_check_%d' % (table.name, table.next_number())
    if column.group == 'int' and column.flavour_name == 'small':
        column.check = (name, '%s >= 0' % column.sql, '-1')
    elif column.kind_name in ('text', 'varchar'):
        column.check = (name, "%s <> 'interdit'" % column.sql, 'interdit')
    elif column.group == 'float' and column.tame:
        column.check = (name, "%s IS NULL OR %s > -1e6" % (column.sql, column.sql), '-1e7')


def add_generated(model, table):
    rng = model.rng
    made = []
    for c in table.columns:
        if c.group == 'int' and c.tame and c.kind_name != 'percent' and c.fresh_next is None:
            made.append(('int8', 'wide', '(%s::int8 * 2 + 1)' % c.sql))
        elif c.kind_name == 'text':
            made += [('int4', 'small', 'length(%s)' % c.sql), ('text', 'words', 'upper(%s)' % c.sql)]
        elif c.group == 'float' and c.tame:
            made.append(('float8', 'real', '(%s::float8 * 2)' % c.sql))
        elif c.group == 'timestamp':
            made.append(('timestamp', 'plain', "date_trunc('hour', %s)" % c.sql))
        elif c.group == 'jsonb':
            made.append(('text', 'words', "(%s->>'a')" % c.sql))
        elif c.group == 'point':
            made.append(('float8', 'real', 'ST_X(%s)' % c.sql))
    if made:
        kind, flavour, expression = rng.choice(made)
        column = make_column(model, 'derived', kind, flavour, not_null=False)
        column.generated, column.canonical, column.tame = expression, False, False
        table.columns.append(column)


def make_table(model, name, shape, parent=None):
    rng = model.rng
    table = Table(name, shape, twin=rng.random() < 0.85 or shape in ('series', 'partitioned'))
    names = list(NAMES)
    rng.shuffle(names)
    columns = table.columns
    if shape in ('series', 'partitioned'):
        kind = rng.choice(('int4', 'int4', 'text', 'uuid', 'int2', 'int8', 'varchar', 'name'))
        if parent:
            kind = parent.key_columns()[0].kind_name
        entity = make_fresh(make_column(model, 'entity', kind, not_null=True))
        if parent:
            entity.references, entity.fresh_next = (parent.name, parent.key[0]), None
            entity.pool = list(parent.values_of_key)
        columns.append(entity)
        if rng.random() < 0.15:
            columns.append(make_column(model, 'channel', 'int2', 'small', True))
        columns.append(make_fresh(make_column(model, 'observed_at', rng.choice(('timestamptz', 'timestamptz', 'timestamp', 'date')), 'plain', True)))
        table.key = [c.name for c in columns]
        columns.append(make_column(model, names.pop(), rng.choice(('float8', 'float4', 'decimal', 'int4')), not_null=False))
    elif shape == 'natural':
        columns.append(make_fresh(make_column(model, 'id', rng.choice(('int4', 'text', 'uuid', 'int8', 'varchar')), not_null=True)))
        table.key = ['id']
    elif shape == 'uuid':
        columns.append(make_fresh(make_column(model, 'id', 'uuid', not_null=True)))
        table.key = ['id']
        if rng.random() < 0.7:
            columns.append(make_column(model, 'happened_at', rng.choice(('timestamptz', 'timestamp', 'date'))))
    elif shape == 'identity':
        column = make_fresh(make_column(model, 'id', rng.choice(('int8', 'int4')), not_null=True), 1000)
        column.identity = rng.choice(('ALWAYS', 'BY DEFAULT'))
        columns.append(column)
        table.key = ['id']
        if rng.random() < 0.6:
            columns.append(make_column(model, 'created_at', 'timestamptz'))
    if parent and shape not in ('series', 'partitioned'):
        reference = make_column(model, 'parent', parent.key_columns()[0].kind_name, not_null=rng.random() < 0.3)
        reference.pool, reference.references = list(parent.values_of_key), (parent.name, parent.key[0])
        reference.canonical = True
        columns.append(reference)
    for _ in range(rng.randrange(1, 7)):
        column = make_column(model, names.pop())
        if column.kind.fresh and rng.random() < 0.28 or column.flavour_name == 'disjoint':
            column.fresh_next, column.canonical, column.flavour_name = 0, True, 'distinct'
        columns.append(column)
    if shape != 'partitioned' and rng.random() < 0.06:
        columns.append(make_fresh(make_column(model, 'rank', 'int4', 'small', True)))
    for column in columns[len(table.key):]:
        if column.name != 'rank' and column.references is None and rng.random() < 0.12:
            add_check(table, column, rng)
        if column.group not in GEOMETRIES and rng.random() < 0.12 and column.fresh_next is None \
                and not isinstance(column.pool[0], Raw) and column.references is None:
            column.default = column.lit(column.pool[0])
    if shape == 'keyless' and rng.random() < 0.3:
        rng.shuffle(columns)
    if rng.random() < 0.25:
        add_generated(model, table)
    return table


def column_definition(column):
    text = '%s %s' % (column.sql, column.kind.sql)
    if column.collation:
        text += ' COLLATE ' + column.collation
    if column.generated:
        return text + ' GENERATED ALWAYS AS (%s) STORED' % column.generated
    if column.identity:
        text += ' GENERATED %s AS IDENTITY' % column.identity
    if column.default is not None:
        text += ' DEFAULT ' + column.default
    if column.not_null:
        text += ' NOT NULL'
    if column.check:
        text += ' CONSTRAINT %s CHECK (%s)' % column.check[:2]
    return text


def create_table(model, table, parent):
    rng = model.rng
    parts = [column_definition(c) for c in table.columns]
    if table.key:
        parts.append('CONSTRAINT %s_pk PRIMARY KEY (%s)' % (table.name, ', '.join(c.sql for c in table.key_columns())))
        table.uniques.append(Unique(list(table.key), table.name + '_pk', constraint=True))
    for c in table.columns:
        if c.references:
            name = '%s_fk%d' % (table.name, table.next_number())
            action = rng.choice(('', ' ON DELETE CASCADE', ' ON DELETE CASCADE ON UPDATE CASCADE') + (() if c.not_null else (' ON DELETE SET NULL',)))
            late = rng.choice(('', '', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED'))
            parts.append('CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s%s%s' % (name, c.sql, c.references[0], action, late))
            table.foreign_keys.append((name, [c.name], c.references[0], [c.references[1]], action))
            c.keyed = True
        if c.check:
            table.constraints.append(c.check[0])
    for c in table.key_columns():
        c.keyed = True
    method = METHOD if table.twin else 'heap'
    body = 'CREATE TABLE %s (%s)' % (table.name, ', '.join(parts))
    if table.shape != 'partitioned':
        return ['%s USING %s' % (body, method)]
    how = rng.choice(('hash', 'range'))
    key = table.column(table.key[0] if how == 'hash' else 'observed_at')
    key.partition_key = True
    statements = ['%s PARTITION BY %s (%s)' % (body, how, key.sql)]

    def leaf(name, bounds):
        table.bounds[name] = bounds
        statements.append('CREATE TABLE %s PARTITION OF %s %s USING %s' % (name, table.name, bounds, method))
    if how == 'hash':
        for i in range(3):
            table.partitions.append('%s_p%d' % (table.name, i))
            leaf(table.partitions[-1], 'FOR VALUES WITH (MODULUS 3, REMAINDER %d)' % i)
    else:
        bounds = ('2023-10-29', '2024-03-31', '2024-06-04')
        for i, (low, high) in enumerate(zip(('MINVALUE',) + bounds, bounds + ('MAXVALUE',))):
            table.partitions.append('%s_p%d' % (table.name, i))
            ends = tuple(b if b.isalpha() else "'%s'" % b for b in (low, high))
            leaf(table.partitions[-1], 'FOR VALUES FROM (%s) TO (%s)' % ends)
    return statements


def series_keys(table, rng, count):
    """Keys of a table of observations: a few entities, regular steps, sometimes with gaps."""
    entity, clock = table.column('entity'), table.column('observed_at')
    if entity.references:
        entities = rng.sample(entity.pool, min(len(entity.pool), rng.choice((1, 4, 12))))
    else:
        entities = [entity.kind.fresh(i) for i in range(rng.choice((1, 4, 12)))]
        entity.pool, entity.fresh_next = entities, None
    start, step = rng.choice(STARTS), timedelta(minutes=rng.choice((1, 5, 15, 60, 240)))
    if clock.group == 'date':
        step = timedelta(days=1)
    finish = {'timestamptz': stamp, 'timestamp': lambda m: stamp(m, ''), 'date': lambda m: m.strftime('%Y-%m-%d')}[clock.group]
    channels = [c for c in table.key if c == 'channel']
    keys = []
    moments = set()
    for i in range(max(1, count // len(entities))):
        moment = finish(start + step * i)
        moments.add(moment)
        for e in entities:
            if rng.random() < 0.97:
                keys.append([e] + [str(rng.randrange(10)) for _ in channels] + [moment])
    clock.pool, clock.fresh_next = sorted(moments)[::max(1, len(moments) // 60)] + [finish(start - step), finish(start + step * (count + 5))], None
    if rng.random() < 0.3:
        keys.append([entities[0]] + ['0' for _ in channels] + ['infinity'])
        clock.tame = False
        if rng.random() < 0.5:
            keys.append([entities[-1]] + ['0' for _ in channels] + ['-infinity'])
    if rng.random() < 0.5:
        rng.shuffle(keys)
    return keys


def walks(table, rng):
    """Sensors do not jump: a value near the last one."""
    state = {}

    def value(column):
        if column.group == 'float' and column.flavour_name == 'sensor' and rng.random() > column.null_share:
            last = state.get(column.name, 20.0)
            state[column.name] = round(min(60, max(-20, last + rng.choice((-0.2, -0.1, 0, 0, 0.1, 0.2)))), 1)
            return repr(state[column.name])
        return column.value(rng)
    return value


def load(model, table):
    rng = model.rng
    count = rng.choice((0, 1, 60, 200, 400, 400, 700, 1200))
    if table.shape == 'series' and len(table.columns) < 6 and rng.random() < 0.1:
        count = 5000    # more than a block
    if table.shape == 'natural':
        count = rng.choice((3, 20, 60, 150))
    columns = [c for c in table.columns if c.writable]
    keys = series_keys(table, rng, count) if table.shape in ('series', 'partitioned') else None
    value = walks(table, rng)
    rows = []
    for i in range(len(keys) if keys is not None else count):
        given = keys[i] if keys is not None else []
        rows.append(given + [value(c) for c in columns[len(given):]])
    if table.shape in ('natural', 'uuid', 'identity'):
        table.values_of_key = [r[0] for r in rows]
    else:
        table.values_of_key = []
    if table.shape == 'keyless' and rows and not table.uniques:
        rows += [rng.choice(rows) for _ in range(len(rows) // 10)]
    names = ', '.join(c.sql for c in columns)
    statements = []
    override = ' OVERRIDING SYSTEM VALUE' if any(c.identity == 'ALWAYS' for c in columns) else ''
    plain = [r for r in rows if not any(isinstance(v, Raw) for v in r)]
    rest = [r for r in rows if any(isinstance(v, Raw) for v in r)]
    if override or rng.random() < 0.3:
        rest, plain = rest + plain, []
    for at in range(0, len(rest), 200):
        values = ['(%s)' % ', '.join(literal(c.kind, v) for c, v in zip(columns, row)) for row in rest[at:at + 200]]
        head = 'INSERT INTO %s (%s)%s VALUES ' % (table.name, names, override)
        statements.append(Statement(head + ', '.join(values), must=True, parts=(head, values, '')))
    if plain:
        statements.append(Statement('COPY %s (%s) FROM STDIN' % (table.name, names), copy_in=copy_rows(plain), must=True))
    return statements


def dress(model, table):
    """Indexes, unique constraints, triggers and a policy, before or after the rows came."""
    import furniture
    rng = model.rng
    statements = []
    for _ in range(rng.choice((0, 1, 2, 3))):
        statements += furniture.create_index(model, table)
    if rng.random() < 0.4:
        statements += furniture.create_unique(model, table)
    if any(c.name == 'rank' for c in table.columns):
        statements += furniture.create_rank(table, rng)
    if rng.random() < 0.35:
        statements += furniture.create_triggers(model, table)
    if rng.random() < 0.25:
        statements += furniture.create_policy(model, table)
    return statements


def build(model):
    """The steps that make the twins, each made when those before it have run."""
    rng = model.rng
    yield Step('prelude', [Statement(sql, must=True) for sql in PRELUDE])
    shapes = rng.choice((['series'], ['natural', 'series'], ['natural', 'series', 'uuid'], ['partitioned'], ['uuid', 'keyless'], ['identity'],
                         ['keyless'], ['natural', 'partitioned'], ['natural', 'identity', 'keyless'], ['uuid', 'series'], ['series', 'keyless']))
    parent = None
    for number, shape in enumerate(shapes, 1):
        table = make_table(model, 't%d' % number, shape, parent if rng.random() < 0.7 else None)
        model.tables.append(table)
        yield Step('schema.' + shape, [Statement(s, must=True) for s in create_table(model, table, parent)])
        early = rng.random() < 0.5
        if early:
            yield Step('schema.dress', dress(model, table))
        yield Step('load.' + shape, load(model, table), changes=True)
        if not early:
            yield Step('schema.dress', dress(model, table))
        if table.values_of_key and parent is None:
            parent = table
    if rng.random() < 0.5:
        yield Step('analyze', ['ANALYZE ' + t.name for t in model.tables])


def bad_value(column, rng):
    """A value that breaks a constraint or a type, None where there is no such value."""
    if column.check and rng.random() < 0.5:
        return column.check[2]
    return BAD.get(column.kind_name)
