"""The readings that generate.c makes: their tables, their files, their days."""

import datetime
import os
import subprocess

from measure import run

PARTS = 5
FIRST_DAY = datetime.datetime(2025, 6, 1, tzinfo=datetime.timezone.utc)

TABLE = '''
CREATE TABLE {name} (sensor_id int NOT NULL, t timestamptz NOT NULL, temp float8, flow float8, idx float8,
    state smallint, lon float8, lat float8) USING {am};
CREATE INDEX {name}_sensor_id_t ON {name} (sensor_id, t);
CREATE INDEX {name}_t ON {name} USING brin (t);
'''


def generate(options):
    subprocess.run([os.path.join(options.work, 'generate'), str(options.sensors), str(options.days), str(PARTS),
                    options.work], check=True)


def create_readings(connection, am, name='readings'):
    run(connection, TABLE.format(name=name, am=am))


def create_sensors(connection, work):
    run(connection, 'CREATE TABLE sensors (sensor_id int PRIMARY KEY, lon float8, lat float8,'
                    ' geom geometry(Point, 4326), district text)')
    run(connection, f"COPY sensors (sensor_id, lon, lat) FROM '{work}/sensors.csv' (FORMAT csv)")
    run(connection, "UPDATE sensors SET geom = ST_SetSRID(ST_MakePoint(lon, lat), 4326),"
                    " district = 'district ' || sensor_id % 20")
    run(connection, 'CREATE INDEX ON sensors USING gist (geom)')
    run(connection, 'VACUUM ANALYZE sensors')


def copy(connection, work, file, name='readings'):
    run(connection, f"COPY {name} FROM '{work}/{file}.csv' (FORMAT csv)")


def moment(number, hour=0, minute=0):
    """Of the day of this number, from 0."""
    return FIRST_DAY + datetime.timedelta(days=number, hours=hour, minutes=minute)


def day(number, hour=0, minute=0):
    """The same as a literal."""
    return "'" + moment(number, hour, minute).isoformat() + "'"
