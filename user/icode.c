/* SPDX-License-Identifier: MIT */
/* The kernel starts this one itself: it shows the message of the day and starts /init from the disk. */
#include <inc/lib.h>

static void show(const char *path)
{
	char text[512];
	int n;

	cprintf("icode: open %s\n", path);
	int fd = open(path, O_RDONLY);
	if (fd < 0) {
		cprintf("icode: %s: %e\n", path, fd);
		return;
	}
	cprintf("icode: read %s\n", path);
	while ((n = read(fd, text, sizeof(text))) > 0)
		sys_cputs(text, n);
	cprintf("icode: close %s\n", path);
	close(fd);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "icode";
	cprintf("icode startup\n");
	show("/motd");
	cprintf("icode: spawn /init\n");
	envid_t init = spawnl("/init", "init", "initarg1", "initarg2", NULL);
	if (init < 0)
		cprintf("icode: /init: %e\n", init);
	cprintf("icode: exiting\n");
}
