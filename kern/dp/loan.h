/* SPDX-License-Identifier: MIT */
/*
 * Pages of the program that are lent to TCP and to the NIC, oldest first. A stream of bytes is counted from 0 on, and
 * wraps; each loan lasts until the byte before `end` can be read by nobody any more. What a loan needs of memory comes from
 * the group that it is made for.
 */
#ifndef JOS_KERN_DP_LOAN_H
#define JOS_KERN_DP_LOAN_H

#include <inc/types.h>

struct fgroup;
struct PageInfo;

struct loan {
	struct loan *next;
	struct PageInfo *page;
	uint32_t end;
};

struct loans {
	struct loan *first, *last; /* last: only if there is a first */
};

struct loan *loan_make(struct fgroup *g, struct PageInfo *page); /* NULL: out of memory, or lent too often */
void loan_cancel(struct fgroup *g, struct loan *l);              /* nobody was told of it */
void loan_add(struct loans *list, struct loan *l, uint32_t end);
void loans_end(struct fgroup *g, struct loans *list, uint32_t done); /* bytes before `done` are free */
void loans_end_all(struct fgroup *g, struct loans *list);

#endif
