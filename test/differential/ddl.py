"""ALTER TABLE, indexes, constraints, maintenance, copies of tables. The model follows what the left side took."""
import dml
import furniture
from kinds import GEOMETRIES, KINDS
from predicates import Scope
from schema import make_column
from statement import METHOD, Statement, Step

FEATURES = []


def feature(name, weight=1):
    def register(function):
        FEATURES.append((name, weight, function))
        return function
    return register


@feature('alter.add.column', 4)
def add_column(model):
    rng = model.rng
    table = model.any_table(lambda t: len(t.columns) < 14)
    if table is None:
        return []
    column = make_column(model, model.fresh_name('added'))
    column.not_null = rng.random() < 0.3
    extra = ''
    roll = rng.random()
    if roll < 0.5:
        # a constant one is not written to the rows
        column.default = column.lit(column.short_probe(rng))
        extra = ' DEFAULT ' + column.default
    elif roll < 0.6:
        column = make_column(model, column.name, 'int4', 'small', False)
        column.default = 'steady()'
        extra = ' DEFAULT steady()'
    extra += ' NOT NULL' if column.not_null else ''

    def made(succeeded):
        if succeeded:
            table.columns.append(column)
    return [Statement('ALTER TABLE %s ADD COLUMN %s %s%s' % (table.name, column.sql, column.kind.sql, extra), then=made)]


def forget(table, column):
    table.columns.remove(column)
    table.indexes = [i for i in table.indexes if i[1] is None or column.name not in i[1]]
    gone = [u for u in table.uniques if column.name in u.columns]
    table.uniques = [u for u in table.uniques if u not in gone]
    if column.name in table.key:
        table.key = []
    # a partial or expression index goes with the column as well
    table.uniques = [u for u in table.uniques if not ((u.where and column.sql in u.where) or (u.expression and column.sql in u.expression))]
    table.foreign_keys = [f for f in table.foreign_keys if column.name not in f[1]]


@feature('alter.drop.column', 2)
def drop_column(model):
    rng = model.rng
    table = model.any_table(lambda t: len(t.columns) > 2)
    if table is None:
        return []
    able = [c for c in table.columns if c.name not in table.key and not c.partition_key and c.name not in table.trigger_columns
            and not any(o.generated and c.sql in o.generated for o in table.columns) and not (table.policy and c.sql in table.policy)]
    if not able:
        return []
    column = rng.choice(able)
    return [Statement('ALTER TABLE %s DROP COLUMN %s' % (table.name, column.sql), then=lambda succeeded: succeeded and forget(table, column))]


@feature('alter.rename.column', 1.5)
def rename_column(model):
    rng = model.rng
    table = model.any_table()
    able = [c for c in table.columns if c.name not in table.key and not c.partition_key and c.name not in table.trigger_columns and not c.check
            and not any(o.generated and c.sql in o.generated for o in table.columns) and not (table.policy and c.sql in table.policy)
            and not any(c.name in u.columns or (u.where and c.sql in u.where) for u in table.uniques) and not any(c.name in f[1] for f in table.foreign_keys)]
    if not able:
        return []
    column, name = rng.choice(able), model.fresh_name('renamed')

    def made(succeeded):
        if succeeded:
            table.indexes = [(i[0], [name if n == column.name else n for n in i[1]] if i[1] else None) + i[2:] for i in table.indexes]
            column.name = name
    return [Statement('ALTER TABLE %s RENAME COLUMN %s TO %s' % (table.name, column.sql, name), then=made)]


@feature('alter.rename.table', 0.5)
def rename_table(model):
    table = model.any_table(lambda t: not t.partitions and not t.triggers)
    if table is None:
        return []
    name = model.fresh_name('renamed_t')
    return [Statement('ALTER TABLE %s RENAME TO %s' % (table.name, name)), Statement('SELECT count(*) FROM %s' % name),
            Statement('ALTER TABLE %s RENAME TO %s' % (name, table.name), must=True)]


TYPE_CHANGES = {'int2': ('int4', 'int8', 'numeric', 'text'), 'int4': ('int8', 'numeric', 'float8', 'text'), 'int8': ('numeric', 'text', 'int4'), 'float4': ('float8',),
                'decimal': ('numeric', 'text'), 'varchar': ('text',), 'bpchar': ('text',), 'text': ('varchar', 'bytea', 'int4'), 'name': ('text',),
                'date': ('timestamptz', 'timestamp'), 'timestamptz': ('timestamp', 'text', 'date'), 'timestamp': ('timestamptz',), 'uuid': ('text',), 'bool': ('int4',),
                'inet': ('text',), 'jsonb': ('text',), 'mood': ('text',), 'percent': ('int4', 'int8'), 'label': ('text',), 'interval': ('text',)}


@feature('alter.type', 3)
def alter_type(model):
    rng = model.rng
    table = model.any_table()
    able = [c for c in table.columns if c.kind_name in TYPE_CHANGES and not c.check and not c.generated and not c.identity and c.fresh_next is None
            and not c.references and c.name not in table.key and not c.long]
    if not able:
        return []
    column = rng.choice(able)
    target = rng.choice(TYPE_CHANGES[column.kind_name])
    flavours = KINDS[target].flavours
    flavour = {'numeric': 'scales', 'float8': 'extreme', 'text': 'words', 'timestamptz': 'infinite', 'timestamp': 'infinite', 'date': 'infinite'}.get(target)
    if flavour is None or flavour not in flavours:
        flavour = 'extreme' if 'extreme' in flavours else next(iter(flavours))
    using = ''
    if target == 'bytea':
        using = " USING convert_to(%s, 'UTF8')" % column.sql
    elif column.kind_name in ('jsonb', 'bool', 'text') or target == 'int4' or rng.random() < 0.3:
        using = ' USING %s::%s' % (column.sql, KINDS[target].sql) if target != 'varchar' else ' USING left(%s, 12)' % column.sql
    # the old values stay, in their new form; new ones come from a pool of the new type
    new = make_column(model, column.name, target, flavour, column.not_null)
    new.canonical = column.canonical and target not in ('numeric', 'float8') or target == 'text'
    new.tame = False

    def made(succeeded):
        if succeeded:
            column.kind_name, column.kind, column.flavour_name = new.kind_name, new.kind, new.flavour_name
            column.pool, column.canonical, column.tame = new.pool, new.canonical, False
            column.default = None
    return [Statement('ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT, ALTER COLUMN %s TYPE %s%s' % (table.name, column.sql, column.sql, KINDS[target].sql, using), then=made)]


@feature('alter.default', 1.5)
def alter_default(model):
    rng = model.rng
    table = model.any_table()
    able = [c for c in table.columns if not c.generated and not c.identity and c.fresh_next is None and not c.references]
    if not able:
        return []
    column = rng.choice(able)
    value = column.lit(column.short_probe(rng)) if rng.random() < 0.7 else None
    if value is None and column.not_null:
        return []

    def made(succeeded):
        if succeeded:
            column.default = value
    return [Statement('ALTER TABLE %s ALTER COLUMN %s %s' % (table.name, column.sql, 'SET DEFAULT ' + value if value else 'DROP DEFAULT'), then=made)]


@feature('alter.not.null', 1.5)
def alter_not_null(model):
    rng = model.rng
    table = model.any_table()
    able = [c for c in table.columns if c.name not in table.key and not c.references and not c.generated and not c.partition_key]
    if not able:
        return []
    column = rng.choice(able)
    drop = column.not_null

    def made(succeeded):
        if succeeded:
            column.not_null = not drop
    return [Statement('ALTER TABLE %s ALTER COLUMN %s %s NOT NULL' % (table.name, column.sql, 'DROP' if drop else 'SET'), then=made)]


@feature('alter.check', 2)
def alter_check(model):
    """A condition of one column; where rows break it, an error on both sides."""
    rng = model.rng
    table = model.any_table()
    able = [c for c in table.columns if c.check is None and not c.generated and c.group in ('int', 'float', 'text') and c.name not in table.key and not c.references
            and c.kind_name not in ('percent', 'label')]
    if not able:
        return []
    column = rng.choice(able)
    name = model.fresh_name(table.name + '_check')
    if column.group == 'int':
        text, bad = rng.choice((('%s >= 0', '-1'), ('%s <> 3', '3'))), None
        text, bad = text
        harmless = column.flavour_name == 'small' and bad == '-1'
    elif column.group == 'float':
        text, bad, harmless = "%s IS NULL OR %s <> 77", '77', True
    else:
        text, bad, harmless = "%s <> 'interdit'", 'interdit', True
    text = text.replace('%s', column.sql)
    late = rng.choice(('', '', ' NOT VALID'))
    if not harmless and (late or bad == '3'):
        return []

    def made(succeeded):
        if succeeded:
            column.check = (name, text, bad)
            table.constraints.append(name)
            if not harmless:
                column.pool = [v for v in column.pool if v is not None and int(v) >= 0] or ['1']
    statements = [Statement('ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s)%s' % (table.name, name, text, late), then=made)]
    if late:
        statements.append(Statement('ALTER TABLE %s VALIDATE CONSTRAINT %s' % (table.name, name)))
    return statements


@feature('alter.drop.constraint', 1.5)
def drop_constraint(model):
    rng = model.rng
    table = model.any_table(lambda t: t.constraints)
    if table is None:
        return []
    name = rng.choice(table.constraints)

    def made(succeeded):
        if succeeded:
            table.constraints.remove(name)
            table.uniques = [u for u in table.uniques if u.name != name]
            for c in table.columns:
                if c.check and c.check[0] == name:
                    c.check = None
    return [Statement('ALTER TABLE %s DROP CONSTRAINT %s' % (table.name, name), then=made)]


@feature('alter.primary.key', 0.7)
def change_key(model):
    """Drop the primary key and make it again."""
    table = model.any_table(lambda t: t.key and not any(f[2] == t.name for o in model.tables for f in o.foreign_keys))
    if table is None:
        return []
    keys = ', '.join(c.sql for c in table.key_columns())
    return [Statement('ALTER TABLE %s DROP CONSTRAINT %s_pk' % (table.name, table.name)),
            Statement('SELECT count(*) FROM ' + table.name),
            Statement('ALTER TABLE %s ADD CONSTRAINT %s_pk PRIMARY KEY (%s)' % (table.name, table.name, keys), must=True)]


@feature('alter.foreign.key', 1.5)
def add_foreign_key(model):
    """A reference the other way: from the parent to a row of the child."""
    rng = model.rng
    pairs = [(t, o) for t in model.tables for o in model.tables if t is not o and o.key and len(t.columns) < 14
             and not any(f[2] == o.name for f in t.foreign_keys) and not o.partitions]
    if not pairs:
        return []
    table, other = rng.choice(pairs)
    name = model.fresh_name(table.name + '_back')
    columns = [make_column(model, '%s_%s' % (name, i), c.kind_name, None, False) for i, c in enumerate(other.key_columns())]
    for c, k in zip(columns, other.key_columns()):
        c.pool, c.keyed, c.null_share = list(k.pool), True, 0.97
        c.references = (other.name, k.name) if len(other.key) == 1 else None
        c.flavour_name, c.canonical, c.tame = k.flavour_name, True, False
    action = rng.choice((' ON DELETE SET NULL', ' ON DELETE SET NULL', ' ON DELETE CASCADE', ''))
    listed = ', '.join(c.sql for c in columns)
    keys = ', '.join(c.sql for c in other.key_columns())

    def made(succeeded):
        if succeeded:
            table.foreign_keys.append((name, [c.name for c in columns], other.name, list(other.key), action))
            table.constraints.append(name)
    add = [Statement('ALTER TABLE %s ADD COLUMN %s %s' % (table.name, c.sql, c.kind.sql), then=lambda succeeded, c=c: succeeded and table.columns.append(c)) for c in columns]
    bind = Statement('ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (%s)%s%s' % (
        table.name, name, listed, other.name, keys, action, rng.choice(('', ' DEFERRABLE INITIALLY DEFERRED'))), then=made)
    condition = table.key_condition(rng, 'a') if table.key else Scope(rng, [('a', table)]).simple()
    fill = Statement('UPDATE %s a SET (%s) = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %d) WHERE %s' % (
        table.name, listed, keys, other.name, keys, rng.randrange(4), condition))
    return add + rng.choice(([fill, bind], [bind, fill]))


@feature('alter.policy', 0.7)
def add_policy(model):
    return furniture.create_policy(model, model.any_table())


@feature('alter.trigger', 0.7)
def add_trigger(model):
    rng = model.rng
    table = model.any_table()
    if table.triggers and rng.random() < 0.5:
        name, _ = rng.choice(table.triggers)

        def made(succeeded):
            if succeeded:
                table.triggers = [t for t in table.triggers if t[0] != name]
        return [Statement('DROP TRIGGER %s ON %s' % (name, table.name), then=made)]
    return furniture.create_triggers(model, table)


@feature('index.create', 4)
def create_index(model):
    table = model.any_table()
    return furniture.create_index(model, table, model.rng.random() < 0.15 and not table.partitions)


@feature('index.unique', 3)
def create_unique(model):
    return furniture.create_unique(model, model.any_table(), model.rng.random() < 0.6)


@feature('index.exclusion', 0.7)
def create_exclusion(model):
    table = model.any_table(lambda t: t.find('range', test=lambda c: c.flavour_name == 'distinct') or model.rng.random() < 0.2)
    return furniture.create_exclusion(model, table) if table else []


@feature('index.drop', 1.5)
def drop_index(model):
    rng = model.rng
    table = model.any_table(lambda t: t.indexes)
    if table is None:
        return []
    index = rng.choice(table.indexes)

    def made(succeeded):
        if succeeded:
            table.indexes.remove(index)
            table.uniques = [u for u in table.uniques if u.name != index[0]]
    return [Statement('DROP INDEX ' + index[0], then=made)]


@feature('maintain', 6)
def maintain(model):
    rng = model.rng
    table = model.any_table()
    plain = not table.partitions
    choices = ['VACUUM ' + table.name, 'VACUUM (ANALYZE, FREEZE) ' + table.name, 'ANALYZE ' + table.name, 'VACUUM FULL ' + table.name,
               'REINDEX TABLE ' + table.name, 'VACUUM (DISABLE_PAGE_SKIPPING) ' + table.name]
    btrees = [i for i in table.indexes if i[2] == 'btree' and ' WHERE ' not in i[3] and i[1]]
    if plain and btrees:
        choices += ['CLUSTER %s USING %s' % (table.name, rng.choice(btrees)[0]), 'REINDEX INDEX %s' % rng.choice(btrees)[0]]
    if plain and table.key:
        choices.append('CLUSTER %s USING %s_pk' % (table.name, table.name))
    if plain and rng.random() < 0.3:
        choices.append('REINDEX TABLE CONCURRENTLY ' + table.name)
    return [Statement(rng.choice(choices))]


@feature('access.method', 2)
def access_method(model):
    """Out to heap and back, on the side where that means something."""
    rng = model.rng
    table = model.any_table(lambda t: t.twin and not t.right_is_heap)
    if table is None:
        return []
    leaf = rng.choice(table.leaves())
    out = Statement('ALTER TABLE %s SET ACCESS METHOD heap' % leaf, side='right', must=True)
    back = Statement('ALTER TABLE %s SET ACCESS METHOD %s' % (leaf, METHOD), side='right', must=True)
    between = [Statement('SELECT md5(a::text) FROM %s a' % table.name)]
    if rng.random() < 0.4:
        between += dml.update_many(model)
    return [out] + between + [back, Statement('SELECT md5(a::text) FROM %s a' % table.name)]


@feature('copy.table', 3)
def copy_table(model):
    rng = model.rng
    table = model.any_table()
    name = model.fresh_name('copy')
    scope = Scope(rng, [('a', table)])
    form = rng.choice(('CREATE TABLE %s USING @METHOD@ AS SELECT * FROM %s a%s', 'CREATE UNLOGGED TABLE %s USING @METHOD@ AS SELECT * FROM %s a%s',
                       'CREATE TEMP TABLE %s USING @METHOD@ AS SELECT * FROM %s a%s', 'CREATE MATERIALIZED VIEW %s USING @METHOD@ AS SELECT * FROM %s a%s',
                       'CREATE TABLE %s USING @METHOD@ AS SELECT * FROM %s a%s WITH NO DATA')) % (name, table.name, scope.where_clause())
    statements = [Statement(form), Statement('SELECT md5(a::text) FROM %s a' % name)]
    if 'MATERIALIZED' in form:
        return statements + dml.update_many(model) + [Statement('REFRESH MATERIALIZED VIEW ' + name), Statement('SELECT md5(a::text) FROM %s a' % name),
                                                      Statement('DROP MATERIALIZED VIEW ' + name, must=True)]
    if rng.random() < 0.5:
        statements += [Statement('INSERT INTO %s SELECT * FROM %s' % (name, table.name)), Statement('SELECT md5(a::text) FROM %s a' % name)]
    return statements + [Statement('DROP TABLE ' + name, must=True)]


@feature('copy.like', 1)
def copy_like(model):
    rng = model.rng
    table = model.any_table()
    name = model.fresh_name('alike')
    columns = [c.sql for c in table.columns if c.writable]
    override = ' OVERRIDING SYSTEM VALUE'
    return [Statement('CREATE TABLE %s (LIKE %s INCLUDING ALL) USING @METHOD@' % (name, table.name)),
            Statement('INSERT INTO %s (%s)%s SELECT %s FROM %s' % (name, ', '.join(columns), override, ', '.join(columns), table.name)),
            Statement('SELECT md5(a::text) FROM %s a' % name), Statement('DROP TABLE ' + name, must=True)]


@feature('inherit', 1)
def inherit(model):
    rng = model.rng
    table = model.any_table(lambda t: not t.partitions)
    if table is None:
        return []
    name = model.fresh_name('child')
    columns = dml.insert_columns(table, rng)
    row = dml.row_values(table, columns, rng)
    return [Statement('CREATE TABLE %s () INHERITS (%s) USING @METHOD@' % (name, table.name)),
            Statement('INSERT INTO %s (%s) VALUES %s' % (name, ', '.join(c.sql for c in columns), dml.values_list(table, columns, [row]))) if columns else Statement('SELECT 1'),
            Statement('SELECT a.tableoid::regclass, count(*), min(md5(a::text)) FROM %s a GROUP BY 1' % table.name),
            Statement('SELECT count(*) FROM ONLY ' + table.name), Statement('DROP TABLE ' + name, must=True)]


def steps(model, name, function):
    statements = function(model)
    return [Step(name, statements, changes=True)] if statements else []
