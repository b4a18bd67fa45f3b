# tiles.pl - vector tiles as another program reads them.
#
# GDAL decodes what territory.tile() gives; what it finds in a tile is what SQL
# says of the same rows.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

plan skip_all => 'GDAL is not installed (ogr2ogr)' if system('ogr2ogr --version > /dev/null 2>&1') != 0;

my $node = territory_node('tiles');
my $dir  = PostgreSQL::Test::Utils::tempdir();
my ($z, $x, $y) = (12, 2091, 1495);

$node->safe_psql(
	'postgres', q(
CREATE TABLE lamps (id int PRIMARY KEY, place geometry(Point, 2154));
INSERT INTO lamps SELECT i, ST_Transform(ST_SetSRID(ST_MakePoint(3.86 + 0.0001 * (i % 50), 43.60 + 0.0001 * (i / 50)), 4326), 2154)
FROM generate_series(1, 2500) i;
CREATE TABLE lamp_states (lamp int, t timestamptz, watts float8, lit boolean, PRIMARY KEY (lamp, t)) USING territory;
INSERT INTO lamp_states SELECT i, '2026-01-01Z'::timestamptz + h * interval '1 hour', i % 10 + h, h % 2 = 0
FROM generate_series(1, 2500) i, generate_series(0, 11) h;
SELECT territory.seal('lamp_states');
CREATE TABLE buses (bus text, t timestamptz, place geometry(Point, 4326), PRIMARY KEY (bus, t)) USING territory;
INSERT INTO buses SELECT 'bus ' || b, '2026-01-01Z'::timestamptz + m * interval '10 seconds',
	ST_SetSRID(ST_MakePoint(3.85 + 0.0001 * m, 43.60 + 0.002 * b), 4326) FROM generate_series(1, 5) b, generate_series(0, 200) m;
SELECT territory.seal('buses');
SELECT territory.add_domain('city', 'City');
SELECT territory.add_layer('lamp_states', 'city', 'Lamps', entity_table => 'lamps', entity_key => 'id', entity_position => 'place');
SELECT territory.add_layer('buses', 'city', 'Buses');
));

# the features of a layer of a tile, as GDAL decodes them, in degrees
sub features
{
	my ($layer, $arguments) = @_;
	my $hex  = $node->safe_psql('postgres', "SELECT encode(territory.tile($z, $x, $y, $arguments), 'hex')");
	my $tile = "$dir/tile.mvt";
	my ($out, $err);

	open(my $file, '>:raw', $tile) or die $!;
	print $file pack('H*', $hex);
	close($file);
	IPC::Run::run(
		[ 'ogr2ogr', '-f', 'GeoJSON', '/vsistdout/', '-t_srs', 'EPSG:4326', '-oo', "X=$x", '-oo', "Y=$y", '-oo', "Z=$z", "MVT:$tile", $layer ],
		'>', \$out, '2>', \$err);
	is($err, '', "GDAL reads $arguments");
	return @{ decode_json($out)->{features} };
}

my $unit = 360 / 2**$z / 4096;

# ---- points ----

my @lamps = sort { $a->{properties}{lamp} <=> $b->{properties}{lamp} } features('lamp_states', "'lamp_states', at => '2026-01-01 05:30Z'");
is(scalar(@lamps), 2500, 'every lamp');
my ($far, $wrong) = (0, 0);
for my $lamp (@lamps)
{
	my ($p, $g) = ($lamp->{properties}, $lamp->{geometry}{coordinates});
	my $i = $p->{lamp};

	$wrong++ if $p->{watts} != $i % 10 + 5 || $p->{lit} || $p->{t} != 1767243600;
	$far++ if abs($g->[0] - (3.86 + 0.0001 * ($i % 50))) > $unit || abs($g->[1] - (43.60 + 0.0001 * int($i / 50))) > $unit;
}
is($wrong, 0, 'with their last states then');
is($far, 0, 'where they are, to a unit of the tile');

# ---- cells ----

my @cells = features('lamp_states', "'lamp_states', 'cells', at => '2026-01-02Z', value => 'watts', cell_zoom => 17");
my $expected = decode_json($node->safe_psql(
		'postgres', q(SELECT json_object_agg(c, json_build_array(count, value)) FROM (
	SELECT territory.cell(place, 17)::text AS c, count(*), avg(watts) AS value FROM lamp_states JOIN lamps ON id = lamp GROUP BY 1) c)));
is(scalar(@cells), scalar(keys %$expected), 'every cell');
is( (   grep {
			my $p = $_->{properties};
			$p->{count} != $expected->{ $p->{cell} }[0] || abs($p->{value} - $expected->{ $p->{cell} }[1]) > 1e-9
		} @cells),
	0,
	'with what its rows amount to');
for my $cell (@cells[ 0 .. 3 ])
{
	my $ring  = $cell->{geometry}{coordinates}[0];
	my @xs    = sort { $a <=> $b } map { $_->[0] } @$ring;
	my @ys    = sort { $a <=> $b } map { $_->[1] } @$ring;
	my $apart = $node->safe_psql('postgres',
		"SELECT ST_HausdorffDistance(territory.cell_geometry('$cell->{properties}{cell}'), ST_MakeEnvelope($xs[0], $ys[0], $xs[-1], $ys[-1], 4326)) < $unit");
	is($apart, 't', 'where it is');
}

# ---- traces ----

my @traces = sort { $a->{properties}{bus} cmp $b->{properties}{bus} } features('buses', "'buses', 'traces', at => '2026-01-01 01:00Z', span => '1 hour'");
is(scalar(@traces), 5, 'every bus');
for my $trace (@traces)
{
	# text that is JSON is written as such
	my $times = $trace->{properties}{times};
	$times = decode_json($times) unless ref $times;
	my $line  = $trace->{geometry}{coordinates};
	my ($b)   = $trace->{properties}{bus} =~ /(\d+)/;

	is(scalar(@$times), scalar(@$line), "$trace->{properties}{bus}: a time for each point");
	is( (   grep {
				my $m = ($times->[$_] - 1767225600) / 10;
				abs($line->[$_][0] - (3.85 + 0.0001 * $m)) > $unit || abs($line->[$_][1] - (43.60 + 0.002 * $b)) > $unit
			} 0 .. $#$times),
		0,
		'it was there then');
}

# ---- several layers ----

is(scalar(features('buses', "'city', at => '2026-01-01 00:10Z'")), 5, 'buses of the domain');
is(scalar(features('lamp_states', "'city', at => '2026-01-01 00:10Z'")), 2500, 'its lamps');

$node->stop;
done_testing();
