"""Whether two outcomes of the same statement are the same."""
from collections import Counter
import math


def close_enough(left, right, absolute, relative):
    if left == right:
        return True
    if left is None or right is None:
        return False
    left, right = float(left), float(right)
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    if math.isinf(left) or math.isinf(right):
        return left == right
    return abs(left - right) <= absolute + relative * max(abs(left), abs(right))


def same_row(left, right, statement):
    return len(left) == len(right) and all(
        close_enough(a, b, statement.approximate[i], statement.relative) if i in statement.approximate else a == b
        for i, (a, b) in enumerate(zip(left, right)))


def match_rows(left, right, statement):
    """Multisets with approximate values: pair off, within rows whose exact columns agree."""
    rest = {}
    exact = lambda row: tuple(v for i, v in enumerate(row) if i not in statement.approximate)
    for row in right:
        rest.setdefault(exact(row), []).append(row)
    for row in left:
        candidates = rest.get(exact(row), [])
        found = next((c for c in candidates if same_row(row, c, statement)), None)
        if found is None:
            return False
        candidates.remove(found)
    return True


def difference(statement, left, right):
    """None where the outcomes are the same, else what differs, in words."""
    if left.error != right.error:
        return 'one error, not the other' if not (left.error and right.error) else 'different SQLSTATE'
    if left.error:
        return None
    if statement.order == 'any':
        return None
    if left.tag != right.tag:
        return 'different command tag: %s against %s' % (left.tag, right.tag)
    if (left.rows is None) != (right.rows is None) or left.columns != right.columns:
        return 'different result columns'
    if left.rows is None:
        return None
    if len(left.rows) != len(right.rows):
        return '%d rows against %d; %s' % (len(left.rows), len(right.rows), extra_rows(left.rows, right.rows))
    if statement.order == 'list':
        for number, (a, b) in enumerate(zip(left.rows, right.rows), 1):
            if not same_row(a, b, statement):
                return 'row %d differs: %s against %s' % (number, show(a), show(b))
        return None
    if not statement.approximate:
        return None if Counter(left.rows) == Counter(right.rows) else extra_rows(left.rows, right.rows)
    return None if match_rows(left.rows, right.rows, statement) else extra_rows(left.rows, right.rows)


def show(row):
    return '(' + ', '.join('NULL' if v is None else repr(v if len(v) <= 160 else v[:157] + '...') for v in row) + ')'


def extra_rows(left, right):
    left, right = Counter(left), Counter(right)
    only_left, only_right = list((left - right).elements()), list((right - left).elements())
    return 'only left (%d): %s; only right (%d): %s' % (len(only_left), ' '.join(show(r) for r in only_left[:3]),
                                                       len(only_right), ' '.join(show(r) for r in only_right[:3]))
