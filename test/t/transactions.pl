# transactions.pl - savepoints, two-phase commit, kinds of tables, freezing.
#
# What a rolled back piece of a transaction did with segments is gone, what the
# rest did stays; temporary and unlogged tables seal as others do; rows and
# states survive any freezing; and the heap of which all is made is clean to
# amcheck.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Territory;

my $node = territory_node('transactions', conf => "log_statement = none\nshared_buffers = 32MB\n");
my $dir = PostgreSQL::Test::Utils::tempdir();
mkdir "$dir/space";
$node->safe_psql('postgres', "CREATE TABLESPACE space LOCATION '$dir/space'; CREATE EXTENSION amcheck");

my $columns = 'id int PRIMARY KEY, t timestamptz, v numeric, note text';
my $data = "SELECT i, '2026-01-01'::timestamptz + i * interval '1 minute', i / 7.0,"
  . " CASE WHEN i % 500 = 0 THEN repeat(md5(i::text), 400) ELSE 'note' END FROM generate_series(1, 4000) i";

sub make
{
	my ($kind) = @_;

	return "DROP TABLE IF EXISTS r, h; CREATE $kind TABLE r ($columns) USING territory; CREATE $kind TABLE h ($columns);"
	  . " INSERT INTO h $data; INSERT INTO r $data;";
}

# both tables alike
sub both
{
	my ($sql) = @_;

	return join('; ', map { $sql =~ s/\$t/$_/gr } 'r', 'h') . ';';
}
my $equal = '(SELECT count(*) FROM (TABLE r EXCEPT ALL TABLE h) d) + (SELECT count(*) FROM (TABLE h EXCEPT ALL TABLE r) d)'
  . ' + (SELECT count(*) FROM territory.verify(\'r\') WHERE NOT ok)';

# a script of one session ends with the two tables equal; it may print before
sub script
{
	my ($what, $sql, $kind) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $output = $node->safe_psql('postgres', make($kind // '') . "SET territory.segment_rows = 700; $sql; SELECT 'different: ' || $equal");
	like($output, qr/different: 0$/, $what);
	return $output;
}

# ---- savepoints ----

for my $kind ('', 'UNLOGGED', 'TEMP')
{
	my $of = $kind eq '' ? '' : lc(" of $kind tables");

	script("seal$of", "SELECT territory.seal('r', '2026-01-02')", $kind);
	script("a seal that is rolled back$of", "BEGIN; SELECT territory.seal('r'); ROLLBACK", $kind);
	script("a seal in a savepoint that is rolled back$of",
		"BEGIN; SELECT territory.seal('r', '2026-01-02'); SAVEPOINT a; SELECT territory.seal('r'); " . both('DELETE FROM $t WHERE id < 50')
		  . ' ROLLBACK TO a; ' . both('UPDATE $t SET v = 0 WHERE id < 100') . 'COMMIT',
		$kind);
	script("a seal, changes, and an unseal that is rolled back$of",
		"SELECT territory.seal('r'); BEGIN; " . both('UPDATE $t SET v = v + 1 WHERE id % 5 = 0') . "SAVEPOINT a; SELECT territory.unseal('r');"
		  . both('DELETE FROM $t WHERE id % 7 = 0') . 'ROLLBACK TO a;' . both('DELETE FROM $t WHERE id % 11 = 0') . 'COMMIT',
		$kind);
	script("changes of sealed rows in savepoints$of",
		"SELECT territory.seal('r'); BEGIN; SAVEPOINT a;" . both('UPDATE $t SET v = 1 WHERE id < 100') . 'SAVEPOINT b;'
		  . both('DELETE FROM $t WHERE id < 50') . 'ROLLBACK TO b;' . both('UPDATE $t SET v = v + 1 WHERE id < 30') . 'RELEASE a; SAVEPOINT c;'
		  . both('UPDATE $t SET v = -1 WHERE id > 3900') . 'ROLLBACK TO c;' . both('UPDATE $t SET v = -2 WHERE id > 3950') . 'COMMIT',
		$kind);
	script("sealed, unsealed and sealed in one transaction$of",
		"BEGIN; SELECT territory.seal('r'); SELECT territory.unseal('r', '2026-01-02', '2026-01-03'); SELECT territory.seal('r');"
		  . both('INSERT INTO $t SELECT id + 10000, t, v, note FROM $t WHERE id <= 100') . "SELECT territory.seal('r'); COMMIT",
		$kind);
	script("truncated and rolled back$of",
		"SELECT territory.seal('r'); BEGIN; SAVEPOINT a; TRUNCATE r; SELECT territory.seal('r'); ROLLBACK TO a; COMMIT", $kind);
	script("truncated, filled, sealed$of",
		"SELECT territory.seal('r'); BEGIN;" . both('TRUNCATE $t') . both("INSERT INTO \$t $data") . "SELECT territory.seal('r'); COMMIT", $kind);
	script("rewritten and rolled back$of",
		"SELECT territory.seal('r'); BEGIN; SAVEPOINT a; ALTER TABLE r ALTER COLUMN v TYPE float8; ROLLBACK TO a; COMMIT;"
		  . both('ALTER TABLE $t ALTER COLUMN id TYPE bigint'), $kind);
	script("adopted in a savepoint that is rolled back, and then for good$of",
		'ALTER TABLE r SET ACCESS METHOD heap; BEGIN; SAVEPOINT a; SELECT territory.adopt(\'r\'); ROLLBACK TO a;'
		  . both('DELETE FROM $t WHERE id = 5') . "SELECT territory.adopt('r', '2026-01-02'); SAVEPOINT b;"
		  . both('DELETE FROM $t WHERE id = 7') . 'ROLLBACK TO b; COMMIT',
		$kind);
	script("created, filled and sealed in a savepoint$of",
		"BEGIN; SAVEPOINT a; DROP TABLE r; CREATE $kind TABLE r ($columns) USING territory; INSERT INTO r $data; SELECT territory.seal('r');"
		  . ' RELEASE a; COMMIT', $kind);
	script("locks of sealed rows in savepoints$of",
		"SELECT territory.seal('r'); BEGIN; SELECT FROM r WHERE id = 5 FOR SHARE; SAVEPOINT a; SELECT FROM r WHERE id = 5 FOR UPDATE; ROLLBACK TO a;"
		  . both('UPDATE $t SET v = 3 WHERE id = 5') . 'COMMIT', $kind);
	script("an exception in PL/pgSQL$of",
		"DO \$\$ BEGIN BEGIN PERFORM territory.seal('r'); UPDATE r SET v = 0; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END;"
		  . " PERFORM territory.seal('r', '2026-01-02'); END \$\$",
		$kind);
}

# ---- temporary tables ----

script('ON COMMIT DELETE ROWS',
	"DROP TABLE r, h; CREATE TEMP TABLE h ($columns) ON COMMIT DELETE ROWS; CREATE TEMP TABLE r ($columns) USING territory ON COMMIT DELETE ROWS;"
	  . " BEGIN; INSERT INTO r $data; SELECT territory.seal('r'); COMMIT; SELECT count(*) FROM r;" . both("INSERT INTO \$t $data"),
	'TEMP');
script('ON COMMIT DROP', "BEGIN; CREATE TEMP TABLE gone ($columns) USING territory ON COMMIT DROP; INSERT INTO gone $data; SELECT territory.seal('gone'); COMMIT");
is($node->safe_psql('postgres', "CREATE TEMP TABLE r ($columns) USING territory; INSERT INTO r $data; SELECT territory.set_layout('r', time_column => 't'); SELECT"),
	'', 'a temporary table with a layout');
# no trigger tells that a session's tables went with it: the next layout that is stored clears up
$node->safe_psql('postgres', make('') . "SELECT territory.set_layout('r', time_column => 't')");
is($node->safe_psql('postgres', 'SELECT relation FROM territory.layouts'), 'r', 'goes with the table, if late');

# ---- unlogged tables after a crash ----

$node->safe_psql('postgres', make('UNLOGGED') . "SELECT territory.seal('r'); CHECKPOINT");
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', "SELECT (SELECT count(*) FROM r), (SELECT count(*) FROM territory.segments('r'))"),
	'0|0', 'an unlogged table is empty after a crash');
$node->safe_psql('postgres', both("INSERT INTO \$t $data") . "SELECT territory.seal('r'); UPDATE r SET v = v WHERE id = 5");
same_rows($node, 'r', 'h', 'and can be used and sealed');
sound($node, 'r');
$node->safe_psql('postgres', both('ALTER TABLE $t SET LOGGED'));
$node->stop('immediate');
$node->start;
same_rows($node, 'r', 'h', 'made logged, it survives one');
sound($node, 'r');
$node->safe_psql('postgres', both('ALTER TABLE $t SET UNLOGGED'));
$node->restart;
same_rows($node, 'r', 'h', 'made unlogged, it survives a restart');

# ---- two-phase commit ----

$node->safe_psql('postgres', make(''));
for my $work ("SELECT territory.seal('r', '2026-01-02')", "SELECT territory.unseal('r')", "SELECT territory.seal('r')",
	"ALTER TABLE r ALTER COLUMN v TYPE numeric(20, 10)")
{
	for my $end ('ROLLBACK', 'COMMIT')
	{
		my $twin = $work =~ /ALTER/ ? $work =~ s/TABLE r/TABLE h/r : 'SELECT';

		$node->safe_psql('postgres', "BEGIN; $work; PREPARE TRANSACTION 'p'");
		my (undef, undef, $error) = $node->psql('postgres', "SET lock_timeout = '50ms'; SELECT territory.seal('r')");
		like($error, qr/lock timeout/, "prepared, it keeps its lock: $work");
		$node->safe_psql('postgres', "$end PREPARED 'p'");
		$node->safe_psql('postgres', $twin) if $end eq 'COMMIT';
		same_rows($node, 'r', 'h', "$end PREPARED: $work");
	}
}
my (undef, undef, $error) = $node->psql('postgres',
	"BEGIN; CREATE TEMP TABLE x (a int) USING territory; INSERT INTO x VALUES (1); SELECT territory.seal('x'); PREPARE TRANSACTION 'p'");
like($error, qr/cannot PREPARE a transaction that has operated on temporary objects/, 'not with temporary tables');

# ---- tablespaces ----

$node->safe_psql('postgres', make('') . "SELECT territory.seal('r', '2026-01-02'); ALTER TABLE r SET TABLESPACE space");
same_rows($node, 'r', 'h', 'moved to another tablespace');
is( $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE spcname = 'space'
			AND c.oid IN ('r'::regclass, (SELECT reltoastrelid FROM pg_class WHERE oid = 'r'::regclass))"),
	'2',
	'and the segments with it');
$node->safe_psql('postgres', "SELECT territory.seal('r'); ALTER TABLE r SET TABLESPACE pg_default");
same_rows($node, 'r', 'h', 'and back, sealed in between');
sound($node, 'r');

# ---- freezing ----

$node->safe_psql('postgres', make('') . "SET territory.segment_rows = 700; SELECT territory.seal('r', '2026-01-02');"
	  . both('UPDATE $t SET v = 0 WHERE id % 10 = 0') . both('DELETE FROM $t WHERE id % 10 = 1')
	  . 'SELECT count(*) FROM (SELECT FROM r WHERE id % 10 = 2 FOR SHARE) l');
$node->safe_psql('postgres', "VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) r");
is( $node->safe_psql('postgres', "SELECT age(c.relfrozenxid) < 5, age(t.relfrozenxid) < 5 FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid
	WHERE c.oid = 'r'::regclass"), 't|t', 'VACUUM FREEZE freezes hot rows and segments');
same_rows($node, 'r', 'h', 'frozen');
sound($node, 'r', 'frozen: sound');
$node->safe_psql('postgres', both('UPDATE $t SET v = v + 1 WHERE id % 10 < 4') . both('DELETE FROM $t WHERE id % 10 = 5'));
same_rows($node, 'r', 'h', 'frozen rows are changed');
# two old transactions' worth of ids, spent on nothing
$node->safe_psql('postgres', "SELECT territory.seal('r'); SELECT territory.unseal('r', '2026-01-01 10:00', '2026-01-01 12:00')");
$node->safe_psql('postgres', 'DO $$ BEGIN FOR i IN 1..3000 LOOP BEGIN PERFORM txid_current(); CREATE TEMP TABLE z (); DROP TABLE z; EXCEPTION WHEN others THEN RAISE; END; END LOOP; END $$');
$node->safe_psql('postgres', 'SET vacuum_freeze_min_age = 0; SET vacuum_freeze_table_age = 0; SET vacuum_multixact_freeze_min_age = 0; VACUUM r');
same_rows($node, 'r', 'h', 'vacuum_freeze_min_age = 0');
sound($node, 'r', 'vacuum_freeze_min_age = 0: sound');

# autovacuum, which comes to the TOAST relation by itself
$node->append_conf('postgresql.conf', "autovacuum = on\nautovacuum_naptime = 1s\nautovacuum_vacuum_threshold = 1\nautovacuum_vacuum_scale_factor = 0\n");
$node->reload;
$node->safe_psql('postgres', both('DELETE FROM $t WHERE id % 100 = 7') . "SELECT territory.seal('r'); SELECT territory.unseal('r'); SELECT territory.seal('r')");
$node->poll_query_until('postgres',
	"SELECT autovacuum_count > 0 FROM pg_stat_all_tables WHERE relid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'r'::regclass)")
  or die 'no autovacuum of the TOAST relation';
same_rows($node, 'r', 'h', 'after an autovacuum of the TOAST relation');
sound($node, 'r', 'after an autovacuum of the TOAST relation: sound');
$node->safe_psql('postgres', both('UPDATE $t SET v = v + 1 WHERE id % 3 = 0'));
same_rows($node, 'r', 'h', 'and changed again');

# numbers of segments that are gone come back, and nothing of theirs with them
for my $round (1 .. 3)
{
	$node->safe_psql('postgres', 'SET territory.segment_rows = 300; ' . both("UPDATE \$t SET v = v + $round WHERE id % 4 = 0") . "SELECT territory.seal('r')");
	$node->safe_psql('postgres', 'VACUUM r');
	$node->safe_psql('postgres', "SELECT territory.unseal('r')");
	$node->safe_psql('postgres', 'VACUUM r');
	same_rows($node, 'r', 'h', "sealed, unsealed and vacuumed, round $round");
}
$node->safe_psql('postgres', "SELECT territory.seal('r')");

# ---- amcheck and page checksums ----

$node->safe_psql('postgres', both('DELETE FROM $t WHERE id % 9 = 4') . 'UPDATE r SET v = v WHERE id % 9 = 5; SELECT FROM r WHERE id = 3 FOR UPDATE');
$node->command_ok([ 'pg_amcheck', '-d', 'postgres', '--heapallindexed', '--parent-check', '-t', 'pg_toast.*' ],
	'pg_amcheck finds TOAST relations with segments sound');
$node->command_ok([ 'pg_amcheck', '-d', 'postgres', '--heapallindexed', '-i', 'r_pkey' ], 'and indexes of hot rows');
$node->stop;
command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ], 'page checksums are right');
done_testing();
