/* SPDX-License-Identifier: MIT */
/*
 * A ring of links, each embedded in what it links; the ring's own link is its head. Every operation is
 * O(1).
 */
#ifndef JOS_KERN_DP_LIST_H
#define JOS_KERN_DP_LIST_H

#include <inc/types.h>

struct link {
	struct link *next, *prev; /* to itself: alone, or an empty ring */
};

static inline void link_init(struct link *l) { l->next = l->prev = l; }
static inline bool link_alone(const struct link *l) { return l->next == l; }

static inline void link_put_after(struct link *place, struct link *l)
{
	l->prev = place;
	l->next = place->next;
	l->next->prev = l;
	place->next = l;
}

static inline void list_push(struct link *head, struct link *l) { link_put_after(head, l); }
static inline void list_append(struct link *head, struct link *l) { link_put_after(head->prev, l); }

static inline void link_take(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}

#endif
