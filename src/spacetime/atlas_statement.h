/*
 * atlas_statement.h
 *	  The statement by which one layer is asked what it has there and then.
 */
#ifndef ATLAS_STATEMENT_H
#define ATLAS_STATEMENT_H

#include "spacetime/atlas.h"

#include "lib/stringinfo.h"

typedef enum AtlasForm
{
	ATLAS_AROUND,				/* within metres of a geometry */
	ATLAS_INSIDE,				/* in an area */
	ATLAS_SITUATION,			/* in an area, the last of each entity */
} AtlasForm;

/* parameters of every statement */
typedef enum AtlasParameter
{
	ATLAS_GEOMETRY,				/* around: in EPSG:4326; else as it was given */
	ATLAS_WORLD_BOX,			/* around: what is near lies in it, in EPSG:4326 */
	ATLAS_NATIVE_BOX,			/* the same in the SRID of the layer's positions */
	ATLAS_PERIOD,
	ATLAS_FROM,					/* its ends, infinite where it has none */
	ATLAS_TO,
	ATLAS_METRES,
	ATLAS_SRID_GIVEN,			/* of the geometry as it was given */
	ATLAS_KEYS,					/* entities */
	ATLAS_NPARAMETERS,
} AtlasParameter;

/* of one layer's statement */
typedef struct AtlasStatement
{
	StringInfoData text;		/* gives entity, t, place, distance_m, data */
	int32		srid;			/* that positions declare, or 0 */
	bool		boxed;			/* a box in it is asked for first: */
	double		native[4];
	Oid			key_type;		/* of the keys */
} AtlasStatement;

extern bool atlas_statement(AtlasForm form, const AtlasQuestion *question, const AtlasAnswer *answer,
							AtlasStatement *out);

#endif
