/* SPDX-License-Identifier: MIT */
/*
 * A ring of links, each embedded in what it links; the ring's own link is its head. Every operation is
 * O(1), but for list_append_all: O(1) for each link.
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

static inline void list_append_all(struct link *to, struct link *from)
{
	while (!link_alone(from)) {
		struct link *l = from->next;
		link_take(l);
		list_append(to, l);
	}
}

#endif
