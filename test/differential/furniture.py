"""Indexes, unique keys, triggers and policies of a table that exists."""
from kinds import GEOMETRIES
from model import Unique
from statement import Statement


def index_parts(table, rng):
    """(method, columns text, column names, options); what names no column can do comes back as None."""
    from schema import condition_for
    sortable = [c for c in table.columns if c.kind.ordered and not c.long]
    method = rng.choice(('btree',) * 6 + ('hash', 'gist', 'spgist', 'brin', 'brin', 'gin'))
    if method == 'btree':
        columns = rng.sample(sortable, min(len(sortable), rng.choice((1, 1, 2, 3))))
        if not columns:
            return None
        if rng.random() < 0.2:
            expression = expression_for(rng.choice(columns))
            if expression:
                return method, '(%s)' % expression, None, ''
        text = ', '.join(c.sql + rng.choice(('', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST')) for c in columns)
        options = ''
        rest = [c for c in table.columns if c not in columns and not c.long and c.group not in GEOMETRIES]
        if rest and rng.random() < 0.2:
            options = ' INCLUDE (%s)' % rng.choice(rest).sql
        if rng.random() < 0.2:
            options += ' WHERE ' + condition_for(rng.choice(table.columns), rng)
        return method, text, [c.name for c in columns], options
    if method == 'hash':
        columns = [c for c in table.columns if c.kind.hashed]
    elif method == 'gist':
        columns = [c for c in table.columns if c.group in ('range', 'inet') + GEOMETRIES]
    elif method == 'spgist':
        columns = [c for c in table.columns if c.group in ('range', 'inet', 'point') or c.kind_name in ('text', 'varchar') and not c.long]
    elif method == 'brin':
        columns = [c for c in sortable if c.group in ('int', 'float', 'timestamptz', 'timestamp', 'date', 'numeric', 'uuid')]
    else:
        columns = [c for c in table.columns if c.group in ('array', 'jsonb')]
    if not columns:
        return None
    column = rng.choice(columns)
    text = column.sql
    if method == 'gist' and column.group == 'inet':
        text += ' inet_ops'
    if method == 'gin' and column.group == 'jsonb' and rng.random() < 0.5:
        text += ' jsonb_path_ops'
    if method == 'brin' and rng.random() < 0.4:
        text += {'int': ' int4_minmax_multi_ops' if column.kind_name == 'int4' else '', 'timestamptz': ' timestamptz_minmax_multi_ops',
                 'uuid': ' uuid_bloom_ops', 'float': ' float8_bloom_ops' if column.kind_name == 'float8' else ''}.get(column.group, '')
    options = ' WITH (pages_per_range = 1)' if method == 'brin' else ''
    if method in ('hash', 'gist') and rng.random() < 0.15:
        options += ' WHERE ' + condition_for(rng.choice(table.columns), rng)
    return method, text, [column.name], options


def expression_for(column):
    if column.group == 'text' and column.kind_name != 'bpchar':
        return 'lower(%s)' % column.sql
    if column.group in ('int', 'numeric'):
        return '%s::numeric %% 10' % column.sql
    if column.group == 'timestamp':
        return "date_trunc('day', %s)" % column.sql
    if column.group == 'timestamptz':
        return "date_trunc('day', %s AT TIME ZONE 'UTC')" % column.sql
    if column.group == 'jsonb':
        return "%s->>'a'" % column.sql
    if column.group == 'bytea':
        return 'md5(%s)' % column.sql
    return None


def create_index(model, table, concurrently=False):
    parts = index_parts(table, model.rng)
    if parts is None:
        return []
    method, text, names, options = parts
    name = model.fresh_name(table.name + '_idx')

    def made(succeeded):
        if succeeded:
            table.indexes.append((name, names, method, options))
    return [Statement('CREATE INDEX %s%s ON %s USING %s (%s)%s' % ('CONCURRENTLY ' if concurrently else '', name, table.name, method, text, options),
                      then=made)]


def create_unique(model, table, distinct_only=True):
    """A unique index or constraint; on columns whose values repeat it is an error on both sides."""
    from schema import condition_for
    rng = model.rng
    able = [c for c in table.columns if c.kind.ordered and not c.long and not c.generated
            and c.name not in table.trigger_columns and (c.flavour_name == 'distinct' or (not distinct_only and c.name not in table.key))]
    if not able:
        return []
    columns = [rng.choice(able)]
    if rng.random() < 0.25:
        columns += [c for c in rng.sample(table.columns, 1) if c not in columns and c.kind.ordered and not c.long and not c.generated]
    for c in table.columns:
        if c.partition_key and c not in columns:
            columns.append(c)
    name = model.fresh_name(table.name + '_uq')
    listed = ', '.join(c.sql for c in columns)
    nulls = ' NULLS NOT DISTINCT' if rng.random() < 0.2 and (not distinct_only or columns[0].null_share == 0) else ''
    unique = Unique([c.name for c in columns], name)
    form = rng.choice(('constraint', 'constraint', 'index', 'partial', 'expression'))
    if form == 'expression' and (columns[0].kind_name not in ('text', 'varchar') or table.partitions):
        form = 'index'
    if form == 'constraint':
        unique.constraint = True
        sql = 'ALTER TABLE %s ADD CONSTRAINT %s UNIQUE%s (%s)' % (table.name, name, nulls, listed)
    elif form == 'deferrable':
        unique.constraint = unique.deferrable = True
        sql = 'ALTER TABLE %s ADD CONSTRAINT %s UNIQUE (%s) DEFERRABLE%s' % (table.name, name, listed, rng.choice(('', ' INITIALLY DEFERRED')))
    elif form == 'partial':
        where_column = rng.choice([c for c in table.columns if c.name not in table.trigger_columns] or columns)
        unique.where = condition_for(where_column, rng)
        sql = 'CREATE UNIQUE INDEX %s ON %s (%s)%s WHERE %s' % (name, table.name, listed, nulls, unique.where)
    elif form == 'expression':
        unique.expression = 'lower(%s)' % columns[0].sql
        sql = 'CREATE UNIQUE INDEX %s ON %s (%s)' % (name, table.name, unique.expression)
        unique.columns = [columns[0].name]
    else:
        include = ''
        rest = [c for c in table.columns if c not in columns and not c.long and c.group not in GEOMETRIES]
        if rest and rng.random() < 0.3:
            include = ' INCLUDE (%s)' % rng.choice(rest).sql
        sql = 'CREATE UNIQUE INDEX %s ON %s (%s)%s%s' % (name, table.name, listed, include, nulls)

    def made(succeeded):
        if succeeded:
            table.uniques.append(unique)
            (table.constraints if unique.constraint else table.indexes).append(
                name if unique.constraint else (name, unique.columns, 'btree', ''))
            for n in unique.columns:
                table.column(n).keyed = True
            if unique.where:
                where_column.keyed = True
    return [Statement(sql, then=made)]


def create_rank(table, rng):
    """A unique key that is checked late."""
    name = table.name + '_rank'

    def made(succeeded):
        if succeeded:
            table.uniques.append(Unique(['rank'], name, deferrable=True, constraint=True))
            table.constraints.append(name)
            table.column('rank').keyed = True
    return [Statement('ALTER TABLE %s ADD CONSTRAINT %s UNIQUE (rank) DEFERRABLE%s' % (table.name, name, rng.choice(('', ' INITIALLY DEFERRED'))), then=made)]


def create_exclusion(model, table):
    rng = model.rng
    ranges = table.find('range')
    if not ranges or table.partitions or table.excluded:
        return []
    column = rng.choice(ranges)
    name = model.fresh_name(table.name + '_ex')

    def made(succeeded):
        if succeeded:
            table.excluded = column.keyed = True
            table.constraints.append(name)
    return [Statement('ALTER TABLE %s ADD CONSTRAINT %s EXCLUDE USING gist (%s WITH &&)' % (table.name, name, column.sql), then=made)]


def create_triggers(model, table):
    rng = model.rng
    form = rng.choice(('row', 'statement', 'transition', 'touch', 'skip', 'when'))
    name = model.fresh_name(table.name + '_tr')
    events = rng.choice(('INSERT OR UPDATE OR DELETE', 'UPDATE', 'DELETE', 'INSERT OR DELETE'))
    statements = []
    if form == 'row':
        sql = 'CREATE TRIGGER %s AFTER %s ON %s FOR EACH ROW EXECUTE FUNCTION log_change()' % (name, events, table.name)
    elif form == 'when':
        column = rng.choice([c for c in table.columns if not c.generated])
        if column.group in GEOMETRIES + ('jsonb',):
            return []
        sql = ('CREATE TRIGGER %s AFTER UPDATE OF %s ON %s FOR EACH ROW WHEN (OLD.%s IS DISTINCT FROM NEW.%s) EXECUTE FUNCTION log_change()'
               % (name, column.sql, table.name, column.sql, column.sql))
    elif form == 'statement':
        sql = 'CREATE TRIGGER %s %s %s ON %s FOR EACH STATEMENT EXECUTE FUNCTION log_statement()' % (
            name, rng.choice(('BEFORE', 'AFTER')), events + ' OR TRUNCATE', table.name)
    elif form == 'transition':
        event, which = rng.choice((('INSERT', 'new'), ('UPDATE', 'new'), ('UPDATE', 'old'), ('DELETE', 'old')))
        sql = 'CREATE TRIGGER %s AFTER %s ON %s REFERENCING %s TABLE AS %s_rows FOR EACH STATEMENT EXECUTE FUNCTION log_%s()' % (
            name, event, table.name, which.upper(), which, which)
    elif form == 'touch':
        texts = [c for c in table.columns if c.kind_name == 'text' and not c.keyed and not c.generated and not c.check and not c.partition_key]
        if not texts:
            return []
        column = rng.choice(texts)
        statements.append("CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.%s := left(coalesce(NEW.%s, ''), 20) || '!'; "
                          "RETURN NEW; END $$" % (name, column.sql, column.sql))
        sql = 'CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION %s()' % (
            name, rng.choice(('INSERT OR UPDATE', 'UPDATE')), table.name, name)
    else:
        columns = [c for c in table.columns if c.group in ('int', 'bool', 'enum') and not c.keyed]
        if not columns or table.foreign_keys or any(f[2] == table.name for t in model.tables for f in t.foreign_keys):
            return []
        column = rng.choice(columns)
        statements.append("CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.%s = %s THEN RETURN NULL; END IF; "
                          "RETURN OLD; END $$" % (name, column.sql, column.lit(column.probe(rng, 0))))
        sql = 'CREATE TRIGGER %s BEFORE DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s()' % (name, table.name, name)

    def made(succeeded):
        if succeeded:
            table.triggers.append((name, form))
            if form in ('touch', 'skip', 'when'):
                table.trigger_columns.add(column.name)
    return [Statement(s) for s in statements] + [Statement(sql, then=made)]


def create_policy(model, table):
    from schema import condition_for
    rng = model.rng
    if table.policy:
        return []
    columns = [c for c in table.columns if not c.long and not c.generated]
    if not columns:
        return []
    condition = condition_for(rng.choice(columns), rng)
    check = rng.choice(('', ' WITH CHECK (true)'))

    def made(succeeded):
        if succeeded:
            table.policy = condition
    return [Statement('ALTER TABLE %s ENABLE ROW LEVEL SECURITY' % table.name),
            Statement('CREATE POLICY %s_see ON %s TO twin_reader USING (%s)%s' % (table.name, table.name, condition, check)),
            Statement('GRANT ALL ON %s TO twin_reader' % table.name, then=made)]
