/* SPDX-License-Identifier: MIT */
/* The flow table, handles, and what acknowledged bytes must wait for. The contract is flow.h. */
#include <inc/string.h>

#include <kern/dp/flow.h>

void flow_table_init(struct flow_table *t, struct slab *slab)
{
	t->slab = slab;
	link_init(&t->free);
	t->npages = t->nused = 0;
	t->pages_max = FLOW_PAGES_MAX;
}

static struct flow *slot(const struct flow_table *t, uint32_t index)
{
	return (struct flow *)(t->page[index / FLOWS_PER_PAGE] + index % FLOWS_PER_PAGE * FLOW_SLOT);
}

static bool add_page(struct flow_table *t)
{
	char *page = t->npages < t->pages_max ? slab_take_page(t->slab) : NULL;
	if (!page)
		return false;

	t->page[t->npages] = page;
	for (uint32_t i = FLOWS_PER_PAGE - 1; i > 0; i--) {
		uint32_t index = t->npages * FLOWS_PER_PAGE + i;
		struct flow *f = slot(t, index);
		memset(f, 0, sizeof(*f));
		f->index = index;
		f->gen = 1;
		list_push(&t->free, &f->pending);
	}
	t->npages++;
	return true;
}

bool flow_table_has_room(const struct flow_table *t)
{
	return !link_alone(&t->free) || (t->npages < t->pages_max && slab_reserve(t->slab));
}

struct flow *flow_alloc(struct flow_table *t)
{
	if (link_alone(&t->free) && !add_page(t))
		return NULL;
	struct flow *f = container_of(t->free.next, struct flow, pending);
	link_take(&f->pending);
	uint32_t index = f->index, gen = f->gen;
	memset(f, 0, sizeof(*f));
	f->index = index;
	f->gen = gen;
	link_init(&f->pending);
	link_init(&f->waiting);
	t->nused++;
	return f;
}

void flow_new_name(struct flow *f)
{
	if (++f->gen == 0)
		f->gen = 1;
}

void flow_release(struct flow_table *t, struct flow *f)
{
	flow_new_name(f);
	f->state = FLOW_FREE;
	list_push(&t->free, &f->pending);
	t->nused--;
}

struct flow *flow_at(const struct flow_table *t, uint32_t index)
{
	if (index / FLOWS_PER_PAGE >= t->npages || index % FLOWS_PER_PAGE == 0)
		return NULL;
	struct flow *f = slot(t, index);
	return f->state == FLOW_FREE ? NULL : f;
}

struct flow *flow_find(const struct flow_table *t, ix_handle_t handle)
{
	struct flow *f = IX_HANDLE_GROUP(handle) == 0 ? flow_at(t, IX_HANDLE_INDEX(handle)) : NULL;

	return f && f->gen == IX_HANDLE_GEN(handle) && (f->flags & FLOW_TOLD) ? f : NULL;
}

void flow_acked(struct flow *f, uint32_t bytes, uint32_t head, uint32_t tail)
{
	flow_ripen(f, head);
	if (!f->tx_wait && ring_passed(head, tail)) {
		f->tx_ready += bytes;
	} else if (!f->tx_wait) {
		f->tx_wait = bytes;
		f->stamp_wait = tail;
	} else {
		f->tx_next += bytes;
		f->stamp_next = tail;
	}
}

void flow_ripen(struct flow *f, uint32_t head)
{
	while (f->tx_wait && ring_passed(head, f->stamp_wait)) {
		f->tx_ready += f->tx_wait;
		f->tx_wait = f->tx_next;
		f->stamp_wait = f->stamp_next;
		f->tx_next = 0;
	}
}
