/* SPDX-License-Identifier: MIT */
/* A PC partition table, in the last bytes of a disk's first sector. Our own disks have none. */
#ifndef JOS_INC_PARTITION_H
#define JOS_INC_PARTITION_H

#include <inc/types.h>

#define PTABLE_OFFSET 446
#define PTABLE_MAGIC_OFFSET 510
#define PTABLE_MAGIC "\x55\xAA"

#define PTABLE_KUDOS_TYPE 0x27
#define PTABLE_DOS_EXT_TYPE 0x05
#define PTABLE_W95_EXT_TYPE 0x0F
#define PTABLE_LINUX_TYPE 0x83
#define PTABLE_LINUX_EXT_TYPE 0x85

struct Partitiondesc {
	uint8_t boot;         /* 0x80: boot from here */
	uint8_t chs_begin[3];
	uint8_t type;
	uint8_t chs_end[3];
	uint32_t lba_start;   /* in sectors */
	uint32_t lba_length;
};

_Static_assert(sizeof(struct Partitiondesc) == 16, "fixed on disk");

#endif
