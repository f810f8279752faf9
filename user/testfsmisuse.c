/* SPDX-License-Identifier: MIT */
/* Requests that libjos never sends: the file server must answer each with an error, and go on serving. */
#include <inc/lib.h>

#define NPAGES 1100 /* more than the files that can be open */
#define RAW_FD(i) ((struct Fd *)(0xA0000000 + (i)*PGSIZE))
#define SCRATCH "/misuse.tmp"
#define OWN (PTE_P | PTE_W | PTE_U)

static union Fsipc request __attribute__((aligned(PGSIZE)));
static envid_t server;

static int ask_with(void *page, int perm, uint32_t number, void *answer_page)
{
	ipc_send(server, number, page, perm);
	return ipc_recv(NULL, answer_page, NULL);
}

static int ask(uint32_t number)
{
	return ask_with(&request, OWN, number, NULL);
}

static int raw_open(const char *path, int mode, struct Fd *fd)
{
	strcpy(request.open.req_path, path);
	request.open.req_omode = mode;
	return ask_with(&request, OWN, FSREQ_OPEN, fd);
}

static void expect(const char *what, int got, int want)
{
	if (got != want)
		panic("%s: got %d, not %d", what, got, want);
	cprintf("%s: %s\n", what, want == 0 ? "fine" : "refused");
}

static int read_at(struct Fd *fd, off_t offset)
{
	fd->fd_offset = offset;
	request.read.req_fileid = fd->fd_file.id;
	request.read.req_n = 0xFFFFFFFF;
	return ask(FSREQ_READ);
}

static void misuse_requests(void)
{
	expect("request 0", ask(0), -E_INVAL);
	expect("request 77", ask(77), -E_INVAL);
	expect("request -1", ask(-1), -E_INVAL);
	expect("request without a page", ask_with(NULL, 0, FSREQ_STAT, NULL), -E_INVAL);
	request.stat.req_fileid = RAW_FD(0)->fd_file.id;
	expect("read-only page", ask_with(&request, PTE_P | PTE_U, FSREQ_STAT, NULL), -E_INVAL);
	memset(&request, 'x', sizeof(request));
	expect("path without an end", ask(FSREQ_OPEN), -E_BAD_PATH);
	expect("path without an end, to remove", ask(FSREQ_REMOVE), -E_BAD_PATH);
	expect("mode 3", raw_open(SCRATCH, 3, NULL), -E_INVAL);
	expect("writing to a directory", raw_open("/", O_RDWR, NULL), -E_PERM);
	expect("truncating a directory", raw_open("/", O_TRUNC, NULL), -E_PERM);
}

static void misuse_ids(void)
{
	static const int ids[] = { -1, 0, 5, 1023, 1024, 0x7FFFFFFF, (int)0x80000000 };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		request.stat.req_fileid = ids[i];
		if (ids[i] != RAW_FD(0)->fd_file.id)
			expect("unknown file id", ask(FSREQ_STAT), -E_INVAL);
	}
}

static void misuse_sizes(struct Fd *fd)
{
	expect("offset below 0", read_at(fd, -1), -E_INVAL);
	expect("offset past the end", read_at(fd, 0x7FFFFFFF), 0);
	request.write.req_fileid = fd->fd_file.id;
	request.write.req_n = sizeof(request.write.req_buf) + 1;
	expect("write of more than fits", ask(FSREQ_WRITE), -E_INVAL);
	fd->fd_offset = MAXFILESIZE;
	request.write.req_n = 1;
	expect("write past the largest file", ask(FSREQ_WRITE), -E_INVAL);
	request.set_size.req_fileid = fd->fd_file.id;
	request.set_size.req_size = -1;
	expect("size below 0", ask(FSREQ_SET_SIZE), -E_INVAL);
	request.set_size.req_size = MAXFILESIZE + 1;
	expect("size over the largest", ask(FSREQ_SET_SIZE), -E_INVAL);
}

/* Whoever has a removed file open gets errors, not the file that comes to its place. */
static void use_removed_file(struct Fd *fd)
{
	expect("removing an open file", remove(SCRATCH), 0);
	request.stat.req_fileid = fd->fd_file.id;
	expect("using it", ask(FSREQ_STAT), -E_NOT_FOUND);
}

/* Nobody takes the answers: the server must give up on them. */
static void ask_and_run(void)
{
	for (int i = 0; i < 3; i++) {
		while (sys_ipc_try_send(server, FSREQ_SYNC, &request, OWN) == -E_IPC_NOT_RECV)
			sys_yield();
	}
	expect("answers not fetched", ask(0), -E_INVAL);
}

/* All slots taken, and given back by unmapping the pages only, as death does. */
static void exhaust_slots(void)
{
	int n = 0, r = 0;

	while (n < NPAGES && (r = raw_open("/motd", O_RDONLY, RAW_FD(n))) == 0)
		n++;
	if (n < 1000)
		panic("only %d files could be open: %e", n, r);
	expect("one file too many", r, -E_MAX_OPEN);
	while (n-- > 0)
		sys_page_unmap(0, RAW_FD(n));
	for (int i = 0; i < NPAGES; i++)
		if ((r = raw_open("/motd", O_RDONLY, RAW_FD(0))) < 0)
			break;
	expect("opening after that", r, 0);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "testfsmisuse";
	server = ipc_find_env(ENV_TYPE_FS);
	int r = raw_open(SCRATCH, O_RDWR | O_CREAT, RAW_FD(0));
	if (r < 0)
		panic("open %s: %e", SCRATCH, r);
	misuse_requests();
	misuse_ids();
	misuse_sizes(RAW_FD(0));
	use_removed_file(RAW_FD(0));
	ask_and_run();
	exhaust_slots();
	cprintf("the file server survived\n");
}
