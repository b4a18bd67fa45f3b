"""What happens to readings after they are there: late ones, corrections, deletions, columns that come, go and change, in the small, so that
most blocks stay whole; and some of what the other profile does to any table."""
import ddl
import dml
from dense import finish_of, make_column, ready
from kinds import PLAIN_DAY, KINDS
from model import copy_rows
from predicates import Scope
from statement import Statement, Step
from datetime import timedelta

FEATURES = []
REUSED = {'delete.key': 2, 'delete.limit': 1, 'update.key': 2, 'insert.values': 2, 'upsert': 2, 'merge': 1, 'alter.drop.column': 1, 'maintain': 2, 'index.create': 1,
          'index.drop': 0.5, 'alter.add.column': 1.5, 'alter.many': 0.5, 'alter.type': 1.5, 'update.many': 0.5}


def feature(name, weight=1):
    def register(function):
        FEATURES.append((name, weight, function))
        return function
    return register


def readings(model):
    table = model.tables[0]
    return table if ready(table) else None


def some_readings(table, rng, alias='a'):
    """A condition on one entity, and mostly on a short stretch of its time."""
    entity, clock = table.column('entity'), table.column('observed_at')
    parts = ['%s.entity = %s' % (alias, entity.lit(rng.choice(entity.pool)))]
    form = rng.randrange(4)
    name = '%s.observed_at' % alias
    if form < 2:
        low = clock.lit(rng.choice([v for v in clock.pool if v and 'inf' not in v and 'BC' not in v]))
        parts.append("%s >= %s AND %s < %s + interval '%s'" % (name, low, name, low, rng.choice(('1 minute', '10 minutes', '3 hours', '2 days'))))
    elif form == 2:
        parts.append('%s = %s' % (name, clock.lit(rng.choice(clock.pool))))
    else:
        parts.append(Scope(rng, [(alias, table)]).simple())
        parts.append('hashtext(%s::text) %% 37 = 5' % name)
    return ' AND '.join(parts)


@feature('dense.delete', 5)
def delete(model):
    table = readings(model)
    return [Statement('DELETE FROM %s a WHERE %s' % (table.name, some_readings(table, model.rng)))] if table else []


@feature('dense.update', 4)
def update(model):
    table = readings(model)
    sets = dml.assignments(table, model.rng, 'a') if table else None
    return [Statement('UPDATE %s a SET %s WHERE %s' % (table.name, sets, some_readings(table, model.rng)))] if sets else []


@feature('dense.late', 6)
def late_rows(model):
    """Readings of a day that is long over, or of now."""
    table = readings(model)
    if table is None:
        return []
    rng = model.rng
    entity, clock = table.column('entity'), table.column('observed_at')
    finish = finish_of(clock)
    columns = [c for c in table.columns if c.writable and not c.identity]
    start = PLAIN_DAY + timedelta(days=rng.randrange(-900, 700), seconds=rng.randrange(86400))
    step = timedelta(seconds=rng.choice((1, 60, 300, 3600))) if clock.group != 'date' else timedelta(days=1)
    rows = []
    who = rng.choice(entity.pool)
    for i in range(rng.choice((1, 20, 400))):
        given = {'entity': who, 'observed_at': finish(start + step * i)}
        rows.append([given[c.name] if c.name in given else c.value(rng) for c in columns])
    clock.pool.append(finish(start))
    names = ', '.join(c.sql for c in columns)
    if any(c.long for c in columns):
        return []
    return [Statement('COPY %s (%s) FROM STDIN' % (table.name, names), copy_in=copy_rows(rows))]


@feature('dense.add.column', 2)
def add_column(model):
    """After sealing: its default is of rows that were there before it."""
    table = readings(model)
    if table is None or len(table.columns) > 14:
        return []
    rng = model.rng
    column = make_column(model, model.fresh_name('later'), rng.choice(('float8', 'int4', 'decimal', 'text', 'bool', 'timestamptz', 'int2', 'date', 'numeric')))
    default = ''
    if rng.random() < 0.7:
        column.default = column.lit(column.short_probe(rng))
        default = ' DEFAULT ' + column.default
        column.not_null = rng.random() < 0.4

    def made(succeeded):
        if succeeded:
            table.columns.append(column)
    return [Statement('ALTER TABLE %s ADD COLUMN %s %s%s%s' % (table.name, column.sql, column.kind.sql, default, ' NOT NULL' if column.not_null else ''), then=made)]


@feature('dense.type', 1)
def wider_type(model):
    """int2 to int4, int4 to int8, float4 to float8: with a rewrite; varchar to text: without."""
    table = readings(model)
    if table is None:
        return []
    wider = {'int2': 'int4', 'int4': 'int8', 'float4': 'float8', 'varchar': 'text', 'decimal': 'numeric'}
    able = [c for c in table.columns[2:] if c.kind_name in wider and not c.generated and not c.check and c.name not in table.trigger_columns and not c.partition_key]
    if not able:
        return []
    column = model.rng.choice(able)

    def made(succeeded):
        if succeeded:
            column.kind_name = wider[column.kind_name]
            column.kind = KINDS[column.kind_name]
    return [Statement('ALTER TABLE %s ALTER COLUMN %s TYPE %s' % (table.name, column.sql, wider[column.kind_name]), then=made)]


def reused():
    """Of the other profile, by name."""
    found = {name: function for name, _, function in dml.FEATURES + ddl.FEATURES}
    return [(name, weight, found[name]) for name, weight in REUSED.items() if name in found]


FEATURES += reused()


def steps(model, name, function):
    statements = function(model)
    return [Step(name, statements, changes=True)] if statements else []
