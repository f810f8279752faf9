/* SPDX-License-Identifier: MIT */
/* lsfd [-1]: list the open descriptors on the console; with -1, on descriptor 1. */
#include <inc/lib.h>

static void describe(int fd, bool to_fd1)
{
	char line[MAXNAMELEN + 80];
	struct Stat st;

	if (fstat(fd, &st) < 0)
		return;
	snprintf(line, sizeof(line), "fd %d: name %s isdir %d size %d dev %s\n", fd, st.st_name, st.st_isdir,
		 st.st_size, st.st_dev->dev_name);
	if (to_fd1)
		write(1, line, strlen(line));
	else
		cprintf("%s", line);
}

void umain(int argc, char **argv)
{
	struct Argstate args;
	bool to_fd1 = false;
	int flag;

	argstart(&argc, argv, &args);
	while ((flag = argnext(&args)) >= 0) {
		if (flag != '1') {
			cprintf("usage: lsfd [-1]\n");
			exit();
		}
		to_fd1 = true;
	}
	for (int fd = 0; fd < MAXFD; fd++)
		describe(fd, to_fd1);
}
