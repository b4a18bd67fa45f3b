/*
 * stbox_key.h
 *	  What index classes keep of many boxes.
 *
 * The idea: a key is a box with more flags.  Its ranges cover those of the boxes
 * under it that have that part, and the flags say which parts some of them lack:
 * what lacks a part is not told apart by it.  A box alone is a key of itself.
 */
#ifndef STBOX_KEY_H
#define STBOX_KEY_H

#include "spacetime/stbox.h"

/* on disk, in indexes only */
#define STBOX_SOME_WITHOUT(parts) ((parts) << 8)
#define STBOX_SRIDS_DIFFER	0x10000

extern bool stbox_key_add(STBox *key, const STBox *other);	/* true: the key has changed */
extern bool stbox_key_may_hold(STBoxRelation relation, const STBox *key, const STBox *query);
extern double stbox_key_distance(const STBox *key, const STBox *query); /* no box under it is nearer */

#endif
