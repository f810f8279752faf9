/* SPDX-License-Identifier: MIT */
/* As testpteshare, by the name that the bit had first. */
#include <user/sharetest.h>

void umain(int argc, char **argv)
{
	USED(argv);
	test_sharing(argc, "testptelibrary", "/testptelibrary", "PTE_LIBRARY");
}
