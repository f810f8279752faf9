/* SPDX-License-Identifier: MIT */
/* What the page allocator and mem_init() say to each other at boot. The allocator's calls are in kern/pmap.h. */
#ifndef JOS_KERN_PAGE_H
#define JOS_KERN_PAGE_H

/* Find out how much memory there is, and place pages[] at `image_end`. Returns the first byte after it. */
void *page_detect(void *image_end);

/* Put every page that is neither reserved nor below `used_end` on its free list. */
void page_init_free(void *used_end);

#endif
