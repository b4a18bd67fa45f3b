"""The column types that the twins are made of, and the values that go in them.

A value is text as COPY reads it, None for NULL, or Raw: an SQL expression (for values too long to write down).
A column draws its values from a small pool, so that equality finds rows. Each flavour of a type says what may be asked of it without
the answer depending on the order of the rows:
  canonical   equal values look alike (not so: 0.0 and -0.0, numeric 1.0 and 1.00, interval 1 day and 24:00)
  tame        arithmetic on it cannot overflow, and sums of it do not lose digits
"""
from datetime import datetime, timedelta, timezone
import hashlib

PARIS_AUTUMN = datetime(2023, 10, 28, 20, 0, tzinfo=timezone.utc)
PARIS_SPRING = datetime(2024, 3, 30, 21, 0, tzinfo=timezone.utc)
PLAIN_DAY = datetime(2024, 6, 3, 0, 0, tzinfo=timezone.utc)
STARTS = (PARIS_AUTUMN, PARIS_SPRING, PLAIN_DAY)
WORDS = ['', ' ', 'a', 'A', 'ab', 'abc', 'été', 'Été', 'eau', 'Eau', 'déchet', 'x%y', 'x_y', "o'clock", 'tab\there', 'back\\slash',
         '日本', 'zone 10', 'zone 9', 'capteur-001', 'capteur-002', 'NULL', '\\N', '"', '{}', 'line\nbreak', 'ß', 'z' * 40]


class Raw(str):
    """A value given as an SQL expression."""


def quote(text):
    if '\\' in text:
        return "E'" + text.replace('\\', '\\\\').replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


def copy_text(value):
    if value is None:
        return '\\N'
    return value.replace('\\', '\\\\').replace('\t', '\\t').replace('\n', '\\n').replace('\r', '\\r')


def stamp(moment, zone='+00'):
    text = moment.strftime('%Y-%m-%d %H:%M:%S')
    if moment.microsecond:
        text += '.%06d' % moment.microsecond
    return text + zone


def uuid_of(number):
    digest = hashlib.md5(b'twin%d' % number).hexdigest()
    return '-'.join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))


def point(rng):
    return 'SRID=4326;POINT(%s %s)' % (round(5.3 + rng.random() / 5, rng.choice((1, 3, 6, 15))),
                                       round(43.2 + rng.random() / 5, rng.choice((1, 3, 6, 15))))


def any_shape(rng):
    x, y = round(5.3 + rng.random() / 5, 4), round(43.2 + rng.random() / 5, 4)
    return rng.choice(('SRID=4326;POINT(%s %s)' % (x, y),
                       'SRID=4326;LINESTRING(%s %s, %s %s)' % (x, y, x + 0.01, y + 0.02),
                       'SRID=4326;POLYGON((%s %s, %s %s, %s %s, %s %s))' % (x, y, x + 0.01, y, x + 0.01, y + 0.01, x, y),
                       'SRID=4326;MULTIPOINT((%s %s), (%s %s))' % (x, y, x + 0.02, y)))


def point_or_nothing(rng):
    return 'SRID=4326;POINT EMPTY' if rng.random() < 0.1 else point(rng)


def place_on_earth(rng):
    return rng.choice((point(rng), point(rng), any_shape(rng), 'SRID=4326;POLYGON EMPTY'))


def long_text(rng):
    return rng.choice((Raw("repeat('territoire ', 9000)"),
                       Raw("(SELECT string_agg(md5((g + %d)::text), '') FROM generate_series(1, 3100) g)" % rng.randrange(9)),
                       Raw("repeat(md5('%d'), 70)" % rng.randrange(9))))


def bytes_text(rng):
    return '\\x' + ''.join('%02x' % rng.randrange(256) for _ in range(rng.choice((0, 1, 3, 16, 40))))


def moment(rng, spread_hours=400):
    start = rng.choice(STARTS)
    return start + timedelta(minutes=rng.randrange(-spread_hours * 60, spread_hours * 60))


def timestamp_range(rng):
    if rng.random() < 0.1:
        return rng.choice(('empty', '(,)', '(,"2024-01-01 00:00:00+00")', '["2024-01-01 00:00:00+00",infinity)'))
    low = moment(rng)
    high = low + timedelta(minutes=rng.randrange(0, 3000))
    return '%s"%s","%s"%s' % (rng.choice('[('), stamp(low), stamp(high), rng.choice(')]'))


def json_text(rng):
    return rng.choice(('null', 'true', '1', '"eau"', '[]', '{}', '[1, 2, null]', '{"a": %d}' % rng.randrange(5),
                       '{"a": %d, "b": {"c": [%d, "x"]}}' % (rng.randrange(5), rng.randrange(3)),
                       '{"sensor": "s%d", "ok": %s}' % (rng.randrange(9), rng.choice(('true', 'false', 'null')))))


def array_text(rng, make):
    return '{' + ','.join('NULL' if rng.random() < 0.1 else make() for _ in range(rng.choice((0, 1, 2, 3, 8)))) + '}'


class Flavour:
    def __init__(self, make, canonical=True, tame=True):
        self.make, self.canonical, self.tame = make, canonical, tame


class Kind:
    """fresh(i): the i-th of many distinct values, for keys; step types can also be a time column."""

    def __init__(self, sql, group, flavours, fresh=None, ordered=True, hashed=True):
        self.sql, self.group, self.flavours, self.fresh = sql, group, flavours, fresh
        self.ordered, self.hashed = ordered, hashed


def pick(values):
    return lambda rng: rng.choice(values)


def integers(bits, small_most):
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return {'small': Flavour(lambda rng: str(rng.randrange(0, 10))),
            'wide': Flavour(lambda rng: str(rng.randrange(-small_most, small_most))),
            'extreme': Flavour(lambda rng: str(rng.choice((low, low + 1, -1, 0, 1, high - 1, high))), tame=False)}


def floats(extremes):
    return {'sensor': Flavour(lambda rng: repr(round(rng.uniform(5, 40), 1))),
            'real': Flavour(lambda rng: repr(round(rng.uniform(-100, 100), 7))),
            'steady': Flavour(pick(('20.5', '20.5', '20.5', '21'))),
            'odd': Flavour(lambda rng: rng.choice(('NaN', '0', '1.5', '-2.25', repr(round(rng.uniform(0, 9), 2))))),
            'signed zero': Flavour(pick(('0', '-0', '1', '-1', '2.5')), canonical=False),
            'infinite': Flavour(pick(('Infinity', '-Infinity', 'NaN', '0', '3.25')), tame=False),
            'extreme': Flavour(pick(extremes + ('0', '1', '-1', '0.1', '0.3')), tame=False)}


def tagged(make, finish):
    return lambda rng: finish(make(rng))


def times(finish, infinite=True):
    flavours = {'plain': Flavour(tagged(moment, finish)),
                'narrow': Flavour(lambda rng: finish(moment(rng, 5))),
                'daily': Flavour(lambda rng: finish(PARIS_AUTUMN + timedelta(days=rng.randrange(8))))}
    if infinite:
        flavours['infinite'] = Flavour(lambda rng: rng.choice(('infinity', '-infinity', finish(moment(rng)))), tame=False)
    return flavours


def one(make, **attributes):
    return {'plain': Flavour(make, **attributes)}


KINDS = {
    'int2': Kind('int2', 'int', integers(16, 300), lambda i: str(i % 30000)),
    'int4': Kind('int4', 'int', integers(32, 100000), lambda i: str(i * 3)),
    'int8': Kind('int8', 'int', integers(64, 10 ** 11), lambda i: str(i + 5000000000)),
    'float4': Kind('float4', 'float', floats(('3.4028235e38', '-3.4028235e38', '1e-45', '1.17549435e-38'))),
    'float8': Kind('float8', 'float', floats(('1.7976931348623157e308', '-1.7976931348623157e308', '5e-324', '2.2250738585072014e-308'))),
    'decimal': Kind('numeric(8,2)', 'numeric', {
        'plain': Flavour(lambda rng: '%.2f' % rng.uniform(-500, 500)),
        'steps': Flavour(lambda rng: '%.2f' % (rng.randrange(40) / 4)),
        'odd': Flavour(pick(('NaN', '0', '999999.99', '-999999.99', '0.01')))}, lambda i: '%.2f' % (i / 4)),
    'numeric': Kind('numeric', 'numeric', {
        'plain': Flavour(lambda rng: str(rng.randrange(-10 ** 6, 10 ** 6))),
        'scales': Flavour(pick(('1', '1.0', '1.00', '0', '0.000', '-2.5', '-2.50', '12345678901234567890.123', '1e-20')), canonical=False),
        'infinite': Flavour(pick(('NaN', 'Infinity', '-Infinity', '0', '7', '-7')))}, lambda i: str(i)),
    'text': Kind('text', 'text', {
        'words': Flavour(pick(WORDS)),
        'codes': Flavour(lambda rng: 'capteur-%03d' % rng.randrange(300)),
        'long': Flavour(lambda rng: long_text(rng) if rng.random() < 0.2 else rng.choice(WORDS))}, lambda i: 'c%06d' % i),
    'varchar': Kind('varchar(12)', 'text', one(lambda rng: rng.choice(WORDS)[:12]), lambda i: 'v%06d' % i),
    'bpchar': Kind('char(8)', 'text', one(lambda rng: rng.choice(WORDS)[:8]), lambda i: 'b%06d' % i),
    'name': Kind('name', 'name', one(lambda rng: rng.choice(WORDS)), lambda i: 'n%06d' % i),
    'char': Kind('"char"', 'char', one(lambda rng: rng.choice('abcXYZ09'))),
    'bool': Kind('bool', 'bool', one(pick(('t', 'f')))),
    'timestamptz': Kind('timestamptz', 'timestamptz', times(stamp), lambda i: stamp(PARIS_AUTUMN + timedelta(minutes=15 * i))),
    'timestamp': Kind('timestamp', 'timestamp', times(lambda m: stamp(m, '')), lambda i: stamp(PARIS_AUTUMN + timedelta(minutes=10 * i), '')),
    'date': Kind('date', 'date', times(lambda m: m.strftime('%Y-%m-%d')), lambda i: (PLAIN_DAY + timedelta(days=i)).strftime('%Y-%m-%d')),
    'time': Kind('time', 'time', one(lambda rng: rng.choice(('00:00', '24:00', '12:34:56.789', '%02d:%02d' % (rng.randrange(24), rng.randrange(60)))))),
    'timetz': Kind('timetz', 'time', one(lambda rng: '%02d:%02d%s' % (rng.randrange(24), rng.randrange(60), rng.choice(('+00', '+02', '-05:30'))))),
    'interval': Kind('interval', 'interval', {
        'plain': Flavour(lambda rng: '%d minutes' % (5 * rng.randrange(-20, 100)), canonical=True),
        'mixed': Flavour(pick(('1 day', '24:00:00', '1 month', '30 days', '-1 year', '0', '1 mon 2 days 03:04:05.678')), canonical=False)},
        lambda i: '%d minutes' % i),
    'uuid': Kind('uuid', 'uuid', one(lambda rng: uuid_of(rng.randrange(60))), uuid_of),
    'bytea': Kind('bytea', 'bytea', {
        'plain': Flavour(bytes_text),
        'long': Flavour(lambda rng: Raw("convert_to(repeat('%d', 50000), 'UTF8')" % rng.randrange(9)) if rng.random() < 0.1 else bytes_text(rng))},
        lambda i: '\\x%08x' % i),
    'jsonb': Kind('jsonb', 'jsonb', one(json_text)),
    'inet': Kind('inet', 'inet', one(lambda rng: rng.choice(('10.0.%d.%d' % (rng.randrange(3), rng.randrange(256)), '10.0.0.0/8', '192.168.1.0/24', '::1', '2001:db8::%x' % rng.randrange(99)))),
                 lambda i: '10.%d.%d.%d' % (i >> 16 & 255, i >> 8 & 255, i & 255)),
    'int4[]': Kind('int4[]', 'array', one(lambda rng: array_text(rng, lambda: str(rng.randrange(6))))),
    'text[]': Kind('text[]', 'array', one(lambda rng: array_text(rng, lambda: rng.choice(('eau', 'feu', '"a b"', '""', 'voie', '"NULL"'))))),
    'mood': Kind('mood', 'enum', one(pick(('calm', 'busy', 'jam', 'closed')))),
    'percent': Kind('percent', 'int', one(lambda rng: str(rng.randrange(101)))),
    'label': Kind('label', 'text', one(pick(('vert', 'orange', 'rouge', '', 'é')))),
    'place': Kind('place', 'composite', one(lambda rng: '(%s,%s)' % (rng.choice(('rue', '"av, x"', '', 'quai')), rng.choice(('', '1', '22'))))),
    'tstzrange': Kind('tstzrange', 'range', {
        'plain': Flavour(timestamp_range),
        'disjoint': Flavour(timestamp_range)},
        lambda i: '["%s","%s")' % (stamp(PARIS_AUTUMN + timedelta(hours=i)), stamp(PARIS_AUTUMN + timedelta(hours=i, minutes=40)))),
    'oid': Kind('oid', 'oid', one(lambda rng: str(rng.choice((0, 1, 42, 4294967295, rng.randrange(1000))))), lambda i: str(i)),
    'point': Kind('geometry(Point,4326)', 'point', {'plain': Flavour(point), 'empty': Flavour(point_or_nothing)}, ordered=False, hashed=False),
    'geometry': Kind('geometry', 'geometry', {'plain': Flavour(any_shape), 'points': Flavour(point), 'mixed': Flavour(place_on_earth)},
                     ordered=False, hashed=False),
}
GEOMETRIES = ('point', 'geometry')
BAD = {'percent': '101', 'label': 'noir', 'varchar': 'far too long a text', 'decimal': '12345678.9', 'int2': '99999', 'point': 'SRID=4326;LINESTRING(0 0, 1 1)'}


def literal(kind, value):
    if value is None:
        return 'NULL'
    if isinstance(value, Raw):
        return str(value)
    return quote(value) + '::' + kind.sql
