# logical.pl - a live subscriber is equal to its publisher, whatever is sealed where.
#
# Moving rows is no change: sealing, unsealing and rewriting send nothing.
# Changing a sealed row is one, and is sent as of a heap row.  On the other side
# the apply worker must find, by key or by the whole row, rows that are sealed.
#
# Each table is published from a territory table and subscribed to by a heap
# table and by a territory table that is sealed meanwhile.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

my $conf = "shared_buffers = 16MB\nmax_connections = 40\nlog_statement = none\nmax_wal_size = 1GB\n"
  . "max_worker_processes = 20\nmax_logical_replication_workers = 12\n";
my $publisher = territory_node('publisher', allows_streaming => 'logical', conf => $conf);
my $subscriber = territory_node('subscriber', allows_streaming => 'logical', conf => $conf);

# name => what replica identity needs
my %identity = (
	by_key   => ['PRIMARY KEY (id, t)', 'REPLICA IDENTITY DEFAULT'],
	by_full  => ['',                    'REPLICA IDENTITY FULL'],
	by_index => ['UNIQUE (code)',       'REPLICA IDENTITY USING INDEX by_index_code_key']);
my @tables = sort keys %identity;
my $columns = 'id int NOT NULL, t timestamptz NOT NULL, code text NOT NULL, v numeric, note text, gen int DEFAULT 3';

sub create
{
	my ($node, $database, $method) = @_;

	for my $table (@tables)
	{
		my ($key, $identity) = @{ $identity{$table} };
		$node->safe_psql($database,
			"CREATE TABLE $table ($columns" . ($key ? ", $key" : '') . ") USING $method; ALTER TABLE $table $identity");
	}
	return;
}

sub fill
{
	my ($from, $to) = @_;

	return "SELECT i, '2026-01-01'::timestamptz + i * interval '1 minute', 'code ' || i, i / 7.0,"
	  . " CASE WHEN i % 100 = 0 THEN repeat(md5(i::text), 300) ELSE 'note ' || i END, i % 4 FROM generate_series($from, $to) i";
}

# on every table of the publisher, in one transaction
sub publish
{
	my ($sql) = @_;

	$publisher->safe_psql('postgres', 'BEGIN; ' . join('; ', map { $sql =~ s/\$t/$_/gr } @tables) . '; COMMIT');
	return;
}

sub subscribe_side
{
	my ($sql) = @_;

	$subscriber->safe_psql('territory', join('; ', map { $sql =~ s/\$t/$_/gr } @tables));
	return;
}

my @databases = ('heap', 'territory');

sub same_everywhere
{
	my ($what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for my $database (@databases)
	{
		$publisher->wait_for_catchup("sub_$database");
		for my $table (@tables)
		{
			is(fingerprint($subscriber, $table, $database), fingerprint($publisher, $table), "$what: $table, subscribed as $database");
		}
	}
	return;
}

create($publisher, 'postgres', 'territory');
publish('INSERT INTO $t ' . fill(1, 2000));
publish(q(SELECT territory.seal('$t', '2026-01-02')));
$publisher->safe_psql('postgres', 'CREATE PUBLICATION everything FOR TABLE ' . join(', ', @tables));
for my $database (@databases)
{
	$subscriber->safe_psql('postgres', "CREATE DATABASE $database");
	$subscriber->safe_psql($database, 'CREATE EXTENSION territory CASCADE') if $database eq 'territory';
	create($subscriber, $database, $database);
	$subscriber->safe_psql($database,
		"CREATE SUBSCRIPTION sub_$database CONNECTION '" . $publisher->connstr . " dbname=postgres' PUBLICATION everything");
}
$subscriber->wait_for_subscription_sync($publisher, "sub_$_", $_) for @databases;
same_everywhere('first copy, half of it sealed');

# What has been sent since the last call: rows inserted, updated, deleted, and
# truncations.  This counts pgoutput's messages, since a delete without
# identity, which is how a sealed row leaves the heap, is nothing to it; plugins
# that show such deletes, as test_decoding does, show them without data.
$publisher->safe_psql('postgres', "SELECT pg_create_logical_replication_slot('changes', 'pgoutput')");

sub decoded
{
	return $publisher->safe_psql(
		'postgres', q(
SELECT count(*) FROM pg_logical_slot_get_binary_changes('changes', NULL, NULL, 'proto_version', '1', 'publication_names', 'everything')
WHERE chr(get_byte(data, 0)) IN ('I', 'U', 'D', 'T')));
}

# ---- moving rows sends nothing ----

decoded();
for my $move (
	q(SELECT territory.seal('$t', '2026-01-01 12:00')),
	q(SELECT territory.seal('$t')),
	q(SELECT territory.unseal('$t', '2026-01-01 03:00', '2026-01-01 05:00')),
	q(SELECT territory.unseal('$t')),
	q(SELECT territory.seal('$t')),
	q(ALTER TABLE $t ALTER COLUMN gen TYPE bigint),
	q(SELECT count(*) FROM (SELECT FROM $t WHERE id < 10 FOR UPDATE) l))
{
	publish($move);
	is(decoded(), '0', "sends nothing: $move");
	same_everywhere($move);
}
publish('ALTER TABLE $t ALTER COLUMN gen TYPE int');
$publisher->safe_psql('postgres', "VACUUM FULL $_") for @tables;
is(decoded(), '0', 'sends nothing: VACUUM FULL');
if (has_function($publisher, 'compact'))
{
	publish(q(SELECT territory.compact('$t')));
	is(decoded(), '0', 'sends nothing: compact');
}

# ---- changes of sealed rows, from sealed rows, to sealed and hot rows ----

my $changes = 0;

sub step
{
	my ($sql, $expected) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	publish($sql);
	my $sent = decoded();
	is($sent, $expected * @tables, "sends $expected changes a table: $sql") if defined $expected;
	same_everywhere($sql);
	return;
}

for my $sealed ('hot', 'sealed')
{
	my $base = 10000 * ++$changes;
	# other rows each time
	my $from = 800 * ($changes - 1);
	my $rows = sub { my ($first, $last) = @_; return 'id BETWEEN ' . ($from + $first) . ' AND ' . ($from + $last); };

	note("the subscriber's rows are $sealed");
	publish(q(SELECT territory.seal('$t')));
	if ($sealed eq 'sealed')
	{
		subscribe_side(q(SELECT territory.seal('$t')));
		is(hot_rows($subscriber, $_, 'territory'), '0', "the subscriber's $_ is sealed") for @tables;
	}
	decoded();
	step('UPDATE $t SET v = v + 1 WHERE ' . $rows->(100, 119), 20);
	step(q(UPDATE $t SET code = code || ' new', id = id + 50000 WHERE ) . $rows->(200, 209), 10);
	step(q(UPDATE $t SET note = note || '.' WHERE ) . $rows->(300, 301), 2);
	step('DELETE FROM $t WHERE ' . $rows->(400, 419), 20);
	step('INSERT INTO $t ' . fill($base, $base + 99), 100);
	step('UPDATE $t SET v = v - 1 WHERE ' . $rows->(100, 109), 10);
	# sealed, changed, changed again, in one transaction
	step(q(SELECT territory.seal('$t'); UPDATE $t SET v = 0 WHERE ) . $rows->(500, 500) . '; UPDATE $t SET v = v + 1 WHERE '
		  . $rows->(500, 500) . '; DELETE FROM $t WHERE ' . $rows->(501, 501), 3);
	step('SAVEPOINT a; UPDATE $t SET v = -1 WHERE ' . $rows->(600, 600) . '; ROLLBACK TO a; UPDATE $t SET v = -2 WHERE '
		  . $rows->(601, 601) . '; RELEASE a', 1);
	step('UPDATE $t SET v = v + 0.5 WHERE id % 50 = 7');
}
publish(q(SELECT territory.seal('$t')));
decoded();
$publisher->safe_psql('postgres',
	"INSERT INTO by_key SELECT id, t, code, 42, 'upserted' FROM by_key WHERE id BETWEEN 700 AND 704"
	  . ' ON CONFLICT (id, t) DO UPDATE SET v = excluded.v, note = excluded.note');
is(decoded(), '5', 'an upsert of sealed rows sends updates');
same_everywhere('upsert');
$publisher->safe_psql('postgres',
	'MERGE INTO by_index b USING (SELECT code, id FROM by_index WHERE id BETWEEN 710 AND 719) s ON b.code = s.code'
	  . ' WHEN MATCHED AND s.id % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 0');
is(decoded(), '10', 'MERGE on sealed rows sends its actions');
same_everywhere('MERGE');

# ---- bulk changes ----

my $dir = PostgreSQL::Test::Utils::tempdir();
$publisher->safe_psql('postgres', 'COPY (' . fill(90000, 91000) . ") TO '$dir/rows'");
publish("COPY \$t FROM '$dir/rows'");
is(decoded(), 1001 * @tables, 'COPY sends inserts');
same_everywhere('COPY');
if ($publisher->psql('postgres', "SELECT FROM territory.segments('by_key'); SHOW territory.bulk_seal") == 0)
{
	publish("SET LOCAL territory.bulk_seal = on; INSERT INTO \$t " . fill(92000, 93000));
	is(decoded(), 1001 * @tables, 'a load into segments sends inserts');
	same_everywhere('load into segments');
}
publish(q(SELECT territory.seal('$t')));
subscribe_side(q(SELECT territory.seal('$t')));
step('DELETE FROM $t WHERE id % 3 = 0');
step('TRUNCATE $t');
step('INSERT INTO $t ' . fill(1, 50), 50);

# ---- a subscriber's own constraints and readers ----

publish(q(SELECT territory.seal('$t')));
subscribe_side(q(SELECT territory.seal('$t')));
sound($subscriber, $_, "subscriber's $_ is sound", 'territory') for @tables;
sound($publisher, $_, "publisher's $_ is sound") for @tables;

# ---- the same when changes are streamed before they commit ----

for my $database (@databases)
{
	$subscriber->safe_psql($database, "ALTER SUBSCRIPTION sub_$database SET (streaming = on)");
}
$publisher->append_conf('postgresql.conf', "logical_decoding_work_mem = 64kB\n");
$publisher->reload;
step('INSERT INTO $t ' . fill(1000, 4000));
publish(q(SELECT territory.seal('$t')));
step("UPDATE \$t SET v = v + 1 WHERE id >= 1000; SELECT territory.seal('\$t'); DELETE FROM \$t WHERE id % 2 = 0");
$subscriber->stop;
$publisher->stop;
done_testing();
