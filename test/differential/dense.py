"""Tables as a city has them: a few entities, each with many readings at regular steps, and a small table that tells of the entities.

Only such rows make blocks of one entity and one hour, day or month, which summaries answer. The readings lie across the changes of the
clocks of several zones, at minute density too, so that local hours repeat; some are outside of all calendars."""
from datetime import datetime, timedelta, timezone

import furniture
import schema
from kinds import KINDS, WORDS, Flavour, Kind, one, pick, stamp, times
from model import Table, Unique, copy_rows
from statement import METHOD, Statement, Step

ZONES = ('UTC', 'Europe/Paris', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Casablanca', 'Asia/Beirut')
CAPITALS = ('Eau', 'eau', 'EAU', 'été', 'ÉTÉ', 'feu', 'Feu', '')
WHENEVER = ('infinity', '-infinity', '0044-03-15 12:00:00+00 BC', '9999-12-31 23:59:59.999999+00', '1969-12-31 23:59:59.5+00', '2025-10-26 00:30:00+00',
            '2025-10-26 01:30:00+00', '2025-03-30 00:59:59.999999+00', '1850-06-01 00:00:00+00')
# what only these tables have; a group of its own keeps a type out of what elsewhere is asked of text
MORE_KINDS = {
    'ci': Kind('text', 'ci', one(pick(CAPITALS), canonical=False)),
    'icu': Kind('text', 'icu', one(pick(WORDS))),
    'money': Kind('money', 'money', one(lambda rng: '%.2f' % rng.uniform(-50, 900))),
    'bits': Kind('bit(8)', 'bits', one(lambda rng: format(rng.randrange(256), '08b'))),
    'lsn': Kind('pg_lsn', 'lsn', one(lambda rng: '%X/%X' % (rng.randrange(4), rng.randrange(1 << 24)))),
    'mac': Kind('macaddr', 'mac', one(lambda rng: '08:00:2b:01:02:%02x' % rng.randrange(20))),
    'whenever': Kind('timestamptz', 'timestamptz', {'odd': Flavour(pick(WHENEVER), tame=False)}),
    'second': Kind('timestamptz', 'timestamptz', times(stamp)),
}
COLLATIONS = {'ci': 'twin_ci', 'icu': '"fr-x-icu"'}
MEASURES = ('float8', 'float8', 'float8', 'float8', 'float4', 'float4', 'int2', 'int4', 'int4', 'int8', 'decimal', 'decimal', 'numeric', 'bool', 'mood', 'text', 'varchar',
            'bpchar', 'uuid', 'jsonb', 'int4[]', 'text[]', 'place', 'interval', 'inet', 'date', 'timestamp', 'time', 'timetz', 'oid', 'bytea', 'percent', 'label', 'name', 'char',
            'tstzrange', 'point', 'ci', 'icu', 'money', 'bits', 'lsn', 'mac', 'whenever', 'second')
# (start, step in seconds, rows of each entity, entities, a zone whose clocks change then)
PATTERNS = (('2025-03-29 21:30', 60, 1500, 4, 'Europe/Paris'), ('2025-10-25 19:00', 60, 1500, 4, 'Europe/Paris'), ('2025-10-26 00:00', 10, 1300, 3, 'Europe/Paris'),
            ('2025-10-25 19:00', 60, 900, 4, 'Asia/Beirut'), ('2025-03-20 00:00', 900, 1900, 4, 'Europe/Paris'), ('2025-10-10 00:00', 900, 2600, 3, 'Europe/Paris'),
            ('2025-01-01 00:00', 3600, 8760, 1, 'America/St_Johns'), ('2015-01-01 00:00', 86400, 4000, 2, 'Africa/Casablanca'), ('2025-04-05 10:00', 300, 900, 7, 'Australia/Lord_Howe'),
            ('2025-04-05 08:00', 60, 900, 4, 'Australia/Lord_Howe'), ('2025-10-04 10:00', 60, 900, 4, 'Australia/Lord_Howe'), ('2025-02-22 00:00', 1800, 2300, 3, 'Africa/Casablanca'),
            ('2025-02-22 20:00', 60, 900, 3, 'Africa/Casablanca'), ('2025-06-01 00:00', 420, 150, 40, 'Asia/Kathmandu'), ('2006-10-28 20:00', 60, 900, 4, 'America/St_Johns'),
            ('2024-12-30 00:00', 600, 5000, 1, 'UTC'))

COLLATION = "CREATE COLLATION twin_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
PRELUDE = [
    "CREATE FUNCTION count_nulls(state int8, value anyelement) RETURNS int8 IMMUTABLE PARALLEL SAFE LANGUAGE sql AS "
    "'SELECT state + (value IS NULL)::int'",
    "CREATE AGGREGATE number_of_nulls(anyelement) (SFUNC = count_nulls, STYPE = int8, INITCOND = '0', COMBINEFUNC = int8pl, PARALLEL = SAFE)",
    "CREATE FUNCTION larger_of(a anyelement, b anyelement) RETURNS anyelement IMMUTABLE STRICT LANGUAGE plpgsql AS "
    "'BEGIN RETURN CASE WHEN a > b THEN a ELSE b END; END'",
    "CREATE AGGREGATE largest(anyelement) (SFUNC = larger_of, STYPE = anyelement)",
    "CREATE FUNCTION grow(state text, value text) RETURNS text IMMUTABLE LANGUAGE sql AS "
    "$$SELECT left(coalesce(state, '') || coalesce(value, '?'), 3000)$$",
    "CREATE AGGREGATE grown(text) (SFUNC = grow, STYPE = text, FINALFUNC = length)",
    "CREATE FUNCTION half_of(state int4[]) RETURNS int4 IMMUTABLE LANGUAGE sql AS 'SELECT cardinality(state)'",
    "CREATE AGGREGATE listed(int4) (SFUNC = array_append, STYPE = int4[], INITCOND = '{}', FINALFUNC = half_of, FINALFUNC_MODIFY = READ_ONLY)",
    "CREATE AGGREGATE total_of(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '100')",
    "CREATE AGGREGATE own_avg(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, SSPACE = 128, FINALFUNC = numeric_avg, "
    "COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize, PARALLEL = SAFE)",
    "CREATE FUNCTION unsafe_step(state int8, value int4) RETURNS int8 VOLATILE PARALLEL UNSAFE LANGUAGE plpgsql AS "
    "'BEGIN RETURN CASE WHEN value IS NULL THEN state ELSE coalesce(state, 0) + value END; END'",
    "CREATE AGGREGATE unsafe_total(int4) (SFUNC = unsafe_step, STYPE = int8)",
    # states of core's, that begin elsewhere
    "CREATE AGGREGATE count_from(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '1000')",
    "CREATE AGGREGATE sum_from(int4) (SFUNC = int4_sum, STYPE = int8, INITCOND = '7', COMBINEFUNC = int8pl)",
    "CREATE AGGREGATE mean_from(int4) (SFUNC = int4_avg_accum, STYPE = int8[], INITCOND = '{1,5}', FINALFUNC = int8_avg)",
    "CREATE AGGREGATE real_from(float8) (SFUNC = float8pl, STYPE = float8, INITCOND = '0.5')",
    "CREATE AGGREGATE moments_from(float8) (SFUNC = float8_accum, STYPE = float8[], INITCOND = '{2,10,4}', FINALFUNC = float8_avg)",
    "CREATE AGGREGATE greatest_from(int4) (SFUNC = int4larger, STYPE = int4, INITCOND = '5')",
    "CREATE AGGREGATE least_of(timestamptz) (SFUNC = timestamptz_smaller, STYPE = timestamptz)",
    # null, once it was null
    "CREATE FUNCTION fragile(state int8, value int8) RETURNS int8 IMMUTABLE STRICT LANGUAGE sql AS 'SELECT CASE WHEN value % 5 <> 3 THEN state + 1 END'",
    "CREATE AGGREGATE fragile_count(int8) (SFUNC = fragile, STYPE = int8, INITCOND = '0')",
    "CREATE FUNCTION count_texts(state int8, VARIADIC texts text[]) RETURNS int8 IMMUTABLE LANGUAGE sql AS "
    "'SELECT state + cardinality(array_remove(texts, NULL))'",
    "CREATE AGGREGATE any_number(VARIADIC text[]) (SFUNC = count_texts, STYPE = int8, INITCOND = '0')",
    "CREATE FUNCTION running_out(state int8) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS $$SELECT 'n' || state$$",
    "CREATE FUNCTION less_one(state int8, value int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS 'SELECT state - (value IS NOT NULL)::int'",
    "CREATE FUNCTION more_one(state int8, value int8) RETURNS int8 IMMUTABLE LANGUAGE sql AS 'SELECT state + (value IS NOT NULL)::int'",
    "CREATE AGGREGATE named_count(int8) (SFUNC = more_one, STYPE = int8, INITCOND = '0', FINALFUNC = running_out, "
    "MSFUNC = more_one, MINVFUNC = less_one, MSTYPE = int8, MINITCOND = '0', MFINALFUNC = running_out)",
]


def has_icu(model):
    return model.ask("SELECT count(*)::text FROM pg_collation WHERE collname = 'fr-x-icu'")[0][0] != '0'


def make_column(model, name, kind_name, not_null=False):
    if kind_name in MORE_KINDS:
        kind = MORE_KINDS[kind_name]
        column = schema.Column(name, kind_name, kind, model.rng.choice(list(kind.flavours)), model.rng, not_null)
        column.collation = COLLATIONS.get(kind_name)
        return column
    flavours = [f for f in KINDS[kind_name].flavours if f not in ('long', 'disjoint')]
    if kind_name in ('float4', 'float8'):
        flavours += ['sensor'] * 3
    return schema.make_column(model, name, kind_name, model.rng.choice(flavours), not_null)


def make_readings(model, name):
    rng = model.rng
    table = Table(name, 'partitioned' if rng.random() < 0.06 else 'series')
    entity = make_column(model, 'entity', rng.choice(('int4', 'int4', 'int4', 'int2', 'int8', 'text', 'uuid', 'varchar')), True)
    clock = make_column(model, 'observed_at', rng.choice(('timestamptz', 'timestamptz', 'timestamptz', 'timestamp', 'date')), True)
    entity.canonical = clock.canonical = clock.tame = True
    keyed = table.shape == 'partitioned' or rng.random() < 0.6
    table.columns = [entity, clock]
    if keyed:
        table.key = ['entity', 'observed_at']
    else:
        clock.not_null = rng.random() < 0.5
    names = list(schema.NAMES)
    rng.shuffle(names)
    able = [m for m in MEASURES if (model.geometry or m != 'point') and (has_icu(model) or m not in COLLATIONS)]
    for kind in ['float8'] + rng.sample(able, rng.randrange(3, 8)):
        table.columns.append(make_column(model, names.pop(), kind, rng.random() < 0.3))
    if rng.random() < 0.2:
        schema.add_generated(model, table)
    return table


def ready(table):
    """Whoever, when: other changes may have taken these away."""
    names = [c.name for c in table.columns]
    return 'entity' in names and 'observed_at' in names and table.column('observed_at').group in ('timestamptz', 'timestamp', 'date')


def finish_of(clock):
    return {'timestamptz': stamp, 'timestamp': lambda m: stamp(m, ''), 'date': lambda m: m.strftime('%Y-%m-%d')}[clock.group]


def moments_of(model, clock):
    """(times, number of entities)"""
    rng = model.rng
    start, step, count, entities, model.zone = rng.choice([p for p in PATTERNS if clock.group != 'date' or p[1] == 86400])
    start = datetime.fromisoformat(start).replace(tzinfo=timezone.utc)
    count = int(count * rng.choice((0.4, 1, 1, 1.5)))
    jitter = rng.choice((0, 0, 0, min(step, 50)))
    moments = []
    for i in range(count):
        moment = start + timedelta(seconds=step * i)
        if jitter:
            moment += timedelta(seconds=rng.randrange(jitter), microseconds=rng.choice((0, 0, 1, 250000, 999999)))
        moments.append(moment)
    return moments, entities


def ends(moments, texts):
    """The first and the last reading of some days, where blocks begin and end."""
    found = [i for i in range(1, len(moments)) if moments[i].date() != moments[i - 1].date()]
    found = found[::max(1, len(found) // 5)]
    return [texts[0], texts[-1]] * 3 + [texts[j] for i in found for j in (i - 1, i)]


def reading_keys(model, table):
    """(entity, time) of every reading."""
    rng = model.rng
    entity, clock = table.column('entity'), table.column('observed_at')
    finish = finish_of(clock)
    moments, entities = moments_of(model, clock)
    entity.pool = [entity.kind.fresh(i) for i in range(entities)]
    texts = [finish(m) for m in moments]
    gaps = rng.choice((0, 0, 0.02, 0.4))
    keys = [[e, t] for e in entity.pool for t in texts if not gaps or rng.random() >= gaps]
    clock.edges = ends(moments, texts)
    clock.pool = texts[::max(1, len(texts) // 20)] + [finish(moments[0] - timedelta(days=40)), finish(moments[-1] + timedelta(days=1))] + clock.edges
    if clock.group == 'timestamptz':
        clock.pool += ['2025-10-26 01:00:00+00', '2025-03-30 01:00:00+00', '2025-10-26 02:30:00 Europe/Paris']
    order = rng.random()
    if order < 0.25:
        rng.shuffle(keys)
    elif order < 0.55:
        keys.sort(key=lambda k: k[1])
    if rng.random() < 0.3:
        odd = [t for t in WHENEVER if 'BC' not in t or clock.group != 'timestamp']
        for t in rng.sample(odd, 3):
            value = t if clock.group == 'timestamptz' or t.endswith('infinity') else t.split('+')[0] + (' BC' if 'BC' in t else '')
            keys.append([rng.choice(entity.pool), value if clock.group != 'date' or 'infinity' in t else value.split(' ')[0]])
        clock.tame = False
    if not table.key:
        if not clock.not_null:
            keys += [[e, None] for e in entity.pool[:3] for _ in range(rng.choice((1, 5)))]
        keys += [list(rng.choice(keys)) for _ in range(rng.choice((0, 0, 20)))]
    seen = set()
    return [k for k in keys if not table.key or not (tuple(k) in seen or seen.add(tuple(k)))]


def extremes_of(values):
    """The least and the greatest as they are written, of what is a number; None where nothing is."""
    numbers = sorted((float(v), v) for v in values if v is not None and v.lower() not in ('nan', 'infinity', '-infinity'))
    return (numbers[0][1], numbers[-1][1]) if numbers else None


def load_readings(model, table):
    rng = model.rng
    columns = [c for c in table.columns if c.writable]
    value = schema.walks(table, rng)
    rows = [key + [value(c) for c in columns[2:]] for key in reading_keys(model, table)]
    for i, c in enumerate(columns):
        if c.group in ('int', 'float', 'numeric'):
            c.range = extremes_of(row[i] for row in rows)
    names = ', '.join(c.sql for c in columns)
    return [Statement('COPY %s (%s) FROM STDIN' % (table.name, names), copy_in=copy_rows(rows), must=True)]


def make_places(model, name, readings):
    """What is known of each entity: most of those that have readings, and some that have none."""
    rng = model.rng
    entity = readings.column('entity')
    table = Table(name, 'natural', twin=rng.random() < 0.5)
    key = schema.make_column(model, 'id', entity.kind_name, not_null=True)
    table.columns = [key, schema.make_column(model, 'district', rng.choice(('text', 'mood', 'int4')), not_null=False),
                     schema.make_column(model, 'since', 'timestamptz', 'plain', False), schema.make_column(model, 'limit_value', 'float8', 'sensor', False),
                     schema.make_column(model, 'active', 'bool', not_null=False)]
    table.key = ['id']
    key.canonical = True
    pool = [e for e in entity.pool if rng.random() < 0.9] + [entity.kind.fresh(i) for i in (900, 901)]
    key.pool = table.values_of_key = pool
    district = table.columns[1]
    district.pool = district.pool[:4]
    since = table.columns[2]
    clock = readings.column('observed_at')
    since.pool = [v for v in clock.pool] if clock.group == 'timestamptz' else since.pool
    rows = [[e] + [c.value(rng) for c in table.columns[1:]] for e in pool]
    return table, rows


def extras(model, table):
    """Indexes and a policy."""
    rng = model.rng
    statements = []
    if not table.key and rng.random() < 0.7:
        statements.append(Statement('CREATE INDEX %s_layout ON %s (entity, observed_at)' % (table.name, table.name)))
        table.indexes.append((table.name + '_layout', ['entity', 'observed_at'], 'btree', ''))
    if rng.random() < 0.4:
        statements.append(Statement('CREATE INDEX %s_brin ON %s USING brin (observed_at)' % (table.name, table.name)))
        table.indexes.append((table.name + '_brin', ['observed_at'], 'brin', ''))
    if rng.random() < 0.3:
        statements += furniture.create_index(model, table)
    if rng.random() < 0.3:
        statements += furniture.create_policy(model, table)
    if rng.random() < 0.6:
        # blocks are cut in a calendar that a dashboard may not share, or shares with their sides
        other = rng.choice(('NULL', "'UTC'", "'%s'" % model.zone, "'%s'" % rng.choice(ZONES)))
        statements += [Statement("SELECT territory.set_layout('%s', entity_columns => '{entity}', time_column => 'observed_at', time_zone => '%s', other_zone => %s)"
                                 % (leaf, rng.choice(ZONES), other), side='right') for leaf in table.leaves()]
    return statements


def build(model):
    """As schema.build()."""
    rng = model.rng
    yield Step('prelude', [Statement(sql, must=True) for sql in schema.PRELUDE + ([COLLATION] if has_icu(model) else []) + PRELUDE])
    table = make_readings(model, 't1')
    yield Step('schema.readings', [Statement(s, must=True) for s in schema.create_table(model, table, None)])
    load = load_readings(model, table)
    places, rows = make_places(model, 't2', table)
    yield Step('load.readings', load)
    yield Step('schema.places', [Statement(s, must=True) for s in schema.create_table(model, places, None)] + [
        Statement('COPY t2 FROM STDIN', copy_in=copy_rows(rows), must=True)])
    model.tables = [table, places]
    yield Step('schema.dress', extras(model, table), changes=True)
    if rng.random() < 0.7:
        yield Step('analyze', ['ANALYZE t1', 'ANALYZE t2'])
