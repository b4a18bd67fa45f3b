# crash.pl - the server dies while rows move, and every row is there once.
#
# A heap twin says what the rows are.  A backend killed with SIGKILL takes every
# other down and makes the server recover; an immediate stop is the power cut.
# The moments are spread over the time that the work takes, from a measured run.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);
use Territory;

my $points = is_long() ? 40 : 4;
my $data = q(
SELECT i, '2026-01-01'::timestamptz + i * interval '1 minute', i % 50, i / 7.0, 'text ' || i,
	CASE WHEN i % 5000 = 0 THEN repeat(md5(i::text), 500) END
FROM generate_series(1, 30000) i);
my $columns = '(id int, t timestamptz, sensor int, v float8, name text, long text)';

sub start_psql
{
	my ($node, $sql) = @_;
	my %run;

	$run{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SET territory.segment_rows = 1000', '-c', $sql ],
		'<', \undef, '>', \$run{out}, '2>', \$run{err});
	return \%run;
}

sub wait_until_up
{
	my ($node) = @_;

	for (1 .. 600)
	{
		return if $node->psql('postgres', 'SELECT 1') == 0;
		usleep(100_000);
	}
	die 'the server does not come back';
}

# a statement is under way for so many seconds when the server dies
sub crash_during
{
	my ($node, $sql, $after, $how) = @_;
	my $started = time;
	my $run = start_psql($node, $sql);
	my $pid = '';

	if ($how eq 'backend')
	{
		# its start is part of the time that was measured
		$pid = $node->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid() LIMIT 1");
	}
	usleep(1_000_000 * ($after - (time - $started))) if $after > time - $started;
	if ($pid)
	{
		kill 'KILL', $pid;
	}
	else
	{
		$node->stop('immediate');
	}
	$run->{handle}->finish;
	note($run->{handle}->result(0) == 0 ? 'it had finished' : 'it was interrupted');
	$node->start if !$pid;
	wait_until_up($node);
	return;
}

# The work, killed at many moments.  Before each, prepare makes the tables as
# they should be; afterwards table "t" has the rows of table "h".
sub crash_often
{
	my ($node, $what, $prepare, $work) = @_;
	my $started;
	my $took;

	$node->safe_psql('postgres', $prepare);
	$started = time;
	start_psql($node, $work)->{handle}->finish;
	$took = time - $started;
	same_rows($node, 't', 'h', "$what: not killed");
	for my $point (1 .. $points)
	{
		my $how = $point % 2 ? 'backend' : 'server';
		my $when = sprintf('%s, %s killed after %d/%d of its time', $what, $how, $point, $points);

		$node->safe_psql('postgres', $prepare);
		crash_during($node, $work, $took * $point / $points, $how);
		same_rows($node, 't', 'h', $when);
		if ($node->safe_psql('postgres', "SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE c.oid = 't'::regclass") eq
			'territory')
		{
			sound($node, 't', "$when: sound");
		}
	}
	# and what was interrupted can be done
	start_psql($node, $work)->{handle}->finish;
	same_rows($node, 't', 'h', "$what: done in the end");
	return;
}

sub run_all
{
	my ($node, $level) = @_;
	my $fill = "DROP TABLE IF EXISTS t; CREATE TABLE t $columns USING territory; CREATE INDEX ON t (id); INSERT INTO t $data;";

	$node->safe_psql('postgres', "CREATE TABLE h $columns; INSERT INTO h $data");
	crash_often($node, "$level, seal", $fill, "SELECT territory.seal('t')");
	crash_often($node, "$level, seal with a primary key",
		"$fill ALTER TABLE t ADD PRIMARY KEY (sensor, t); SELECT territory.seal('t', '2026-01-08')",
		"SELECT territory.seal('t', '2026-01-12')");
	crash_often($node, "$level, unseal", "$fill SELECT territory.seal('t')", "SELECT territory.unseal('t')");
	crash_often($node, "$level, unseal a part",
		"$fill SELECT territory.seal('t')",
		"SELECT territory.unseal('t', '2026-01-03', '2026-01-09')");
	crash_often($node, "$level, adopt", "DROP TABLE t; CREATE TABLE t $columns; INSERT INTO t $data; CREATE INDEX ON t (id)",
		"SELECT territory.adopt('t', '2026-01-15')");
	crash_often($node, "$level, rewrite", "$fill SELECT territory.seal('t', '2026-01-15')", 'VACUUM FULL t');
	# both in one transaction, so that they are equal whatever happens
	crash_often(
		$node, "$level, update and delete sealed rows",
		"$fill SELECT territory.seal('t'); TRUNCATE h; INSERT INTO h $data",
		'BEGIN; UPDATE t SET v = v + 1 WHERE id % 10 = 0; UPDATE h SET v = v + 1 WHERE id % 10 = 0;'
		  . ' DELETE FROM t WHERE id % 10 = 1; DELETE FROM h WHERE id % 10 = 1; COMMIT');
	$node->safe_psql('postgres', "TRUNCATE h; INSERT INTO h $data");
	if (has_function($node, 'compact'))
	{
		crash_often(
			$node, "$level, compact",
			"SET territory.segment_rows = 500; $fill SELECT territory.seal('t', '2026-01-08'), territory.seal('t');"
			  . ' UPDATE t SET v = v WHERE id % 3 = 0',
			"SELECT territory.compact('t')");
	}
	if ($node->psql('postgres', "SELECT FROM territory.segments('t'); SHOW territory.bulk_seal") == 0)
	{
		# a load is all there or not at all
		my $load = "INSERT INTO t $data";

		$node->safe_psql('postgres', 'CREATE TABLE all_rows AS TABLE h');
		for my $point (1 .. $points)
		{
			$node->safe_psql('postgres', 'TRUNCATE t');
			crash_during($node, "SELECT FROM territory.segments('t'); SET territory.bulk_seal = on; $load",
				0.4 * $point / $points, $point % 2 ? 'backend' : 'server');
			my $got = fingerprint($node, 't');
			ok($got eq fingerprint($node, 'h') || $got eq '0|0', "$level, load into segments: all or nothing");
			sound($node, 't', "$level, load into segments: sound");
		}
	}
	return;
}

# ---- while it works ----

my $node = territory_node(
	'crash',
	allows_streaming => 1,
	conf => "restart_after_crash = on\nshared_buffers = 16MB\nmax_wal_size = 1GB\nlog_statement = none\n");
run_all($node, 'replica');

# ---- right after a commit, and between the statements of a transaction ----

my $fill = "DROP TABLE IF EXISTS t; CREATE TABLE t $columns USING territory; INSERT INTO t $data;";

$node->safe_psql('postgres', "$fill; TRUNCATE h; INSERT INTO h $data");
$node->safe_psql('postgres', "SELECT territory.seal('t', '2026-01-12')");
$node->stop('immediate');
$node->start;
same_rows($node, 't', 'h', 'killed right after a seal committed');
is(hot_rows($node, 't'),
	$node->safe_psql('postgres', "SELECT count(*) FROM h WHERE t >= '2026-01-12'"),
	'the seal is there after recovery');
sound($node, 't');

my @statements = (
	"INSERT INTO t SELECT id + 100000, t, sensor, v, name, long FROM h WHERE id <= 100",
	"SELECT territory.seal('t')",
	"UPDATE t SET v = -v WHERE id <= 200",
	"DELETE FROM t WHERE id > 29000",
	"SELECT territory.unseal('t')",
	"ALTER TABLE t ALTER COLUMN sensor TYPE bigint",
	"TRUNCATE t");

for my $done (1 .. @statements)
{
	my $session = $node->background_psql('postgres');

	$session->query_safe('BEGIN');
	$session->query_safe($statements[$_ - 1]) for 1 .. $done;
	$node->stop('immediate');
	eval { $session->quit };
	$node->start;
	same_rows($node, 't', 'h', "killed before commit, after: $statements[$done - 1]");
	sound($node, 't');
}

# ---- prepared transactions outlive a crash ----

sub prepared
{
	my ($what, $work, $twin) = @_;

	for my $end ('ROLLBACK', 'COMMIT')
	{
		$node->safe_psql('postgres', "BEGIN; $work; PREPARE TRANSACTION 'p'");
		$node->stop('immediate');
		$node->start;
		# a rewrite's lock keeps readers out
		same_rows($node, 't', 'h', "$what prepared, before $end") if $what ne 'rewrite';
		$node->safe_psql('postgres', "$end PREPARED 'p'");
		$node->safe_psql('postgres', $twin) if $end eq 'COMMIT' && $twin;
		same_rows($node, 't', 'h', "$what prepared, then $end");
		$node->stop('immediate');
		$node->start;
		same_rows($node, 't', 'h', "$what prepared, then $end, and killed again");
		sound($node, 't');
	}
	return;
}
prepared('seal', "SELECT territory.seal('t')", '');
prepared(
	'update of sealed rows',
	'UPDATE t SET v = v + 1 WHERE id % 3 = 0',
	'UPDATE h SET v = v + 1 WHERE id % 3 = 0');
prepared('delete of sealed rows', 'DELETE FROM t WHERE id % 5 = 0', 'DELETE FROM h WHERE id % 5 = 0');
prepared('row lock', 'SELECT count(*) FROM (SELECT FROM t WHERE id < 100 FOR UPDATE) l', '');
prepared('partial unseal', "SELECT territory.unseal('t', '2026-01-03', '2026-01-05')", '');
prepared('unseal', "SELECT territory.unseal('t')", '');
prepared('rewrite', "SELECT territory.seal('t', '2026-01-10'); ALTER TABLE t ALTER COLUMN sensor TYPE bigint", '');

# a row lock that was prepared still locks after the crash
$node->safe_psql('postgres', "SELECT territory.seal('t')");
$node->safe_psql('postgres', "BEGIN; SELECT FROM t WHERE id = 7 FOR UPDATE; PREPARE TRANSACTION 'lock'");
$node->stop('immediate');
$node->start;
my (undef, undef, $error) = $node->psql('postgres', "SET lock_timeout = '100ms'; UPDATE t SET v = 0 WHERE id = 7");
like($error, qr/lock timeout/, 'a prepared lock of a sealed row holds after recovery');
$node->safe_psql('postgres', "COMMIT PREPARED 'lock'");
$node->stop;

# ---- wal_level minimal: new relations are not logged but written out ----

my $minimal = territory_node('minimal', conf => "restart_after_crash = on\nshared_buffers = 16MB\nlog_statement = none\n");
$minimal->safe_psql('postgres', "CREATE TABLE h $columns; INSERT INTO h $data");
for my $threshold ('0', '100MB')
{
	my %in_one = (
		'created, filled and sealed' => "CREATE TABLE t $columns USING territory; INSERT INTO t $data; SELECT territory.seal('t')",
		'created, filled, indexed, sealed and changed' =>
		  "CREATE TABLE t $columns USING territory; INSERT INTO t $data; CREATE INDEX ON t (id); SELECT territory.seal('t', '2026-01-12');"
		  . ' UPDATE t SET sensor = sensor + 1 WHERE id % 4 = 0; UPDATE t SET sensor = sensor - 1 WHERE id % 4 = 0',
		'created as a query and unsealed' =>
		  "CREATE TABLE t USING territory AS TABLE h; SELECT territory.seal('t'); SELECT territory.unseal('t')",
		'truncated, filled and sealed' =>
		  "CREATE TABLE t $columns USING territory; COMMIT; BEGIN; TRUNCATE t; INSERT INTO t $data; SELECT territory.seal('t')",
		'adopted' => "CREATE TABLE t $columns; INSERT INTO t $data; SELECT territory.adopt('t', '2026-01-15')",
		'adopted after a commit' =>
		  "CREATE TABLE t $columns; INSERT INTO t $data; COMMIT; BEGIN; SELECT territory.adopt('t', '2026-01-15')",
		'rewritten' =>
		  "CREATE TABLE t $columns USING territory; INSERT INTO t $data; SELECT territory.seal('t', '2026-01-15'); COMMIT; BEGIN;"
		  . ' ALTER TABLE t ALTER COLUMN sensor TYPE bigint; ALTER TABLE t ALTER COLUMN sensor TYPE int',
		'in a subtransaction' =>
		  "SAVEPOINT a; CREATE TABLE t $columns USING territory; ROLLBACK TO a; SAVEPOINT b;"
		  . " CREATE TABLE t $columns USING territory; INSERT INTO t $data; SAVEPOINT c; SELECT territory.seal('t');"
		  . " ROLLBACK TO c; SELECT territory.seal('t', '2026-01-15')");

	for my $what (sort keys %in_one)
	{
		$minimal->safe_psql('postgres', "SET wal_skip_threshold = '$threshold'; BEGIN; $in_one{$what}; COMMIT");
		$minimal->stop('immediate');
		$minimal->start;
		same_rows($minimal, 't', 'h', "wal_level minimal, wal_skip_threshold $threshold, $what in one transaction");
		sound($minimal, 't');
		# and as a table should be afterwards
		$minimal->safe_psql('postgres', "DELETE FROM t WHERE id % 2 = 0; INSERT INTO t SELECT * FROM h WHERE id % 2 = 0;"
			  . " SELECT territory.seal('t')");
		same_rows($minimal, 't', 'h', "wal_level minimal, $what: goes on");
		$minimal->safe_psql('postgres', 'DROP TABLE t');
	}
}
$minimal->safe_psql('postgres', 'DROP TABLE h');
run_all($minimal, 'minimal') if is_long();
$minimal->stop;
done_testing();
