/*
 * scan_box.c
 *	  Conditions on places as tests of boxes, and functions as conditions.
 *
 * PostGIS's operators && @ ~ compare boxes, which is done here without calling
 * them.  Functions like ST_Intersects() and ST_DWithin() imply such an operator,
 * near_in_time() comparisons with two instants: their support function tells core
 * which, where an index could answer it.  It is asked here as if there were an
 * index, so that no function has to be known by name; the function itself is then
 * asked of the rows that are left.
 *
 * Invariant: rows of which a function would say that SRIDs are mixed are left to
 * it, as far as the column's type or the block tells their SRID.
 */
#include "territory.h"

#include "access/htup_details.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "scan/scan.h"
#include "segment/point.h"

/* by which the library of a function in C knows it; NULL: it is in another language, or gone */
char *
scan_c_symbol(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	char	   *symbol = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	if (((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId)
	{
		bool		isnull;
		Datum		source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);

		if (!isnull)
			symbol = TextDatumGetCString(source);
	}
	ReleaseSysCache(tuple);
	return symbol;
}

/* ---- operators ---- */

/* by PostGIS's C functions, wherever it was installed and however operators are called */
static BoxTest
test_of_function(const char *symbol, bool *lossy)
{
	*lossy = false;
	if (strcmp(symbol, "gserialized_overlaps_2d") == 0)
		return BOX_OVERLAPS;
	if (strcmp(symbol, "gserialized_contains_2d") == 0)
		return BOX_CONTAINS;
	if (strcmp(symbol, "gserialized_within_2d") == 0)
		return BOX_WITHIN;
	*lossy = true;				/* equal boxes overlap */
	return strcmp(symbol, "gserialized_same_2d") == 0 ? BOX_OVERLAPS : 0;
}

/*
 * Does the operator say that an empty geometry is in any other, and holds it?
 * PostGIS does since 3.5, though not where an index answers: empty ones are
 * not in it.
 */
static bool
holds_of_empty(BoxTest test, Oid function, Oid type)
{
	static struct
	{
		Oid			function;
		bool		holds;
	}			known[2];
	int			i = test == BOX_CONTAINS ? 0 : 1;
	Oid			input,
				param;
	Datum		empty;

	if (test == BOX_OVERLAPS)
		return false;
	if (known[i].function != function)
	{
		getTypeInputInfo(type, &input, &param);
		empty = OidInputFunctionCall(input, "POINT EMPTY", param, -1);
		known[i].holds = DatumGetBool(OidFunctionCall2(function, empty, empty));
		known[i].function = function;
	}
	return known[i].holds;
}

/*
 * How an operator compares the boxes of two values of this type; 0: it does not.
 * What only an index would be asked is not asked of empty geometries.
 */
BoxTest
scan_box_test(Oid op, Oid type, bool for_index, bool *lossy)
{
	Oid			left,
				right;
	char	   *symbol;
	BoxTest		test;

	op_input_types(op, &left, &right);
	if (left != type || right != type)
		return 0;
	symbol = scan_c_symbol(get_opcode(op));
	test = symbol ? test_of_function(symbol, lossy) : 0;
	return test && !for_index && holds_of_empty(test, get_opcode(op), type) ? 0 : test;
}

/* ---- functions ---- */

/* an index on one column, which nobody made */
static IndexOptInfo *
imagine_index(PlannerInfo *root, Var *column, Oid am, Oid type, Oid opfamily)
{
	IndexOptInfo *index = makeNode(IndexOptInfo);

	index->rel = find_base_rel(root, column->varno);
	index->relam = am;
	index->ncolumns = index->nkeycolumns = 1;
	index->indexkeys = palloc(sizeof(int));
	index->indexkeys[0] = column->varattno;
	index->indexcollations = palloc0(sizeof(Oid));
	index->opfamily = palloc(sizeof(Oid));
	index->opfamily[0] = opfamily;
	index->opcintype = palloc(sizeof(Oid));
	index->opcintype[0] = type;
	index->indextlist = list_make1(makeTargetEntry((Expr *) column, 1, NULL, false));
	index->predOK = true;
	return index;
}

/* the conditions that an index on this argument would be asked for */
static List *
index_conditions(PlannerInfo *root, FuncExpr *call, int arg, Oid support)
{
	Var		   *column = list_nth_node(Var, call->args, arg);
	Oid			type = getBaseType(column->vartype);
	Oid			am = column_zone_kind(type) == ZONE_NONE ? GIST_AM_OID : BTREE_AM_OID;
	Oid			opclass = GetDefaultOpClass(type, am);
	SupportRequestIndexCondition request = {.type = T_SupportRequestIndexCondition};

	if (!OidIsValid(opclass))
		return NIL;
	request.root = root;
	request.funcid = call->funcid;
	request.node = (Node *) call;
	request.indexarg = arg;
	request.opfamily = get_opclass_family(opclass);
	request.index = imagine_index(root, column, am, type, request.opfamily);
	request.lossy = true;
	return (List *) DatumGetPointer(OidFunctionCall1(support, PointerGetDatum(&request)));
}

/*
 * PostGIS 3.5 asks an index for places that hold the circle's box, of which
 * ST_DFullyWithin() wants those inside it.
 */
static bool
misleads(Oid function)
{
	char	   *symbol = scan_c_symbol(function);

	return symbol && pg_strcasecmp(symbol, "LWGEOM_dfullywithin") == 0;
}

/* conditions on one column that hold wherever the clause does, and that zone maps can judge */
List *
scan_implied_conditions(PlannerInfo *root, Index relid, Node *clause)
{
	FuncExpr   *call = (FuncExpr *) clause;
	Oid			support;
	ListCell   *lc;

	if (root == NULL || !IsA(clause, FuncExpr))
		return NIL;
	support = get_func_support(call->funcid);
	if (!OidIsValid(support) || misleads(call->funcid))
		return NIL;
	foreach(lc, call->args)
	{
		Var		   *column = lfirst(lc);
		List	   *judged = NIL;
		ListCell   *condition;

		if (!IsA(column, Var) || column->varno != relid || column->varattno <= 0 || column->varlevelsup != 0)
			continue;
		foreach(condition, index_conditions(root, call, foreach_current_index(lc), support))
		{
			List	   *spec;
			Node	   *value;

			if (scan_condition_spec(root, relid, lfirst(condition), &spec, &value))
				judged = lappend(judged, lfirst(condition));
		}
		if (judged)
			return judged;
	}
	return NIL;
}

/* ---- values ---- */

/* where the column's type says that all its values have one; else 0 */
int32
scan_srid_of_typmod(int32 typmod)
{
	return typmod < 0 ? 0 : ((typmod & 0x0FFFFF00) - (typmod & 0x10000000)) >> 8;
}

/* in the current memory context; false: the value's box says nothing */
bool
scan_box_key(List *spec, Datum value, PruneKey *key)
{
	struct varlena *plain = PG_DETOAST_DATUM_PACKED(value);
	BoxKey	   *box = palloc0(sizeof(BoxKey));
	int32		srid;

	if (!box_key_init(box, list_nth_int(spec, PRUNE_STRATEGY), VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain)))
		return false;
	if (list_nth_int(spec, PRUNE_LOSSY))
	{
		srid = geometry_srid(VARDATA_ANY(plain));
		if (scan_srid_of_typmod(list_nth_int(spec, PRUNE_TYPMOD)) == 0)
			box->srid = srid;
		else if (scan_srid_of_typmod(list_nth_int(spec, PRUNE_TYPMOD)) != srid)
			return false;
		/* nothing has the box of an empty geometry, but it may equal another */
		if (box->never)
			return false;
	}
	else
		key->decides = true;
	key->box = box;
	return true;
}

/* the operator's function may be called for rows that boxes don't decide */
void
scan_box_may_call(List *spec, Datum value, PruneKey *key)
{
	BoxKey	   *box = (BoxKey *) key->box;

	box->function = palloc0(sizeof(FmgrInfo));
	fmgr_info(get_opcode(list_nth_int(spec, PRUNE_OPERATOR)), box->function);
	box->value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}
