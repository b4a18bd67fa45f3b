"""The table of results: what, heap, territory, the ratio, and the target that the ratio has; or columns of its own."""

import datetime
import os
import platform

from measure import cpu_model, rows, value

SETTINGS = ('shared_buffers', 'work_mem', 'maintenance_work_mem', 'max_wal_size', 'checkpoint_timeout', 'wal_level',
            'fsync', 'max_parallel_workers_per_gather', 'jit')


def figure(number, unit):
    if number is None:
        return '–'
    if unit == 's':
        return f'{number:.2f} s' if number >= 1 else f'{number * 1000:.2f} ms'
    if unit == 'MB':
        return f'{number / 1e6:.1f} MB'
    if unit == 'B/row':
        return f'{number:.2f} B'
    if unit == 'rows/s':
        return f'{number:,.0f}'
    return str(number)


COLUMNS = ('heap', 'territory', 'ratio', 'target', 'met')


def share(number):
    """A ratio as people say it."""
    inverse = 1 / number if number else 0
    return f'1/{inverse:g}' if number < 1 and abs(inverse * 10 - round(inverse * 10)) < 1e-6 else f'{number:g}'


class Report:
    def __init__(self):
        self.sections = []
        self.missed = []

    def section(self, title, note='', columns=COLUMNS):
        self.sections.append((title, note, columns, []))
        print(f'\n{title}', flush=True)

    def line(self, what, cells, missed=False):
        """A row of a section with columns of its own."""
        _, _, columns, lines = self.sections[-1]
        cells = [what] + [figure(c, 's') if isinstance(c, float) or c is None else c for c in cells]
        lines.append(cells + [''] * (len(columns) + 1 - len(cells)))
        if missed:
            self.missed.append(what)
        print('  ' + ' | '.join(cells), flush=True)

    def add(self, what, unit, heap, territory, ratio=None, at_most=None, at_least=None, over=None, note=''):
        """ratio: territory to heap, unless given; the target is about the ratio, or the figure where there is none.

        over: the target is heap and that much."""
        if ratio is None and heap and territory is not None:
            ratio = territory / heap
        judged = ratio if ratio is not None else territory
        target, met, ok = '', '', True
        if over is not None:
            target, ok = f'≤ heap + {figure(over, unit)}', territory <= heap + over
        elif (at_most is not None or at_least is not None) and judged is not None:
            ok = judged <= at_most if at_most is not None else judged >= at_least
            bound = at_most if at_most is not None else at_least
            target = ('≤ ' if at_most is not None else '≥ ') + \
                (figure(bound, unit) if ratio is None and unit != 'n' else share(bound))
        if target:
            met = 'yes' if ok else '**no**'
        ratio_text = '' if ratio is None else f'{ratio:.3g}'
        self.line(what + (f' ({note})' if note else ''),
                  [figure(heap, unit), figure(territory, unit), ratio_text, target, met], not ok)

    def check(self, what, ok, detail=''):
        """A row that says whether something holds: its last cells, whatever the columns."""
        _, _, columns, lines = self.sections[-1]
        cells = [what] + [''] * len(columns)
        cells[columns.index('territory') + 1 if 'territory' in columns else columns.index('target')] = detail
        cells[columns.index('target') + 1] = 'holds' if detail else 'equal'
        cells[columns.index('met') + 1] = 'yes' if ok else '**no**'
        lines.append(cells)
        if not ok:
            self.missed.append(what)
            print(f'  {what}: NOT AS IT SHOULD BE {detail}', flush=True)

    def write(self, path, connection, arguments):
        """The file, from this run; but what was measured beside MobilityDB stays."""
        kept = beside(path)[1]
        with open(path, 'w') as out:
            out.write('# Results\n\n' + provenance(connection, arguments, ': heap and territory in one run, side by side'))
            out.write(''.join(map(render, self.sections)) + kept)

    def write_beside(self, path, connection, arguments):
        """What was measured beside MobilityDB, into its place in the file; the rest stays."""
        before, _, after = beside(path)
        (title, *rest), = self.sections
        section = render((title, *rest)).replace(f'## {title}\n\n', f'## {title}\n\n{provenance(connection, arguments)}\n', 1)
        with open(path, 'w') as out:
            out.write((before or '# Results\n') + section + after)


BESIDE = 'Vehicles beside MobilityDB'


def beside(path):
    """The file: until the section that is measured beside MobilityDB, that section, and what follows."""
    try:
        with open(path) as text:
            before, title, rest = text.read().partition(f'\n## {BESIDE}\n')
    except FileNotFoundError:
        return '', '', ''
    section, next_title, after = rest.partition('\n## ')
    return before, title + section, next_title + after


def provenance(connection, arguments, what=''):
    versions = ', '.join(f'{name} {version}' for name, version in rows(
        connection, "SELECT CASE extname WHEN 'postgis' THEN 'PostGIS' WHEN 'mobilitydb' THEN 'MobilityDB' ELSE extname END, extversion"
                    " FROM pg_extension WHERE extname IN ('postgis', 'territory', 'mobilitydb') ORDER BY extname <> 'postgis', extname DESC"))
    return (f'`./run bench {" ".join(arguments)}`'.replace(' `', '`') + f' of {datetime.date.today()}{what}.'
            ' Figures of different rows or machines say nothing about each other; ratios do.\n\n'
            f'- machine: {cpu_model()}, {os.cpu_count()} cores,'
            f' {os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30:.0f} GB;'
            f' {platform.system()} {platform.release()}\n'
            f'- {value(connection, "SELECT version()").split(",")[0]}, {versions}\n'
            '- settings: ' + ', '.join(f'{s} = {value(connection, f"SHOW {s}")}' for s in SETTINGS) + '\n')


def render(section):
    title, note, columns, lines = section
    return (f'\n## {title}\n\n' + (f'{note}\n\n' if note else '') +
            '| | ' + ' | '.join(columns) + ' |\n' + '| --- ' * (len(columns) + 1) + '|\n' +
            ''.join('| ' + ' | '.join(cells) + ' |\n' for cells in lines))
