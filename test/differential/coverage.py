"""How the right side answers: which nodes its plans have, and what EXPLAIN ANALYZE counts there. A test that never reaches the code that
it is for finds nothing in it."""
from collections import Counter
import json
import re

from statement import Statement

EXPLAIN = 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, FORMAT json) '


class Coverage:
    def __init__(self):
        self.counts = {}        # feature -> Counter
        self.reasons = Counter()

    def look(self, case, feature, statement):
        """Explains a statement that has just run without error."""
        if not feature.startswith('dense') or not re.match(r'\(?(SELECT|WITH|EXECUTE)\b', statement.sql) or re.match(r'SELECT f\d+\(\)$', statement.sql):
            return      # such a function writes
        outcome = case.right.run(Statement(EXPLAIN + statement.sql))
        if outcome.error or not outcome.rows:
            return
        seen = Counter()
        walk(json.loads(outcome.rows[0][0]), seen, self.reasons)
        count = self.counts.setdefault(feature, Counter())
        count['explained'] += 1
        for name, times in seen.items():
            count[name] += times > 0

    def total(self):
        return sum(self.counts.values(), Counter())

    def show(self):
        total = self.total()
        names = ['explained'] + sorted(n for n in total if n != 'explained')
        for feature, count in sorted(self.counts.items()) + [('all', total)]:
            print('%-20s %s' % (feature, '  '.join('%s %d' % (n, count[n]) for n in names if count[n])))
        for reason, times in self.reasons.most_common(30):
            print('%6d %s' % (times, reason))


def walk(node, seen, reasons):
    if isinstance(node, list):
        for one in node:
            walk(one, seen, reasons)
        return
    if not isinstance(node, dict):
        return
    provider = node.get('Custom Plan Provider')
    if provider:
        seen[provider] += 1
        if node.get('Parallel Aware'):
            seen['parallel ' + provider] += 1
    if node.get('Node Type') == 'Aggregate':
        seen['core aggregate'] += 1
    if node.get('Node Type') in ('Gather', 'Gather Merge'):
        seen['gather'] += 1
    for key, value in node.items():
        if key.endswith('from Summaries') and value:
            seen['summaries'] += value
        elif key == 'Passes' and value > 1:
            seen['passes'] += 1
        elif key.startswith('Not Vectori') or key.startswith('Not vectori'):
            reasons.update([value] if isinstance(value, str) else value)
        else:
            walk(value, seen, reasons)
