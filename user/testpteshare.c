/* SPDX-License-Identifier: MIT */
/* Fork and spawn share what is marked PTE_SHARE. */
#include <user/sharetest.h>

void umain(int argc, char **argv)
{
	USED(argv);
	test_sharing(argc, "testpteshare", "/testpteshare", "PTE_SHARE");
}
