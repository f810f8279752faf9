/* SPDX-License-Identifier: MIT */
/*
 * Names. A directory is a file of struct File entries, 16 to a block; an entry with an empty name is
 * free. A path is names with slashes between them: several slashes count as one, and those at the
 * start and the end do not matter.
 */
#include "fs.h"

typedef bool match_fn(const struct File *entry, const char *name);

static bool is_named(const struct File *entry, const char *name)
{
	return strncmp(entry->f_name, name, MAXNAMELEN) == 0;
}

static bool is_used(const struct File *entry, const char *name __attribute__((unused)))
{
	return entry->f_name[0] != '\0';
}

static bool is_unused(const struct File *entry, const char *name)
{
	return !is_used(entry, name);
}

/* The first entry of `dir` that matches; -E_NOT_FOUND if none does. */
static int dir_find(struct File *dir, match_fn *match, const char *name, struct File **found)
{
	if (dir->f_size < 0 || dir->f_size > MAXFILESIZE)
		return -E_INVAL;
	for (uint32_t b = 0; b < (uint32_t)dir->f_size / BLKSIZE; b++) {
		struct File *entries;
		int r = file_get_block(dir, b, false, (void **)&entries);
		if (r == -E_NOT_FOUND)
			continue;
		if (r < 0)
			return r;
		for (uint32_t i = 0; i < BLKFILES; i++) {
			if (match(&entries[i], name)) {
				*found = &entries[i];
				return 0;
			}
		}
	}
	return -E_NOT_FOUND;
}

/* An unused entry of `dir`, which grows by a block when it is full. */
static int dir_add(struct File *dir, struct File **entry)
{
	int r = dir_find(dir, is_unused, NULL, entry);
	if (r != -E_NOT_FOUND)
		return r;
	uint32_t end = dir->f_size / BLKSIZE;
	if ((r = file_get_block(dir, end, true, (void **)entry)) < 0)
		return r;
	dir->f_size = (end + 1) * BLKSIZE;
	return 0;
}

/* Copy the path's next name and step over it. Its length, 0 at the end, or -E_BAD_PATH if it is too long. */
static int next_name(const char **path, char *name)
{
	const char *p = *path;
	while (*p == '/')
		p++;
	const char *start = p;
	while (*p != '\0' && *p != '/')
		p++;
	*path = p;
	if (p - start >= MAXNAMELEN)
		return -E_BAD_PATH;
	memcpy(name, start, p - start);
	name[p - start] = '\0';
	return p - start;
}

/* Where a path leads. */
struct Place {
	struct File *dir;      /* the directory of the last name; NULL for the root itself */
	struct File *file;     /* what the path names; NULL if only the last name is missing */
	char name[MAXNAMELEN]; /* the last name */
};

/* Follow `path`. 0, -E_BAD_PATH, -E_INVAL, or -E_NOT_FOUND when a directory on the way is missing. */
static int walk(const char *path, struct Place *at)
{
	char name[MAXNAMELEN];
	int len, r;

	at->dir = NULL;
	at->file = &super->s_root;
	at->name[0] = '\0';
	while ((len = next_name(&path, name)) > 0) {
		if (at->file == NULL || at->file->f_type != FTYPE_DIR)
			return -E_NOT_FOUND;
		at->dir = at->file;
		strcpy(at->name, name);
		r = dir_find(at->dir, is_named, name, &at->file);
		if (r == -E_NOT_FOUND)
			at->file = NULL;
		else if (r < 0)
			return r;
	}
	return len;
}

int file_open(const char *path, struct File **file)
{
	struct Place at;
	int r = walk(path, &at);
	if (r < 0)
		return r;
	*file = at.file;
	return at.file ? 0 : -E_NOT_FOUND;
}

/* Make an empty file or directory. If something has that name already: -E_FILE_EXISTS, and *file is that. */
int file_create(const char *path, uint32_t type, struct File **file)
{
	struct Place at;
	int r = walk(path, &at);
	if (r < 0)
		return r;
	if (at.file) {
		*file = at.file;
		return -E_FILE_EXISTS;
	}
	if ((r = dir_add(at.dir, file)) < 0)
		return r;
	memset(*file, 0, sizeof(**file));
	strcpy((*file)->f_name, at.name);
	(*file)->f_type = type;
	file_flush(at.dir);
	return 0;
}

/* May it go? Only files and empty directories, and never the root. */
static int check_removable(const struct Place *at)
{
	struct File *entry;

	if (at->file == NULL)
		return -E_NOT_FOUND;
	if (at->dir == NULL)
		return -E_PERM;
	if (at->file->f_type == FTYPE_DIR && dir_find(at->file, is_used, NULL, &entry) != -E_NOT_FOUND)
		return -E_PERM;
	return 0;
}

int file_remove(const char *path, struct File **gone)
{
	struct Place at;
	int r = walk(path, &at);
	if (r == 0)
		r = check_removable(&at);
	if (r < 0)
		return r;
	file_free_blocks_from(at.file, 0);
	memset(at.file, 0, sizeof(*at.file));
	file_flush(at.dir);
	*gone = at.file;
	return 0;
}
