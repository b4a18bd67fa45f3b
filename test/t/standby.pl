# standby.pl - a streaming replica reads sealed rows, and sees a seal at one instant.
#
# The sum of the accounts is constant on the primary at every commit; so must
# it be in each query on the standby, whatever is being replayed.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

my $seconds = is_long() ? 60 : 8;
my $primary = territory_node(
	'primary',
	allows_streaming => 1,
	conf => qq(
shared_buffers = 16MB
max_connections = 30
max_wal_size = 1GB
log_statement = none
max_worker_processes = 8
));

$primary->safe_psql(
	'postgres', q(
CREATE TABLE t (id int PRIMARY KEY, at timestamptz, balance bigint, note text) USING territory;
INSERT INTO t SELECT i, '2026-01-01'::timestamptz + i * interval '1 minute', 1000, repeat('note ' || i, 1 + i % 30)
	FROM generate_series(1, 10000) i;
SELECT territory.seal('t', '2026-01-05');
UPDATE t SET note = 'changed' WHERE id % 100 = 0;
));
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = 60s\nhot_standby_feedback = on\n");
$standby->start;

sub catch_up
{
	$primary->wait_for_catchup('standby', 'replay', $primary->lsn('write'));
	return;
}

sub same_on_both
{
	my ($what) = @_;

	catch_up();
	is(fingerprint($standby, 't'), fingerprint($primary, 't'), "$what: standby and primary have the same rows");
	is($standby->safe_psql('postgres', "SELECT count(*) FROM territory.segments('t')"),
		segments($primary, 't'), "$what: and the same segments");
	return;
}

# ---- each step reaches the standby ----

same_on_both('sealed before the base backup');
sound($standby, 't', 'verify runs on a standby');
$primary->safe_psql('postgres', "SELECT territory.seal('t')");
same_on_both('seal');
$primary->safe_psql('postgres', "UPDATE t SET balance = balance + 1 WHERE id BETWEEN 10 AND 20; DELETE FROM t WHERE id = 30");
same_on_both('changed sealed rows');
is( $standby->safe_psql('postgres', 'SET enable_seqscan = off; SELECT id, balance FROM t WHERE id IN (9, 15, 30) ORDER BY id'),
	"9|1000\n15|1001",
	'by primary key');
$primary->safe_psql('postgres', "SELECT territory.unseal('t', '2026-01-03', '2026-01-04')");
same_on_both('partial unseal');
$primary->safe_psql('postgres', "SELECT territory.unseal('t')");
same_on_both('unseal');
$primary->safe_psql('postgres', "SELECT territory.seal('t'); ALTER TABLE t ALTER COLUMN balance TYPE numeric");
same_on_both('rewrite');
$primary->safe_psql('postgres', 'VACUUM FREEZE t');
same_on_both('vacuum freeze');
if (has_function($primary, 'compact'))
{
	$primary->safe_psql('postgres', "SELECT territory.compact('t')");
	same_on_both('compact');
}

$primary->safe_psql('postgres', 'CREATE TABLE h (a int)');
catch_up();
for my $change ("SELECT territory.seal('t')", "SELECT territory.adopt('h')", "SELECT territory.unseal('t')", "UPDATE t SET balance = 0 WHERE id = 1",
	"SELECT FROM t WHERE id = 1 FOR UPDATE")
{
	my (undef, undef, $error) = $standby->psql('postgres', $change);
	like($error, qr/cannot execute .* (in a read-only transaction|during recovery)/, "refused on a standby: $change");
}

# ---- queries during replay ----

$primary->safe_psql(
	'postgres', q(
TRUNCATE t;
INSERT INTO t SELECT i, '2026-01-01'::timestamptz + i * interval '1 minute', 1000, 'n' FROM generate_series(1, 3000) i;
SELECT territory.seal('t');
));
catch_up();
my $scripts = PostgreSQL::Test::Utils::tempdir();
append_to_file("$scripts/write", q(\set a random(1, 3000)
\set b random(1, 3000)
BEGIN;
UPDATE t SET balance = balance + CASE id WHEN :a THEN 5 ELSE -5 END WHERE id IN (:a, :b) AND :a::int <> :b::int;
COMMIT;
));
append_to_file("$scripts/move", q(SELECT territory.seal('t');
\sleep 30 ms
SELECT territory.unseal('t', '2026-01-01 10:00', '2026-01-02');
\sleep 30 ms
));
append_to_file("$scripts/read", q(SELECT sum(balance) AS sum, count(*) AS count FROM t \gset
SELECT 1 / (:sum::numeric = 3000000 AND :count::bigint = 3000)::int;
));
append_to_file("$scripts/read_twice", q(BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sum(balance) AS sum, count(*) AS count FROM t \gset
SELECT 1 / (:sum::numeric = 3000000 AND :count::bigint = 3000)::int;
SELECT sum(balance) AS sum, count(*) AS count FROM t WHERE id BETWEEN 1 AND 5000 \gset
SELECT 1 / (:sum::numeric = 3000000 AND :count::bigint = 3000)::int;
COMMIT;
));

sub pgbench_start
{
	my ($node, $clients, $options, @names) = @_;
	my %run = (out => '', names => "@names");

	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'postgres';
	local $ENV{PGOPTIONS} = $options;
	$run{handle} = IPC::Run::start(
		[
			'pgbench', '-n', '-T', $seconds, '-c', $clients, '-j', $clients, '--max-tries', 0, '--random-seed', 1,
			map { ('-f', "$scripts/$_") } @names
		],
		'<', \undef, '>', \$run{out}, '2>&1');
	return \%run;
}
my @runs = (
	pgbench_start($primary, 2, '',                               'write'),
	pgbench_start($primary, 1, '-c territory.segment_rows=500', 'move'),
	pgbench_start($standby, 2, '',                               'read', 'read_twice'),
	pgbench_start(
		$standby, 1,
		'-c min_parallel_table_scan_size=0 -c parallel_setup_cost=0 -c parallel_tuple_cost=0', 'read', 'read_twice'));
for my $run (@runs)
{
	$run->{handle}->finish;
	is($run->{handle}->result(0), 0, "during replay: $run->{names}") or diag($run->{out});
	note($run->{out});
}
same_on_both('after all that');

# ---- a seal's instant: a snapshot before it goes on seeing hot rows ----

$primary->safe_psql('postgres', "SELECT territory.unseal('t')");
catch_up();
my $session = $standby->background_psql('postgres');
$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $query = 'SELECT count(*), sum(balance), count(*) FILTER (WHERE (ctid::text::point)[0] < 2147483648) FROM t';
my $before = $session->query_safe($query);
is($before, '3000|3000000|3000', 'standby sees hot rows');
$primary->safe_psql('postgres', "SELECT territory.seal('t')");
catch_up();
is($session->query_safe($query), $before, 'an older snapshot still does after the seal');
is($standby->safe_psql('postgres', $query), '3000|3000000|0', 'a newer one sees them sealed');
$session->query_safe('COMMIT');

# ---- without feedback a vacuum on the primary cancels the query, and never lies to it ----

$standby->append_conf('postgresql.conf', "hot_standby_feedback = off\nmax_standby_streaming_delay = 0\n");
$standby->restart;
$session->quit;
$session = $standby->background_psql('postgres', on_error_stop => 0);
$session->query_safe("BEGIN ISOLATION LEVEL REPEATABLE READ; $query");
$primary->safe_psql('postgres', "SELECT territory.unseal('t')");
$primary->safe_psql('postgres', 'VACUUM t');
$primary->safe_psql('postgres', "SELECT territory.seal('t')");
$primary->safe_psql('postgres', 'VACUUM t');
catch_up();
# the session may have been ended meanwhile
my $after = eval { $session->query($query) } // '';
ok($after eq '' || $after eq '3000|3000000|0', 'an old snapshot is cancelled, or sees its rows');
ok($standby->log_contains('conflict with recovery'), 'it was cancelled') if $after eq '';
eval { $session->quit };
same_on_both('after the conflict');

# ---- promote, and go on ----

$primary->safe_psql('postgres', "SELECT territory.seal('t'); UPDATE t SET balance = balance - 1 WHERE id = 1; UPDATE t SET balance = balance + 1 WHERE id = 2");
catch_up();
my $expected = fingerprint($primary, 't');
$primary->stop('immediate');
$standby->promote;
is(fingerprint($standby, 't'), $expected, 'promoted: the same rows');
sound($standby, 't', 'promoted: sound');
$standby->safe_psql('postgres', "DROP TABLE h; CREATE TABLE h AS TABLE t");
for my $table ('t', 'h')
{
	$standby->safe_psql('postgres',
		"UPDATE $table SET balance = balance + 1 WHERE id % 7 = 0; DELETE FROM $table WHERE id % 11 = 0;"
		  . " INSERT INTO $table VALUES (50000, '2026-02-01', 1, 'new')");
}
$standby->safe_psql('postgres', "SELECT territory.seal('t')");
same_rows($standby, 't', 'h', 'promoted: changed and sealed');
my ($status, undef, $duplicate) = $standby->psql('postgres', "INSERT INTO t VALUES (5, '2026-02-01', 1, 'twice')");
like($duplicate, qr/duplicate key/, 'promoted: unique key holds');
sound($standby, 't', 'promoted and sealed: sound');
$standby->stop;
done_testing();
