# Territory.pm - what the Perl tests share: a cluster that has the extension,
# a number that two tables have in common only if their rows are equal, and the
# checks that every test ends with.

package Territory;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(
  territory_node fingerprint same_rows sound has_function segments hot_rows is_long
);

# the longer forms of the tests
sub is_long
{
	return $ENV{TERRITORY_LONG} ? 1 : 0;
}

# A started cluster with the extension in database postgres.  Of the options,
# conf is text for postgresql.conf, and the others are init()'s.
sub territory_node
{
	my ($name, %options) = @_;
	my $conf = delete $options{conf} // '';
	my $node = PostgreSQL::Test::Cluster->new($name);

	$options{extra} = [ @{ $options{extra} // [] }, '--data-checksums', '-E', 'UTF8', '--locale=C.UTF-8' ];
	$node->init(%options);
	$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 20\n$conf");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION territory CASCADE');
	return $node;
}

# count and checksum of a table's, or a query's, rows
sub fingerprint
{
	my ($node, $rows, $database) = @_;

	return $node->safe_psql($database // 'postgres',
		"SELECT count(*), coalesce(sum(hashtextextended(r::text, 0)::numeric), 0) FROM $rows r");
}

# each row of one is in the other as often
sub same_rows
{
	my ($node, $got, $expected, $what, $database) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is(fingerprint($node, $got, $database), fingerprint($node, $expected, $database), $what);
}

# every segment of the table decodes
sub sound
{
	my ($node, $table, $what, $database) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is(
		$node->safe_psql(
			$database // 'postgres', "SELECT segment, problem FROM territory.verify('$table') WHERE NOT ok"),
		'', $what // "$table is sound");
}

sub segments
{
	my ($node, $table, $database) = @_;

	return $node->safe_psql($database // 'postgres', "SELECT count(*) FROM territory.segments('$table')");
}

# rows that are heap tuples
sub hot_rows
{
	my ($node, $table, $database) = @_;

	return $node->safe_psql($database // 'postgres',
		"SELECT count(*) FROM $table WHERE (ctid::text::point)[0] < 2147483648");
}

# whether the extension has this function or procedure
sub has_function
{
	my ($node, $name) = @_;

	return $node->safe_psql('postgres',
		"SELECT EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = 'territory'::regnamespace AND proname = '$name')") eq
	  't';
}

1;
