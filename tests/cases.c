/* SPDX-License-Identifier: MIT */
/* Part of every host test: CASES=pattern in the environment runs only the cases whose names match it (* and ?). */
#include "host.h"

static void __attribute__((constructor)) choose_cases(void)
{
	const char *pattern = getenv("CASES");

	if (pattern)
		cmocka_set_test_filter(pattern);
}
