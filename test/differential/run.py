#!/usr/bin/python3
"""Differential tests: the same random statements on heap tables and on their territory twins.

    run.py --dsn 'host=/tmp dbname=twin' --seeds 1-20 --modes none,half,all,every

Needs a superuser and a database of its own: schemas twin_heap and twin_terr are dropped and made again for every case.
Without --dsn the environment of libpq (PGHOST, PGDATABASE ...) counts."""
import argparse
from collections import Counter
import os
import re
import sys
import time
import traceback

import psycopg2

from case import PROFILES, Case, Difference
from coverage import Coverage
import reproduce
from session import Lost, Side
from statement import Statement


class Statistics:
    def __init__(self):
        self.sent, self.failed, self.states = Counter(), Counter(), Counter()
        self.examples = {}
        self.slow = []
        self.refusals = Counter()

    def refused(self, message):
        self.refusals[re.sub('"[^"]*"', '"…"', message.strip())] += 1

    def time(self, case, statement, left, right):
        """The slowest ones: (seconds, case, statement)."""
        if left + right > 0.2:
            self.slow.append((left + right, 'left %.2f s, right %.2f s, seed %d, mode %s: ' % (left, right, case.seed, case.mode) + statement.sql[:400]))
            self.slow = sorted(self.slow, reverse=True)[:12]

    def count(self, feature, outcome, statement):
        self.sent[feature] += 1
        if outcome.error:
            self.failed[feature] += 1
            self.states[(feature, outcome.error)] += 1
            self.examples.setdefault((feature, outcome.error), (outcome.message or '').strip() + '  <-  ' + statement.sql[:300])

    def show(self, all_features):
        print('%-26s %8s %8s   %s' % ('feature', 'sent', 'errors', 'of which'))
        for feature in sorted(all_features | set(self.sent)):
            states = ', '.join('%s %d' % (s, n) for (f, s), n in sorted(self.states.items()) if f == feature)
            print('%-26s %8d %8d   %s' % (feature, self.sent[feature], self.failed[feature], states))
        sent, failed = sum(self.sent.values()), sum(self.failed.values())
        print('%-26s %8d %8d   %.1f %%' % ('all', sent, failed, 100 * failed / max(1, sent)))
        for _, text in self.slow:
            print('slow: ' + text)
        never = sorted(f for f in all_features if not self.sent[f])
        if never:
            print('never reached: ' + ', '.join(never))


def feature_names(options):
    return {f[0] for _, group in PROFILES[options.profile].groups for f in group.FEATURES}


def numbers(text):
    result = []
    for part in text.split(','):
        low, _, high = part.partition('-')
        result += range(int(low), int(high or low) + 1)
    return result


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--dsn', default='', help='libpq connection string; default: the environment')
    parser.add_argument('--seeds', default='1-20', help='such as 1-20 or 3,7,100-120')
    parser.add_argument('--seed', help='one seed, instead of --seeds')
    parser.add_argument('--profile', default='mixed', choices=sorted(PROFILES), help='mixed: any tables, any SQL; dense: readings of a few entities, and what '
                        'dashboards ask of them')
    parser.add_argument('--modes', default='none,half,all,every')
    parser.add_argument('--statements', type=int, default=60, help='steps after loading (a step is one statement or a few that belong together)')
    parser.add_argument('--left', default='heap', help='access method of the left twin')
    parser.add_argument('--right', default='territory', help='access method of the right twin')
    parser.add_argument('--scramble', action='store_true', help='with --right heap: shuffle the rows of the right side where territory would seal, and plan '
                        'differently there; finds statements whose results depend on the order of rows')
    parser.add_argument('--only', default='', help='only features that start with one of these, such as select,join')
    parser.add_argument('--avoid', default='', help='no features that start with one of these')
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE', help='a setting of the right side')
    parser.add_argument('--no-geometry', dest='geometry', action='store_false', help='also chosen where PostGIS is not installed')
    parser.add_argument('--keep', metavar='DIR', help='write an SQL script for each difference there')
    parser.add_argument('--reduce', action='store_true', help='make the script of each difference small, by leaving out statements')
    parser.add_argument('--fail-fast', action='store_true', help='stop at the first difference')
    parser.add_argument('--self-test', action='store_true', help='see that differences are found, then end')
    parser.add_argument('--coverage', action='store_true', help='with --profile dense: explain every query of the right side, and tell at the end how they were answered')
    parser.add_argument('-v', '--verbose', action='store_true', help='a line per case; statistics per feature at the end')
    parser.add_argument('-e', '--errors', action='store_true', help='with -v: an example of each error')
    options = parser.parse_args()
    only, avoid = [w for w in options.only.split(',') if w], [w for w in options.avoid.split(',') if w]
    options.wanted = lambda name: (not only or name.startswith(tuple(only))) and not name.startswith(tuple(avoid) or ('\0',))
    options.seed_list = numbers(options.seed or options.seeds)
    options.mode_list = options.modes.split(',')
    options.coverage = Coverage() if options.coverage else None
    return options


def prepare(options):
    """The role and the extensions that the cases need."""
    connection = psycopg2.connect(options.dsn)
    connection.autocommit = True
    cursor = connection.cursor()
    options.version = connection.server_version // 10000
    cursor.execute("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'twin_reader') THEN CREATE ROLE twin_reader; END IF; "
                   "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$")
    cursor.execute("SELECT count(*)::text FROM pg_available_extensions WHERE name = 'postgis'")
    if options.geometry and cursor.fetchone()[0] != '0':
        cursor.execute('CREATE EXTENSION IF NOT EXISTS postgis')
    else:
        options.geometry = False
    if 'territory' in (options.left, options.right):
        cursor.execute('CREATE EXTENSION IF NOT EXISTS territory')
    cursor.execute("SELECT to_regprocedure('territory.time_bucket(interval, timestamptz)') IS NOT NULL")
    options.time_bucket = cursor.fetchone()[0] in (True, 't')
    connection.close()


def report(case, found, options):
    print('FAILED seed %d, mode %s, statement %d: %s' % (case.seed, case.mode, found.number, found.what))
    print('  statement: ' + found.statement.sql[:3000])
    for name, outcome in (('left', found.left), ('right', found.right)):
        if outcome is not None:
            print('  %-6s %s' % (name + ':', outcome.brief()))
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
        path = os.path.join(options.keep, 'seed%d-%s.sql' % (case.seed, case.mode))
        with open(path, 'w', encoding='utf-8') as out:
            out.write(reproduce.script(case, found))
        print('  script: ' + path)
    sys.stdout.flush()


def run_case(seed, mode, options, statistics, inject=None):
    """None where the twins agree, else what was found."""
    left = Side(options.dsn, 'twin_heap', options.left)
    right = Side(options.dsn, 'twin_terr', options.right)
    left.connect(60)
    right.connect(60)
    case = Case(seed, mode, left, right, options, statistics)
    case.inject = inject
    try:
        case.play()
        return case, None
    except Difference as found:
        return case, found
    except (Lost, psycopg2.OperationalError, psycopg2.InterfaceError) as lost:
        return case, Difference(len(case.done), case.done[-1][1], 'the server went away: %s' % lost)
    except Exception:
        return case, Difference(len(case.done), case.done[-1][1] if case.done else Statement(''), 'a fault of the harness: ' + traceback.format_exc())
    finally:
        left.close()
        right.close()


def main():
    options = arguments()
    try:
        prepare(options)
    except psycopg2.Error as error:
        sys.exit('cannot start: %s' % str(error).strip())
    if options.self_test:
        import selftest
        sys.exit(selftest.run(options, run_case))
    statistics = Statistics()
    passed = failed = 0
    for seed in options.seed_list:
        for mode in options.mode_list:
            started = time.time()
            case, found = run_case(seed, mode, options, statistics)
            if found is None:
                passed += 1
                if options.verbose:
                    print('passed seed %d, mode %s: %d statements, %.1f s' % (seed, mode, len(case.done), time.time() - started))
                    sys.stdout.flush()
                continue
            failed += 1
            if options.reduce:
                reproduce.reduce(case, found, options)
            report(case, found, options)
            if options.fail_fast:
                break
        if failed and options.fail_fast:
            break
    if options.verbose:
        statistics.show(feature_names(options))
        if options.errors:
            for (feature, state), example in sorted(statistics.examples.items()):
                print('%s %s: %s' % (feature, state, example))
    if options.coverage:
        options.coverage.show()
    for message, times in statistics.refusals.most_common():
        print('seal refused %d times: %s' % (times, message))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
