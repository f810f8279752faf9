/* SPDX-License-Identifier: MIT */
/* An ordinary environment has no I/O privilege: touching the disk's ports must end it. */
#include <inc/lib.h>
#include <inc/x86.h>

void umain(int argc, char **argv)
{
	enum { IDE_DEVICE = 0x1F6, SECOND_DRIVE = 0xF0 };

	USED(argc);
	USED(argv);
	if ((read_eflags() & FL_IOPL_MASK) == FL_IOPL_3)
		cprintf("eflags wrong\n");
	outb(IDE_DEVICE, SECOND_DRIVE);
	cprintf("%s: made it here --- bug\n", binaryname);
}
