/* SPDX-License-Identifier: MIT */
/* Going through one's own memory, by way of uvpd and uvpt. */
#include <inc/lib.h>
#include <lib/pagewalk.h>

static int give_table(envid_t child, uint32_t table, int (*give)(envid_t child, uint32_t page))
{
	uint32_t first = table * NPTENTRIES;
	uint32_t page = first + NPTENTRIES;
	int r = 0;

	while (page-- > first && r >= 0)
		if (uvpt[page] & PTE_P)
			r = give(child, page);
	return r;
}

int give_pages(envid_t child, int (*give)(envid_t child, uint32_t page))
{
	uint32_t table = PDX(UTOP);
	int r = 0;

	while (table-- > 0 && r >= 0) {
		bool dataplane = table >= PDX(IXBASE) && table < PDX(IXLIM);
		if (!dataplane && (uvpd[table] & (PTE_P | PTE_PS)) == PTE_P)
			r = give_table(child, table, give);
	}
	return r < 0 ? r : 0;
}
