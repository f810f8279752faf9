/* SPDX-License-Identifier: MIT */
/*
 * The file server's requests, first without libjos's descriptors in between, then with them. Whatever is made
 * on the disk is removed at the end.
 */
#include <inc/lib.h>

#define RAW_FD ((struct Fd *)0xCCCCC000) /* where the server's Fd page goes: no place that libjos knows */
#define NEW_FILE "/new-file"
#define BIG_FILE "/big"
#define BIG_BLOCKS (NDIRECT * 3) /* more than the direct ones */

static const char text[] = "These words were written by testfile, to a file that was not there before.\n";

/* Ask the server itself to open a file. */
static int raw_open(const char *path, int mode)
{
	static union Fsipc request __attribute__((aligned(PGSIZE)));

	strcpy(request.open.req_path, path);
	request.open.req_omode = mode;
	ipc_send(ipc_find_env(ENV_TYPE_FS), FSREQ_OPEN, &request, PTE_P | PTE_W | PTE_U);
	return ipc_recv(NULL, RAW_FD, NULL);
}

static void test_open(void)
{
	int r = raw_open("/not-found", O_RDONLY);
	if (r != -E_NOT_FOUND)
		panic("serve_open /not-found: %e", r);
	if ((r = raw_open("/newmotd", O_RDONLY)) < 0)
		panic("serve_open /newmotd: %e", r);
	if (RAW_FD->fd_dev_id != 'f' || RAW_FD->fd_offset != 0 || RAW_FD->fd_omode != O_RDONLY)
		panic("serve_open did not fill struct Fd correctly");
	cprintf("serve_open is good\n");
}

static void test_stat_and_read(void)
{
	static const char start[] = "This is /NEWmotd";
	static char got[PGSIZE];
	struct Stat st;

	int r = devfile.dev_stat(RAW_FD, &st);
	if (r < 0)
		panic("file_stat: %e", r);
	if (strcmp(st.st_name, "newmotd") != 0 || st.st_isdir || st.st_size < (int)sizeof(start))
		panic("file_stat says %s, directory %d, %d bytes", st.st_name, st.st_isdir, st.st_size);
	cprintf("file_stat is good\n");

	r = devfile.dev_read(RAW_FD, got, sizeof(got));
	if (r != MIN(st.st_size, PGSIZE) || strncmp(got, start, strlen(start)) != 0)
		panic("file_read gave %d", r);
	cprintf("file_read is good\n");
}

/* Once closed, the server must not know the file by its old number. */
static void test_close(void)
{
	struct Fd stale;
	char byte;

	int r = devfile.dev_close(RAW_FD);
	if (r < 0)
		panic("file_close: %e", r);
	cprintf("file_close is good\n");

	stale = *RAW_FD;
	sys_page_unmap(0, RAW_FD);
	if ((r = devfile.dev_read(&stale, &byte, 1)) != -E_INVAL)
		panic("serve_read does not handle stale fileids: %e", r);
	cprintf("stale fileid is good\n");
}

static void test_write(void)
{
	static char got[sizeof(text) + 10];
	const int len = strlen(text);

	int r = raw_open(NEW_FILE, O_RDWR | O_CREAT | O_TRUNC);
	if (r < 0)
		panic("serve_open %s: %e", NEW_FILE, r);
	if ((r = devfile.dev_write(RAW_FD, text, len)) != len)
		panic("file_write: %e", r);
	cprintf("file_write is good\n");

	RAW_FD->fd_offset = 0;
	if ((r = devfile.dev_read(RAW_FD, got, sizeof(got))) != len)
		panic("file_read after file_write: %e", r);
	if (memcmp(got, text, len) != 0)
		panic("file_read after file_write gave other bytes");
	cprintf("file_read after file_write is good\n");
	devfile.dev_close(RAW_FD);
	sys_page_unmap(0, RAW_FD);
}

static void test_descriptors(void)
{
	int fd = open("/not-found", O_RDONLY);
	if (fd != -E_NOT_FOUND)
		panic("open /not-found: %e", fd);
	if ((fd = open("/newmotd", O_RDONLY)) < 0)
		panic("open /newmotd: %e", fd);
	struct Fd *page = (struct Fd *)(FDTABLE + fd * PGSIZE);
	if (page->fd_dev_id != 'f' || page->fd_offset != 0 || page->fd_omode != O_RDONLY)
		panic("open did not fill struct Fd correctly");
	close(fd);
	cprintf("open is good\n");
}

/* What block i of the big file holds. */
static void fill(uint32_t *block, int i)
{
	for (int k = 0; k < BLKSIZE / 4; k++)
		block[k] = i << 16 | k;
}

static void write_big(uint32_t *block)
{
	int fd = open(BIG_FILE, O_WRONLY | O_CREAT | O_TRUNC);
	if (fd < 0)
		panic("open %s to write: %e", BIG_FILE, fd);
	for (int i = 0; i < BIG_BLOCKS; i++) {
		fill(block, i);
		int r = write(fd, block, BLKSIZE);
		if (r != BLKSIZE)
			panic("write %s, block %d: %e", BIG_FILE, i, r);
	}
	close(fd);
}

static void read_big(uint32_t *block)
{
	static uint32_t got[BLKSIZE / 4];

	int fd = open(BIG_FILE, O_RDONLY);
	if (fd < 0)
		panic("open %s to read: %e", BIG_FILE, fd);
	for (int i = 0; i < BIG_BLOCKS; i++) {
		int r = readn(fd, got, BLKSIZE);
		if (r != BLKSIZE)
			panic("read %s, block %d: %e", BIG_FILE, i, r);
		fill(block, i);
		if (memcmp(got, block, BLKSIZE) != 0)
			panic("read %s, block %d: other bytes than were written", BIG_FILE, i);
	}
	close(fd);
}

static void test_large_file(void)
{
	static uint32_t block[BLKSIZE / 4];

	write_big(block);
	read_big(block);
	cprintf("large file is good\n");
}

static void test_remove(void)
{
	int r;

	if ((r = remove(NEW_FILE)) < 0 || (r = remove(BIG_FILE)) < 0)
		panic("remove: %e", r);
	if ((r = open(BIG_FILE, O_RDONLY)) != -E_NOT_FOUND)
		panic("open after remove: %e", r);
	cprintf("remove is good\n");
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "testfile";
	test_open();
	test_stat_and_read();
	test_close();
	test_write();
	test_descriptors();
	test_large_file();
	test_remove();
}
