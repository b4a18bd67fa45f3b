"""Heat maps of the vehicles: positions by cell and hour, on heap and sealed, and the same without cells in plain PostGIS."""

from measure import SIDES, connect, in_turn, run, same_rows, timed_rows, value
from vehicles import FULL, load

HOUR = "date_trunc('hour', t)"
# Web Mercator's tile of zoom 16, by hand
TILES = ('SELECT floor((ST_X(m) + 20037508.342789244) / 611.49622628141)::int, floor((20037508.342789244 - ST_Y(m)) / 611.49622628141)::int,'
         f' {HOUR}, count(*), avg(speed) FROM (SELECT t, speed, ST_Transform(geom, 3857) AS m FROM fixes OFFSET 0) x GROUP BY 1, 2, 3')
CELLS = 'SELECT (cell_tile(c)).x, (cell_tile(c)).y, h, n, mean FROM (%s) x'


def by_cell(place, more='avg(speed) AS mean'):
    return f'SELECT cell({place}, 16) AS c, {HOUR} AS h, count(*) AS n, {more} FROM fixes GROUP BY 1, 2'


def ask(options, report, connections, title, statements):
    """The same answer, in turn on both; what each takes."""
    found = {side: timed_rows(connection, statements[side])[1] for side, connection in connections.items()}
    if not same_rows(found['heap'], found['territory'], False):
        report.check(f'same answer: {title}', False, 'differs')
    times = in_turn([lambda number, side=side: run(connections[side], statements[side]) for side in SIDES], options.repeat)
    report.add(title, 's', *times)


def bench(options, report):
    connections = {side: connect(search_path=f'vehicles_{side},public,territory') for side in SIDES}
    if value(connections['heap'], "SELECT to_regclass('vehicles_heap.fixes')") is None:
        for side, connection in connections.items():
            run(connection, f'CREATE SCHEMA vehicles_{side}')
        load(options, connections)
    for connection in connections.values():
        run(connection, 'SET max_parallel_workers_per_gather = 0')
    count = value(connections['heap'], 'SELECT count(*) FROM fixes')
    report.section('Heat maps', f'{count:,} fixes of vehicles in Lambert 93, all sealed, by the cell of zoom 16 that they are in, and the hour; one process.'
                   ' The same statement on both, but where it says otherwise; the same answers.')
    for title, statement in (('count and mean speed by cell and hour', by_cell('geom')),
                             ('count and greatest speed by cell and hour', by_cell('geom', 'max(speed)')),
                             ('by cell alone', 'SELECT cell(geom, 16), count(*) FROM fixes GROUP BY 1'),
                             ('of a point that is an expression', by_cell('ST_SetSRID(ST_MakePoint(ST_X(geom), ST_Y(geom)), 2154)'))):
        ask(options, report, connections, title, {side: statement for side in SIDES})
    ask(options, report, connections, 'by cell and hour; heap: the tile by hand, with ST_Transform',
        {'heap': TILES, 'territory': CELLS % by_cell('geom')})
    for connection in connections.values():
        connection.close()
