#!/usr/bin/python3
"""twin.py - does a spec give on territory tables what it gives on heap tables?

    PGHOST=... PGPORT=... PG_CONFIG=... python3 test/isolation/twin.py NAME...

The judge of these specs is heap: the same spec runs in a database where the
access method called territory is heap's, and sealing, unsealing and compacting
do nothing but take their table lock.  Results are compared step by step; that a
step waits on one side only is not counted, since moving rows may wait.  Numbers
of segments differ, of course.  Two databases are made in the server that libpq's
environment names, and dropped at the end.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HEAP, OURS = 'isolation_twin_heap', 'isolation_twin'
STUBS = '''
CREATE ACCESS METHOD territory TYPE TABLE HANDLER heap_tableam_handler;
CREATE SCHEMA territory;
CREATE FUNCTION territory.rows_locked(rel regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', rel);
	EXECUTE format('SELECT count(*) FROM %s', rel) INTO n;
	RETURN n;
END $$;
CREATE FUNCTION territory.seal(rel regclass, before timestamptz DEFAULT NULL, OUT rows bigint, OUT segments bigint)
	LANGUAGE sql AS 'SELECT territory.rows_locked(rel), 1::bigint';
CREATE FUNCTION territory.unseal(rel regclass, from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL)
	RETURNS bigint LANGUAGE sql AS 'SELECT territory.rows_locked(rel)';
CREATE FUNCTION territory.compact(rel regclass) RETURNS bigint
	LANGUAGE sql AS 'SELECT territory.rows_locked(rel)';
CREATE FUNCTION territory.segments(rel regclass) RETURNS TABLE(segment int, rows int, dead_rows int)
	LANGUAGE sql AS 'SELECT 0, 0, 0 WHERE false';
CREATE FUNCTION territory.verify(rel regclass) RETURNS TABLE(segment int, rows bigint, ok boolean, problem text)
	LANGUAGE sql AS 'SELECT 0, 0::bigint, true, NULL WHERE false';
'''


def psql(database, *commands):
    arguments = ['psql', '-Xqd', database, '-v', 'ON_ERROR_STOP=1']
    for command in commands:
        arguments += ['-c', command]
    subprocess.run(arguments, check=True, stderr=subprocess.DEVNULL)


def results(output):
    """{permutation: {nth occurrence of a step: lines}}"""
    permutations = {}
    steps, order, lines = None, [], []
    for line in output.splitlines():
        started = re.match(r'starting permutation: (.*)', line)
        done = re.match(r'step (\w+): <\.\.\. completed>', line)
        step = re.match(r'step (\w+): ', line)
        if started:
            steps, order = permutations.setdefault(started.group(1), {}), []
            lines = steps.setdefault('setup', [])
        elif steps is None:
            continue
        elif done or step:
            name = (done or step).group(1)
            if not done:
                order.append(name)
            lines = steps.setdefault(f'{name} #{order.count(name)}', [])
        elif line.strip():
            lines.append(line)
    return permutations


def run(tester, database, spec):
    with open(spec, encoding='utf-8') as text:
        done = subprocess.run([tester, f'dbname={database}'], stdin=text, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False)
    return results(done.stdout.decode())


def compare(tester, name):
    spec = next(path for folder in ('specs', 'pending')
                if os.path.exists(path := os.path.join(HERE, folder, name + '.spec')))
    heap, ours = run(tester, HEAP, spec), run(tester, OURS, spec)
    differences = 0
    for permutation, steps in heap.items():
        for step, lines in steps.items():
            mine = ours.get(permutation, {}).get(step, ['(not reached)'])
            if lines != mine:
                differences += 1
                print(f'{name}: {permutation}, step {step}\n  heap: ' + '\n        '.join(lines) +
                      '\n  ours: ' + '\n        '.join(mine))
    print(f'{name}: {len(heap)} permutations, {differences} differences')
    return differences


def main():
    pgxs = subprocess.check_output([os.environ.get('PG_CONFIG', 'pg_config'), '--pgxs'], text=True).strip()
    tester = os.path.join(os.path.dirname(pgxs), '../../src/test/isolation/isolationtester')
    names = sys.argv[1:] or sorted(f[:-5] for f in os.listdir(os.path.join(HERE, 'specs')))
    make = [f'{word} DATABASE {rest}' for name in (HEAP, OURS)
            for word, rest in (('DROP', f'IF EXISTS {name}'), ('CREATE', f'{name} TEMPLATE template0'))]
    psql('postgres', *make)
    try:
        psql(HEAP, STUBS)
        psql(OURS, 'CREATE EXTENSION territory CASCADE')
        differences = sum(compare(tester, name) for name in names)
    finally:
        psql('postgres', f'DROP DATABASE {HEAP}', f'DROP DATABASE {OURS}')
    return 1 if differences else 0


if __name__ == '__main__':
    sys.exit(main())
