"""Calls of every aggregate that pg_aggregate has for a type, and how far what they give is determined.

Of an aggregate whose result depends on the order of its rows, either the order is given or something is asked of the result that does
not depend on it. One that nobody here knows is called all the same, and asked whether it gives anything."""
from kinds import quote

SUM, DEVIATION, REAL_SUM = 1e-6, 1e-3, 2.0
QUERY = ("SELECT CASE WHEN n.nspname IN ('pg_catalog', 'public') OR n.nspname LIKE 'twin%' THEN p.proname ELSE n.nspname || '.' || p.proname END, a.aggkind, "
         "(SELECT coalesce(string_agg(format_type(t, NULL), ',' ORDER BY i), '') FROM unnest(p.proargtypes) WITH ORDINALITY u(t, i)), format_type(p.prorettype, NULL), "
         "p.provariadic <> 0 FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace "
         "WHERE n.nspname IN ('pg_catalog', 'public', 'territory', current_schema()) ORDER BY 1, 3")
TYPES = {'int2': 'smallint', 'int4': 'integer', 'int8': 'bigint', 'float4': 'real', 'float8': 'double precision', 'decimal': 'numeric', 'percent': 'integer', 'label': 'text',
         'varchar': 'text', 'bpchar': 'character', 'bool': 'boolean', 'timestamptz': 'timestamp with time zone', 'timestamp': 'timestamp without time zone',
         'time': 'time without time zone', 'timetz': 'time with time zone', 'ci': 'text', 'icu': 'text', 'bits': 'bit', 'lsn': 'pg_lsn', 'mac': 'macaddr', 'char': '"char"',
         'whenever': 'timestamp with time zone', 'second': 'timestamp with time zone', 'mood': 'mood', 'point': 'geometry', 'int4[]': 'integer[]'}
POLYMORPHIC = {'anyenum': ('enum',), 'anyarray': ('array',), 'anyrange': ('range',)}
# the result depends on the order of the rows: given, and the whole looked at
ORDERED = ('array_agg', 'string_agg', 'json_agg', 'jsonb_agg', 'st_makeline')
# what is asked of the results of PostGIS's, and of those that take two of a kind
ASKED = {'st_extent': '({})::text', 'st_collect': 'ST_NumGeometries({})', 'st_memcollect': 'ST_NPoints({})', 'st_union': 'ST_NPoints({})',
         'st_memunion': 'ST_NPoints({})', 'st_clusterintersecting': 'cardinality({})', 'xmlagg': '({}) IS NULL',
         'territory.stats_summary': 'territory.num_values({})'}
EXACT = ('min', 'max', 'count', 'regr_count', 'largest', 'percentile_disc', 'percentile_cont', 'mode', 'cume_dist', 'percent_rank')
UNSTABLE = ('corr', 'regr_r2', 'regr_slope', 'regr_intercept')
GEOMETRY_ARGUMENTS = ('double precision', 'text', 'integer', 'boolean')


class Aggregate:
    def __init__(self, row):
        self.name, self.kind, arguments, self.result, variadic = row[0], row[1], row[2], row[3], row[4] == 't'
        self.arguments = arguments.split(',') if arguments else []
        self.variadic = variadic

    def takes(self, column):
        """Can its arguments all be that column?"""
        if self.kind != 'n' or not self.arguments or self.variadic:
            return False
        return all(takes(a, column) for a in self.arguments)


def takes(argument, column):
    if argument in ('"any"', 'anyelement'):
        return True
    if argument == 'anynonarray':
        return column.group != 'array'
    if argument in POLYMORPHIC:
        return column.group in POLYMORPHIC[argument]
    return argument == TYPES.get(column.kind_name, column.kind_name)


def aggregates(model):
    """Of the server and of the twins' schema; asked once for each case."""
    if model.aggregates is None:
        model.aggregates = [Aggregate(row) for row in model.ask(QUERY)]
    return model.aggregates


def same_look(sql, column):
    """Where equal values look different, one look for all of them."""
    if column.canonical:
        return sql
    form = {'numeric': 'trim_scale(%s)', 'float': '%s + 0.0::float4' if column.kind_name == 'float4' else '%s + 0.0', 'interval': 'extract(epoch FROM %s)', 'ci': 'lower(%s)'}
    return form[column.group] % sql if column.group in form else sql


class Call:
    """asked: what is asked of the call's result; tolerance: None where that is determined; guarded: it would not be of some of the rows."""

    def __init__(self, call, asked='{}', tolerance=None, guarded=False):
        self.call, self.asked, self.tolerance, self.guarded = call, asked, tolerance, guarded

    def sql(self, filter_clause=''):
        return self.asked.replace('{}', self.call + filter_clause)


def tolerance_of(name, result, column):
    if result not in ('double precision', 'real') or name in EXACT:
        return None
    if name == 'sum':
        return REAL_SUM if result == 'real' else SUM
    return SUM if name in ('avg', 'regr_avgx', 'regr_avgy', 'real_from', 'moments_from') else DEVIATION


def determined(aggregate, column):
    """Can it be asked of that column without an error that only some orders of the rows meet, and without nonsense?"""
    name = aggregate.name
    if column.group == 'float' and not column.tame and column.flavour_name != 'infinite':
        return name in EXACT or name in ORDERED or aggregate.result in ('bigint', 'boolean')
    if name in UNSTABLE or name.startswith(('regr', 'covar')):
        return column.tame and column.flavour_name in ('sensor', 'real', 'steady')
    if name in ('sum', 'avg') and column.group == 'interval':
        return column.tame
    return True


def order_for(rng, table, alias, column, expression):
    """Leaves no ties that could be told apart."""
    if column.canonical and column.kind.ordered and expression.endswith('.' + column.sql):
        return expression + rng.choice(('', ' DESC', ' NULLS FIRST'))
    return table.total_order(alias, rng)


def call_of(rng, aggregate, table, alias, column, expression, plain=False):
    """The aggregate of an expression of that column's type; None where nothing of it is determined. plain: without an order, and of every row."""
    name, asked = aggregate.name, '{}'
    if not determined(aggregate, column) or plain and name in ORDERED:
        return None
    tolerance = tolerance_of(name, aggregate.result, column)
    if name in ('json_object_agg', 'jsonb_object_agg') or name.startswith(('st_as', 'st_polygonize')):
        return None
    arguments = ', '.join([expression] * len(aggregate.arguments))
    if name == 'string_agg':
        arguments = "%s, %s" % (expression, "','" if aggregate.result == 'text' else "'\\x00'::bytea")
    distinct = not plain and column.canonical and column.kind.ordered and column.kind.hashed and column.group not in ('jsonb',) and len(aggregate.arguments) == 1 and rng.random() < 0.12
    if name in ORDERED:
        order = order_for(rng, table, alias, column, expression)
        if name == 'st_makeline':
            asked = 'md5(ST_AsText({}))'
        else:
            asked = 'md5(({})::text)' if name != 'count' else '{}'
        return Call('%s(%s ORDER BY %s)' % (name, arguments, order), asked)
    if name in ASKED or name.startswith('st_'):
        return Call('%s(%s)' % (name, arguments), ASKED.get(name, '({}) IS NULL'))
    if aggregate.arguments == ['double precision'] * 2:
        others = [c for c in table.find('float') if c.kind_name == 'float8' and determined(aggregate, c)]
        other = '%s.%s' % (alias, rng.choice(others).sql)
        # of the pairs: what hardly varies has a slope of rounding errors
        guard = 'CASE WHEN regr_sxx(%s, %s) > 0.05 AND regr_syy(%s, %s) > 0.05 THEN {} END' % ((expression, other) * 2)
        return Call('%s(%s, %s)' % (name, expression, other), guard if name in UNSTABLE else '{}', tolerance, True)
    call = '%s(%s%s)' % (name, 'DISTINCT ' if distinct else '', arguments)
    if not distinct and not plain and rng.random() < 0.05:
        call = '%s(%s ORDER BY %s)' % (name, arguments, order_for(rng, table, alias, column, expression))
    if name in ('min', 'max', 'largest'):
        asked = same_look('({})', column) if not column.canonical else '{}'
        if aggregate.result in ('anyarray', 'anyelement') and column.group == 'composite':
            asked = '({})::text'
    return Call(call, asked, tolerance)


def made_call(rng, table, alias, column, name):
    """Aggregates of what no column is: XML, JSON of two columns, multiranges, xid8 and tid, rows, geometries with a distance; None for another column."""
    order = table.total_order(alias, rng)
    made = []
    if column.group in ('text', 'label', 'mood', 'uuid', 'int') and column.canonical:
        made += [('xmlagg(xmlelement(name v, %s) ORDER BY {})', 'md5(({})::text)')]
        made += [(f + "_object_agg(coalesce(%s::text, '?'), " + value + ' ORDER BY {})', 'md5(({})::text)') for f in ('json', 'jsonb')
                 for value in ("coalesce(%s::text, '-')", 'length(%s::text)')]
    if column.group == 'range':
        made += [('range_agg(multirange(%s))', '{}'), ('range_intersect_agg(multirange(%s))', '{}')]
    if column.group == 'int':
        made += [(f + '((%s::int8 & 4095)::text::xid8)', '{}') for f in ('min', 'max')]
        made += [(f + "(('(' || (%s::int8 & 4095) || ',1)')::tid)", '{}') for f in ('min', 'max')]
    if column.group == 'interval' and column.tame:
        made += [('percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)', 'extract(epoch FROM {})')]
    if column.group == 'point':
        made += [('st_clusterwithin(%s, 0.01::float8)', 'cardinality({})'), ('st_union(%s, 0.001::float8)', '({}) IS NULL'),
                 ('st_asmvt(ROW(%s))', '({}) IS NULL'), ('st_asgeobuf(ROW(%s))', '({}) IS NULL')]
    if not made:
        return None
    call, asked = rng.choice(made)
    return Call(call.replace('%s', name).replace('{}', order), asked, SUM if call.startswith('percentile') else None)


def ordered_set_call(rng, column, name):
    """percentile, mode, rank: those that core's own aggregation has to answer."""
    if not column.kind.ordered:
        return None
    made = []
    if column.canonical:
        made += ['mode() WITHIN GROUP (ORDER BY %s)', 'percentile_disc(0.25) WITHIN GROUP (ORDER BY %s)']
        if column.group not in ('array', 'composite'):
            made.append('percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY %s DESC)')
        if column.group == 'float' and column.tame and column.flavour_name != 'odd' and column.kind_name == 'float8':
            made.append('percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)')
    if column.group in ('int', 'float', 'numeric', 'timestamptz', 'text'):
        made += [f % column.lit(column.short_probe(rng)) + ' WITHIN GROUP (ORDER BY %s)' for f in ('rank(%s)', 'dense_rank(%s)', 'cume_dist(%s)', 'percent_rank(%s)')]
    return Call(rng.choice(made).replace('%s', name)) if made else None


def expression_of(rng, column, name, scope):
    """The column, or an expression of the same type."""
    roll = rng.random()
    if roll < 0.72:
        return name
    literal = column.lit(column.short_probe(rng))
    if column.kind_name in ('percent', 'label', 'decimal', 'bits'):
        return name
    forms = ['CASE WHEN %s THEN %s END' % (scope.simple(), name)]
    if column.group not in ('jsonb', 'array', 'composite', 'point', 'range', 'ci'):
        forms += ['coalesce(%s, %s)' % (name, literal)]
        if column.kind.ordered:
            forms.append('nullif(%s, %s)' % (name, literal))
    if column.tame and column.canonical:
        if column.group == 'float':
            forms += ['%s * 2 + 1' % name, '-%s' % name, 'abs(%s)' % name] if column.kind_name == 'float8' else ['-%s' % name]
        elif column.kind_name in ('int4', 'int8') and column.flavour_name == 'small':
            forms += ['%s * 2' % name, '%s %% 3' % name, '-%s' % name]
        elif column.kind_name == 'text' and column.group == 'text':
            forms += ['upper(%s)' % name, "%s || %s" % (name, quote('!'))]
    return rng.choice(forms)
