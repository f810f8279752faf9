/* SPDX-License-Identifier: MIT */
/*
 * ls [-dFl] [file ...]: list directories, or name files; without a name, list the root.
 *   -d  a directory itself, not what is in it
 *   -F  a slash after directories
 *   -l  size, and 'd' for a directory or '-' for a file, first
 */
#include <inc/lib.h>
#include <user/session.h>

static bool flags[128];

static void usage(void)
{
	printf("usage: ls [-dFl] [file...]\n");
	exit();
}

static bool ends_in_slash(const char *path)
{
	int len = strlen(path);
	return len > 0 && path[len - 1] == '/';
}

/* One line; `dir` is what comes before the name, or "". */
static void show(const char *dir, const char *name, bool isdir, int size)
{
	const char *before = dir[0] != '\0' && !ends_in_slash(dir) ? "/" : "";
	const char *after = flags['F'] && isdir && !ends_in_slash(name) ? "/" : "";

	if (flags['l'])
		printf("%11d %c ", size, isdir ? 'd' : '-');
	printf("%s%s%s%s\n", dir, before, name, after);
}

static void show_directory(const char *path, const char *prefix)
{
	struct File entry;
	int fd = open(path, O_RDONLY);
	if (fd < 0) {
		cprintf("ls: %s: %e\n", path, fd);
		return;
	}
	int n;
	while ((n = readn(fd, &entry, sizeof(entry))) == sizeof(entry)) {
		entry.f_name[MAXNAMELEN - 1] = '\0';
		if (entry.f_name[0] != '\0')
			show(prefix, entry.f_name, entry.f_type == FTYPE_DIR, entry.f_size);
	}
	if (n != 0)
		cprintf("ls: reading %s: %e\n", path, n < 0 ? n : -E_EOF);
	close(fd);
}

static void list(const char *path, const char *prefix)
{
	struct Stat st;
	int r = stat(path, &st);
	if (r < 0)
		cprintf("ls: %s: %e\n", path, r);
	else if (st.st_isdir && !flags['d'])
		show_directory(path, prefix);
	else
		show("", path, st.st_isdir, st.st_size);
}

void umain(int argc, char **argv)
{
	struct Argstate args;
	int flag;

	binaryname = "ls";
	use_console();
	argstart(&argc, argv, &args);
	while ((flag = argnext(&args)) >= 0) {
		if (flag != 'd' && flag != 'F' && flag != 'l')
			usage();
		flags[flag] = true;
	}
	if (argc <= 1)
		list("/", "");
	for (int i = 1; i < argc; i++)
		list(argv[i], argv[i]);
}
