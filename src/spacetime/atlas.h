/*
 * atlas.h
 *	  The atlas: where and when each layer's segments, hot rows and entities are.
 *
 * docs/internals.md tells its tables, and who keeps them.
 */
#ifndef ATLAS_H
#define ATLAS_H

#include "territory.h"

#include "access/genam.h"
#include "utils/timestamp.h"

#include "segment/segment.h"
#include "spacetime/stbox.h"

#define ATLAS_SRID 4326
#define ATLAS_OFF_THE_MAP 1000.0	/* degrees */

/* tables of the atlas, in schema territory */
typedef enum AtlasTable
{
	ATLAS_LAYERS,				/* what it knows completely */
	ATLAS_SEGMENTS,
	ATLAS_PLACES,				/* of entities, and of hot rows */
} AtlasTable;

/* what a row of atlas_layers says: the atlas has all of this relation, as long as it stores its rows in this file */
typedef struct AtlasLayer
{
	Oid			relid;
	Oid			file;
	bool		entities;		/* kept by triggers: places by key; else segments and hot rows */
	AttrNumber	time;			/* or InvalidAttrNumber: then at any time */
	AttrNumber	position;		/* or InvalidAttrNumber: then anywhere */
	AttrNumber	key;			/* of entities */
	int32		srid;			/* of all positions; 0: of each its own */
} AtlasLayer;

/* atlas_table.c */
#define Anum_atlas_layers_layer 1
#define Anum_atlas_layers_file 2
#define Anum_atlas_layers_entities 3
#define Anum_atlas_layers_time 4
#define Anum_atlas_layers_position 5
#define Anum_atlas_layers_key 6
#define Anum_atlas_layers_srid 7
#define Natts_atlas_layers 7
#define Anum_atlas_segments_layer 1
#define Anum_atlas_segments_segment 2
#define Anum_atlas_segments_box 3
#define Natts_atlas_segments 3
#define Anum_atlas_places_layer 1
#define Anum_atlas_places_entity 2
#define Anum_atlas_places_kind 3
#define Anum_atlas_places_box 4
#define Anum_atlas_places_native 5	/* of hot rows: in their own SRID, times as they are stored */
#define Natts_atlas_places 5

/* kinds of atlas_places; on disk */
#define PLACE_ENTITY 'e'		/* entity is null where its key is too long to be kept */
#define PLACE_HOT 'h'			/* hot rows lie in one of these, or more */
#define PLACE_EXTENT 'x'		/* so do segments */

extern Relation atlas_open(AtlasTable table, LOCKMODE lockmode);
extern SysScanDesc atlas_scan(Relation atlas, Snapshot snapshot, Oid relid, int nkeys, ScanKey keys);
extern STBox *atlas_get_box(HeapTuple tuple, AttrNumber column, Relation atlas);
extern char atlas_get_kind(HeapTuple tuple, Relation atlas);
extern void atlas_insert_segment(Oid relid, SegmentNumber segment, const STBox *box);
extern void atlas_insert_place(Oid relid, const char *entity, char kind, const STBox *box, const STBox *native);
extern void atlas_delete(AtlasTable table, Oid relid);
extern void atlas_delete_segment(Oid relid, SegmentNumber segment);
extern void atlas_delete_place(Oid relid, char kind, const char *entity, const STBox *box);
extern bool atlas_layer_read(Oid relid, Snapshot snapshot, AtlasLayer *layer);
extern List *atlas_layers_read(Snapshot snapshot);
extern void atlas_layer_write(const AtlasLayer *layer);
extern void atlas_overlapping(AtlasTable table, Snapshot snapshot, STBox *box,
							  bool (*found) (HeapTuple tuple, Relation atlas, void *arg), void *arg);

/* atlas_project.c */
extern bool atlas_srid_is_geographic(int32 srid);
extern bool atlas_box_to_world(int32 srid, const double *in, double *out);
extern bool atlas_box_from_world(int32 srid, const double *in, double *out);

/* atlas_box.c */
extern void atlas_box_make(STBox *box, int32 srid, const double *place, TimestampTz from, TimestampTz to);
extern void atlas_box_of_place(STBox *box, int32 srid, const double *place, Oid time_type, TimestampTz from,
							   TimestampTz to);
extern TimestampTz atlas_time(Oid type, Datum value);
extern Oid	atlas_time_type(Relation rel, AttrNumber time);
extern bool atlas_geometry_box(Datum geometry, int32 *srid, double *box);
extern void atlas_entity_box(Datum geometry, STBox *box);

/* atlas_layer.c */
extern bool atlas_segment_box(const AtlasLayer *layer, Relation rel, const SegmentEntry *entry, STBox *box);

extern void atlas_rebuild(Relation rel, AtlasLayer *layer);
extern void atlas_forget(Oid relid);
extern void atlas_init(void);

/* atlas_hot.c */
extern const AtlasLayer *atlas_known(Relation rel);
extern const AtlasLayer *atlas_known_entities(Relation rel);
extern void atlas_hot_rows(Relation rel, TupleTableSlot **slots, int n);
extern void atlas_hot_sealed(Relation rel, bool whole);
extern void atlas_hot_rebuild(Relation rel, const AtlasLayer *layer);
extern void atlas_hot_init(void);
extern bool atlas_row_box(Relation rel, const AtlasLayer *layer, TupleTableSlot *slot, STBox *native);

/* atlas_follow.c */
extern bool atlas_wanted(Relation rel, AtlasLayer *layer);
extern List *atlas_argument(FunctionCallInfo fcinfo, const char *function);

/* atlas_find.c */

/* a layer that a question is about, and what the atlas knows that it has there and then */
typedef struct AtlasAnswer
{
	Oid			relid;
	char	   *domain;
	int			nentity;
	AttrNumber *entity;
	AttrNumber	time;			/* or InvalidAttrNumber */
	AttrNumber	position;		/* or InvalidAttrNumber: then places has it, or nobody */
	int32		srid;			/* of places that do not say theirs; 0: unknown */
	Oid			places;			/* table of its entities' places, or InvalidOid */
	AttrNumber	places_key;
	AttrNumber	places_position;
	bool		restricted;		/* only these entities can be there */
	int			nkeys;
	char	  **keys;
} AtlasAnswer;

typedef struct AtlasQuestion
{
	bool		placed;			/* else about anywhere */
	double		place[4];		/* degrees */
	TimestampTz from;
	TimestampTz to;
	bool		last;			/* about the last state up to then, wherever it was before */
} AtlasQuestion;

extern List *atlas_find(const AtlasQuestion *question, Datum domains, bool all_domains);

/* atlas_entity.c */
extern void atlas_entity_watch(Oid relid, bool wanted);
extern bool atlas_entity_is_watched(Relation rel);
extern void atlas_entity_rebuild(Relation rel, const AtlasLayer *layer);
extern char *atlas_entity_key(Relation rel, AttrNumber key, Datum value);
extern bool atlas_entity_of_row(Relation rel, const AtlasLayer *layer, TupleTableSlot *slot, char **key, STBox *box);

#endif
