/* SPDX-License-Identifier: MIT */
/* Which disk it is: the one handed over in memory (memdisk.c), where there is one, else the drive (ide.c). */
#include "fs.h"

static const struct Disk *disk;

int disk_init(uint32_t *nsectors)
{
	int r = memdisk.init(nsectors);

	if (r != -E_NOT_FOUND) {
		disk = &memdisk;
		return r;
	}
	disk = &ide;
	return disk->init(nsectors);
}

int disk_read(uint32_t secno, void *dst, uint32_t nsecs) { return disk->read(secno, dst, nsecs); }
int disk_write(uint32_t secno, const void *src, uint32_t nsecs) { return disk->write(secno, src, nsecs); }
int disk_sync(void) { return disk->sync(); }
