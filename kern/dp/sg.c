/* SPDX-License-Identifier: MIT */
/*
 * Scatter lists. The contract is sg.h. A program's pages are found through its page tables and read through the direct
 * map: another CPU that unmaps one waits for this CPU's mailbox, which is not looked at meanwhile, before
 * the page is freed. So what is found mapped here can be read, and lent, until the next look at the mailbox.
 */
#include <inc/error.h>
#include <inc/string.h>

#include <kern/dp/dataplane.h>
#include <kern/dp/sg.h>
#include <kern/pmap.h>

static struct PageInfo *user_page(struct dp *dp, uint32_t va)
{
	pte_t *pte = va < UTOP ? pgdir_walk(dp->env->env_pgdir, (void *)(uintptr_t)va, 0) : NULL;
	pte_t entry = pte ? *(volatile pte_t *)pte : 0;

	if ((entry & (PTE_P | PTE_U)) != (PTE_P | PTE_U) || (entry & PTE_PS))
		return NULL;
	return pa2page(PTE_ADDR(entry));
}

static uint32_t rest_of_page(uint32_t va) { return PGSIZE - PGOFF(va); }

static int read_user(struct dp *dp, void *dst, uint32_t va, uint32_t len)
{
	char *to = dst;

	while (len) {
		uint32_t n = MIN(len, rest_of_page(va));
		struct PageInfo *page = user_page(dp, va);
		if (!page)
			return -E_FAULT;
		memcpy(to, (const char *)page2kva(page) + PGOFF(va), n);
		to += n;
		va += n;
		len -= n;
	}
	return 0;
}

/*
 * Does all of the piece lie in the part of the heap that the program was given, [IX_HEAP, IX_HEAP + size)? Base and length
 * are any 32-bit numbers: base + len may wrap.
 */
static bool in_heap(const struct dp *dp, const struct ix_sg *sg)
{
#ifndef EXERCISE_10
	uint32_t size = dp->plane->heap_units * IX_HEAP_UNIT, off = sg->base - IX_HEAP;

	return sg->base >= IX_HEAP && off <= size && sg->len <= size - off;
#else
	/* LAB IX: Your code here. (Exercise 10) */
	(void)dp, (void)sg;
	return false;
#endif
}

/* Does all of it lie below the reserved range, or above it and below UTOP? */
static bool outside_windows(const struct ix_sg *sg)
{
#ifndef EXERCISE_10
	uint32_t end = sg->base + sg->len;

	return end >= sg->base && (end <= IXBASE || (sg->base >= IXLIM && end <= UTOP));
#else
	/* LAB IX: Your code here. (Exercise 10) */
	(void)sg;
	return false;
#endif
}

/*
 * May the program read every page of the piece (user_page()), which lies outside the windows? No more than IX_SEND_LOOK
 * bytes are looked at: a longer one is not taken at once, and must not keep this CPU busy.
 */
static bool pages_are_good(struct dp *dp, const struct ix_sg *sg)
{
#ifndef EXERCISE_10
	uint32_t end = sg->base + MIN(sg->len, (uint32_t)IX_SEND_LOOK);

	if (!outside_windows(sg))
		return false;
	for (uint32_t va = sg->base; va < end; va += rest_of_page(va)) {
		if (!user_page(dp, va))
			return false;
	}
	return true;
#else
	/* LAB IX: Your code here. (Exercise 10) */
	(void)dp, (void)sg, (void)outside_windows, (void)rest_of_page;
	return false;
#endif
}

static bool is_good(struct dp *dp, const struct ix_sg *sg)
{
	return in_heap(dp, sg) || buf_lent(&dp->bufs, sg->base, sg->len) || pages_are_good(dp, sg);
}

/*
 * The list itself comes from the program, too: n is any number, va any address. It is read once, into `sg`, and then
 * checked there: what the program writes to its own copy meanwhile has no effect. sg.h has the results.
 */
int sg_read(struct dp *dp, struct ix_sg *sg, uint32_t va, uint32_t n)
{
#ifndef EXERCISE_10
	if (n > IX_SG_MAX)
		return -E_INVAL;
	if (read_user(dp, sg, va, n * sizeof(*sg)) < 0)
		return -E_FAULT;
	for (uint32_t i = 0; i < n; i++) {
		if (!is_good(dp, &sg[i]))
			return -E_FAULT;
	}
	return 0;
#else
	/* LAB IX: Your code here. (Exercise 10) */
	(void)dp, (void)sg, (void)va, (void)n, (void)read_user, (void)is_good;
	return -E_NOT_SUPP;
#endif
}

uint32_t sg_total(const struct ix_sg *sg, uint32_t n)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (sg[i].len > 0xffffffff - total)
			return 0xffffffff;
		total += sg[i].len;
	}
	return total;
}

static struct stretch heap_stretch(const struct dp *dp, uint32_t off, uint32_t want)
{
	uint32_t in_unit = off % IX_HEAP_UNIT;

	return (struct stretch){ dp->plane->heap[off / IX_HEAP_UNIT] + in_unit, MIN(want, IX_HEAP_UNIT - in_unit), NULL };
}

struct stretch sg_stretch(struct dp *dp, uint32_t va, uint32_t want)
{
	if (va >= IX_HEAP && va < IXLIM)
		return heap_stretch(dp, va - IX_HEAP, want);
	if (va >= IXBASE && va < IX_HEAP)
		return (struct stretch){ buf_lent(&dp->bufs, va, want), want, NULL };
	struct PageInfo *page = user_page(dp, va);
	if (!page)
		return (struct stretch){ 0 };
	return (struct stretch){ (char *)page2kva(page) + PGOFF(va), MIN(want, rest_of_page(va)), page };
}
