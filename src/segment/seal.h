/*
 * seal.h
 *	  Moving rows between the heap and segments.
 */
#ifndef SEAL_H
#define SEAL_H

#include "territory.h"
#include "utils/timestamp.h"

typedef struct SealResult
{
	int64		rows;
	int64		segments;
	int64		heap_bytes;
	int64		sealed_bytes;
} SealResult;

extern Relation seal_open_table(Oid relid, const char *function);
extern void seal_rows(Relation rel, bool all, TimestampTz before, SealResult *result);
extern int64 unseal_rows(Relation rel, TimestampTz from, TimestampTz to);

#endif
