# model_dump.pl - what users entered of the territory comes back from a dump.
#
# The model's tables belong to the extension, so pg_dump takes their rows only
# because they are registered; relations are regclass, which a dump writes by
# name.  Names that need quotes, columns that were renamed, and what stood for
# dropped tables all pass through it; a dump restored is a territory that works.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

my $node = territory_node('model_dump');
my $dir  = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql(
	'postgres', q(
CREATE ROLE town LOGIN;
CREATE ROLE "the ""tool""" LOGIN;
GRANT CREATE ON DATABASE postgres TO town;
GRANT CREATE ON SCHEMA public TO town;
SET ROLE town;
SELECT territory.add_organisation('epci', 'Métropole', 'epci');
SELECT territory.add_organisation('35238', 'L''autre', parent => 'epci');
SELECT territory.add_domain('water', 'Eau', organisation => '35238');
CREATE SCHEMA "the ""schema""";
CREATE TABLE "the ""schema"""."pla'ces" (id int PRIMARY KEY, at_place geometry(Point, 2154));
CREATE TABLE readings (sensor int, gone int, t timestamptz, v float8, PRIMARY KEY (sensor, t)) USING territory;
CREATE TABLE plain (a int);
CREATE TABLE dropped (a int);
CREATE TABLE parted (k text, d date, PRIMARY KEY (k, d)) PARTITION BY RANGE (d);
CREATE VIEW seen AS SELECT * FROM plain;
INSERT INTO readings SELECT s, 0, '2026-01-01'::timestamptz + i * interval '1 hour', i FROM generate_series(1, 3) s, generate_series(1, 100) i;
SELECT territory.seal('readings');
ALTER TABLE readings DROP COLUMN gone;
SELECT territory.add_layer('readings', 'water', 'Débits', units => '{"v": "m3/h"}', limits => '{"v": [0, null]}', every => '1 hour',
	entity_table => '"the ""schema"""."pla''ces"', entity_key => 'id', entity_position => 'at_place', licence => 'etalab-2.0');
SELECT territory.add_layer('plain', 'water', 'Plain', entity_columns => '{a}');
SELECT territory.add_layer('dropped', 'water', 'Dropped');
SELECT territory.add_layer('parted', 'water', 'Parted', organisation => 'epci');
SELECT territory.add_layer('seen', 'water', 'Seen', keywords => '{"a,b",c}');
SELECT territory.add_tool('lux', 'water', '"the ""tool"""', writes => '{readings}');
SELECT territory.remove_tool('lux');
SELECT territory.add_tool('lux', 'water', '"the ""tool"""', reads => '{readings,plain}');
SELECT territory.add_asset('P1', 'pole', ST_SetSRID(ST_MakePoint(352000, 6789000), 2154), 'water');
SELECT territory.link_entity('P1', 'readings', '2');
SELECT territory.publish('readings', theme => 'ENVI');
SELECT territory.add_zone_kind('district', 'Quartiers', exclusive => true);
SELECT territory.zone('district', 'b', 'B', ST_MakeEnvelope(0, 0, 1, 1, 2154));
SELECT territory.zone('district', 'a', 'A', ST_MakeEnvelope(1, 0, 2, 1, 2154), 'b');
SELECT territory.zone('district', 'b', 'B again', ST_MakeEnvelope(0, 0, 1, 2, 2154));
SELECT territory.load_school_holidays('[{"zone": "B", "from_day": "2026-02-14", "to_day": "2026-03-02", "title": "Hiver"}]');
ALTER TABLE readings RENAME v TO "the ""value""";
ALTER TABLE "the ""schema"""."pla'ces" RENAME id TO number;
DROP TABLE dropped;
));

# numbers of relations and columns differ, and have to hold for the new ones
my %contents = (
	organisations => 'SELECT * FROM territory.organisations ORDER BY 1',
	domains       => 'SELECT * FROM territory.domains ORDER BY 1',
	layers        => q(SELECT rel::text, domain, title, description, organisation, licence, keywords, entity_columns, time_column,
		position_column, entity_table::text, entity_key, entity_position, srid, units, properties, limits, every, created_at,
		stored_for = rel::oid AS ours FROM territory.layers ORDER BY 1),
	tools        => 'SELECT * FROM territory.tools ORDER BY added_at',
	assets       => 'SELECT code, kind, title, domain, ST_AsEWKT(geom), created_at FROM territory.assets ORDER BY 1',
	asset_links  => 'SELECT rel::text, asset, entity, linked_at FROM territory.asset_links ORDER BY 1',
	publications => 'SELECT rel::text, theme, media_type, published_at, published_by FROM territory.publications ORDER BY 1',
	zone_kinds   => 'SELECT * FROM territory.zone_kinds ORDER BY 1',
	zones        => 'SELECT kind, code, title, ST_AsEWKT(geom), parent_kind, parent, modified_at FROM territory.zones ORDER BY 1, 2',
	school       => 'SELECT * FROM territory.school_holidays ORDER BY 1, 2',
	state        => q(SELECT layer, entity, state FROM territory.asset_state('P1')),
	catalogue    => 'SELECT layer::text, rows, entities, late, missing, out_of_range, tools FROM territory.catalogue ORDER BY 1',
);

sub contents
{
	my ($database) = @_;

	return { map { $_ => $node->safe_psql($database, $contents{$_}) } keys %contents };
}

my $expected = contents('postgres');
is($node->safe_psql('postgres', 'SELECT count(*) FROM territory.layers'), 4, 'four layers are left to dump');
like($expected->{layers}, qr/"the \\"value\\"": "m3\/h"/, 'one with a renamed column');

# what a database's owner does, who is nobody special
$node->safe_psql('postgres', 'ALTER DATABASE postgres OWNER TO town');
$node->command_ok([ 'pg_dump', '-U', 'town', '-d', 'postgres', '-Fc', '-f', "$dir/town.dump", '--exclude-table=spatial_ref_sys' ],
	'the owner of the database dumps it');
for my $dump ([ 'custom', '-Fc' ], [ 'plain', '-Fp' ], [ 'data after schema', '-Fc' ])
{
	my ($what, $format) = @$dump;
	my $database = 'restored_' . $what =~ s/ /_/gr;
	my $file     = "$dir/$database";

	$node->command_ok([ 'pg_dump', '-d', 'postgres', $format, '-f', $file ], "dump, $what");
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	if ($format eq '-Fp')
	{
		$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', $file ], "restore, $what");
	}
	elsif ($what eq 'custom')
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $database, $file ], "restore, $what");
	}
	else
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', '--schema-only', '-d', $database, $file ], 'restore the schema');
		$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-d', $database, $file ], 'then the data');
	}
	my $got = contents($database);
	is($got->{$_}, $expected->{$_}, "$what: $_") for sort keys %contents;

	# it goes on working
	$node->safe_psql($database, 'SET ROLE town; ALTER TABLE readings RENAME "the ""value""" TO flow');
	is($node->safe_psql($database, q(SELECT units FROM territory.layers WHERE rel = 'readings'::regclass)),
		'{"flow": "m3/h"}', "$what: renames are followed");
	is($node->safe_psql($database, q(SET ROLE town; SELECT DISTINCT remains FROM territory.remove_tool('lux') ORDER BY 1)),
		"history\nrole", "$what: a tool is removed");
	is($node->safe_psql($database, q(SELECT has_table_privilege('the "tool"', 'readings', 'SELECT'))), 'f', "$what: and reads no more");
	$node->safe_psql($database, 'DROP TABLE readings');
	is($node->safe_psql($database, 'SELECT (SELECT count(*) FROM territory.publications), (SELECT count(*) FROM territory.asset_links)'),
		'0|0', "$what: a table that is dropped is forgotten");
}

$node->stop;
done_testing();
