# ddl_first.pl - each DDL as the first statement of a connection.
#
# Nothing has loaded the library then: the command itself must, or do without.
# The table has sealed rows with dead ones among them, hot rows and a layout; a
# heap twin goes through the same.  Afterwards the rows are equal, and nothing
# is left of what was dropped.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

my $node = territory_node('ddl_first', conf => "log_statement = none\nshared_buffers = 32MB\n");
my $dir = PostgreSQL::Test::Utils::tempdir();
mkdir "$dir/space";

$node->safe_psql('postgres', "CREATE TABLESPACE space LOCATION '$dir/space'; CREATE ROLE somebody;");
$node->safe_psql(
	'postgres', q(
CREATE PROCEDURE make_tables() LANGUAGE plpgsql AS $$
DECLARE
	method text;
BEGIN
	DROP SCHEMA IF EXISTS h, t, elsewhere CASCADE;
	FOREACH method IN ARRAY '{heap,territory}'::text[] LOOP
		EXECUTE format('CREATE SCHEMA %I', left(method, 1));
		PERFORM set_config('search_path', left(method, 1) || ',public', true);
		CREATE TYPE kind AS ENUM ('a', 'b', 'c');
		CREATE TYPE pair AS (x int, y text);
		CREATE DOMAIN positive AS int CHECK (value > 0);
		EXECUTE format('CREATE TABLE r (id int, at timestamptz, kind kind, pair pair, n positive, value numeric(8, 2), note text,
			PRIMARY KEY (id, at)) USING %I', method);
		INSERT INTO r SELECT i % 20, '2026-01-01'::timestamptz + i * interval '1 minute', (ARRAY['a', 'b', 'c'])[1 + i % 3]::kind,
			(i, 'y' || i)::pair, i, i / 3.0, CASE WHEN i % 9 > 0 THEN 'note ' || i END FROM generate_series(1, 3000) i;
		IF method = 'territory' THEN
			PERFORM set_config('territory.segment_rows', '500', true);
			PERFORM territory.set_layout('r', entity_columns => '{id}', time_column => 'at');
			PERFORM territory.seal('r', '2026-01-02');
		END IF;
		UPDATE r SET value = 0 WHERE id = 7 AND at < '2026-01-01 12:00';
		DELETE FROM r WHERE id = 8 AND at < '2026-01-01 06:00';
		CREATE TABLE child (id int, at timestamptz, FOREIGN KEY (id, at) REFERENCES r ON DELETE CASCADE);
		INSERT INTO child SELECT id, at FROM r WHERE id = 3;
	END LOOP;
END $$;
));

# what a table is to its users: columns, rows, indexes
sub look
{
	my ($schema) = @_;

	return $node->safe_psql(
		'postgres', qq(
SET search_path = $schema, public;
SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
	WHERE attrelid = 'r'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
SELECT count(*), sum(hashtextextended(r::text, 0)::numeric) FROM r;
SET enable_seqscan = off;
SELECT count(*), sum(hashtextextended(r::text, 0)::numeric) FROM r WHERE at >= '2026-01-01 10:00' AND at < '2026-01-01 11:00';
SELECT regexp_replace(pg_get_indexdef(indexrelid), '\\m[ht]\\.', '', 'g') FROM pg_index WHERE indrelid = 'r'::regclass ORDER BY 1;
SELECT count(*) FROM child;
)) =~ s/\b$schema\.//gr;
}

sub no_leftovers
{
	my ($what) = @_;

	is( $node->safe_psql(
			'postgres',
			'SELECT relation::oid, stored_for FROM territory.layouts l WHERE NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = l.relation)'),
		'',
		"$what: no layout without its table");
	return;
}

# ---- the table stays: it is as its twin is ----

my @stays = (
	'ALTER TABLE r ADD COLUMN extra int DEFAULT 5',
	'ALTER TABLE r ADD COLUMN extra double precision DEFAULT pi() * 2 CHECK (extra > 6)',
	'ALTER TABLE r ADD COLUMN extra int GENERATED ALWAYS AS (n * 2) STORED',
	'ALTER TABLE r DROP COLUMN note',
	'ALTER TABLE r DROP COLUMN id CASCADE',
	'ALTER TABLE r RENAME COLUMN value TO worth',
	'ALTER TABLE r ALTER COLUMN value TYPE float8',
	'ALTER TABLE r ALTER COLUMN id TYPE text',
	"ALTER TABLE r ALTER COLUMN note TYPE text COLLATE \"C\" USING upper(note)",
	'ALTER TABLE r ALTER COLUMN n TYPE bigint',
	'ALTER TABLE r ALTER COLUMN value SET NOT NULL',
	"ALTER TABLE r ALTER COLUMN note SET DEFAULT 'x'",
	'ALTER TABLE r ALTER COLUMN note SET STORAGE EXTERNAL',
	'ALTER TABLE r ALTER COLUMN note SET STATISTICS 500',
	'ALTER TABLE r ADD CHECK (value >= 0)',
	'ALTER TABLE r ADD CHECK (value >= 0) NOT VALID',
	'ALTER TABLE r ADD UNIQUE (n)',
	'ALTER TABLE r DROP CONSTRAINT r_pkey CASCADE',
	'ALTER TABLE r ADD FOREIGN KEY (id, at) REFERENCES r',
	'ALTER TABLE r SET (fillfactor = 50)',
	'ALTER TABLE r SET UNLOGGED',
	'ALTER TABLE r SET TABLESPACE space',
	'ALTER TABLE r SET ACCESS METHOD heap',
	'ALTER TABLE r SET ACCESS METHOD territory',
	'ALTER TABLE r REPLICA IDENTITY FULL',
	'ALTER TABLE r ENABLE ROW LEVEL SECURITY',
	'ALTER TABLE r CLUSTER ON r_pkey',
	'ALTER TABLE r OWNER TO somebody',
	'ALTER TYPE kind RENAME VALUE \'a\' TO \'z\'',
	'ALTER TYPE kind ADD VALUE \'0\' BEFORE \'a\'',
	'ALTER TYPE pair RENAME ATTRIBUTE x TO first',
	'ALTER DOMAIN positive ADD CHECK (value < 100000)',
	'ALTER DOMAIN positive DROP CONSTRAINT positive_check',
	'DROP TYPE pair CASCADE',
	'CREATE INDEX made ON r (value)',
	'CREATE INDEX made ON r (lower(note)) WHERE id > 3',
	'CREATE UNIQUE INDEX made ON r (n)',
	'CREATE INDEX CONCURRENTLY made ON r (n)',
	'CREATE INDEX made ON r USING brin (at)',
	'CREATE INDEX made ON r USING hash (n)',
	'CREATE STATISTICS made ON id, kind FROM r',
	'CREATE TRIGGER made BEFORE UPDATE ON r FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
	'CREATE RULE made AS ON DELETE TO r DO INSTEAD NOTHING',
	'CREATE VIEW made AS SELECT * FROM r',
	'CREATE TABLE made (LIKE r INCLUDING ALL)',
	'CREATE TABLE made () INHERITS (r)',
	'CREATE TABLE made AS TABLE r',
	'CREATE MATERIALIZED VIEW made AS SELECT count(*) FROM r',
	'VACUUM r',
	'VACUUM (FREEZE) r',
	'VACUUM FULL r',
	'VACUUM (ANALYZE) r',
	'ANALYZE r',
	'CLUSTER r USING r_pkey',
	'REINDEX TABLE r',
	'REINDEX INDEX r_pkey',
	'REINDEX TABLE CONCURRENTLY r',
	"COMMENT ON TABLE r IS 'commented'",
	"COMMENT ON COLUMN r.note IS 'commented'",
	'GRANT SELECT ON r TO somebody',
	'LOCK TABLE r IN SHARE MODE',
	'TRUNCATE r CASCADE',
	'TRUNCATE r RESTART IDENTITY CASCADE',
	'CREATE PUBLICATION made FOR TABLE r; DROP PUBLICATION made',
	'COPY r TO STDOUT',
	'DECLARE c CURSOR WITH HOLD FOR SELECT * FROM r',
	'PREPARE p AS SELECT count(*) FROM r; EXECUTE p',
	'EXPLAIN SELECT * FROM r',
	"DO 'BEGIN PERFORM count(*) FROM r; END'");

# Whether one failed, both must have, for the same reason; then, with few
# exceptions, they are equal.
for my $ddl (@stays)
{
	my %error;

	$node->safe_psql('postgres', 'CALL make_tables()');
	for my $schema ('h', 't')
	{
		# psql's -c sends several statements as one, so options come in PGOPTIONS
		local $ENV{PGOPTIONS} = "-c search_path=$schema,public";
		my (undef, undef, $error) = $node->psql('postgres', $ddl);
		$error =~ s/psql:.*ERROR:/ERROR:/;
		$error{$schema} = $error;
	}
	is($error{t}, $error{h}, "$ddl: succeeds or fails as with heap");
	is(look('t'), look('h'), "$ddl: the same result");
	if ($node->safe_psql('postgres', "SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE c.oid = 't.r'::regclass") eq
		'territory')
	{
		sound($node, 't.r', "$ddl: sound");
		$node->safe_psql('postgres', "SELECT territory.seal('t.r')");
		is(look('t'), look('h'), "$ddl: the same when sealed afterwards");
	}
	no_leftovers($ddl);
}

# ---- what moves a table, seen by its new name ----

for my $move ('ALTER TABLE t.r RENAME TO renamed', 'ALTER TABLE t.r SET SCHEMA elsewhere', 'ALTER SCHEMA t RENAME TO renamed')
{
	$node->safe_psql('postgres', 'DROP SCHEMA IF EXISTS renamed CASCADE; CALL make_tables(); CREATE SCHEMA elsewhere');
	my $oid = $node->safe_psql('postgres', "SELECT 't.r'::regclass::oid");
	$node->safe_psql('postgres', $move);
	is(fingerprint($node, $node->safe_psql('postgres', "SELECT $oid\::regclass")), fingerprint($node, 'h.r'), "$move: rows");
	is($node->safe_psql('postgres', "SELECT time_column FROM territory.layout($oid)"), 'at', "$move: layout");
}
$node->safe_psql('postgres', 'DROP SCHEMA IF EXISTS renamed CASCADE');

# ---- what drops it ----

my $files = q(SELECT count(*) FROM pg_class WHERE relkind IN ('r', 't', 'i') AND oid >= 16384
	AND relnamespace::regnamespace::text IN ('t', 'pg_toast'));
$node->safe_psql('postgres', 'CALL make_tables(); DROP SCHEMA t CASCADE');
my $nothing = $node->safe_psql('postgres', $files);
for my $drop ('DROP TABLE t.r CASCADE', 'DROP TABLE t.r, t.child', 'DROP SCHEMA t CASCADE', 'DROP OWNED BY owner CASCADE')
{
	$node->safe_psql('postgres', 'CALL make_tables()');
	$node->safe_psql('postgres', 'CREATE ROLE owner SUPERUSER; ALTER TABLE t.r OWNER TO owner') if $drop =~ /OWNED/;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM territory.layouts'), '1', "before $drop: a layout");
	$node->safe_psql('postgres', $drop);
	is($node->safe_psql('postgres', 'SELECT count(*) FROM territory.layouts'), '0', "$drop: the layout is forgotten");
	no_leftovers($drop);
	$node->safe_psql('postgres', 'DROP SCHEMA IF EXISTS t CASCADE');
	is($node->safe_psql('postgres', $files), $nothing, "$drop: no relation is left");
}

# ---- the extension itself ----

$node->safe_psql('postgres', 'CALL make_tables()');
my (undef, undef, $error) = $node->psql('postgres', 'DROP EXTENSION territory');
like($error, qr/cannot drop extension territory because other objects depend on it/, 'DROP EXTENSION keeps tables');
same_rows($node, 't.r', 'h.r', 'DROP EXTENSION, refused: rows');
(undef, undef, $error) = $node->psql('postgres', 'DROP ACCESS METHOD territory');
like($error, qr/cannot drop access method territory/, 'DROP ACCESS METHOD is refused');
$node->safe_psql('postgres', 'ALTER TABLE t.r SET ACCESS METHOD heap');
$node->safe_psql('postgres', 'DROP EXTENSION territory');
same_rows($node, 't.r', 'h.r', 'after leaving: rows');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_event_trigger"), '0', 'after leaving: no event trigger');
$node->safe_psql('postgres', 'CREATE EXTENSION territory');
$node->safe_psql('postgres', "ALTER TABLE t.r SET ACCESS METHOD territory; SELECT territory.seal('t.r')");
same_rows($node, 't.r', 'h.r', 'and after coming back: rows');
$node->safe_psql('postgres', 'DROP EXTENSION territory CASCADE');
is($node->safe_psql('postgres', "SELECT to_regclass('t.r') IS NULL, to_regclass('h.r') IS NULL"),
	't|f', 'DROP EXTENSION CASCADE drops the tables that need it');
$node->safe_psql('postgres', 'CREATE EXTENSION territory');
$node->safe_psql('postgres', 'CALL make_tables()');
same_rows($node, 't.r', 'h.r', 'created once more: rows');
$node->stop;
done_testing();
