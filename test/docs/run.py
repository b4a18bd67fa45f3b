#!/usr/bin/python3
"""run.py - what README and docs show runs, and gives what they say it gives.

Format of a page (README.md, docs/*.md):

- Each block that opens with ```sql runs, in the order of the page, in one
  psql session, in a database of the page's own that has PostGIS and territory
  (unless the page creates the extension), as a superuser, with the time zone
  UTC.  An error ends the page.
- A block that opens with ```output, directly after a ```sql block (blank lines
  between them may be), is what psql prints for that block: its default aligned
  tables, no command tags, and messages (NOTICE, WARNING, ERROR) as
  "ERROR:  text" and their further lines, without CONTEXT.  Blanks at the end
  of a line, and empty lines at the end of the output, do not count.  A block
  without one may print anything.
- Where the output has a line that begins with ERROR:, the block has to fail
  with it, and the page goes on.
- <!-- docs: needs EXTENSION... --> on a line of its own says that the page's
  blocks from there on need these extensions: where one cannot be created, they
  are skipped, and that is said.  <!-- docs: needs --> ends it.

run.py [--accept] [PAGE...] on the server that PGHOST and PGPORT name.
--accept writes what came out into the ```output blocks of the pages: read what
changed before you commit it.  An empty ```output block is a good start.

It closes with "N passed, N failed".  After all pages it checks that
docs/reference.md names every function, view, table and setting, and every
reason for which a query is not vectorised.
"""

import argparse
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATABASE = 'territory_docs'
MARK = '~~ block %d ~~'

# what users call or set: not what only aggregates, types and operators are made of
NAMES = """
    SELECT proname FROM pg_proc p WHERE pronamespace = 'territory'::regnamespace
        AND NOT (ARRAY['internal', 'cstring']::regtype[] && (proargtypes::oid[] || prorettype)::regtype[])
        AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typsend, t.typmodout))
        AND NOT EXISTS (SELECT FROM pg_operator o WHERE p.oid = o.oprcode)
        AND NOT EXISTS (SELECT FROM pg_amproc a WHERE p.oid = a.amproc)
    UNION SELECT relname FROM pg_class WHERE relnamespace = 'territory'::regnamespace AND relkind IN ('r', 'v', 'm')
    UNION SELECT name FROM pg_settings WHERE name LIKE 'territory.%'"""


class Block:
    """A ```sql block, with the ```output block that follows it, if one does."""

    def __init__(self, line, needs):
        self.line = line        # of the fence, from 1
        self.needs = needs      # extensions
        self.sql = []
        self.output = None      # lines
        self.output_at = None   # (first line, line after the last), from 0, inside the fences

    def fails(self):
        return self.output is not None and any(line.startswith('ERROR:') for line in self.output)


def trimmed(lines):
    """Without blanks at the ends of lines, and without empty lines at the end."""
    lines = [line.rstrip() for line in lines]
    while lines and lines[-1] == '':
        lines.pop()
    return lines


def read_blocks(lines):
    """The blocks of a page; an output block that follows no SQL is an error."""
    blocks, kind, needs, last = [], None, (), None
    for number, line in enumerate(lines):
        fence = re.match(r'```(\w*)\s*$', line)
        if kind is None and fence:
            kind = fence[1] or 'other'
            if kind == 'sql':
                last = Block(number + 1, needs)
                blocks.append(last)
            elif kind == 'output':
                if last is None or last.output is not None:
                    raise ValueError(f'line {number + 1}: this output follows no ```sql block')
                last.output, last.output_at = [], (number + 1, number + 1)
            else:
                last = None
        elif fence:
            if kind == 'output':
                last.output_at = (last.output_at[0], number)
                last.output = trimmed(last.output)
            kind = None
        elif kind == 'sql':
            last.sql.append(line)
        elif kind == 'output':
            last.output.append(line)
        elif kind is None:
            if match := re.match(r'<!-- docs: needs\s*([\w ]*?)\s*-->', line):
                needs = tuple(match[1].split())
            elif line.strip():
                last = None
    if kind is not None:
        raise ValueError('a block is not closed')
    return blocks


def psql(database, script):
    """(lines that psql prints, whether all went well)"""
    result = subprocess.run(['psql', '-Xq', '-d', database, '-v', 'ON_ERROR_STOP=1', '-v', 'SHOW_CONTEXT=never', '-f', '-'],
                            input=script, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                            env={**os.environ, 'PGTZ': 'UTC', 'PGOPTIONS': '', 'PAGER': ''})
    return result.stdout.split('\n'), result.returncode == 0


def ask(database, query, said=True):
    result = subprocess.run(['psql', '-XAtq', '-d', database, '-v', 'ON_ERROR_STOP=1', '-c', query], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if result.returncode != 0 and said:
        print(result.stderr, end='')
    return result.stdout.split('\n')[:-1] if result.returncode == 0 else None


def make_database(bare=False):
    for statement in (f'DROP DATABASE IF EXISTS {DATABASE}', f'CREATE DATABASE {DATABASE} TEMPLATE template0'):
        if ask('postgres', statement) is None:
            sys.exit(f'run.py: {statement} failed')
    if not bare and ask(DATABASE, 'CREATE EXTENSION territory CASCADE') is None:
        sys.exit('run.py: CREATE EXTENSION territory failed')


def missing(needs):
    """The first of some extensions that cannot be created, or None."""
    for name in needs:
        if ask(DATABASE, f'CREATE EXTENSION IF NOT EXISTS {name} CASCADE', said=False) is None:
            return name
    return None


def run_blocks(blocks):
    """(what each block printed; None: it was not reached)"""
    script = []
    for number, block in enumerate(blocks):
        script += [r'\echo', r'\echo ' + MARK % number, r'\set ON_ERROR_STOP ' + ('0' if block.fails() else '1'),
                   *block.sql]
    printed, good = psql(DATABASE, '\n'.join(script) + '\n')
    parts = [None] * len(blocks)
    at = None
    for line in printed:
        if (match := re.fullmatch(r'~~ block (\d+) ~~', line)) and (at is None or int(match[1]) == at + 1):
            at = int(match[1])
            parts[at] = []
        elif at is not None:
            # psql names its script, and the line in it
            parts[at].append(re.sub(r'^psql:<stdin>:\d+: ', '', line))
    return [None if part is None else trimmed(part) for part in parts], good


def show(title, lines):
    print(f'    {title}')
    for line in lines:
        print(f'        {line}')


def accept(page, lines, blocks, parts):
    """The page with what came out in its output blocks."""
    for block, part in reversed(list(zip(blocks, parts))):
        if block.output is not None and part is not None:
            lines[block.output_at[0]:block.output_at[1]] = part
    with open(page, 'w', encoding='utf-8') as text:
        text.write('\n'.join(lines))


def check_page(page, accepting):
    """(passed, failed): one for the page, and one for each output."""
    with open(os.path.join(HERE, page), encoding='utf-8') as text:
        lines = text.read().split('\n')
    try:
        blocks = read_blocks(lines)
    except ValueError as error:
        print(f'not ok: {page}: {error}')
        return 0, 1
    if not blocks:
        return 0, 0
    make_database(any('CREATE EXTENSION territory' in line for block in blocks for line in block.sql))
    absent = {needs: missing(needs) for needs in {block.needs for block in blocks}}
    for needs, name in absent.items():
        if name:
            print(f'skipped: what {page} shows with {name}, which is not installed')
    blocks = [block for block in blocks if not absent[block.needs]]
    parts, good = run_blocks(blocks)
    if accepting:
        # but not an error that nobody expected
        last = max((number for number, part in enumerate(parts) if part is not None), default=0)
        accept(os.path.join(HERE, page), lines, blocks, parts if good else parts[:last])
    passed = failed = 0
    for block, part in zip(blocks, parts):
        if block.output is None or part is None or accepting:
            continue
        if part == block.output:
            passed += 1
        else:
            failed += 1
            print(f'not ok: {page}:{block.line}: the output differs')
            show('the page says', block.output)
            show('what came out', part)
    if good:
        passed += 1
        print(f'ok: what {page} shows runs')
    else:
        failed += 1
        last = max((number for number, part in enumerate(parts) if part is not None), default=0)
        print(f'not ok: {page}:{blocks[last].line}: an error ends the page')
        show('what came out', (parts[last] or [])[-30:])
    return passed, failed


def check_reference():
    make_database()
    # settings are there once the library is loaded
    names = ask(DATABASE, f'SELECT count(*) FROM territory.table_status; {NAMES}')
    with open(os.path.join(HERE, 'docs/reference.md'), encoding='utf-8') as text:
        words = set(re.findall(r'[\w.]+', text.read()))
    words |= {part for word in words for part in word.split('.')}
    unnamed = [name for name in names[1:] if name not in words] if names else ['anything: it could not be asked']
    if not unnamed:
        print('ok: docs/reference.md names every function, view, table and setting')
        return 1, 0
    print('not ok: docs/reference.md does not name ' + ', '.join(unnamed))
    return 0, 1


def check_reasons():
    """The reasons that the planner gives, as the source has them, against the table of the reference."""
    reasons = set()
    for path in glob.glob('src/vector/vector_*.c'):
        with open(path, encoding='utf-8') as text:
            reasons |= set(re.findall(r'(?:vector_refuse\(\w+,|explain_scans\(root, input,|return|[?:]) "([a-z][A-Za-z_. -]+)"', text.read(), re.I))
    with open('docs/reference.md', encoding='utf-8') as text:
        section = re.search(r'\n### Not vectorised\n(.*?)\n### ', text.read(), re.S)
    told = set(re.findall(r'^\| ([^|]*) \|', section.group(1), re.M))
    untold = sorted(reasons - told)
    if len(reasons) > 20 and not untold:
        print('ok: docs/reference.md tells every reason for not being vectorised')
        return 1, 0
    print('not ok: docs/reference.md does not tell these reasons: ' + ', '.join(untold or ['none was found in the source']))
    return 0, 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--accept', action='store_true', help='write what comes out into the pages')
    parser.add_argument('pages', nargs='*')
    options = parser.parse_args()
    os.chdir(HERE)
    passed = failed = 0
    for page in options.pages or ['README.md'] + sorted(glob.glob('docs/*.md')):
        counts = check_page(page, options.accept)
        passed, failed = passed + counts[0], failed + counts[1]
    if not options.pages:
        for check in (check_reference, check_reasons):
            counts = check()
            passed, failed = passed + counts[0], failed + counts[1]
    ask('postgres', f'DROP DATABASE IF EXISTS {DATABASE}')
    print(f'{passed} passed, {failed} failed')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
