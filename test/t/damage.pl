# damage.pl - bytes of what was sealed, changed on disk: whatever reads them says
# so, and nothing crashes, whether or not a checksum covers them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Utils;
use Territory;
use Test::More;

my $node = territory_node('damage', conf => "ignore_checksum_failure = on\nmax_connections = 10\n");

# what is damaged: a condition on chunk_id
my %kinds = (
	directory => '1',
	group => '2',
	keys => '8',
	pieces => '1024',
	missing => '16',
	state => '4096',
	batch => '6144',
	data => '8192');

# where, counted from the start of the stored tuple, and what it becomes
my %places = (
	id => [ 24, 0x55 ],			# chunk_id
	place => [ 29, 0x55 ],		# chunk_seq, its second byte
	length => [ 35, 0xfc ],		# chunk_data's length, its highest byte
	short => [ 32, 0x0f ],		# becomes a short length
	external => [ 32, 0x01 ],	# becomes a pointer to elsewhere
	content => [ 40, undef ]);	# the fifth byte of the contents

my %damaged;
for my $kind (sort keys %kinds)
{
	for my $place (sort keys %places)
	{
		my $table = "${kind}_$place";

		$node->safe_psql('postgres', qq(
			SET territory.segment_rows = 100;
			CREATE TABLE $table (id uuid PRIMARY KEY, s int, t timestamptz, v float8) USING territory;
			SELECT territory.set_layout('$table', '{s}', 't');
			INSERT INTO $table SELECT md5(i::text)::uuid, i % 7, '2026-01-01'::timestamptz + i * interval '1 minute', i * 0.1
				FROM generate_series(1, 7000) i;
			SELECT territory.seal('$table');
			ALTER TABLE $table ADD late text DEFAULT 'late';
			VACUUM FULL $table;
			UPDATE $table SET v = -1 WHERE id = md5('17')::uuid;
			DELETE FROM $table WHERE s = 3));
		my ($path, $toast) = split /\|/, $node->safe_psql('postgres',
			"SELECT pg_relation_filepath(reltoastrelid), reltoastrelid::regclass FROM pg_class WHERE oid = '$table'::regclass");
		my $at = $node->safe_psql('postgres',
			"SELECT ctid FROM $toast WHERE chunk_id = $kinds{$kind} ORDER BY chunk_seq LIMIT 1");

		ok($at =~ /\((\d+),(\d+)\)/, "$table: there is something to damage");
		$damaged{$table} = [ $node->data_dir . "/$path", $1, $2, @{ $places{$place} } ];
	}
}

$node->stop;
for my $table (sort keys %damaged)
{
	my ($path, $block, $item, $offset, $byte) = @{ $damaged{$table} };
	my $start = $block * 8192;
	my $buffer;

	open(my $file, '+<:raw', $path) or die "$path: $!";
	seek($file, $start + 24 + 4 * ($item - 1), 0);
	read($file, $buffer, 4);
	$offset += $start + (unpack('V', $buffer) & 0x7fff);
	seek($file, $offset, 0);
	read($file, $buffer, 1);
	$byte = ord($buffer) ^ 0xff unless defined $byte;
	seek($file, $offset, 0);
	print $file chr($byte);
	close($file);
}
$node->start;

for my $table (sort keys %damaged)
{
	my $messages = '';

	for my $command (
		"SELECT count(*), sum(v), max(late) FROM $table",
		"SELECT v FROM $table WHERE id = md5('400')::uuid",
		"SELECT v FROM $table WHERE s = 0 ORDER BY t DESC LIMIT 3",
		"SELECT count(*) FROM territory.verify('$table')",
		"SELECT count(*) FROM territory.segments('$table')",
		"SELECT count(*) FROM territory.summaries('$table')",
		"INSERT INTO $table VALUES (md5('400')::uuid)",
		"BEGIN; UPDATE $table SET v = 0 WHERE s = 1; ROLLBACK",
		"BEGIN; DELETE FROM $table; ROLLBACK",
		"BEGIN; SELECT territory.compact('$table'); ROLLBACK",
		"BEGIN; SELECT territory.unseal('$table'); ROLLBACK")
	{
		my ($status, $out, $err) = $node->psql('postgres', "SET statement_timeout = '60s'; $command");

		$messages .= $err if $status != 0;
	}
	unlike($messages, qr/server closed|terminat|statement timeout|invalid memory alloc|out of memory/, "$table: no crash");
	# state has no checksum, some keys are searched for as a range, and not every piece is read
	like($messages, qr/is damaged/, "$table: told")
	  unless $table =~ /^((state|batch)_content|(batch|missing)_place|pieces_.*)$/;
}

$node->stop;
done_testing();
