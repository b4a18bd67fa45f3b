"""That the harness finds differences: of outcomes made up here, and of tables spoilt behind its back; and that the queries of the dense
profile reach the code that they are for."""
import copy
import os
import tempfile

import reproduce
from compare import difference
from coverage import Coverage
from session import Outcome
from statement import Statement


def outcomes():
    """(what it shows, statement, left, right, whether it is a difference)"""
    rows, total, loose = Statement('q'), Statement('q', order='list'), Statement('q', approximate={1: 1e-6})
    give = lambda *values: Outcome(tag='SELECT', rows=[tuple(v) for v in values], columns=['a', 'b'])
    return (
        ('equal rows', rows, give('ab'), give('ab'), False),
        ('another order of a multiset', rows, give('ab', 'cd'), give('cd', 'ab'), False),
        ('another order of a list', total, give('ab', 'cd'), give('cd', 'ab'), True),
        ('a row twice', rows, give('ab', 'ab', 'cd'), give('ab', 'cd', 'cd'), True),
        ('a row less', rows, give('ab', 'cd'), give('ab'), True),
        ('a null for a text', rows, give(('a', None)), give(('a', '')), True),
        ('a zero of the other sign', rows, give(('0', '1')), give(('-0', '1')), True),
        ('a last digit of an exact value', rows, give(('a', '0.1')), give(('a', '0.10000000000000001')), True),
        ('a last digit of a float sum', loose, give(('a', '100.1')), give(('a', '100.10000000000001')), False),
        ('a digit that counts of a float sum', loose, give(('a', '100.1')), give(('a', '100.2')), True),
        ('float sums in another order', loose, give(('a', '1'), ('a', '2')), give(('a', '2.0000000001'), ('a', '1')), False),
        ('NaN and a number', loose, give(('a', 'NaN')), give(('a', '1')), True),
        ('NaN twice', loose, give(('a', 'NaN')), give(('a', 'NaN')), False),
        ('an infinity', loose, give(('a', 'Infinity')), give(('a', '-Infinity')), True),
        ('the same error', rows, Outcome(error='23505'), Outcome(error='23505'), False),
        ('another error', rows, Outcome(error='23505'), Outcome(error='23503'), True),
        ('an error on the right only', rows, give('ab'), Outcome(error='XX000'), True),
        ('an error on the left only', rows, Outcome(error='23505'), give('ab'), True),
        ('another tag', rows, Outcome(tag='UPDATE 3'), Outcome(tag='UPDATE 4'), True))


SPOIL = ("DO $$ DECLARE n regclass; c text; BEGIN SELECT oid INTO n FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') "
         "AND relname ~ '^t[0-9]$' ORDER BY relname DESC LIMIT 1; SET LOCAL session_replication_role = replica; %s END $$")
SPOILT = {
    'a row gone': SPOIL % "EXECUTE format('DELETE FROM %s WHERE ctid = (SELECT min(ctid) FROM %s)', n, n);",
    'a row too many': SPOIL % ("SELECT string_agg(quote_ident(attname), ', ') INTO c FROM pg_attribute WHERE attrelid = n AND attnum > 0 AND NOT attisdropped AND attgenerated = ''; "
                               "EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS t1_pk CASCADE', n); "
                               "EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s LIMIT 1', n, c, c, n);"),
    'a table less': SPOIL % "EXECUTE format('ALTER TABLE %s RENAME TO lost', n);",
    'a lost connection': 'SELECT pg_terminate_backend(pg_backend_pid())',
}


class Silence:
    def count(self, *given):
        pass

    time = refused = count


# of all queries that are explained, what share has to be answered so at least
REACHED = {'TerritoryAggregate': 0.2, 'TerritoryScan': 0.2, 'summaries': 0.02, 'passes': 0.003, 'gather': 0.05}


def reached(options, run_case):
    """(what, whether its share is large enough), over a few cases."""
    options = copy.copy(options)
    options.profile, options.coverage, options.statements = 'dense', Coverage(), 60
    for seed in (1, 2, 3, 4):
        _, found = run_case(seed, 'all', options, Silence())
        if found is not None:
            yield 'dense seed %d: %s' % (seed, found.what[:200]), False
    total = options.coverage.total()
    for name, share in REACHED.items():
        yield '%s in %d of %d queries' % (name, total[name], total['explained']), total[name] >= share * max(1, total['explained'])


def run(options, run_case):
    """The number of things that the harness did not notice."""
    wrong = checks = 0

    def check(name, good):
        nonlocal wrong, checks
        checks += 1
        wrong += not good
        if options.verbose or not good:
            print('%-6s %s' % ('ok' if good else 'WRONG', name))
    for name, statement, left, right, differs in outcomes():
        check(name, (difference(statement, left, right) is not None) == differs)
    if options.right == 'territory':
        for name, good in reached(options, run_case):
            check(name, good)
    options = copy.copy(options)
    options.left = options.right = 'heap'
    options.statements = 20
    for name, sql in SPOILT.items():
        def inject(case, number, sql=sql):
            if number == 5:
                case.on_right(sql)
                case.compare_tables()
        seed = next(s for s in range(1, 100) if fits(s, options, run_case))
        case, found = run_case(seed, 'none', options, Silence(), inject)
        check(name + (': ' + found.what[:100] if found else ''), found is not None)
        if found and name == 'a row gone':
            before = len(case.done)
            reproduce.reduce(case, found, options, 60)
            check('reduced from %d to %d statements' % (before, len(case.done)), len(case.done) < before / 4)
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, 'script.sql')
                with open(path, 'w', encoding='utf-8') as out:
                    out.write(reproduce.script(case, found))
                check('a script of %d bytes' % os.path.getsize(path), os.path.getsize(path) > 500)
    for seed in (1, 2, 3):
        told = []
        for mode in ('none', 'all', 'none'):
            case, found = run_case(seed, mode, options, Silence())
            told.append([(s.sql, s.copy_in) for side, s in case.done if side == 'both'])
        check('seed %d gives the same %d statements each time and in each mode' % (seed, len(told[0])), told[0] == told[1] == told[2])
    print('%d passed, %d failed' % (checks - wrong, wrong))
    return 1 if wrong else 0


def fits(seed, options, run_case):
    """A seed whose last table has rows and no key, so that each of the faults shows."""
    seen = []

    def look(case, number):
        if number == 5:
            table = case.model.tables[-1]
            seen.append(not table.key and not table.uniques and case.left.ask('SELECT count(*)::text FROM ' + table.name)[0][0] not in ('0',)
                        and not table.partitions)
    short = copy.copy(options)
    short.statements = 6
    _, found = run_case(seed, 'none', short, Silence(), look)
    return found is None and bool(seen) and seen[0]
