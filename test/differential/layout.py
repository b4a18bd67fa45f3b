"""DDL around a table: partitions taken off and put back, types that change under it, storage, statistics."""
import ddl
from ddl import feature
from kinds import KINDS
from statement import Statement


@feature('partition.detach', 2)
def detach(model):
    """A partition by itself, and back again."""
    rng = model.rng
    table = model.any_table(lambda t: t.partitions)
    if table is None:
        return []
    leaf, bounds = rng.choice(list(table.bounds.items()))
    between = [Statement('SELECT count(*), min(md5(a::text)) FROM %s a' % n) for n in (table.name, leaf)]
    return [Statement('ALTER TABLE %s DETACH PARTITION %s' % (table.name, leaf))] + between + [
        Statement('ALTER TABLE %s ATTACH PARTITION %s %s' % (table.name, leaf, bounds), must=True),
        Statement('SELECT tableoid::regclass, count(*) FROM %s GROUP BY 1' % table.name)]


@feature('alter.enum', 1)
def alter_enum(model):
    """A label more, between those that are there."""
    rng = model.rng
    columns = [(t, c) for t in model.tables for c in t.columns if c.kind_name == 'mood' and not c.generated]
    if not columns:
        return []
    table, column = rng.choice(columns)
    label = model.fresh_name('mood')

    def made(succeeded):
        if succeeded:
            for _, c in columns:
                c.pool = c.pool[-20:] + [label]
    statements = [Statement("ALTER TYPE mood ADD VALUE '%s' %s '%s'" % (label, rng.choice(('BEFORE', 'AFTER')), rng.choice(('calm', 'busy', 'jam'))), then=made)]
    if not column.keyed and not column.partition_key:
        statements.append(Statement("UPDATE %s SET %s = '%s' WHERE %s = 'jam'" % (table.name, column.sql, label, column.sql)))
    return statements + [Statement('SELECT a.%s, count(*) FROM %s a GROUP BY 1 ORDER BY 1' % (column.sql, table.name), order='list'),
                         Statement("SELECT count(*), min(a.%s), max(a.%s) FROM %s a WHERE a.%s < '%s'" % (column.sql, column.sql, table.name, column.sql, label))]


@feature('alter.domain', 1)
def alter_domain(model):
    """A condition on a domain is held against every row that has it."""
    rng = model.rng
    if not any(c.kind_name in ('percent', 'label') for t in model.tables for c in t.columns):
        return []
    domain, text = rng.choice((('percent', 'VALUE <> %d' % rng.randrange(101)), ('percent', 'VALUE < 200'), ('label', "VALUE <> 'rouge'"), ('label', 'length(VALUE) < 30')))
    name = model.fresh_name('rule')
    return [Statement('BEGIN'), Statement('ALTER DOMAIN %s ADD CONSTRAINT %s CHECK (%s)' % (domain, name, text)), Statement('ROLLBACK')]


@feature('alter.storage', 2)
def storage(model):
    """What changes how a table is kept, not what it holds."""
    rng = model.rng
    table = model.any_table()
    column = rng.choice(table.columns)
    changes = ['ALTER COLUMN %s SET STATISTICS 7' % column.sql, 'ALTER COLUMN %s SET (n_distinct = 5)' % column.sql]
    if not table.partitions:
        changes += ['SET (fillfactor = 60)', 'SET (autovacuum_enabled = off)', 'SET TABLESPACE pg_default', 'REPLICA IDENTITY FULL', 'SET WITHOUT CLUSTER']
        if not table.foreign_keys and not any(f[2] == table.name for t in model.tables for f in t.foreign_keys):
            changes += ['SET UNLOGGED', 'SET LOGGED']
    if column.group in ('text', 'bytea', 'jsonb', 'array'):
        changes += ['ALTER COLUMN %s SET STORAGE %s' % (column.sql, rng.choice(('EXTERNAL', 'MAIN', 'EXTENDED'))), 'ALTER COLUMN %s SET COMPRESSION pglz' % column.sql]
    statements = [Statement('ALTER TABLE %s %s' % (table.name, rng.choice(changes)))]
    if rng.random() < 0.2 and len(table.columns) > 1:
        pair = [c.sql for c in table.columns if c.kind.ordered and not c.long][:2]
        if len(pair) == 2:
            statements += [Statement('CREATE STATISTICS ON %s FROM %s' % (', '.join(pair), table.name)), Statement('ANALYZE ' + table.name)]
    return statements


@feature('alter.expression', 0.5)
def drop_expression(model):
    rng = model.rng
    found = [(t, c) for t in model.tables for c in t.columns if c.generated]
    if not found:
        return []
    table, column = rng.choice(found)

    def made(succeeded):
        if succeeded:
            column.generated = None
    return [Statement('ALTER TABLE %s ALTER COLUMN %s DROP EXPRESSION' % (table.name, column.sql), then=made)]


@feature('alter.many', 1)
def alter_many(model):
    """Several changes in one rewrite."""
    rng = model.rng
    table = model.any_table(lambda t: len(t.columns) < 14)
    if table is None:
        return []
    able = [c for c in table.columns if c.kind_name in ('int4', 'float4') and not c.check and not c.generated and not c.identity and c.fresh_next is None
            and not c.references and c.name not in table.key and c.name not in table.trigger_columns]
    added = ddl.make_column(model, model.fresh_name('many'), 'text', 'words', True)
    added.default = "'neuf'::text"
    parts = ["ADD COLUMN %s text NOT NULL DEFAULT 'neuf'" % added.sql]
    column = rng.choice(able) if able else None
    if column:
        parts.append('ALTER COLUMN %s DROP DEFAULT, ALTER COLUMN %s TYPE %s' % (column.sql, column.sql, 'int8' if column.kind_name == 'int4' else 'float8'))

    def made(succeeded):
        if succeeded:
            table.columns.append(added)
            if column:
                column.kind_name = 'int8' if column.kind_name == 'int4' else 'float8'
                column.kind, column.default, column.tame = KINDS[column.kind_name], None, False
    return [Statement('ALTER TABLE %s %s' % (table.name, ', '.join(parts)), then=made)]
