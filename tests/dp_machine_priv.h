/* SPDX-License-Identifier: MIT */
/* What the machine's files share: dp_machine.c, dp_memory.c, dp_paging.c, dp_windows.c. */
#ifndef TESTS_DP_MACHINE_PRIV_H
#define TESTS_DP_MACHINE_PRIV_H

#include "dp_machine.h"

void memory_init(void);                      /* all free, nothing lent */

pde_t *paging_name(int thread);              /* its page directory */
int thread_of(const pde_t *pgdir);

void windows_init(void);                     /* none is installed; the first thread's is seen */
int window_seen(void);                       /* whose is */
void window_see(int thread);

#endif
