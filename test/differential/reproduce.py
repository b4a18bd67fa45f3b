"""A difference as an SQL script for psql, and the script made smaller by leaving out what it does not need."""
import copy
import time

import case as cases
from compare import difference
from session import Lost, Side
from statement import METHOD, Statement

HEAD = """-- Seed %d, mode %s: %s
-- psql -X -v method=territory -f THIS, and the same with -v method=heap; compare the outputs.
\\if :{?method}
\\else
\\set method territory
\\endif
SELECT :'method' = 'territory' AS territory \\gset
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS postgis;
\\if :territory
CREATE EXTENSION IF NOT EXISTS territory;
\\endif
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'twin_reader') AS missing \\gset
\\if :missing
CREATE ROLE twin_reader;
\\endif
DROP SCHEMA IF EXISTS twin CASCADE;
CREATE SCHEMA twin;
GRANT ALL ON SCHEMA twin TO twin_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA twin GRANT ALL ON TABLES TO twin_reader;
SET search_path = twin, public;
SET TimeZone = 'Europe/Paris';
"""


def script(case, found):
    """The statements up to the difference, for psql; those of the right side only run with the method territory."""
    lines = [HEAD % (case.seed, case.mode, found.what.replace('\n', ' ')[:300])]
    for number, (side, statement) in enumerate(case.done, 1):
        if number == found.number:
            lines.append('\\echo ---- the difference:\n')
        sql = statement.sql.replace('USING ' + METHOD, 'USING :method').replace('ACCESS METHOD ' + METHOD, 'ACCESS METHOD :method').replace('@SIDE@', 'twin')
        text = ('-- in a second session:\n' if statement.elder else '') + sql + ';\n'
        if statement.copy_in is not None:
            text += statement.copy_in + '\\.\n'
        if sql == 'RESET ALL':
            text += 'SET search_path = twin, public;\n'
        lines.append('\\if :territory\n%s\\endif\n' % text if side == 'right' else text)
    if 'table' in found.what:
        for table in case.model.tables:
            lines.append('SELECT %s::text FROM %s ORDER BY 1 COLLATE "C";\n' % (table.name, table.name))
        lines.append('SELECT * FROM log_rows ORDER BY 1, 2, 3;\n')
    return ''.join(lines)


class Replay:
    """Runs a list of statements again on fresh twins, to see whether the difference is still there."""

    def __init__(self, case, found, options):
        self.case, self.found, self.options = case, found, options
        self.wanted = self.sort(found)

    @staticmethod
    def sort(found):
        if 'server went away' in found.what:
            return 'crash'
        if 'verify' in found.what:
            return 'verify'
        left, right = found.left and found.left.error, found.right and found.right.error
        if left or right:
            return (left, right)
        return 'table' if found.what.startswith('table') else 'rows'

    def check(self, done):
        """The difference that these statements make, where it is of the sort that is wanted."""
        left, right = Side(self.options.dsn, 'twin_heap', self.options.left), Side(self.options.dsn, 'twin_terr', self.options.right)
        left.connect(60)
        right.connect(60)
        again = cases.Case(self.case.seed, self.case.mode, left, right, self.options, Ignore())
        again.model = self.case.model
        try:
            again.set_up()
            for side, statement in done:
                quiet = copy.copy(statement)
                quiet.then = None
                if self.wanted == 'verify' and 'territory.verify' in statement.sql:
                    continue
                quiet.must = quiet.must and side == 'right' and 'ACCESS METHOD' not in quiet.sql
                again.run(quiet)
            if self.wanted == 'verify':
                again.verify()
            elif self.wanted == 'table':
                again.compare_tables()
        except cases.Difference as found:
            return found if self.sort(found) == self.wanted else None
        except Lost as lost:
            return cases.Difference(len(again.done), again.done[-1][1], 'the server went away: %s' % lost) if self.wanted == 'crash' else None
        except Exception:
            return None
        finally:
            left.close()
            right.close()
        return None


class Ignore:
    def count(self, *given):
        pass

    def time(self, *given):
        pass

    def refused(self, *given):
        pass


def minimise(items, holds, deadline):
    """The fewest items for which holds() is still true: ever smaller stretches are left out."""
    size = max(1, len(items) // 2)
    while True:
        at, smaller = 0, False
        while at < len(items) and time.time() < deadline:
            rest = items[:at] + items[at + size:]
            if holds(rest):
                items, smaller = rest, True
            else:
                at += size
        if time.time() > deadline or (size == 1 and not smaller):
            return items
        size = max(1, size // 2)


def reduce(case, found, options, seconds=90):
    """Leaves in case.done and found what the difference needs, if it can be had again."""
    replay = Replay(case, found, options)
    deadline = time.time() + seconds
    done = case.done[:found.number]
    if not replay.check(done):
        print('  (the difference did not come again: not made smaller)')
        return
    done = minimise(done, replay.check, deadline)
    for at, (side, statement) in enumerate(done):
        if statement.copy_in is not None:
            lines = statement.copy_in.splitlines(keepends=True)
            build = lambda rows, s=statement: with_rows(s, copy_in=''.join(rows))
        elif statement.parts:
            lines = statement.parts[1]
            build = lambda rows, s=statement: with_rows(s, sql=s.parts[0] + ', '.join(rows) + s.parts[2], parts=(s.parts[0], rows, s.parts[2]))
        else:
            continue
        holds = lambda rows: bool(rows) and bool(replay.check(done[:at] + [(side, build(rows))] + done[at + 1:]))
        done[at] = (side, build(minimise(lines, holds, deadline)))
    done = minimise(done, replay.check, deadline)
    again = replay.check(done)
    if again:
        case.done, found.number = done, min(again.number, len(done))
        found.statement, found.what, found.left, found.right = again.statement, again.what, again.left, again.right


def with_rows(statement, **changes):
    changed = copy.copy(statement)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed
