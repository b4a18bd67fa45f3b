"""Joins in space and time: citizens' reports and hourly counts of bicycles, 300 m and an hour apart."""

import csv
import gzip
import io
import os
import statistics

import measure
from measure import SIDES, connect, rows, run
from report import figure

REPORTS = 'montpellier_vigilo_2024/vigilo_montpellier_sans_texte_libre.csv.gz'
COUNTERS = 'nantes_comptages_velo/geolocalisation_compteurs.csv'
COUNTS = 'nantes_comptages_velo/nantes_velo_horaire_2020_2021.csv.gz'

NEAR = "territory.near(r.place, r.t, {place}, c.t, 300, '1 hour')"
PLAIN = "ST_DWithin(r.place::geography, {place}::geography, 300) AND r.t - c.t <= '1 hour' AND c.t - r.t <= '1 hour'"

QUERIES = (
    ('counts near reports', 'SELECT count(*), sum(c.bikes) FROM reports r JOIN counts c ON {}', 'c.place', 1),
    ('places in the table of counters', 'SELECT count(*), sum(c.bikes) FROM reports r, counters s JOIN hourly c USING (counter) WHERE {}',
     's.place', 1),
    ('each report, with or without counts', 'SELECT count(*), count(c.t) FROM reports r LEFT JOIN counts c ON {}', 'c.place', 1),
    ('reports near a count', 'SELECT count(*), min(r.id) FROM reports r WHERE EXISTS (SELECT FROM counts c WHERE {})', 'c.place', 1),
    ('reports near none', 'SELECT count(*), min(r.id) FROM reports r WHERE NOT EXISTS (SELECT FROM counts c WHERE {})', 'c.place', 1),
    ('of 20 reports', 'SELECT count(*), sum(c.bikes) FROM (SELECT * FROM reports WHERE id <= 20) r JOIN counts c ON {}', 'c.place', 0.05),
)


def published(folder):
    """(longitude, latitude, time) of reports, counter: (longitude, latitude), (counter, time, bikes) of counts."""
    with gzip.open(os.path.join(folder, REPORTS), 'rt') as file:
        reports = [(float(r['longitude']), float(r['latitude']), r['time']) for r in csv.DictReader(file)]
    counters = {}
    with open(os.path.join(folder, COUNTERS), encoding='utf-8-sig') as file:
        for r in csv.DictReader(file, delimiter=';'):
            if r['Géolocalisation']:
                y, x = map(float, r['Géolocalisation'].split(','))
                counters[int(r['Numéro'])] = (x, y)
    counts = []
    with gzip.open(os.path.join(folder, COUNTS), 'rt') as file:
        for r in csv.DictReader(file):
            counts += [(int(r['id']), f"{r['date']} {hour:02d}:00", int(float(r[str(hour)])))
                       for hour in range(24) if r[str(hour)] not in ('', 'NA')]
    return reports, counters, counts


def moved(reports, counters, counts):
    """Counters onto the reports' town; those without a place 150 m beside another; reports by whole years into 2020 and 2021."""
    centre = [statistics.median(r[d] for r in reports) for d in range(2)]
    off = [centre[d] - statistics.median(c[d] for c in counters.values()) for d in range(2)]
    places = {n: (x + off[0], y + off[1]) for n, (x, y) in counters.items()}
    known = sorted(places)
    for at, n in enumerate(sorted({c[0] for c in counts} - set(places))):
        x, y = places[known[at]]
        places[n] = (x + 0.002, y)
    # the 29th of February is one of 2020
    years = [(x, y, f'{2020 + int(t[:4]) % 2 if t[5:10] != "02-29" else 2020}{t[4:]}') for x, y, t in reports]
    return years, places, counts


def load(connection, name, columns, lines):
    file = io.StringIO(''.join(','.join(map(str, line)) + '\n' for line in lines))
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY {name} ({columns}) FROM STDIN (FORMAT csv)', file)


def fill(connection, side, data):
    reports, places, counts = data
    run(connection, f'CREATE SCHEMA space_{side}')
    for name, columns in (('reports', 'id int PRIMARY KEY, t timestamptz, place geometry(Point, 4326)'),
                          ('counters', 'counter int PRIMARY KEY, place geometry(Point, 4326)'),
                          ('hourly', 'counter int, t timestamptz, bikes int, PRIMARY KEY (counter, t)'),
                          ('counts', 'counter int, t timestamptz, bikes int, place geometry(Point, 4326), PRIMARY KEY (counter, t)')):
        run(connection, f'CREATE TABLE {name} ({columns}) USING {"heap" if name == "counters" else side}')
    point = 'SRID=4326;POINT({} {})'.format
    load(connection, 'reports', 'id, t, place', ((i + 1, t, point(x, y)) for i, (x, y, t) in enumerate(reports)))
    load(connection, 'counters', 'counter, place', ((n, point(*p)) for n, p in places.items()))
    load(connection, 'hourly', 'counter, t, bikes', counts)
    run(connection, 'INSERT INTO counts SELECT counter, t, bikes, place FROM hourly JOIN counters USING (counter)')
    for index in ('reports USING gist (place)', 'reports (t)', 'counts USING gist (place)', 'counts (t)', 'counts USING brin (t)',
                  'hourly (t)'):
        run(connection, f'CREATE INDEX ON {index}')
    if side == 'territory':
        for name in ('reports', 'hourly', 'counts'):
            run(connection, f"SELECT territory.seal('{name}')")
    run(connection, 'VACUUM ANALYZE')


def bench(options, report):
    folder = os.environ.get('TERRITORY_FEEDS', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../shared/data'))
    if not os.path.exists(os.path.join(folder, COUNTS)):
        report.section('Near in space and time', f'Skipped: the published feeds are not in {folder} (TERRITORY_FEEDS names another folder).')
        return
    data = moved(*published(folder))
    report.section('Near in space and time', f'{len(data[0]):,} reports of Vigilo Montpellier × {len(data[2]):,} hourly counts of bicycles of'
                   f' Nantes within 300 m and an hour. The {len(data[1])} counters are moved onto Montpellier and the reports by whole years'
                   ' into 2020 and 2021, so that they meet. *Plain* is ST_DWithin of geographies and the difference of the times, which core'
                   ' joins by a nested loop over the index on the time.', columns=('heap', 'territory', 'ratio', 'target', 'met'))
    connections = {side: connect(search_path=f'space_{side},public') for side in SIDES}
    for side, connection in connections.items():
        fill(connection, side, data)
    for what, query, place, target in QUERIES:
        sql = query.format(NEAR.format(place=place))
        times = measure.in_turn([lambda n, side=side: rows(connections[side], sql) for side in SIDES], options.repeat)
        report.add(what, 's', *times)
        report.check(f'{what}, on either side', max(times) <= target, f'≤ {figure(float(target), "s")}')
    check(connections, report)


def check(connections, report):
    """Plain forms: by an index on the time for all reports, by nothing for a few of them."""
    query = QUERIES[0][1]
    plain = query.format(PLAIN.format(place='c.place') + " AND c.t BETWEEN r.t - interval '1 hour' AND r.t + interval '1 hour'")
    elapsed, expected = measure.timed_rows(connections['heap'], plain)
    report.line('plain, by an index on the time', [elapsed])
    report.check('the same pairs', all(rows(c, query.format(NEAR.format(place='c.place'))) == expected for c in connections.values()))
    three = QUERIES[1][1].format(NEAR.format(place=QUERIES[1][2]))
    report.check('the same pairs where places are in a table of their own', all(rows(c, three) == expected for c in connections.values()))
    few = query.replace('FROM reports r', 'FROM (SELECT * FROM reports WHERE id % 50 = 7 OFFSET 0) r')
    run(connections['heap'], 'SET enable_indexscan = off; SET enable_bitmapscan = off')
    expected = rows(connections['heap'], few.format(PLAIN.format(place='c.place')))
    run(connections['heap'], 'RESET ALL')
    run(connections['heap'], "SET search_path = space_heap, public; SET timezone = 'UTC'")
    report.check('the same pairs of a fiftieth of the reports, by a nested loop without an index',
                 all(rows(c, few.format(NEAR.format(place='c.place'))) == expected for c in connections.values()))
