# atlas.pl - the atlas after a crash, on a standby, on a subscriber, and where
# a dump is restored.
#
# The atlas is derived, so no dump holds it: a layer that is restored is put
# into it by what puts the layer there, or else is looked at by every question.
# Either way each question is answered as before.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

my $node = territory_node('atlas', allows_streaming => 'logical');
my $dir  = PostgreSQL::Test::Utils::tempdir();

my $tables = q(
CREATE TABLE bus (bus int, t timestamptz, pos geometry(Point, 2154), v float8, PRIMARY KEY (bus, t)) USING territory;
CREATE TABLE lamp (lamp int PRIMARY KEY, place geometry(Point, 4326));
CREATE TABLE power (lamp int, t timestamptz, w float8, PRIMARY KEY (lamp, t)) USING territory;
);
my $layers = q(
SELECT territory.add_domain('move', 'Mobility'), territory.add_domain('light', 'Lighting');
SELECT territory.add_layer('bus', 'move', 'Buses'), territory.add_layer('lamp', 'light', 'Lamps'),
	territory.add_layer('power', 'light', 'Power', entity_table => 'lamp', entity_key => 'lamp', entity_position => 'place');
);
my $rows = q(
INSERT INTO bus SELECT b, '2024-01-01'::timestamptz + s * interval '1 min',
	ST_SetSRID(ST_MakePoint(770000 + b * 100 + s, 6279000 + s), 2154), s FROM generate_series(1, 10) b, generate_series(1, 300) s;
INSERT INTO lamp SELECT l, ST_SetSRID(ST_MakePoint(3.87 + l * 0.0001, 43.61), 4326) FROM generate_series(1, 300) l;
INSERT INTO power SELECT l, '2024-01-01'::timestamptz + h * interval '1 hour', h FROM generate_series(1, 300) l, generate_series(0, 9) h;
SELECT territory.seal('bus', '2024-01-01 03:00'), territory.seal('power');
UPDATE lamp SET place = ST_Translate(place, 0, 0.001) WHERE lamp < 50;
INSERT INTO bus VALUES (1, '2001-01-01', ST_SetSRID(ST_MakePoint(600000, 6600000), 2154), 1);
);

# the answers to questions about here and there
sub answers
{
	my ($target, $database) = @_;

	return join "\n", map { $target->safe_psql($database, "SELECT count(*), md5(string_agg(f::text, ' ' ORDER BY f::text)) FROM $_ f") }
	  "territory.around('SRID=4326;POINT(3.88 43.61)', 300, '[2024-01-01 01:00,2024-01-01 04:00]')",
	  "territory.around('SRID=2154;POINT(600000 6600000)', 10, NULL)",
	  "territory.situation(ST_MakeEnvelope(3.87, 43.6, 3.89, 43.62, 4326), '2024-01-01 02:30')";
}

sub differences
{
	my ($target, $database) = @_;

	return $target->safe_psql($database, 'SELECT relation, difference FROM territory.check_atlas()');
}

$node->safe_psql('postgres', $tables . $layers . $rows);
my $expected = answers($node, 'postgres');
like($expected, qr/^\d{3,}\|.*\n1\|.*\n\d{2,}\|/, 'there is something to be found');
is(differences($node, 'postgres'), '', 'the atlas knows it');

# ---- a crash, with a transaction under way ----

my $session = $node->background_psql('postgres', on_error_die => 1);
$session->query_safe("BEGIN; INSERT INTO bus VALUES (2, '2001-01-01', ST_SetSRID(ST_MakePoint(600000, 6600000), 2154), 1);");
$session->query_safe("DELETE FROM lamp WHERE lamp < 100; SELECT territory.seal('bus');");
$node->stop('immediate');
eval { $session->quit; };
$node->start;
is(answers($node, 'postgres'), $expected, 'answers after a crash');
is(differences($node, 'postgres'), '', 'the atlas after a crash');

# ---- a standby ----

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('atlas_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', "INSERT INTO bus VALUES (7, '1990-01-01', ST_SetSRID(ST_MakePoint(900000, 6900000), 2154), 1)");
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(answers($standby, 'postgres'), $expected, 'answers of a standby');
is( $standby->safe_psql('postgres', "SELECT entity FROM territory.around('SRID=2154;POINT(900000 6900000)', 10, NULL)"),
	'7', 'a standby finds what was just added');
is(differences($standby, 'postgres'), '', 'the atlas of a standby');
$standby->stop;

# ---- dumps ----

sub restored
{
	my ($database, $what, $known, @restore) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->command_ok([ @restore, '-d', $node->connstr($database) ], "$what restored");
	is(answers($node, $database), $expected, "answers after $what");
	is(differences($node, $database), '', "the atlas after $what") if $known;
	$node->safe_psql($database, 'SELECT territory.rebuild_atlas()');
	is(differences($node, $database), '', "the atlas rebuilt after $what");
	is(answers($node, $database), $expected, "answers after $what and a rebuild");
	$node->safe_psql($database, 'UPDATE lamp SET place = ST_Translate(place, 0.01, 0); DELETE FROM power WHERE lamp = 3');
	is(differences($node, $database), '', "the atlas goes on after $what");
	return;
}

$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', "$dir/plain.sql" ], 'plain dump');
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-Fc', '-f', "$dir/custom" ], 'custom dump');
unlike(slurp_file("$dir/plain.sql"), qr/atlas_(places|segments|layers|follow_entity)/, 'no dump holds the atlas');
restored('plain', 'a plain dump', 1, 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql");
restored('custom', 'pg_restore', 1, 'pg_restore', "$dir/custom");
$node->safe_psql('postgres', 'CREATE DATABASE disabled TEMPLATE template0');
$node->command_ok([ 'pg_restore', '--schema-only', '-d', $node->connstr('disabled'), "$dir/custom" ], 'the schema alone');
$node->command_ok([ 'pg_restore', '--data-only', '--disable-triggers', '-d', $node->connstr('disabled'), "$dir/custom" ],
	'data without triggers');
is(answers($node, 'disabled'), $expected, 'answers where triggers were disabled');
$node->safe_psql('disabled', 'SELECT territory.rebuild_atlas()');
is(differences($node, 'disabled'), '', 'the atlas rebuilt where triggers were disabled');
is(answers($node, 'disabled'), $expected, 'and its answers');

# ---- a subscriber ----

my $subscriber = territory_node('atlas_subscriber');
$subscriber->safe_psql('postgres', $tables . $layers);
$node->safe_psql('postgres', 'CREATE PUBLICATION everything FOR TABLE bus, lamp, power');
$subscriber->safe_psql('postgres',
	"CREATE SUBSCRIPTION everything CONNECTION '" . $node->connstr . " dbname=postgres' PUBLICATION everything");
$subscriber->wait_for_subscription_sync($node, 'everything');
is(answers($subscriber, 'postgres'), $expected, 'answers of a subscriber');
is(differences($subscriber, 'postgres'), '', 'the atlas of a subscriber');
$node->safe_psql(
	'postgres', q(
UPDATE lamp SET place = ST_Translate(place, 0.0005, 0);
DELETE FROM lamp WHERE lamp = 100;
INSERT INTO bus VALUES (9, '1995-01-01', ST_SetSRID(ST_MakePoint(200000, 6800000), 2154), 1);
));
$node->wait_for_catchup('everything');
is(answers($subscriber, 'postgres'), answers($node, 'postgres'), 'answers of a subscriber that followed');
is(differences($subscriber, 'postgres'), '', 'the atlas of a subscriber that followed');
$node->safe_psql('postgres', 'TRUNCATE lamp, bus');
$node->wait_for_catchup('everything');
is(answers($subscriber, 'postgres'), answers($node, 'postgres'), 'answers of a subscriber after TRUNCATE');
is(differences($subscriber, 'postgres'), '', 'the atlas of a subscriber after TRUNCATE');

done_testing();
