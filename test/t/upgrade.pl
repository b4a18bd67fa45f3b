# upgrade.pl - pg_upgrade carries segments over as they are.
#
# From this version to itself: files are copied, the catalog is dumped and
# restored, oids and column numbers stay.  Sealed rows, what happened to them
# since, their soundness and the layouts must be there on the other side.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

my $old = territory_node('old', conf => "log_statement = none\nshared_buffers = 32MB\n");

$old->safe_psql(
	'postgres', q(
CREATE TYPE state AS ENUM ('on', 'off');
CREATE TABLE h (sensor int, gone int, t timestamptz, v float8, state state, doc jsonb, spot geometry(Point, 4326), n numeric(8, 3),
	u uuid, note text);
INSERT INTO h SELECT i % 25, i, '2026-03-28'::timestamptz + i * interval '1 minute', sin(i), (ARRAY['on', 'off'])[1 + i % 2]::state,
	jsonb_build_object('i', i % 100), CASE WHEN i % 5 > 0 THEN ST_SetSRID(ST_MakePoint(i % 25, 43.5), 4326) END, i / 8.0,
	md5(i::text)::uuid, CASE WHEN i % 1000 = 0 THEN repeat(md5(i::text), 400) END
FROM generate_series(1, 20000) i;
CREATE TABLE r (LIKE h, PRIMARY KEY (sensor, t)) USING territory;
CREATE INDEX ON r USING gist (spot);
INSERT INTO r SELECT * FROM h;
SET territory.segment_rows = 2000;
SELECT territory.set_layout('r', entity_columns => '{sensor}', time_column => 't', time_zone => 'Europe/Paris');
SELECT territory.seal('r', '2026-04-05');
ALTER TABLE r DROP COLUMN gone;
ALTER TABLE h DROP COLUMN gone;
ALTER TABLE r ADD COLUMN added int DEFAULT 7;
ALTER TABLE h ADD COLUMN added int DEFAULT 7;
UPDATE r SET v = v + 1 WHERE sensor = 3;
UPDATE h SET v = v + 1 WHERE sensor = 3;
DELETE FROM r WHERE sensor = 4 AND t < '2026-04-01';
DELETE FROM h WHERE sensor = 4 AND t < '2026-04-01';
SELECT count(*) FROM (SELECT FROM r WHERE sensor = 5 FOR UPDATE) l;
CREATE MATERIALIZED VIEW m USING territory AS SELECT * FROM h;
SELECT territory.seal('m');
CREATE TABLE only_hot (a int) USING territory;
INSERT INTO only_hot SELECT generate_series(1, 10);
));
same_rows($old, 'r', 'h', 'before');
my $segments = $old->safe_psql('postgres', "SELECT * FROM territory.segments('r') ORDER BY segment");
my %rows = map { $_ => fingerprint($old, $_) } qw(r h m only_hot);
my $hot = hot_rows($old, 'r');
my $layout = $old->safe_psql('postgres', "SELECT territory.layout('r')");
# ids far from those of a new cluster
$old->safe_psql('postgres', 'VACUUM (FREEZE) r') if is_long();
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => [ '--data-checksums', '-E', 'UTF8', '--locale=C.UTF-8' ]);
my $bindir = $new->config_data('--bindir');
# it leaves files where it runs
chdir PostgreSQL::Test::Utils::tempdir();
command_ok(
	[
		'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bindir, '-B', $bindir, '-s', $new->host,
		'-p', $old->port, '-P', $new->port
	],
	'pg_upgrade');
$new->start;

for my $table (sort keys %rows)
{
	is(fingerprint($new, $table), $rows{$table}, "rows of $table");
}
is($new->safe_psql('postgres', "SELECT * FROM territory.segments('r') ORDER BY segment"), $segments, 'segments, dead rows counted');
is(hot_rows($new, 'r'), $hot, 'hot rows stay hot');
sound($new, 'r');
sound($new, 'm');
is($new->safe_psql('postgres', "SELECT territory.layout('r')"), $layout, 'layout');
is( $new->safe_psql('postgres', 'SET enable_seqscan = off; SELECT count(*), sum(v) FROM r WHERE sensor = 3 AND t < \'2026-04-01\''),
	$new->safe_psql('postgres', 'SELECT count(*), sum(v) FROM h WHERE sensor = 3 AND t < \'2026-04-01\''),
	'by key');

# life goes on: ids of transactions moved, states and segments are added
for my $table ('h', 'r')
{
	$new->safe_psql('postgres',
		"UPDATE $table SET v = v - 1 WHERE sensor IN (3, 5); DELETE FROM $table WHERE sensor = 6; UPDATE $table SET n = 0 WHERE u::text < '1'");
}
same_rows($new, 'r', 'h', 'changed afterwards');
my (undef, undef, $error) = $new->psql('postgres', 'INSERT INTO r SELECT * FROM r WHERE sensor = 7 LIMIT 1');
like($error, qr/duplicate key/, 'unique key holds');
$new->safe_psql('postgres', "ALTER TABLE r RENAME COLUMN t TO moment; SELECT territory.seal('r')");
is($new->safe_psql('postgres', "SELECT time_column FROM territory.layout('r')"), 'moment', 'the layout follows a rename');
same_rows($new, 'r', 'h', 'sealed afterwards');
$new->safe_psql('postgres', "VACUUM (FREEZE) r; SELECT territory.unseal('r')");
same_rows($new, 'r', 'h', 'unsealed afterwards');
sound($new, 'r', 'sound in the end');
$new->stop;
done_testing();
