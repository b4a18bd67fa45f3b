#!/usr/bin/python3
"""around(), situation() and inserts over many layers: what the atlas makes of them.

Layers of a city of 12 km: of every five, two of vehicles (positions of their
own), two of equipment (telemetry whose places are in a table of entities), one
inventory.  The number of observations is simulated by scale: segments are made
so small that there are as many of them as that number of rows would make of
32,768 each.

    PGHOST=... PGDATABASE=... bench/atlas.py [--layers 50] [--rows 2000000] [--as 100000000]

It makes schema atlas_bench anew.
"""

import argparse
import statistics
import time

import psycopg2

SEGMENT = 32768
DAYS = 30


def run(cursor, sql, values=None):
    cursor.execute(sql, values)
    return cursor.fetchall() if cursor.description else []


def make(cursor, layers, rows, segment_rows, first=0, west=3.8):
    """Layers from number first on; rows of all of those that observe."""
    run(cursor, "SET synchronous_commit = off; SET territory.bulk_seal = on; SET territory.segment_rows = %s", (segment_rows,))
    observing = max(1, layers * 4 // 5)
    each = rows // observing
    for n in range(first, first + layers):
        kind = n % 5
        if kind < 2:
            run(cursor, f"""CREATE TABLE atlas_bench.l{n} (id int, t timestamptz, pos geometry(Point, 2154), v float8) USING territory;
                SELECT territory.add_layer('atlas_bench.l{n}', 'atlas_bench', 'Vehicles', entity_columns => '{{id}}')""")
            place = "ST_SetSRID(ST_MakePoint(%s + 6000 + 6000 * sin(i * 0.001 + id), 6275000 + 6000 + 6000 * cos(i * 0.0013 + id * 2)), 2154)"
            place = place % (765000 + (west - 3.8) * 80000)
        else:
            run(cursor, f"""CREATE TABLE atlas_bench.e{n} (id int PRIMARY KEY, pos geometry(Point, 4326));
                INSERT INTO atlas_bench.e{n} SELECT i, ST_SetSRID(ST_MakePoint({west} + random() * 0.15, 43.55 + random() * 0.11), 4326)
                FROM generate_series(1, 1000) i""")
            if kind == 4:
                run(cursor, f"SELECT territory.add_layer('atlas_bench.e{n}', 'atlas_bench', 'Inventory')")
                continue
            run(cursor, f"""CREATE TABLE atlas_bench.l{n} (id int, t timestamptz, v float8) USING territory;
                SELECT territory.add_layer('atlas_bench.l{n}', 'atlas_bench', 'Telemetry', entity_columns => '{{id}}',
                    entity_table => 'atlas_bench.e{n}', entity_key => 'id', entity_position => 'pos')""")
        entities = 200 if kind < 2 else 1000
        per = max(1, each // entities // DAYS)
        for day in range(DAYS):
            columns = f"{place}, i" if kind < 2 else "i"
            run(cursor, f"""INSERT INTO atlas_bench.l{n} SELECT id, '2024-03-01'::timestamptz + {day} * interval '1 day' + i * interval '1 day' / {per},
                {columns} FROM generate_series(1, {entities}) id, generate_series(0, {per - 1}) i""")
    run(cursor, "RESET territory.bulk_seal; RESET territory.segment_rows")


def processor(cursor):
    """ms that the backend had a processor; 0 where its machine does not tell."""
    try:
        with open(f"/proc/{cursor.connection.info.backend_pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e6
    except OSError:
        return 0


def clock(cursor, sql, places, repeat=1):
    """Median ms, mean ms of the server's processor, median rows."""
    times = []
    rows = []
    before = processor(cursor)
    for _ in range(repeat):
        for place in places:
            begin = time.perf_counter()
            rows.append(len(run(cursor, sql, place)))
            times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times), (processor(cursor) - before) / len(times), statistics.median(rows)


AROUND = """SELECT * FROM territory.around(ST_SetSRID(ST_MakePoint(%s, %s), 4326), 200,
    tstzrange('2024-03-15 10:00', '2024-03-15 11:00'))"""
SITUATION = "SELECT * FROM territory.situation(ST_Buffer(ST_SetSRID(ST_MakePoint(%s, %s), 4326), 0.005), '2024-03-20 12:00')"


def measure(cursor, what):
    places = [(3.83 + 0.01 * i, 43.57 + 0.007 * i) for i in range(10)]
    for sql in (AROUND, SITUATION):     # plans
        clock(cursor, sql, places)
    segments = run(cursor, "SELECT count(*) FROM territory.atlas_segments")[0][0]
    layers = run(cursor, "SELECT count(*) FROM territory.layers WHERE domain LIKE 'atlas_bench%%'")[0][0]
    around, around_cpu, found = clock(cursor, AROUND, places, 3)
    situation, situation_cpu, states = clock(cursor, SITUATION, places, 3)
    print(f"{what}: {layers} layers, {segments} segments: around 200 m, 1 h {around:.1f} ms (processor {around_cpu:.1f}, "
          f"{found:.0f} rows), situation of a district {situation:.1f} ms (processor {situation_cpu:.1f}, {states:.0f} states)",
          flush=True)


def inserts(cursor):
    """COPY of hot rows into a layer and into a table that is none."""
    result = {}
    run(cursor, "CREATE TABLE atlas_bench.rows AS SELECT i % 100 AS id, now() + i * interval '1 s' AS t,"
                " ST_SetSRID(ST_MakePoint(3.8 + random() * 0.1, 43.6), 4326) AS pos, i::float8 AS v FROM generate_series(1, 200000) i")
    for layer in (False, True):
        table = "atlas_bench.copied_" + ("layer" if layer else "table")
        run(cursor, f"CREATE TABLE {table} (id int, t timestamptz, pos geometry(Point, 4326), v float8) USING territory")
        if layer:
            run(cursor, f"SELECT territory.add_layer('{table}', 'atlas_bench', 'Copied', entity_columns => '{{id}}')")
        result[layer] = table
    times = {False: [], True: []}
    file = run(cursor, "SELECT current_setting('data_directory')")[0][0] + "/atlas_bench.copy"
    run(cursor, f"COPY atlas_bench.rows TO '{file}'")
    for _ in range(7):
        for layer, table in result.items():
            begin = time.perf_counter()
            run(cursor, f"COPY {table} FROM '{file}'")
            times[layer].append(time.perf_counter() - begin)
            run(cursor, f"TRUNCATE {table}")
    table, layer = (statistics.median(times[k]) for k in (False, True))
    print(f"COPY of 200,000 hot rows: {table * 1000:.0f} ms, into a layer {layer * 1000:.0f} ms: {layer / table:.2f}x", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=50)
    parser.add_argument("--rows", type=int, default=2000000)
    parser.add_argument("--as", dest="observations", type=int, default=100000000)
    arguments = parser.parse_args()
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    run(cursor, "SET client_min_messages = error; SET timezone = 'UTC'; DROP SCHEMA IF EXISTS atlas_bench CASCADE; CREATE SCHEMA atlas_bench")
    run(cursor, "SELECT territory.add_domain('atlas_bench', 'Bench') WHERE NOT EXISTS (SELECT FROM territory.domains WHERE code = 'atlas_bench')")
    segment_rows = max(1, SEGMENT * arguments.rows // arguments.observations)
    # more and more segments, on the same layers' number
    for share in (16, 1):
        run(cursor, "DROP SCHEMA atlas_bench CASCADE; CREATE SCHEMA atlas_bench")
        make(cursor, arguments.layers, arguments.rows // share, segment_rows)
        run(cursor, "VACUUM ANALYZE territory.atlas_segments, territory.atlas_places")
        measure(cursor, f"{arguments.observations // share / 1e6:.1f} M observations, simulated")
    # more and more layers with nothing there: another town's
    for more in (50, 150):
        make(cursor, more, more * 1000, 1000, 1000 + more * 10, west=5.0)
        run(cursor, "VACUUM ANALYZE territory.atlas_segments, territory.atlas_places")
        measure(cursor, "and layers of another town")
    inserts(cursor)
    run(cursor, "DROP SCHEMA atlas_bench CASCADE; SELECT territory.remove_domain('atlas_bench')")


if __name__ == "__main__":
    main()
