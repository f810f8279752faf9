/* SPDX-License-Identifier: MIT */
/* Pages lent. The contract is loan.h; how a page waits that was freed meanwhile is kern/page.c's. */
#include <kern/dp/dataplane.h>
#include <kern/pmap.h>

struct loan *loan_make(struct fgroup *g, struct PageInfo *page)
{
	struct loan *l = slab_alloc(&g->slab, sizeof(*l));

	if (!l)
		return NULL;
	if (!page_lend(page)) {
		slab_free(l);
		return NULL;
	}
	*l = (struct loan){ .page = page };
	g->nloans++;
	return l;
}

static void end(struct fgroup *g, struct loan *l)
{
	page_unlend(l->page);
	slab_free(l);
	g->nloans--;
	g->owner->loans_ended = true;
}

void loan_cancel(struct fgroup *g, struct loan *l)
{
	if (l)
		end(g, l);
}

void loan_add(struct loans *list, struct loan *l, uint32_t end)
{
	l->end = end;
	*(list->first ? &list->last->next : &list->first) = l;
	list->last = l;
}

static void end_first(struct fgroup *g, struct loans *list)
{
	struct loan *l = list->first;

	list->first = l->next;
	end(g, l);
}

void loans_end(struct fgroup *g, struct loans *list, uint32_t done)
{
	while (list->first && (int32_t)(done - list->first->end) >= 0)
		end_first(g, list);
}

void loans_end_all(struct fgroup *g, struct loans *list)
{
	while (list->first)
		end_first(g, list);
}
