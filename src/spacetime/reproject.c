/*
 * reproject.c
 *	  Positions from one SRID to another, by PROJ.
 *
 * What an SRID is, is what spatial_ref_sys says of it, in PostGIS's order: its
 * authority's code, else its text; so results are those of ST_Transform.  It is
 * asked once per backend and pair of SRIDs (a change of an entry is seen by new
 * connections, as it is with PostGIS).  Axes are east, then north, in degrees
 * where the SRID is geographic.
 */
#include "territory.h"

#include <math.h>
#include <proj.h>

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "series/point.h"
#include "spacetime/cell.h"

typedef struct ReprojectionKey
{
	int32		from;
	int32		to;
} ReprojectionKey;

struct Reprojection
{
	ReprojectionKey key;
	PJ		   *pj;
	bool		is_one;
	bool		from_degrees;
};

static HTAB *reprojections = NULL;
static PJ_CONTEXT *proj_context = NULL;

/* as PROJ understands it; the authority's code, which stands last, comes first, as in PostGIS */
static PJ *
read_srid(int32 srid)
{
	List	   *definitions = point_srid_definitions(srid);
	PJ		   *crs = NULL;

	for (int i = 0; crs == NULL && i < list_length(definitions); i++)
		crs = proj_create(proj_context, list_nth(definitions, i == 0 ? list_length(definitions) - 1 : i - 1));
	return crs;
}

static PJ *
make_crs(int32 srid)
{
	PJ		   *crs;

	if (srid == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the position has no SRID, so it is not known where it is"),
						errhint("Give it one with ST_SetSRID.")));
	crs = read_srid(srid);
	if (crs == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("SRID %d is not known", srid),
						errhint("Add it to spatial_ref_sys, or give the positions the right SRID with ST_SetSRID.")));
	return crs;
}

static void
prepare_cache(void)
{
	HASHCTL		control = {.keysize = sizeof(ReprojectionKey), .entrysize = sizeof(Reprojection)};

	if (proj_context == NULL)
	{
		proj_context = proj_context_create();
		proj_log_level(proj_context, PJ_LOG_NONE);
	}
	if (reprojections == NULL)
	{
		control.hcxt = TopMemoryContext;
		reprojections = hash_create("territory reprojections", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
}

static PJ *
make_pj(int32 from, int32 to)
{
	PJ		   *source = make_crs(from);
	PJ		   *target = make_crs(to);
	PJ		   *pj = proj_create_crs_to_crs_from_pj(proj_context, source, target, NULL, NULL);
	PJ		   *east_first = pj == NULL ? NULL : proj_normalize_for_visualization(proj_context, pj);

	proj_destroy(source);
	proj_destroy(target);
	proj_destroy(pj);
	if (east_first == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("PROJ knows no way from SRID %d to SRID %d", from, to)));
	return east_first;
}

const Reprojection *
reprojection(int32 from, int32 to)
{
	ReprojectionKey key = {from, to};
	Reprojection *kept;
	PJ		   *pj;
	bool		degrees;

	prepare_cache();
	kept = hash_search(reprojections, &key, HASH_FIND, NULL);
	if (kept != NULL)
		return kept;
	/* before anything is kept: it may fail */
	pj = make_pj(from, to);
	degrees = point_metric(from)->geographic;
	kept = hash_search(reprojections, &key, HASH_ENTER, NULL);
	kept->pj = pj;
	/* a set of operations, of which PROJ chooses by place, has no type */
	kept->is_one = proj_get_type(pj) != PJ_TYPE_UNKNOWN;
	kept->from_degrees = degrees;
	return kept;
}

/* is it one smooth operation, wherever the position is? */
bool
reprojection_is_one(const Reprojection *reprojection)
{
	return reprojection->is_one;
}

bool
reprojection_from_degrees(const Reprojection *reprojection)
{
	return reprojection->from_degrees;
}

/* in place; x and y are not finite where PROJ cannot */
void
reproject(const Reprojection *reprojection, double *p)
{
	PJ_COORD	coord = proj_coord(p[0], p[1], 0, 0);

	coord = proj_trans(reprojection->pj, PJ_FWD, coord);
	p[0] = coord.xy.x;
	p[1] = coord.xy.y;
	if (p[0] == HUGE_VAL || p[1] == HUGE_VAL)
		proj_errno_reset(reprojection->pj);
}
