"""A statement sent to both twins, and how its results are to be compared."""

METHOD = '@METHOD@'   # stands for the table access method of the side


class Statement:
    """order: 'list' where the query sorts totally, 'set' for a multiset, 'any' where only success counts.
    approximate: absolute tolerance per result column, for float aggregates (a relative one of `relative` comes on top).
    then: called with the left outcome's success, to keep the model in step.
    parts: (before, rows, after) of an INSERT of many rows, so that a reduction can leave out rows.
    side: 'both' or 'right'.  elder: in a second session, which may keep an older snapshot.  must: an error is a failure, even where both sides give it (the end of a block, a check)."""

    def __init__(self, sql, order='set', approximate=None, relative=1e-9, copy_in=None, copy_out=False, then=None, side='both',
                 must=False, parts=None, elder=False):
        self.sql, self.order, self.approximate, self.relative = sql, order, approximate or {}, relative
        self.copy_in, self.copy_out, self.then, self.side, self.must = copy_in, copy_out, then, side, must
        self.parts, self.elder = parts, elder

    def __repr__(self):
        return self.sql


class Step:
    """Some statements that belong together; changes: rows may differ afterwards, so the tables are compared."""

    def __init__(self, feature, statements, changes=False):
        self.feature, self.changes = feature, changes
        self.statements = [s if isinstance(s, Statement) else Statement(s) for s in statements]
