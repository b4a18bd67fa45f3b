/*
 * watch.c
 *	  Who is told what happens to a table's rows: nobody, until a room asks.
 */
#include "territory.h"

#include "segment/watch.h"

SegmentWatch segment_watch;
