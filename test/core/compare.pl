# compare.pl - what PostgreSQL's tests gave on territory tables against what they gave on heap tables.
#
#   compare.pl [--update] VARIANT HEAP_FOLDER TERRITORY_FOLDER HEAP_LOG
#
# Two results are the same where they are so byte by byte, or once both are
# read for what SQL promises:
#
# - a TerritoryScan in a plan stands for the scan that it wraps, or for a
#   sequential one: its own lines go; sealed rows have costs of their own, so
#   that plans of sealed tables are not compared at all;
# - the rows of a query without ORDER BY have no order;
# - blanks and rules that only lay a table out don't count;
# - where everything is sealed, how many hot pages there are for BRIN to
#   summarise depends on when VACUUM came by.
#
# What differs then must be what accepted/VARIANT/TEST.diff holds, below a
# reason for it.  That file bears no line numbers, so that only the difference
# itself counts, and of a long difference only the beginning and a checksum.
use strict;
use warnings;

use Digest::MD5 'md5_hex';
use File::Basename;
use File::Temp;

my $update = @ARGV && $ARGV[0] eq '--update' ? shift : '';
my ($variant, $heap, $territory, $log) = @ARGV;
my $accepted = dirname($0) . "/accepted/$variant";
my $scratch = File::Temp->newdir;

sub slurp
{
	my ($file) = @_;
	open my $in, '<', $file or return undef;
	local $/;
	my $text = <$in>;
	return $text // '';
}

sub spew
{
	my ($file, $text) = @_;
	open my $out, '>', $file or die "$file: $!\n";
	print $out $text;
	close $out or die "$file: $!\n";
}

# a plan without our nodes: a child takes its parent's place, 6 columns to the left
sub plain_plan
{
	my @lines = @_;
	my @plan;

	for (my $i = 0; $i < @lines; $i++)
	{
		my ($lead, $arrow, $parallel, $on) =
		  $lines[$i] =~ /^( *)(-> +)?(Parallel |Async )?Custom Scan \(TerritoryScan\)( on .*)$/
		  or do { push @plan, $lines[$i]; next; };
		my $depth = length($lead) + ($arrow ? 6 : 2);
		my $end = $i + 1;
		my (@own, @child);

		$end++ while $end < @lines && $lines[$end] =~ /^( *)\S/ && length($1) >= $depth;
		for my $line (@lines[ $i + 1 .. $end - 1 ])
		{
			my ($at) = $line =~ /^( *)/;
			my $in_child = @child && length($at) > $depth;

			if (length($at) == $depth && $line =~ /-> / && $line !~ /InitPlan|SubPlan/ && !@child)
			{
				push @child, $line;
			}
			elsif ($in_child) { push @child, $line }
			elsif ($line =~ /^ *(Sealed Filter|Pruned By|Segments Read|Segments Pruned|Blocks Read|Blocks Pruned|Sealed Rows Removed by Filter|Counters|Blocks Answered from Summaries)\b/) { }
			else { push @own, $line }
		}
		if (@child)
		{
			# what they output: the wrapper knows
			@child = grep { !/^ {@{[$depth + 6]}}Output: / } @child;
			s/^ {6}// for @child;
			$child[0] =~ s/^ *-> +/$lead/ unless $arrow;
			splice @lines, $i, $end - $i, shift(@child), (grep { /^ *Output: / } @own), @child, (grep { !/^ *Output: / } @own);
		}
		else
		{
			splice @lines, $i, $end - $i, $lead . ($arrow // '') . ($parallel // '') . "Seq Scan$on", @own;
		}
		$i--;
	}
	return @plan;
}

sub is_ordered
{
	my ($query) = @_;
	$query =~ s/^\s*--.*$//mg;
	my @statements = grep { /\S/ } split /;\s*$/m, $query;
	my $last = $statements[-1] // '';
	return $last =~ /order\s+by|^\s*(fetch|move|execute)\b|\bover\s*\(|row_number|copy/i;
}

# the promises of a result, as text
sub promises
{
	my ($text, $sort) = @_;
	my @lines = plain_plan(split /\n/, $text, -1);
	my @out;
	my $query = '';

	for (my $i = 0; $i < @lines; $i++)
	{
		# a title and a rule of its length
		if ($i + 1 < @lines && $lines[$i] !~ /^-/ && $lines[ $i + 1 ] =~ /^-[-+]*$/
			&& length $lines[$i] == length $lines[ $i + 1 ])
		{
			my $end = $i + 2;

			$end++ while $end < @lines && $lines[$end] !~ /^\(\d+ rows?\)$/ && $lines[$end] ne '';
			if ($end < @lines && $lines[$end] =~ /^\(\d+ rows?\)$/)
			{
				my @rows = @lines[ $i + 2 .. $end - 1 ];
				my $title = $lines[$i];

				if ($title =~ /^ *QUERY PLAN *$/ || $query =~ /explain/i)
				{
					$lines[$end] = '(a plan)';
					@rows = () if $variant =~ /-sealed$/;
				}
				elsif ($title =~ /brin_summarize_new_values/ && $variant =~ /-sealed$/) { @rows = (' N') }
				elsif ($sort && !is_ordered($query)) { @rows = sort @rows }
				push @out, $title, '---', @rows, $lines[$end];
				$query = '';
				$i = $end;
				next;
			}
		}
		push @out, $lines[$i];
		$query .= "$lines[$i]\n";
	}
	for (@out)
	{
		s/(\S) +/$1 /g;
		s/^ +(?!->)/ / unless /->/ || /^ +[A-Z][A-Za-z ]+:/;
		s/ +$//;
		s/-{4,}/---/g;
		s/pg_toast_\d+/pg_toast_N/g;
	}
	return join("\n", @out);
}

sub difference
{
	my ($old, $new) = @_;
	spew("$scratch/heap", "$old\n");
	spew("$scratch/territory", "$new\n");
	my $diff = `diff -U0 $scratch/heap $scratch/territory`;
	$diff =~ s/\A--- .*\n\+\+\+ .*\n//;
	$diff =~ s/^\@\@ .*\n/\@\@\n/mg;

	# of a long one the beginning, and a checksum of the rest
	my @lines = split /^/, $diff;
	return $diff if @lines <= 200;
	my $rest = join '', @lines[ 100 .. $#lines ];
	return join('', @lines[ 0 .. 99 ]) . sprintf("... and %d lines more, %s\n", @lines - 100, md5_hex($rest));
}

my %counts = map { $_ => 0 } qw(identical same accepted failed uncounted);
my %passes = map { $_ => 1 } slurp($log) =~ /^(?:test|    ) +(\S+) +\.\.\. ok/mg;

sub report
{
	my ($test, $what, $count) = @_;
	$counts{$count}++ if $passes{$test} || $count eq 'failed';
	$counts{uncounted}++ if !$passes{$test} && $count ne 'failed';
	print "$variant/$test: $what\n" if $count eq 'failed';
}

for my $file (sort glob "$heap/results/*.out")
{
	my $test = basename($file, '.out');
	my $old = slurp($file);
	my $new = slurp("$territory/results/$test.out");
	my $known = slurp("$accepted/$test.diff");

	if (!defined $new)
	{
		report($test, 'has no result', 'failed');
		next;
	}
	my $diff = $old eq $new ? '' : difference(promises($old, 1), promises($new, 1));
	if ($diff eq '')
	{
		report($test, '', $old eq $new ? 'identical' : 'same');
		if (defined $known)
		{
			unlink "$accepted/$test.diff" if $update;
			print "$variant/$test: its accepted difference is gone; remove $accepted/$test.diff\n" if !$update;
		}
		next;
	}
	my ($reason, $expected) = ('', '');
	($reason, $expected) = ($1, $2) if defined $known && $known =~ /\A((?:#[^\n]*\n)*)(.*)\z/s;
	if ($update && $diff ne $expected)
	{
		mkdir dirname($0) . '/accepted';
		mkdir $accepted;
		spew("$accepted/$test.diff", ($reason || "# WHY?\n") . $diff);
		$expected = $diff;
	}
	if ($reason !~ /^# *[^\sW]/m && $reason !~ /^# *W(?!HY\?)/m)
	{
		report($test, "differs:\n$diff", 'failed');
	}
	elsif ($diff ne $expected)
	{
		report($test, "differs otherwise than accepted (-- accepted, ++ found):\n" . difference($expected, $diff), 'failed');
	}
	else { report($test, '', 'accepted') }
}
my $passed = $counts{identical} + $counts{same} + $counts{accepted};
printf "%s: %d identical to heap, %d equal in all that SQL promises, %d with accepted differences; %d that fail with heap are not counted\n",
  $variant, @counts{qw(identical same accepted uncounted)};
print "$variant: $passed passed, $counts{failed} failed\n";
exit($counts{failed} ? 1 : 0);
