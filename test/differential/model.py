"""What the generator knows about the twins' tables: kept in step with the left twin, so that the next statement makes sense."""
from kinds import Raw, copy_text, literal


class Column:
    def __init__(self, name, kind_name, kind, flavour_name, rng, not_null=False):
        self.name, self.kind_name, self.kind, self.flavour_name = name, kind_name, kind, flavour_name
        flavour = kind.flavours[flavour_name]
        self.canonical, self.tame = flavour.canonical, flavour.tame
        self.not_null = not_null
        self.pool = [flavour.make(rng) for _ in range(rng.choice((3, 12, 60)))]
        self.null_share = 0 if not_null else rng.choice((0, 0.05, 0.05, 0.5, 0.97))
        self.generated = None     # expression of a generated column
        self.identity = None      # ALWAYS, BY DEFAULT
        self.default = None
        self.check = None         # (name, expression, a value that breaks it)
        self.keyed = False        # part of a unique index or a foreign key: no multi-row updates
        self.fresh_next = None    # where values are distinct: the next one's number
        self.references = None    # (table, column): values come from there
        self.partition_key = False
        self.collation = None     # where it is not the type's own
        self.edges = []           # values at which blocks may begin or end
        self.range = None         # the least and the greatest value that it began with, where that is known

    @property
    def sql(self):
        plain = self.name.isidentifier() and self.name.islower() and self.name.isascii() and self.name != 'select'
        return self.name if plain else '"' + self.name + '"'

    @property
    def group(self):
        return self.kind.group

    @property
    def long(self):
        """Values that a btree entry does not hold."""
        return self.flavour_name == 'long'

    @property
    def writable(self):
        return self.generated is None

    def lit(self, value):
        return literal(self.kind, value)

    def value(self, rng):
        """A value that keeps every constraint, or for distinct ones the next."""
        if self.fresh_next is not None and self.references is None:
            if rng.random() < self.null_share and not self.not_null:
                return None
            self.fresh_next += 1
            return self.kind.fresh(self.fresh_next - 1)
        return self.probe(rng, 0 if self.not_null else self.null_share)

    def probe(self, rng, null_share=0.02):
        """A value that rows have, mostly."""
        if rng.random() < null_share:
            return None
        if self.fresh_next is not None and self.references is None:
            return self.kind.fresh(rng.randrange(max(self.fresh_next, 1) + 3))
        return rng.choice(self.pool)

    def short_probe(self, rng):
        value = self.probe(rng, 0)
        return self.kind.fresh(1) if isinstance(value, Raw) and self.kind.fresh else value


class Unique:
    def __init__(self, columns, name=None, where=None, deferrable=False, expression=None, constraint=False):
        self.columns, self.name, self.where, self.deferrable = columns, name, where, deferrable
        self.expression, self.constraint = expression, constraint


class Table:
    def __init__(self, name, shape, twin=True):
        self.name, self.shape = name, shape
        self.twin = twin          # USING territory on the right; else heap on both sides
        self.columns = []
        self.key = []             # column names of the primary key
        self.uniques = []
        self.indexes = []         # (name, column names or None, plain btree)
        self.constraints = []     # names that may be dropped
        self.foreign_keys = []    # (name, columns, table, referenced columns, action)
        self.partitions = []      # names of the leaves
        self.bounds = {}          # of each leaf, as ATTACH wants them
        self.triggers = []        # (name, form)
        self.trigger_columns = set()
        self.policy = None        # the condition of its row security
        self.right_is_heap = False
        self.counter = 0
        self.excluded = False     # has an exclusion constraint

    def column(self, name):
        return next(c for c in self.columns if c.name == name)

    def find(self, *groups, test=lambda c: True):
        return [c for c in self.columns if c.group in groups and test(c)]

    def key_columns(self):
        return [self.column(n) for n in self.key]

    def time_column(self):
        return next((c for c in self.columns if c.group in ('timestamptz', 'timestamp', 'date')), None)

    def total_order(self, alias=None, rng=None):
        """A sort that leaves no ties but between rows that look the same."""
        name = alias or self.name
        if not self.key:
            return '%s::text COLLATE "C"' % name
        columns = [name + '.' + c.sql for c in self.key_columns()]
        if rng is not None and rng.random() < 0.4:
            return ', '.join(c + ' DESC' for c in columns)
        return ', '.join(columns)

    def next_number(self):
        self.counter += 1
        return self.counter

    def leaves(self):
        return self.partitions or [self.name]

    def key_condition(self, rng, alias=''):
        """One row at most."""
        prefix = alias + '.' if alias else ''
        return ' AND '.join('%s%s = %s' % (prefix, c.sql, c.lit(c.probe(rng, 0))) for c in self.key_columns())

    def written(self, rng, spoil=0):
        """The columns that an INSERT names."""
        columns = []
        for c in self.columns:
            if not c.writable or (c.identity and rng.random() < 0.8):
                continue
            if (c.default is not None or not c.not_null) and c.name not in self.key and rng.random() < 0.08:
                continue
            columns.append(c)
        return columns

    def self_unique(self, column):
        return any(column.name in u.columns for u in self.uniques)


class Model:
    def __init__(self, rng, geometry=True):
        self.rng, self.geometry = rng, geometry
        self.tables = []
        self.log = False
        self.names = 0
        self.prepared = []
        self.ask = None           # rows of a query on the left side
        self.aggregates = None    # what catalog.py found there
        self.zone = 'Europe/Paris'    # whose clocks change while the rows last
        self.time_bucket = False  # the server has the function

    def fresh_name(self, prefix):
        self.names += 1
        return '%s%d' % (prefix, self.names)

    def any_table(self, test=lambda t: True):
        found = [t for t in self.tables if test(t)]
        return self.rng.choice(found) if found else None


def copy_rows(rows):
    return ''.join('\t'.join(copy_text(v) for v in row) + '\n' for row in rows)
