/* SPDX-License-Identifier: MIT */
/* lwIP asks for <string.h>; ours is inc/string.h. */
#include <inc/string.h>
