"""Conditions and expressions that cannot fail, whatever the rows, the plan and the order in which conditions are tried."""
from kinds import quote

COMPARISONS = ('=', '<', '<=', '>', '>=', '<>')


class Scope:
    """The tables of a query by alias; params: where values become parameters of a prepared statement, their types and values."""

    def __init__(self, rng, sources, params=None):
        self.rng, self.sources, self.params = rng, sources, params

    def lit(self, column, value=None, null_share=0.02, kind_sql=None):
        value = column.probe(self.rng, null_share) if value is None else value
        if self.params is not None and self.rng.random() < 0.8:
            self.params.append((kind_sql or column.kind.sql, column.lit(value)))
            return '$%d' % len(self.params)
        return column.lit(value)

    def column(self, test=lambda c: True):
        alias, table = self.rng.choice(self.sources)
        found = [c for c in table.columns if test(c)] or table.columns
        return alias, self.rng.choice(found)

    def where(self, depth=2):
        """A condition over any of the tables."""
        rng = self.rng
        roll = rng.random()
        if depth == 0 or roll < 0.5:
            return self.simple()
        if roll < 0.75:
            return '%s AND %s' % (self.where(depth - 1), self.where(depth - 1))
        if roll < 0.92:
            return '(%s OR %s)' % (self.where(depth - 1), self.where(depth - 1))
        return 'NOT (%s)' % self.where(depth - 1)

    def where_clause(self):
        return ' WHERE ' + self.where() if self.rng.random() < 0.75 else ''

    def simple(self):
        rng = self.rng
        alias, table = rng.choice(self.sources)
        if table.key and rng.random() < 0.3:
            return self.on_key(alias, table)
        if rng.random() < 0.06:
            same = [(a, b) for a in table.columns for b in table.columns
                    if a is not b and a.kind is b.kind and a.kind.ordered]
            if same:
                a, b = rng.choice(same)
                return '%s.%s %s %s.%s' % (alias, a.sql, rng.choice(COMPARISONS), alias, b.sql)
        return self.on_column(alias, rng.choice(table.columns))

    def on_key(self, alias, table):
        rng, columns = self.rng, table.key_columns()
        names = ['%s.%s' % (alias, c.sql) for c in columns]
        form = rng.randrange(5)
        if form == 0 and len(columns) > 1:
            return '(%s) %s (%s)' % (', '.join(names), rng.choice(COMPARISONS), ', '.join(self.lit(c, null_share=0) for c in columns))
        if form == 1 and len(columns) > 1:
            return '%s = %s AND %s BETWEEN %s AND %s' % (names[0], self.lit(columns[0]), names[-1], self.lit(columns[-1]), self.lit(columns[-1]))
        if form == 2:
            low, high = self.lit(columns[-1], null_share=0), self.lit(columns[-1], null_share=0)
            return '%s >= least(%s, %s) AND %s < greatest(%s, %s)' % (names[-1], low, high, names[-1], low, high)
        return ' AND '.join('%s = %s' % (n, self.lit(c, null_share=0)) for n, c in zip(names, columns))

    def on_column(self, alias, column):
        rng = self.rng
        name = '%s.%s' % (alias, column.sql)
        roll = rng.random()
        if roll < 0.12:
            return name + rng.choice((' IS NULL', ' IS NOT NULL'))
        special = self.special(name, column)
        if special and (roll < 0.4 or not column.kind.ordered):
            return rng.choice(special)
        if not column.kind.ordered:
            return name + ' IS NOT NULL'
        if roll < 0.62:
            return '%s %s %s' % (name, rng.choice(COMPARISONS), self.lit(column))
        if roll < 0.7:
            return '%s %sBETWEEN %s%s AND %s' % (name, rng.choice(('', '', 'NOT ')), rng.choice(('', 'SYMMETRIC ')), self.lit(column), self.lit(column))
        if roll < 0.78:
            return '%s %s (%s)' % (name, rng.choice(('IN', 'IN', 'NOT IN')), ', '.join(self.lit(column) for _ in range(rng.randrange(1, 6))))
        if roll < 0.86 and column.group not in ('array',):
            values = 'ARRAY[%s]::%s[]' % (', '.join(column.lit(column.probe(rng)) for _ in range(rng.randrange(0, 6))), column.kind.sql)
            if self.params is not None and rng.random() < 0.7:
                self.params.append((column.kind.sql + '[]', values))
                values = '$%d' % len(self.params)
            return '%s %s(%s)' % (name, rng.choice(('= ANY', '= ANY', '= ANY', '<> ALL', '< ANY', '>= ALL')), values)
        if roll < 0.93:
            return '%s IS %sDISTINCT FROM %s' % (name, rng.choice(('', 'NOT ')), self.lit(column))
        return 'coalesce(%s, %s) %s %s' % (name, self.lit(column, null_share=0), rng.choice(COMPARISONS), self.lit(column))

    def special(self, name, column):
        """Conditions that only this type knows."""
        rng, group = self.rng, column.group
        if group in ('int', 'numeric', 'float'):
            made = ['%s > %s' % (name, rng.choice(("5", "-3.5", "100000", "0", "1e3"))), '%s <> 0' % name]
            if group == 'int':
                made.append('%s::numeric %% 7 = %d' % (name, rng.randrange(7)))
            if column.tame:
                made.append('%s * 2 - 1 < %s' % (name if group != 'int' else name + '::int8', rng.choice(('3', '20', '-8.25'))))
            return made
        if group in ('text', 'name'):
            pattern = quote(rng.choice(('a%', '%a%', 'capteur-0%', '_a%', 'E%', 'é%', '%', 'c00%', r'x\_%', 'zone%', '')))
            made = ['%s %s %s' % (name, rng.choice(('LIKE', 'NOT LIKE', 'ILIKE')), pattern), '%s ~ %s' % (name, quote(rng.choice(('^a', '[0-9]+$', 'a|e', 'É')))),
                    'length(%s::text) > %d' % (name, rng.choice((0, 3, 8, 1000)))]
            if group == 'text':
                made += ['lower(%s) = lower(%s)' % (name, self.lit(column)), "starts_with(%s, 'ca')" % name, '%s COLLATE "C" < %s' % (name, self.lit(column))]
            return made
        if group == 'bool':
            return [name, 'NOT ' + name, name + ' IS TRUE', name + ' IS NOT FALSE', name + ' IS UNKNOWN']
        if group in ('timestamptz', 'timestamp', 'date'):
            made = ['extract(%s FROM %s) %s %d' % (rng.choice(('hour', 'dow', 'month', 'minute')) if group != 'date' else rng.choice(('dow', 'day')), name,
                                                   rng.choice(COMPARISONS), rng.randrange(13)),
                    "%s::date = '2023-10-29'" % name, "%s >= '2024-06-03' AND %s < '2024-06-04'" % (name, name),
                    "date_trunc('day', %s) <= '2024-03-31'" % name, 'isfinite(%s)' % name,
                    "%s > '2024-03-31 02:30 Europe/Paris'::timestamptz" % name, "%s < 'infinity'" % name]
            if column.tame:
                made.append("%s + interval '1 day' > %s" % (name, self.lit(column)))
            if group == 'timestamptz':
                made.append("%s AT TIME ZONE 'America/New_York' < '2023-10-29 12:00'::timestamp" % name)
            return made
        if group == 'array':
            words = column.kind_name == 'text[]'
            one = quote(rng.choice(('eau', 'feu', 'a b'))) if words else str(rng.randrange(6))
            return ['%s = ANY(%s)' % (one, name), '%s @> ARRAY[%s]%s' % (name, one, '::text[]' if words else ''), '%s && %s' % (name, self.lit(column)),
                    'cardinality(%s) > %d' % (name, rng.randrange(4)), '%s[1] = %s' % (name, one), '%s <@ %s' % (name, self.lit(column))]
        if group == 'jsonb':
            return ["%s @> '{\"a\": %d}'" % (name, rng.randrange(5)), "%s ? 'sensor'" % name, "%s->>'a' = '%d'" % (name, rng.randrange(5)),
                    "jsonb_typeof(%s) = 'object'" % name, "%s #>> '{b,c,1}' = 'x'" % name, "%s @? '$.b.c[*]'" % name]
        if group == 'inet':
            return ["%s << '10.0.0.0/16'" % name, 'family(%s) = 4' % name, "%s && inet '10.0.1.0/24'" % name]
        if group == 'range':
            return ["%s @> '2023-10-29 01:00+00'::timestamptz" % name, '%s && %s' % (name, self.lit(column)), 'isempty(%s)' % name,
                    "%s << '[2024-01-01,2024-02-01)'::tstzrange" % name, "lower(%s) < '2024-01-01'" % name, '%s <@ %s' % (name, self.lit(column))]
        if group in ('point', 'geometry'):
            x, y = 5.3 + rng.randrange(15) / 100, 43.2 + rng.randrange(15) / 100
            size = rng.choice((0.01, 0.07, 0.3))
            box = 'ST_MakeEnvelope(%.2f, %.2f, %.2f, %.2f, 4326)' % (x, y, x + size, y + size * 0.7)
            made = ['%s && %s' % (name, box), 'ST_DWithin(%s, ST_SetSRID(ST_MakePoint(%.2f, %.2f), 4326), 0.04)' % (name, x, y),
                    'ST_Intersects(%s, %s)' % (name, box), 'ST_Within(%s, %s)' % (name, box), '%s = %s' % (name, self.lit(column)),
                    'ST_SRID(%s) = 4326' % name, '%s && %s' % (self.lit(column), name), 'ST_CoveredBy(%s, %s)' % (name, box),
                    'ST_DWithin(%s, %s, %s)' % (self.lit(column), name, size / 3), 'ST_Intersects(%s, %s)' % (name, self.lit(column)),
                    'ST_Contains(%s, %s) AND NOT %s && %s' % (box, name, name, self.lit(column))]
            if column.flavour_name == 'plain':   # of empty shapes, PostGIS's indexes find other ones than its operators
                made += ['%s @ %s' % (name, box), '%s ~ %s' % (box, name), '%s ~= %s' % (name, self.lit(column)), '%s ~ %s' % (name, self.lit(column))]
            places = ['%s.%s' % (a, c.sql) for a, t in self.sources for c in t.columns if c.group in ('point', 'geometry')]
            made += ['%s && ST_Expand(%s, %s)' % (name, rng.choice(places), size / 4), 'ST_DWithin(%s, %s, %s)' % (name, rng.choice(places), size / 5)]
            if group == 'point':
                made.append('ST_X(%s) > %.2f' % (name, x))
            return made
        if group == 'composite':
            return ['(%s).number = %d' % (name, rng.choice((1, 22))), "(%s).street = 'rue'" % name, '%s IS NULL' % name]
        if group == 'enum':
            return ["%s >= 'busy'" % name, "%s::text LIKE '%%a%%'" % name]
        if group == 'bytea':
            return ['length(%s) > 3' % name, "%s >= '\\x80'" % name]
        if group == 'interval':
            return ["%s > '1 hour'" % name, "extract(epoch FROM %s) < 3600" % name]
        return []


def expression(rng, alias, column):
    """Something to select from a column; exact, whatever the plan."""
    name = '%s.%s' % (alias, column.sql)
    group = column.group
    if rng.random() < 0.5:
        return 'md5(%s::text)' % name if column.long else name
    choices = ['%s IS NULL' % name, 'coalesce(%s::text, %s)' % (name if not column.long else 'left(%s::text, 20)' % name, "'?'"),
               'CASE WHEN %s IS NULL THEN 0 ELSE 1 END' % name, 'length(%s::text)' % name, 'pg_typeof(%s)' % name]
    if group in ('int', 'numeric'):
        choices += ['%s::numeric + 1' % name, 'abs(%s::numeric)' % name, '%s::text' % name]
    elif group == 'float' and column.tame:
        choices += ['%s * 2' % name, 'round(%s::numeric, 1)' % name, '%s::float4' % name]
    elif group in ('text', 'name'):
        choices += ['upper(left(%s, 30))' % name, "left(%s, 10) || '-'" % name, "strpos(%s, 'a')" % name]
    elif group in ('timestamptz', 'timestamp', 'date'):
        choices += ["date_trunc('hour', %s)" % name, 'extract(epoch FROM %s)' % name, "to_char(%s, 'YYYY-MM-DD')" % name]
        if column.tame:
            choices += ["%s + interval '1 month'" % name]
    elif group == 'bool':
        choices += ['NOT ' + name, '%s::int' % name]
    elif group == 'jsonb':
        choices += ["%s->'a'" % name, 'jsonb_typeof(%s)' % name]
    elif group == 'array':
        choices += ['%s[1]' % name, 'cardinality(%s)' % name]
    elif group in ('point', 'geometry'):
        choices += ['ST_AsText(%s)' % name, 'ST_GeometryType(%s)' % name]
    elif group == 'range':
        choices += ['lower(%s)' % name, 'upper_inf(%s)' % name]
    elif group == 'composite':
        choices += ['(%s).street' % name]
    return rng.choice(choices)
