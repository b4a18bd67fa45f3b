# load.pl - loading straight into segments, sealing by batches, and predicting,
# where it takes a restart, a standby, or a dump to see that nothing is lost.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Territory;

my $data = q(SELECT e, '2026-01-01'::timestamptz + i * interval '10 minutes', (e + i) / 4.0, 'text ' || i % 7
	FROM generate_series(1, 100) e, generate_series(1, 1000) i);
my $columns = '(e int, t timestamptz, v float8, s text, PRIMARY KEY (e, t))';

my $node = territory_node('load', allows_streaming => 1);
$node->safe_psql('postgres', qq(
	CREATE TABLE twin $columns;
	INSERT INTO twin $data;
	CREATE TABLE loaded $columns USING territory;
	CREATE INDEX ON loaded (t);
	SET territory.bulk_seal = on;
	INSERT INTO loaded SELECT * FROM twin ORDER BY t;));
same_rows($node, 'loaded', 'twin', 'INSERT ... SELECT loads every row');
is(hot_rows($node, 'loaded'), 0, 'none of them hot');

# what was committed outlives a power cut, what was not leaves nothing
my ($out, $err);
my $loader = IPC::Run::start(
	[
		'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'BEGIN', '-c', 'SET territory.bulk_seal = on',
		'-c', 'INSERT INTO loaded SELECT e + 1000, t, v, s FROM twin',
		'-c', 'SELECT pg_advisory_lock(1)', '-c', 'SELECT pg_sleep(1000)'
	],
	'<', \undef, '>', \$out, '2>', \$err);
$node->poll_query_until('postgres', q(SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted))
  or die 'the load does not end';
$node->stop('immediate');
$loader->finish;
$node->start;
same_rows($node, 'loaded', 'twin', 'a load that was not committed is gone after a crash');
sound($node, 'loaded');
$node->safe_psql('postgres', q(
	SET territory.bulk_seal = on;
	INSERT INTO loaded SELECT e + 1000, t, v, s FROM twin;
	INSERT INTO twin SELECT e + 1000, t, v, s FROM twin;));
$node->stop('immediate');
$node->start;
same_rows($node, 'loaded', 'twin', 'a load that was committed is there after a crash');
sound($node, 'loaded');

# an interrupted CALL keeps the batches that it finished, and another one goes on
$node->safe_psql('postgres', q(
	CREATE TABLE batched (LIKE loaded INCLUDING ALL) USING territory;
	INSERT INTO batched SELECT * FROM twin;));
my ($code, $stdout, $stderr) = $node->psql('postgres', q(CALL territory.seal_in_batches('batched', '2026-01-05')));
like($stderr, qr/batch 1 of 4: .*\n.*batch 2 of 4: /, 'progress is told per batch');
like($stderr, qr/sealed 115000 rows of "batched"/, 'and the sum');
is(segments($node, 'batched') > 3, 1, 'batches are segments');
($code, $stdout, $stderr) = $node->psql('postgres', q(
	SET statement_timeout = '150ms';
	CALL territory.seal_in_batches('batched', '2026-02-01', '10 minutes');));
like($stderr, qr/statement timeout/, 'a CALL is interrupted');
same_rows($node, 'batched', 'twin', 'no row is lost by that');
$node->safe_psql('postgres', q(CALL territory.seal_in_batches('batched', '2026-02-01', '1 day')));
same_rows($node, 'batched', 'twin', 'nor when it goes on');
is(hot_rows($node, 'batched'), 0, 'which seals what was left');

# a dump restored straight into segments, by one process and by two
$node->command_ok([ 'pg_dump', '-Fc', '-f', $node->basedir . '/dump', '-d', $node->connstr('postgres') ], 'pg_dump');
for my $jobs (1, 2)
{
	my $database = "restored_$jobs";

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	local $ENV{PGOPTIONS} = '-c territory.bulk_seal=on';
	$node->command_ok(
		[ 'pg_restore', '-j', $jobs, '-d', $node->connstr($database), $node->basedir . '/dump' ],
		"pg_restore -j $jobs with bulk_seal");
	same_rows($node, 'loaded', 'twin', 'every row is there', $database);
	is(hot_rows($node, 'loaded', $database), 0, 'in segments');
	sound($node, 'loaded', undef, $database);
	($code, $stdout, $stderr) = $node->psql($database,
		q(INSERT INTO loaded SELECT e, t FROM twin WHERE e = 7));
	like($stderr, qr/duplicate key value violates unique constraint "loaded_pkey"/, 'and keys are unique');
}

# a standby tells what is there, and changes nothing
$node->backup('standby');
my $standby = PostgreSQL::Test::Cluster->new('load_standby');
$standby->init_from_backup($node, 'standby', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q(
	SET territory.bulk_seal = on;
	INSERT INTO loaded SELECT e + 5000, t, v, s FROM twin;
	INSERT INTO twin SELECT e + 5000, t, v, s FROM twin;));
$node->wait_for_catchup($standby, 'replay', $node->lsn('write'));
same_rows($standby, 'loaded', 'twin', 'a standby has the rows');
sound($standby, 'loaded');
is( $standby->safe_psql('postgres', 'SELECT relation, segments, sealed_rows FROM territory.table_status ORDER BY 1'),
	$node->safe_psql('postgres', 'SELECT relation, segments, sealed_rows FROM territory.table_status ORDER BY 1'),
	'table_status is the same');
is($standby->safe_psql('postgres', q(SELECT count(*) FROM territory.advise('twin'))), 5, 'advise works there');
for my $call (
	q(SELECT territory.seal('loaded')), q(SELECT territory.unseal('loaded')), q(SELECT territory.adopt('twin')),
	q(CALL territory.seal_in_batches('loaded', '2026-02-01')), q(SELECT territory.compact('loaded')))
{
	($code, $stdout, $stderr) = $standby->psql('postgres', $call);
	like($stderr, qr/cannot execute territory\.\w+\(\) in a read-only transaction/, "$call is refused");
}

done_testing();
