/*
 * missing.h
 *	  The values of columns that were added after a seal, kept with the segments.
 */
#ifndef MISSING_H
#define MISSING_H

#include "segment/chunk.h"

extern void missing_keep(TupleDesc desc, ChunkStore *store);
extern bool missing_find(ChunkStore *store, Form_pg_attribute attribute, Datum *value);

#endif
