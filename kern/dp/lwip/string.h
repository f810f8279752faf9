/* SPDX-License-Identifier: MIT */
/* lwIP asks for <string.h>; the kernel's is inc/string.h. */
#include <inc/string.h>
