"""One case: a seed and a mode. The seed decides every statement; mode and seed together decide what is sealed when."""
import random
import time

import aggregates  # noqa: F401 (registers its queries)
import blocks
import changes
import dashboards
import ddl
import dense
import dml
import idioms  # noqa: F401
import layout  # noqa: F401
import over_time  # noqa: F401
import queries
import schema
from compare import difference, extra_rows
from model import Model
from session import TIMEOUT, Lost, Outcome
from statement import Statement, Step

SEGMENT_ROWS = (7, 100, 300, 3000, 32768)
SETTINGS = (
    ('enable_seqscan', ('on', 'on', 'off')), ('enable_indexscan', ('on', 'on', 'off')), ('enable_bitmapscan', ('on', 'off')),
    ('enable_indexonlyscan', ('on', 'off')), ('enable_hashjoin', ('on', 'off')), ('enable_mergejoin', ('on', 'off')), ('enable_nestloop', ('on', 'on', 'off')),
    ('enable_hashagg', ('on', 'off')), ('enable_sort', ('on', 'on', 'on', 'off')), ('enable_incremental_sort', ('on', 'off')), ('enable_memoize', ('on', 'off')),
    ('enable_partitionwise_join', ('off', 'on')), ('enable_partitionwise_aggregate', ('off', 'on')), ('enable_tidscan', ('on', 'on', 'off')),
    ('work_mem', ("'64kB'", "'4MB'")), ('jit', ('off',)), ('max_parallel_workers_per_gather', ('0', '0', '2')), ('min_parallel_table_scan_size', ('0', "'8MB'")),
    ('min_parallel_index_scan_size', ('0', "'512kB'")), ('parallel_setup_cost', ('0', '1000')), ('parallel_tuple_cost', ('0', '0.1')),
    ('parallel_leader_participation', ('on', 'off')), ('random_page_cost', ('4', '1.1', '0.1')), ('cursor_tuple_fraction', ('0.1', '1')))


PARALLEL = ('max_parallel_workers_per_gather = 2', 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0', 'min_parallel_index_scan_size = 0')


class Profile:
    """What the tables are, what is done with them (shares of groups of features), in which time zones, with how many settings, and how often with those of PARALLEL."""

    def __init__(self, build, groups, zones, segment_rows, settings, parallel=0):
        self.build, self.groups, self.zones, self.segment_rows, self.settings, self.parallel = build, groups, zones, segment_rows, settings, parallel


PROFILES = {'mixed': Profile(schema.build, ((0.52, queries), (0.24, dml), (0.13, blocks), (0.11, ddl)), ('Europe/Paris',), SEGMENT_ROWS, (3, 9)),
            'dense': Profile(dense.build, ((0.86, dashboards), (0.14, changes)), dense.ZONES, (300, 2500, 5000, 32768, 32768), (0, 6), 0.3)}


class Difference(Exception):
    def __init__(self, number, statement, what, left=None, right=None):
        super().__init__(what)
        self.number, self.statement, self.what, self.left, self.right = number, statement, what, left, right


class Case:
    def __init__(self, seed, mode, left, right, options, statistics):
        self.seed, self.mode, self.left, self.right, self.options, self.statistics = seed, mode, left, right, options, statistics
        self.rng = random.Random(seed)
        self.sealing = random.Random('%d %s' % (seed, mode))
        self.model = Model(random.Random(seed * 7919 + 1), options.geometry)
        self.model.version = options.version
        self.model.ask, self.model.time_bucket = left.ask, options.time_bucket
        self.profile = PROFILES[options.profile]
        self.done = []      # (side, statement) in order
        self.territory = right.method == 'territory'
        self.inject = None

    # -- both sides, one statement

    def run(self, statement):
        self.done.append((statement.side, statement))
        number = len(self.done)
        started = time.time()
        left = self.left.run(statement) if statement.side == 'both' else None
        between = time.time()
        try:
            right = self.right.run(statement)
            if right.error == '0A000' and 'has sealed rows' in (right.message or ''):
                # a constraint that sealed rows cannot have yet: take them out, as the hint says, and try again
                for _, leaf in self.sealable():
                    self.right.run(Statement("SELECT territory.unseal('%s')" % leaf))
                right = self.right.run(statement)
        except Lost as lost:
            raise Difference(number, statement, 'the server went away: %s' % lost, left, None)
        self.statistics.time(self, statement, between - started, time.time() - between)
        if left is None:
            if right.error == '0A000' and statement.sql.startswith('SELECT * FROM territory.seal('):
                # a table that cannot be sealed (yet) is still a table; how often is told at the end
                self.statistics.refused(right.message)
                return None
            if right.error and statement.must and right.error != '0A000':
                raise Difference(number, statement, 'failed on the right', None, right)
            return None
        for outcome in (left, right):
            if outcome.error == '57014':
                raise Difference(number, statement, 'took longer than ' + TIMEOUT, left, right)
        what = difference(statement, left, right)
        if what:
            raise Difference(number, statement, what, left, right)
        if left.error and statement.must:
            raise Difference(number, statement, 'failed on both sides: a fault of the generator', left, right)
        if statement.then:
            statement.then(left.error is None)
        return left

    def step(self, step):
        for statement in step.statements:
            outcome = self.run(statement)
            if outcome is not None:
                self.statistics.count(step.feature, outcome, statement)
                if self.options.coverage and outcome.error is None:
                    self.options.coverage.look(self, step.feature, statement)
        if step.changes:
            self.compare_tables()

    def compare_tables(self):
        for name in [t.name for t in self.model.tables] + ['log_rows']:
            left, right = self.fingerprint(self.left, name), self.fingerprint(self.right, name)
            if left != right:
                rows = Statement('SELECT %s::text FROM %s' % (name, name))
                before = self.done[-1][1] if self.done else rows
                what = 'table %s differs' % name
                if not (isinstance(left, str) or isinstance(right, str)):
                    what += ': ' + extra_rows(self.left.run(rows, self.left.observer).rows or [], self.right.run(rows, self.right.observer).rows or [])
                raise Difference(len(self.done), before, what, Outcome(tag=str(left)), Outcome(tag=str(right)))

    def fingerprint(self, side, name):
        """Count and sum of hashes; the subquery keeps the aggregation off the table's own scan."""
        query = "SELECT count(*), sum(('x' || left(md5(r), 15))::bit(60)::int8) FROM (SELECT %s::text AS r FROM %s OFFSET 0) s" % (name, name)
        outcome = side.run(Statement(query), side.observer)
        return outcome.error or tuple(outcome.rows[0])

    # -- sealing

    def on_right(self, sql):
        self.run(Statement(sql, side='right', must=True))

    def sealable(self):
        return [(t, leaf) for t in self.model.tables if t.twin for leaf in t.leaves()]

    def seal(self, leaf, before=None):
        if self.territory:
            # seal() refuses an instant in the future
            self.on_right("SELECT * FROM territory.seal('%s'%s)" % (leaf, ", least(%s, now())" % before if before else ''))
        elif self.options.scramble:
            self.shuffle(leaf)

    def unseal(self, leaf):
        if self.territory:
            self.on_right("SELECT territory.unseal('%s')" % leaf)
        elif self.options.scramble:
            self.shuffle(leaf)

    def shuffle(self, leaf):
        """Heap against heap: the rows in another order, so that statements that depend on it are found."""
        columns = ', '.join(r[0] for r in self.right.ask("SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0 "
                                                         "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum" % leaf))
        if not columns:
            return
        self.right.ask("SET session_replication_role = replica; CREATE TEMP TABLE shuffled AS SELECT * FROM ONLY %s; DELETE FROM ONLY %s; "
                       "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM shuffled ORDER BY md5(shuffled::text || '%d'); DROP TABLE shuffled; "
                       "RESET session_replication_role" % (leaf, leaf, leaf, columns, columns, self.sealing.randrange(1000)))

    def middle(self, table, leaf):
        """About the median time of a table, as text; None where it has no time."""
        clock = table.time_column()
        if clock is None:
            return None
        rows = self.right.ask('SELECT quote_literal(percentile_disc(%s) WITHIN GROUP (ORDER BY %s)::timestamptz::text) FROM %s WHERE isfinite(%s)' % (
            self.sealing.choice((0.5, 0.5, 0.3, 0.9)), clock.sql, leaf, clock.sql))
        return rows[0][0] and rows[0][0] + '::timestamptz'

    def segment_rows(self):
        if self.territory:
            self.on_right('SET territory.segment_rows = %d' % self.sealing.choice(self.profile.segment_rows))

    def seal_first(self):
        self.segment_rows()
        for table, leaf in self.sealable():
            if self.mode in ('all', 'every'):
                self.seal(leaf)
            elif self.mode == 'half':
                before = self.middle(table, leaf)
                if before:
                    self.seal(leaf, before)
                elif self.sealing.random() < 0.5:
                    self.seal(leaf)
        if self.mode != 'none':
            self.compare_tables()

    def seal_again(self):
        """Mode every: after a change, seal, unseal, or seal and think better of it."""
        able = self.sealable()
        if not able or self.sealing.random() > 0.45:
            return
        table, leaf = self.sealing.choice(able)
        roll = self.sealing.random()
        if roll < 0.15:
            self.segment_rows()
        if roll < 0.55:
            self.seal(leaf)
        elif roll < 0.8:
            before = self.middle(table, leaf)
            if before:
                self.seal(leaf, before)
        elif roll < 0.92:
            self.unseal(leaf)
        elif self.territory:
            self.on_right('BEGIN')
            self.seal(leaf)
            self.on_right(self.sealing.choice(('ROLLBACK', 'COMMIT')))
        self.compare_tables()

    def verify(self):
        if not self.territory:
            return
        for table, leaf in self.sealable():
            statement = Statement("SELECT segment, rows, ok, problem FROM territory.verify('%s') WHERE ok IS NOT TRUE" % leaf, side='right', must=True)
            self.done.append(('right', statement))
            outcome = self.right.run(statement)
            if outcome.error or outcome.rows:
                raise Difference(len(self.done), statement, 'verify found a fault', None, outcome)

    # -- the whole

    def settings(self):
        rng = self.model.rng
        chosen = [Statement('SET %s = %s' % (n, rng.choice(v))) for n, v in rng.sample(SETTINGS, rng.randrange(*self.profile.settings))]
        if self.profile.parallel and rng.random() < self.profile.parallel:
            chosen += [Statement('SET ' + s) for s in PARALLEL]
        if rng.random() < 0.25:
            chosen.append(Statement('SET %s = %s' % ('force_parallel_mode' if self.options.version < 16 else 'debug_parallel_query', rng.choice(('on', 'regress')))))
        if {'SET enable_hashjoin = off', 'SET enable_mergejoin = off'} <= {s.sql for s in chosen}:
            # all that is left would be every row with every row
            chosen = [s for s in chosen if s.sql != 'SET enable_hashjoin = off']
        zone = self.model.zone if rng.random() < 0.4 else rng.choice(self.profile.zones)
        return [Statement('RESET ALL'), Statement("SET TimeZone = '%s'" % zone), Statement("SET client_min_messages = error"),
                Statement("SET statement_timeout = '%s'" % TIMEOUT)] + chosen

    def set_up(self):
        for side in (self.left, self.right):
            for gid, in side.ask("SELECT gid FROM pg_prepared_xacts WHERE gid = '%s' AND database = current_database()" % side.schema):
                side.ask("ROLLBACK PREPARED '%s'" % gid)
            side.ask('DROP SCHEMA IF EXISTS %s CASCADE' % side.schema)
            side.ask('CREATE SCHEMA %s; GRANT ALL ON SCHEMA %s TO twin_reader; ALTER DEFAULT PRIVILEGES IN SCHEMA %s GRANT ALL ON TABLES TO twin_reader'
                     % (side.schema, side.schema, side.schema))

    def apply_settings(self):
        self.step(Step('settings', self.settings()))
        if self.options.scramble:
            for name, values in self.sealing.sample([s for s in SETTINGS if s[0] != 'enable_hashjoin'], 8):
                self.right.ask('SET %s = %s' % (name, self.sealing.choice(values)))
        for given in self.options.set:
            self.on_right('SET ' + given)

    def next_step(self):
        rng = self.model.rng
        for _ in range(20):
            group = rng.choices([g for _, g in self.profile.groups], [w for w, _ in self.profile.groups])[0]
            able = [f for f in group.FEATURES if self.options.wanted(f[0])]
            if not able:
                continue
            name, _, function = rng.choices(able, [f[1] for f in able])[0]
            steps = group.steps(self.model, name, function)
            if steps:
                return steps
        return []

    def play(self):
        self.set_up()
        self.apply_settings()
        for step in self.profile.build(self.model):
            self.step(step)
        self.seal_first()
        for number in range(self.options.statements):
            if self.inject:
                self.inject(self, number)
            if self.model.rng.random() < 0.06:
                self.apply_settings()
            for step in self.next_step():
                self.step(step)
                if step.changes and self.mode == 'every':
                    self.seal_again()
        self.compare_tables()
        self.verify()
        for act in (self.seal, self.unseal):
            for _, leaf in self.sealable():
                act(leaf)
            self.compare_tables()
            self.verify()
