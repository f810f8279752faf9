/* SPDX-License-Identifier: MIT */
/* How often a page is mapped, in all environments together. Pipes and the file server go by that number. */
#include <inc/lib.h>

int pageref(void *addr)
{
	pde_t pde = uvpd[PDX(addr)];
	uint32_t frame;

	if (!(pde & PTE_P))
		return 0;
	if (pde & PTE_PS) {
		frame = PGNUM(pde) + PTX(addr);
	} else {
		pte_t pte = uvpt[PGNUM(addr)];
		if (!(pte & PTE_P))
			return 0;
		frame = PGNUM(pte);
	}
	return pages[frame].pp_ref;
}
