/*
 * missing.c
 *	  What columns that were added later are worth in older segments, once the
 *	  catalog has forgotten it.
 *
 * ADD COLUMN ... DEFAULT leaves rows as they are and keeps the value for them in
 * pg_attribute.  VACUUM FULL and CLUSTER write every heap row in full, so core
 * then clears it; but segments come along as they are.  So the value goes with
 * them, under the column's number, which is never given again.  Every segment
 * that had fewer columns when it was sealed means this value, for ever.
 *
 * The record: a CRC-32C of the value, then the value: eight bytes of a Datum, or
 * the bytes that it refers to, with their header; in pieces that fill a page.
 */
#include "territory.h"

#include "access/heapam.h"
#include "access/tupdesc_details.h"
#include "port/pg_crc32c.h"
#include "utils/datum.h"
#include "utils/snapmgr.h"

#include "segment/chunk.h"
#include "segment/missing.h"

static pg_crc32c
value_crc(const void *bytes, Size len)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, len);
	FIN_CRC32C(crc);
	return crc;
}

static void
keep_value(ChunkStore *store, Form_pg_attribute attribute, Datum value)
{
	Size		len = attribute->attbyval ? sizeof value : datumGetSize(value, false, attribute->attlen);
	char	   *bytes = palloc(sizeof(pg_crc32c) + len);
	pg_crc32c	crc;
	ChunkKey	key = chunk_missing_key(attribute->attnum, 0);

	memcpy(bytes + sizeof crc, attribute->attbyval ? (void *) &value : DatumGetPointer(value), len);
	crc = value_crc(bytes + sizeof crc, len);
	memcpy(bytes, &crc, sizeof crc);
	len += sizeof crc;
	for (Size at = 0; at < len; at += CHUNK_BYTES, key.seq++)
		chunk_insert(store, key, bytes + at, Min(len - at, CHUNK_BYTES), HEAP_INSERT_FROZEN, NULL);
	pfree(bytes);
}

/* of all columns, before the catalog forgets them */
void
missing_keep(TupleDesc desc, ChunkStore *store)
{
	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, a);

		if (attribute->atthasmissing && !attribute->attisdropped && desc->constr->missing[a].am_present)
			keep_value(store, attribute, desc->constr->missing[a].am_value);
	}
}

/* is it what keep_value() wrote?  Then the value, without its CRC */
static bool
take_value(const StringInfo bytes, Form_pg_attribute attribute, Datum *value)
{
	Size		len = bytes->len - sizeof(pg_crc32c);
	char	   *copy = palloc(Max(len, sizeof *value));
	pg_crc32c	crc;

	if (bytes->len <= (int) sizeof crc)
		return false;
	memcpy(&crc, bytes->data, sizeof crc);
	memcpy(copy, bytes->data + sizeof crc, len);
	if (crc != value_crc(copy, len))
		return false;
	if (!attribute->attbyval)
		*value = PointerGetDatum(copy);
	else if (len == sizeof *value)
		memcpy(value, copy, len);
	else
		return false;
	return true;
}

/* false where no record is kept, so that the column is null; the value is palloc'd */
bool
missing_find(ChunkStore *store, Form_pg_attribute attribute, Datum *value)
{
	ChunkKey	key = chunk_missing_key(attribute->attnum, 0);
	StringInfoData bytes;
	ChunkScan	scan;
	HeapTuple	tuple;

	initStringInfo(&bytes);
	chunk_scan_begin(&scan, store, SnapshotAny, key.id, key.seq, key.seq + CHUNK_MAX_PIECES - 1);
	while ((tuple = chunk_scan_next(&scan, ForwardScanDirection)) != NULL)
	{
		int			len;
		const char *piece = chunk_bytes(store, tuple, &len);

		appendBinaryStringInfo(&bytes, piece, len);
	}
	chunk_scan_end(&scan);
	if (bytes.len > 0 && !take_value(&bytes, attribute, value))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("the value of column \"%s\" in older segments is damaged", NameStr(attribute->attname)),
						errdetail("It is kept in \"%s\".", RelationGetRelationName(store->toast)),
						errhint("Restore the table from a backup.")));
	pfree(bytes.data);
	return bytes.len > 0;
}
