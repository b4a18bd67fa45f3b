# concurrent.pl - sealing and unsealing while others write and read.
#
# Every transaction that changes a table of ours writes what it did into a heap
# table, its ledger; at the end the ledger tells what each row must be, so a row
# lost, doubled or left behind shows.  Transfers between accounts keep their sum,
# so a reader that meets another sum saw rows of two instants.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

my $node = territory_node(
	'concurrent',
	conf => qq(
max_connections = 50
shared_buffers = 64MB
log_statement = none
deadlock_timeout = 100ms
max_worker_processes = 16
max_parallel_workers = 8
autovacuum = on
autovacuum_naptime = 1s
));
my $scripts = PostgreSQL::Test::Utils::tempdir();
my $seconds = is_long() ? 60 : 5;
my $seed = 20260601;

# ---- pgbench ----

sub script
{
	my ($name, $text) = @_;

	PostgreSQL::Test::Utils::append_to_file("$scripts/$name", $text);
	return;
}

# A pgbench that runs for the time of a phase, with these scripts.  A thread
# per client, since preparing a statement blocks its thread.
sub start_pgbench
{
	my ($clients, $options, @names) = @_;
	my %run = (out => '', names => "@names");
	my @command = (
		'pgbench', '-n', '-T', $seconds, '-c', $clients, '-j', $clients, '-M', 'prepared', '--max-tries', 0,
		'--random-seed', $seed++, map { ('-f', "$scripts/$_") } @names);

	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'postgres';
	local $ENV{PGOPTIONS} = $options;
	$run{handle} = IPC::Run::start(\@command, '<', \undef, '>', \$run{out}, '2>&1');
	return \%run;
}

sub finish_pgbench
{
	my ($run, $phase) = @_;
	my $ok;

	$run->{handle}->finish;
	$ok = $run->{handle}->result(0) == 0;
	ok($ok, "$phase: no error in $run->{names}");
	note($run->{out});
	diag($run->{out}) if !$ok;
	my ($count) = $run->{out} =~ /number of transactions actually processed: (\d+)/;
	cmp_ok($count // 0, '>', 0, "$phase: $run->{names} did something");
	return;
}

# ---- tables and scripts ----

$node->safe_psql(
	'postgres', q(
CREATE TABLE accounts (account int, opened timestamptz, balance bigint, note text) USING territory;
CREATE TABLE transfers (account int, amount bigint);
CREATE TABLE items (item bigint, made timestamptz, amount bigint) USING territory;
CREATE TABLE ledger (item bigint, made int, amount bigint);
CREATE TABLE children (item bigint);
CREATE TABLE pairs (pair int, side int, balance int) USING territory;
CREATE TABLE wrong (reader text, sum bigint, count bigint, at timestamptz DEFAULT clock_timestamp());
CREATE SEQUENCE item_numbers;
CREATE FUNCTION add_child(wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO children SELECT item FROM items WHERE item = wanted;
EXCEPTION WHEN foreign_key_violation THEN
	NULL;
END $$;
CREATE FUNCTION once(rows bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF rows = 0 AND current_setting('test.rows_go', true) = 'on' THEN
		RAISE serialization_failure USING MESSAGE = 'the row is gone: try again';
	ELSIF rows <> 1 THEN
		RAISE EXCEPTION 'the row is there % times', rows;
	END IF;
END $$;
CREATE PROCEDURE fill() LANGUAGE sql AS $$
	TRUNCATE accounts, transfers, items, ledger, children, pairs, wrong;
	INSERT INTO accounts SELECT i, '2026-01-01'::timestamptz + i * interval '1 minute', 1000, 'account ' || i
		FROM generate_series(1, 2000) i;
	INSERT INTO items SELECT nextval('item_numbers'), '2026-01-01', 1 FROM generate_series(1, 1000);
	INSERT INTO ledger SELECT item, 1, amount FROM items;
	INSERT INTO pairs SELECT p, s, 100 FROM generate_series(1, 10) p, generate_series(1, 2) s;
$$;
CREATE FUNCTION unseal_some() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := '2026-01-01'::timestamptz + random() * interval '1 day';
BEGIN
	PERFORM territory.unseal('accounts', start, start + interval '4 hours');
	IF random() < 0.2 THEN
		PERFORM territory.unseal('items');
		PERFORM territory.unseal('pairs');
	END IF;
END $$;
));

# Every writer locks accounts in one order, so that deadlocks are no matter here.
# A writer that finds no row, or two, says so through once().
my $two = q(\set a random(1, 2000)
\set d random(1, 1999)
\set b 1 + (:a + :d - 1) % 2000
\set first least(:a, :b)
\set second greatest(:a, :b)
\set amount random(1, 100)
\set debt -:amount
);
my $book = "INSERT INTO transfers VALUES (:first, :debt), (:second, :amount);\nCOMMIT;\n";

sub change
{
	my ($which, $value) = @_;

	return "WITH u AS (UPDATE accounts SET balance = $value WHERE account = :$which RETURNING 1)"
	  . " SELECT once(count(*)) FROM u;\n";
}

sub lock_row
{
	my ($which, $variable, $strength) = @_;

	return "WITH r AS (SELECT balance FROM accounts WHERE account = :$which FOR $strength)"
	  . " SELECT once(count(*)), sum(balance) AS $variable FROM r \\gset\n";
}
my $debit = change('first', 'balance + :debt');
my $credit = change('second', 'balance + :amount');
script('transfer',                 "${two}BEGIN;\n$debit$credit$book");
script('transfer_repeatable_read', "${two}BEGIN ISOLATION LEVEL REPEATABLE READ;\n$debit$credit$book");
script('transfer_serializable',    "${two}BEGIN ISOLATION LEVEL SERIALIZABLE;\n$debit$credit$book");
# what was read under a lock is what is written: a lost update would show
script('transfer_locking',
	"${two}BEGIN;\n"
	  . lock_row('first', 'x', 'UPDATE')
	  . lock_row('second', 'y', 'NO KEY UPDATE')
	  . change('first', ':x::bigint + :debt')
	  . change('second', ':y::bigint + :amount')
	  . $book);
# the row goes and comes again: who waits for it sees it gone, as with heap
script('transfer_moving', "${two}BEGIN;
WITH gone AS (DELETE FROM accounts WHERE account = :first RETURNING *),
	back AS (INSERT INTO accounts SELECT account, opened, balance + :debt, note FROM gone RETURNING 1)
SELECT once(count(*)) FROM back;
$credit$book");
script('transfer_savepoint', "${two}BEGIN;
SAVEPOINT s;
UPDATE accounts SET balance = 0 WHERE account IN (:first, :second);
ROLLBACK TO s;
${debit}SAVEPOINT s;
$credit$book");
script('transfer_rolled_back', "${two}BEGIN;
${debit}DELETE FROM accounts WHERE account = :second;
ROLLBACK;
");
script('upsert', "${two}BEGIN;
INSERT INTO accounts VALUES (:first, '2026-01-01'::timestamptz + :first * interval '1 minute', 0, 'new')
	ON CONFLICT (account) DO UPDATE SET balance = accounts.balance + :debt;
INSERT INTO accounts VALUES (:second, '2026-01-01'::timestamptz + :second * interval '1 minute', 0, 'new')
	ON CONFLICT (account) DO UPDATE SET balance = accounts.balance + :amount;
$book");

script('item_insert', q(BEGIN;
WITH new AS (INSERT INTO items VALUES (nextval('item_numbers'), now(), 1) RETURNING item, amount)
INSERT INTO ledger SELECT item, 1, amount FROM new;
COMMIT;
));
script('item_copy', q(BEGIN;
WITH new AS (INSERT INTO items SELECT nextval('item_numbers'), now(), i FROM generate_series(1, 5) i RETURNING item, amount)
INSERT INTO ledger SELECT item, 1, amount FROM new;
COMMIT;
));
# straight into segments
script('item_load', q(BEGIN;
SET LOCAL territory.bulk_seal = on;
SELECT nextval('item_numbers') AS item \gset
INSERT INTO items SELECT :item::bigint * 1000 + 1000000 + i, now(), i FROM generate_series(1, 5) i;
INSERT INTO ledger SELECT :item::bigint * 1000 + 1000000 + i, 1, i FROM generate_series(1, 5) i;
COMMIT;
));
script('item_delete', q(\set item random(1, 3000)
BEGIN;
WITH gone AS (DELETE FROM items WHERE item = :item RETURNING item, amount)
INSERT INTO ledger SELECT item, -1, -amount FROM gone;
COMMIT;
));
script('item_update', q(\set item random(1, 3000)
BEGIN;
WITH changed AS (UPDATE items SET amount = amount + 7 WHERE item BETWEEN :item AND :item + 3 RETURNING item)
INSERT INTO ledger SELECT item, 0, 7 FROM changed;
COMMIT;
));
script('item_child', "\\set item random(1, 3000)\nSELECT add_child(:item);\n");

# each side may be overdrawn, the pair may not: serializable alone keeps that
script('write_skew', q(\set pair random(1, 10)
\set side random(1, 2)
\set amount random(-60, 90)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT sum(balance) AS total FROM pairs WHERE pair = :pair \gset
\if :total >= :amount
UPDATE pairs SET balance = balance - :amount WHERE pair = :pair AND side = :side;
\endif
COMMIT;
));

# a reader looks twice in one transaction
sub reader
{
	my ($level) = @_;
	my $name = 'read_' . lc($level =~ s/ /_/gr);
	my $look = 'SELECT sum(balance) AS sum, count(*) AS count FROM accounts \gset
\if :sum <> 2000000 or :count <> 2000
INSERT INTO wrong VALUES (' . "'$name'" . ', :sum, :count);
\endif
';
	script($name, "BEGIN ISOLATION LEVEL $level;\n$look$look" . "COMMIT;\n");
	return $name;
}
my @readers = map { reader($_) } ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');
# by the primary key's order, from an index where there is one
script('read_ordered', q(SELECT sum(balance) AS sum, count(*) AS count
FROM (SELECT balance FROM accounts WHERE account BETWEEN 1 AND 3000 ORDER BY account OFFSET 0) a \gset
\if :sum <> 2000000 or :count <> 2000
INSERT INTO wrong VALUES ('read_ordered', :sum, :count);
\endif
));
script('seal', q(SELECT territory.seal('accounts');
SELECT territory.seal('items');
SELECT territory.seal('pairs');
\sleep 20 ms
));
script('seal_part', q(\set minute random(1, 2000)
SELECT territory.seal('accounts', '2026-01-01'::timestamptz + :minute * interval '1 minute');
\sleep 20 ms
));
script('unseal', "SELECT unseal_some();\n\\sleep 50 ms\n");
script('compact', "SELECT territory.compact('accounts');\nSELECT territory.compact('items');\n\\sleep 40 ms\n");
script('batches', "CALL territory.seal_in_batches('accounts', '2026-01-02', '3 hours');\n\\sleep 40 ms\n");
script('vacuum', "VACUUM accounts, items, pairs;\n\\sleep 100 ms\n");

# ---- a snapshot, or a row lock, older than the unseal ----

# A snapshot older than a move shows the row where it was.  If the transaction
# keeps that snapshot it may not change the row, as if it had been updated, or it
# would see the row twice; otherwise it changes it where it is, once.
sub older_than_move
{
	my ($level, $statement, $expected) = @_;
	my $keeps = $level ne 'READ COMMITTED';

	for my $move (
		"SELECT territory.seal('accounts')",
		"SELECT territory.unseal('accounts')",
		"SELECT territory.unseal('accounts'); SELECT territory.seal('accounts')",
		"SELECT territory.unseal('accounts', '2026-01-01', '2026-01-02')",
		"UPDATE accounts SET note = note WHERE account > 500; SELECT territory.seal('accounts'); SELECT territory.compact('accounts')")
	{
		my $what = "$level, $move, $statement";
		my $error;

		$node->safe_psql('postgres', 'CALL fill()');
		$node->safe_psql('postgres', "SELECT territory.seal('accounts')") if $move =~ /unseal|compact/;
		my $session = $node->background_psql('postgres', on_error_stop => 0);
		$session->query_safe("BEGIN ISOLATION LEVEL $level; SELECT count(*) FROM accounts");
		$node->safe_psql('postgres', $move);
		$session->query($statement);
		$error = $session->{stderr};
		$session->{stderr} = '';
		if ($keeps && $statement !~ /FOR UPDATE/)
		{
			like($error, qr/could not serialize access/, "$what: refused");
			$expected = '2000|2000000';
		}
		else
		{
			is($error, '', "$what: done");
			is($session->query_safe('SELECT count(*), sum(balance) FROM accounts'), $expected, "$what: as it sees it");
		}
		$session->query_safe('COMMIT');
		$session->quit;
		is($node->safe_psql('postgres', 'SELECT count(*), sum(balance) FROM accounts'), $expected, "$what: as all see it");
	}
	return;
}
for my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	older_than_move($level, 'UPDATE accounts SET balance = 0 WHERE account = 7', '2000|1999000');
	older_than_move($level, 'DELETE FROM accounts WHERE account = 7',            '1999|1999000');
	older_than_move($level, 'SELECT FROM accounts WHERE account = 7 FOR UPDATE', '2000|2000000');
}

{
	$node->safe_psql('postgres', "CALL fill(); SELECT territory.seal('accounts')");
	my $session = $node->background_psql('postgres');
	$session->query_safe('BEGIN; SELECT balance FROM accounts WHERE account = 7 FOR UPDATE');
	my ($status, $output, $error) =
	  $node->psql('postgres', "SET lock_timeout = '100ms'; SELECT territory.unseal('accounts')");
	like($error, qr/lock timeout/, 'unseal waits for row locks');
	$session->query_safe('UPDATE accounts SET balance = 0 WHERE account = 7; COMMIT');
	$session->quit;
}

# ---- a statement that began before a row was updated, and whose segment then went ----

for my $move ("SELECT territory.compact('moved')", "SELECT territory.unseal('moved')",
	"SELECT territory.unseal('moved'); SELECT territory.seal('moved')")
{
	$node->safe_psql('postgres',
		'DROP TABLE IF EXISTS moved; CREATE TABLE moved (id int, v int) USING territory;'
		  . ' INSERT INTO moved SELECT i, 0 FROM generate_series(1, 20) i');
	$node->safe_psql('postgres', "SELECT territory.seal('moved')");
	my $gate = $node->background_psql('postgres');
	my $session = $node->background_psql('postgres');
	$gate->query_safe('SELECT pg_advisory_lock(1)');
	# it has its snapshot, and waits before it comes to the row
	$session->query_until(qr/begun/,
		"\\echo begun\nUPDATE moved SET v = v + 1 WHERE id IN (2, 3, 4) AND pg_advisory_xact_lock_shared(1) IS NOT NULL;\n");
	$node->poll_query_until('postgres', "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)");
	$node->safe_psql('postgres', 'UPDATE moved SET v = v + 100 WHERE id = 2; DELETE FROM moved WHERE id = 3');
	$node->safe_psql('postgres', $move);
	$gate->query_safe('SELECT pg_advisory_unlock(1)');
	$gate->quit;
	$session->quit;
	is($node->safe_psql('postgres', "SELECT string_agg(id || ' ' || v, ',' ORDER BY id) FROM moved WHERE id <= 5"),
		'1 0,2 101,4 1,5 0', "an update meets the version that another made before: $move");
}

# ---- a page of old rows that an open cursor keeps pinned ----

{
	$node->safe_psql('postgres', 'CREATE TABLE pinned (a int) USING territory; INSERT INTO pinned SELECT generate_series(1, 20)');
	# all-visible
	$node->safe_psql('postgres', 'VACUUM pinned');
	my $session = $node->background_psql('postgres');
	$session->query_safe('BEGIN; DECLARE c CURSOR FOR SELECT * FROM pinned; FETCH 1 FROM c');
	$node->safe_psql('postgres', "SELECT territory.seal('pinned')");
	is($node->safe_psql('postgres', 'SELECT count(*), sum(a) FROM pinned'), '20|210', 'a seal loses no row of a pinned page');
	is($session->query_safe('FETCH ALL FROM c') =~ tr/\n//, 18, 'nor does the cursor');
	$session->query_safe('COMMIT');
	$session->quit;
	is($node->safe_psql('postgres', 'SELECT count(*), sum(a) FROM pinned'), '20|210', 'nor later');
}

# ---- phases ----

my $parallel = '-c min_parallel_table_scan_size=0 -c parallel_setup_cost=0 -c parallel_tuple_cost=0'
  . ' -c max_parallel_workers_per_gather=2';

sub check_phase
{
	my ($phase) = @_;

	is($node->safe_psql('postgres', 'SELECT reader, sum, count FROM wrong LIMIT 5'),
		'', "$phase: every reader saw the sum of one instant");
	is( $node->safe_psql(
			'postgres', q(
SELECT account, count(*), sum(balance), sum(owed) FROM (
	SELECT account, balance, (SELECT 1000 + coalesce(sum(amount), 0) FROM transfers t WHERE t.account = a.account) AS owed
	FROM accounts a) b
FULL JOIN generate_series(1, 2000) g(account) USING (account)
GROUP BY account HAVING count(balance) <> 1 OR sum(balance) <> sum(owed) ORDER BY account LIMIT 5)),
		'',
		"$phase: each account is there once, with what the transfers say");
	is( $node->safe_psql(
			'postgres', q(
SELECT item, i.n, l.n, i.amount, l.amount FROM (SELECT item, count(*) AS n, sum(amount) AS amount FROM items GROUP BY item) i
FULL JOIN (SELECT item, sum(made) AS n, sum(amount) AS amount FROM ledger GROUP BY item) l USING (item)
WHERE coalesce(i.n, 0) <> coalesce(l.n, 0) OR coalesce(i.amount, 0) <> coalesce(l.amount, 0) ORDER BY item LIMIT 5)),
		'',
		"$phase: each item is there as often as the ledger says, with its amount");
	is($node->safe_psql('postgres', 'SELECT item FROM children c WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.item = c.item) LIMIT 5'),
		'', "$phase: no child without its parent");
	is( $node->safe_psql('postgres',
			'SELECT pair, count(*), sum(balance) FROM pairs GROUP BY pair HAVING sum(balance) < 0 OR count(*) <> 2'),
		'', "$phase: no pair is overdrawn");
	sound($node, $_, "$phase: $_ is sound") for qw(accounts items pairs);
	return;
}

# the writers, which a phase may add to, the readers and the movers, all at once
sub phase
{
	my ($phase, $movers, @more) = @_;
	my @runs;

	$node->safe_psql('postgres', 'CALL fill()');
	$node->safe_psql('postgres', "SELECT territory.seal('accounts'), territory.seal('items')");
	my $rows_go = (grep { $_ eq 'transfer_moving' } @more) ? '-c test.rows_go=on' : '';
	push @runs,
	  start_pgbench(4, $rows_go, qw(transfer transfer_locking transfer_savepoint transfer_rolled_back), @more);
	push @runs, start_pgbench(2, $rows_go, 'transfer_repeatable_read', 'transfer_serializable');
	push @runs, start_pgbench(3, '', qw(item_insert item_copy item_load item_delete item_update));
	push @runs, start_pgbench(2, '', 'write_skew');
	push @runs, start_pgbench(2, '', @readers, 'read_ordered');
	push @runs, start_pgbench(1, $parallel, @readers);
	push @runs, start_pgbench(1, '-c territory.segment_rows=300', $_) for @$movers;
	finish_pgbench($_, $phase) for @runs;
	check_phase($phase);
	return;
}

phase('no index', [ 'seal', 'compact' ]);
phase('no index, unsealing', [ 'seal', 'unseal' ]);
$node->safe_psql('postgres', 'CREATE INDEX ON accounts (account); CREATE INDEX ON items (item)');
phase('plain indexes', [ 'seal', 'seal_part', 'unseal', 'vacuum' ], 'transfer_moving');
$node->safe_psql(
	'postgres', q(
CALL fill();
ALTER TABLE accounts ADD PRIMARY KEY (account);
ALTER TABLE items ADD PRIMARY KEY (item);
ALTER TABLE pairs ADD PRIMARY KEY (pair, side);
ALTER TABLE children ADD FOREIGN KEY (item) REFERENCES items ON DELETE CASCADE;
));
phase('primary keys', [ 'seal', 'seal_part', 'batches', 'vacuum' ], 'upsert');
phase('primary keys, unsealing and compacting', [ 'seal', 'unseal', 'compact' ], 'upsert', 'item_child');
$node->stop;
done_testing();
