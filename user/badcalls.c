/* SPDX-License-Identifier: MIT */
/* Each system call with arguments that it must refuse, and the error that it must give. */
#include <user/hostile.h>

#define PAGE 0x10000000   /* mapped, our own */
#define FIXED 0x10001000  /* mapped, read-only */
#define HOLE 0x10002000
#define ODD (PAGE + 4)
#define LINES 0x40000000
#define LINES_A_PAGE 50000 /* a page cannot be mapped much more often */
#define SELF 0
#define NOBODY 0x7ffff3ff
#define NEGATIVE 0x80001000
#define TEXT ((uint32_t)umain)
#define OWN_PTE ((uint32_t)&uvpt[PGNUM(PAGE)])

struct misuse {
	const char *what;
	uint32_t number, a[5];
	int want;
};

static const struct misuse cases[] = {
	{ "call number NSYSCALLS", NSYSCALLS, { 0 }, -E_INVAL },
	{ "call number -1", -1u, { 0 }, -E_INVAL },
	{ "call number 2^31", 0x80000000, { 0 }, -E_INVAL },

	{ "page_alloc for nobody", SYS_page_alloc, { NOBODY, PAGE, OWN }, -E_BAD_ENV },
	{ "page_alloc for a negative id", SYS_page_alloc, { NEGATIVE, PAGE, OWN }, -E_BAD_ENV },
	{ "page_alloc within a page", SYS_page_alloc, { SELF, ODD, OWN }, -E_INVAL },
	{ "page_alloc at UTOP", SYS_page_alloc, { SELF, UTOP, OWN }, -E_INVAL },
	{ "page_alloc at ULIM", SYS_page_alloc, { SELF, ULIM, OWN }, -E_INVAL },
	{ "page_alloc at KERNBASE", SYS_page_alloc, { SELF, KERNBASE, OWN }, -E_INVAL },
	{ "page_alloc at the last page", SYS_page_alloc, { SELF, 0xfffff000, OWN }, -E_INVAL },
	{ "page_alloc at IXBASE", SYS_page_alloc, { SELF, IXBASE, OWN }, -E_INVAL },
	{ "page_alloc below IXLIM", SYS_page_alloc, { SELF, IXLIM - PGSIZE, OWN }, -E_INVAL },
	{ "page_alloc without rights", SYS_page_alloc, { SELF, HOLE, 0 }, -E_INVAL },
	{ "page_alloc without PTE_U", SYS_page_alloc, { SELF, HOLE, PTE_P | PTE_W }, -E_INVAL },
	{ "page_alloc without PTE_P", SYS_page_alloc, { SELF, HOLE, PTE_U | PTE_W }, -E_INVAL },
	{ "page_alloc of 4 MB", SYS_page_alloc, { SELF, HOLE, OWN | PTE_PS }, -E_INVAL },
	{ "page_alloc, not cached", SYS_page_alloc, { SELF, HOLE, OWN | PTE_PCD }, -E_INVAL },
	{ "page_alloc, global", SYS_page_alloc, { SELF, HOLE, OWN | PTE_G }, -E_INVAL },
	{ "page_alloc with an address as rights", SYS_page_alloc, { SELF, HOLE, OWN | 0x1000 }, -E_INVAL },
	{ "page_alloc with all rights", SYS_page_alloc, { SELF, HOLE, -1u }, -E_INVAL },

	{ "page_map from nobody", SYS_page_map, { NOBODY, PAGE, SELF, HOLE, OWN }, -E_BAD_ENV },
	{ "page_map to nobody", SYS_page_map, { SELF, PAGE, NOBODY, HOLE, OWN }, -E_BAD_ENV },
	{ "page_map of a hole", SYS_page_map, { SELF, HOLE, SELF, PAGE, OWN }, -E_INVAL },
	{ "page_map from within a page", SYS_page_map, { SELF, ODD, SELF, HOLE, OWN }, -E_INVAL },
	{ "page_map to within a page", SYS_page_map, { SELF, PAGE, SELF, ODD, OWN }, -E_INVAL },
	{ "page_map of envs[]", SYS_page_map, { SELF, UENVS, SELF, HOLE, READ }, -E_INVAL },
	{ "page_map of page tables", SYS_page_map, { SELF, UVPT, SELF, HOLE, READ }, -E_INVAL },
	{ "page_map of the kernel", SYS_page_map, { SELF, KERNBASE + 0x100000, SELF, HOLE, READ }, -E_INVAL },
	{ "page_map onto UTOP", SYS_page_map, { SELF, PAGE, SELF, UTOP, OWN }, -E_INVAL },
	{ "page_map onto page tables", SYS_page_map, { SELF, PAGE, SELF, UVPT, OWN }, -E_INVAL },
	{ "page_map onto the dataplane's range", SYS_page_map, { SELF, PAGE, SELF, IXBASE + PTSIZE, OWN }, -E_INVAL },
	{ "page_map with more rights", SYS_page_map, { SELF, FIXED, SELF, HOLE, OWN }, -E_INVAL },
	{ "page_map with bad rights", SYS_page_map, { SELF, PAGE, SELF, HOLE, OWN | PTE_PWT }, -E_INVAL },

	{ "page_unmap of nobody's", SYS_page_unmap, { NOBODY, PAGE }, -E_BAD_ENV },
	{ "page_unmap within a page", SYS_page_unmap, { SELF, ODD }, -E_INVAL },
	{ "page_unmap of envs[]", SYS_page_unmap, { SELF, UENVS }, -E_INVAL },
	{ "page_unmap of the kernel", SYS_page_unmap, { SELF, KERNBASE }, -E_INVAL },
	{ "page_unmap in the dataplane's range", SYS_page_unmap, { SELF, IXBASE }, -E_INVAL },
	{ "page_unmap of a hole", SYS_page_unmap, { SELF, HOLE }, 0 },

	{ "env_destroy of nobody", SYS_env_destroy, { NOBODY }, -E_BAD_ENV },
	{ "env_wait for ourselves", SYS_env_wait, { SELF }, -E_INVAL },
	{ "env_wait for nobody", SYS_env_wait, { NOBODY }, 0 },
	{ "set_status of nobody", SYS_env_set_status, { NOBODY, ENV_RUNNABLE }, -E_BAD_ENV },
	{ "set_status free", SYS_env_set_status, { SELF, ENV_FREE }, -E_INVAL },
	{ "set_status dying", SYS_env_set_status, { SELF, ENV_DYING }, -E_INVAL },
	{ "set_status running", SYS_env_set_status, { SELF, ENV_RUNNING }, -E_INVAL },
	{ "set_status -1", SYS_env_set_status, { SELF, -1u }, -E_INVAL },
	{ "set_trapframe of nobody", SYS_env_set_trapframe, { NOBODY, PAGE }, -E_BAD_ENV },
	{ "set_trapframe from null", SYS_env_set_trapframe, { SELF, 0 }, -E_FAULT },
	{ "set_trapframe from the kernel", SYS_env_set_trapframe, { SELF, KERNBASE }, -E_FAULT },
	{ "set_trapframe from across ULIM", SYS_env_set_trapframe, { SELF, ULIM - 4 }, -E_FAULT },
	{ "set_trapframe from the end of memory", SYS_env_set_trapframe, { SELF, -4u }, -E_FAULT },
	{ "set_trapframe from a page's end", SYS_env_set_trapframe, { SELF, HOLE - 4 }, -E_FAULT },
	{ "set_pgfault_upcall of nobody", SYS_env_set_pgfault_upcall, { NOBODY, TEXT }, -E_BAD_ENV },

	{ "ipc_recv within a page", SYS_ipc_recv, { ODD }, -E_INVAL },
	{ "ipc_recv in the dataplane's range", SYS_ipc_recv, { IXBASE }, -E_INVAL },
	{ "ipc_try_send to nobody", SYS_ipc_try_send, { NOBODY, 0, UTOP }, -E_BAD_ENV },
	{ "ipc_try_send to ourselves", SYS_ipc_try_send, { SELF, 0, UTOP }, -E_IPC_NOT_RECV },
	{ "ipc_send to nobody", SYS_ipc_send, { NOBODY, 0, UTOP }, -E_BAD_ENV },
	{ "ipc_send to ourselves", SYS_ipc_send, { SELF, 0, UTOP }, -E_INVAL },
	{ "ipc_call of nobody", SYS_ipc_call, { NOBODY, 0, UTOP, 0, UTOP }, -E_BAD_ENV },
	{ "ipc_call of ourselves", SYS_ipc_call, { SELF, 0, UTOP, 0, UTOP }, -E_INVAL },
	{ "ipc_call to receive within a page", SYS_ipc_call, { SELF, 0, UTOP, 0, ODD }, -E_INVAL },
	{ "ipc_reply to nobody", SYS_ipc_reply, { NOBODY, 0, UTOP, 0, UTOP }, -E_BAD_ENV },
	{ "ipc_reply to ourselves", SYS_ipc_reply, { SELF, 0, UTOP, 0, UTOP }, -E_IPC_NOT_RECV },
	{ "ipc_reply, to receive in the kernel's memory", SYS_ipc_reply, { SELF, 0, UTOP, 0, IXBASE }, -E_INVAL },

	{ "bootarg with a key at null", SYS_bootarg, { 0, PAGE, 64 }, -E_FAULT },
	{ "bootarg with a key in the kernel", SYS_bootarg, { KERNBASE, PAGE, 64 }, -E_FAULT },
	{ "bootarg with a key at the end of memory", SYS_bootarg, { -1u, PAGE, 64 }, -E_FAULT },
	{ "bootarg with a key that nobody gave", SYS_bootarg, { (uint32_t)"nonsense", PAGE, 64 }, -E_NOT_FOUND },
	{ "bootarg with an endless key", SYS_bootarg, { PAGE + 64, PAGE, 64 }, -E_NOT_FOUND },
	{ "bootarg into null", SYS_bootarg, { (uint32_t)"run", 0, 64 }, -E_FAULT },
	{ "bootarg into the kernel", SYS_bootarg, { (uint32_t)"run", KERNBASE, 64 }, -E_FAULT },
	{ "bootarg into our code", SYS_bootarg, { (uint32_t)"run", FIXED, 64 }, -E_FAULT },
	{ "bootarg into envs[]", SYS_bootarg, { (uint32_t)"run", UENVS, 64 }, -E_FAULT },
	{ "bootarg into pages[]", SYS_bootarg, { (uint32_t)"run", UPAGES, 64 }, -E_FAULT },
	{ "bootarg across a page's end", SYS_bootarg, { (uint32_t)"run", HOLE - 2, 64 }, -E_FAULT },
	{ "bootarg into too much", SYS_bootarg, { (uint32_t)"run", PAGE, -1u }, sizeof("user_badcalls") - 1 },

	{ "dp_attach with a config at null", SYS_dp_attach, { -1u, 0 }, -E_FAULT },
	{ "dp_attach with a config in the kernel", SYS_dp_attach, { -1u, ULIM - 4 }, -E_FAULT },
	{ "dp_attach with a read-only config", SYS_dp_attach, { -1u, FIXED }, -E_FAULT },
	{ "dp_detach of nothing", SYS_dp_detach, { 0 }, -E_INVAL },
	{ "run_io of nothing", SYS_run_io, { 0 }, -E_INVAL },
};

static void try(const struct misuse *m)
{
	expect(m->what, call(m->number, m->a[0], m->a[1], m->a[2], m->a[3], m->a[4]), m->want);
}

static void try_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try(&cases[i]);
}

/*
 * Page tables are shown at UVPT through a directory entry that is read-only, though the entries found there say
 * that they are writable: the kernel must go by both.
 */
static void write_page_tables(void)
{
	uint32_t run = (uint32_t)"run";

	expect("bootarg into a page table", call(SYS_bootarg, run, OWN_PTE, 4, 0, 0), -E_FAULT);
	expect("bootarg into the directory", call(SYS_bootarg, run, (uint32_t)uvpd, 4, 0, 0), -E_FAULT);
	expect("dp_attach with a page table as config", call(SYS_dp_attach, -1u, OWN_PTE, 0, 0, 0), -E_FAULT);
}

/* A stranger: the child must not touch its parent. */
static void touch_parent(void)
{
	const uint32_t parent = thisenv->env_parent_id;
	const struct misuse cases_of_child[] = {
		{ "page_alloc in a stranger", SYS_page_alloc, { parent, PAGE, OWN }, -E_BAD_ENV },
		{ "page_map from a stranger", SYS_page_map, { parent, PAGE, SELF, HOLE, READ }, -E_BAD_ENV },
		{ "page_map into a stranger", SYS_page_map, { SELF, PAGE, parent, HOLE, READ }, -E_BAD_ENV },
		{ "page_unmap in a stranger", SYS_page_unmap, { parent, PAGE }, -E_BAD_ENV },
		{ "env_destroy of a stranger", SYS_env_destroy, { parent }, -E_BAD_ENV },
		{ "set_status of a stranger", SYS_env_set_status, { parent, ENV_RUNNABLE }, -E_BAD_ENV },
		{ "set_trapframe of a stranger", SYS_env_set_trapframe, { parent, PAGE }, -E_BAD_ENV },
		{ "set_pgfault_upcall of a stranger", SYS_env_set_pgfault_upcall, { parent, TEXT }, -E_BAD_ENV },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases_of_child); i++)
		try(&cases_of_child[i]);
	COMMON[0] = failures;
}

static void receive(void)
{
	sys_ipc_recv((void *)HOLE);
}

/* Pages that a receiver must not get. */
static void send_pages(void)
{
	static const struct { const char *what; uint32_t page, perm; } sent[] = {
		{ "sending a hole", HOLE, READ },
		{ "sending within a page", ODD, READ },
		{ "sending with more rights", FIXED, OWN },
		{ "sending without PTE_U", PAGE, PTE_P },
		{ "sending 4 MB", PAGE, OWN | PTE_PS },
		{ "sending from the dataplane's range", IXBASE, READ },
	};
	envid_t to = child_for(receive);

	while (!envs[ENVX(to)].env_ipc_recving)
		sys_yield();
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		expect(sent[i].what, sys_ipc_try_send(to, 1, (void *)sent[i].page, sent[i].perm), -E_INVAL);
		expect(sent[i].what, sys_ipc_send(to, 1, (void *)sent[i].page, sent[i].perm), -E_INVAL);
	}
	expect("whether it still waits", envs[ENVX(to)].env_ipc_recving, true);
	expect("sending nothing", sys_ipc_try_send(to, 1, (void *)UTOP, 0), 0);
	wait(to);
}

/* What sys_cputs may not read ends the program. */
static uint32_t string, length;

static void print_it(void)
{
	sys_cputs((const char *)string, length);
	COMMON[1] = 1;
}

static void print_what_is_not_ours(void)
{
	static const struct { uint32_t string, length; bool lives; } strings[] = {
		{ 0, 1, false }, { HOLE, 1, false }, { PAGE, 3 * PGSIZE, false }, { ULIM, 1, false },
		{ ULIM - 1, 2, false }, { KERNBASE, 1, false }, { KERNBASE, -1u, false }, { PAGE, -1u, false },
		{ PAGE, 0u - PAGE, false }, { -1u, 1, false }, { -1u, 2, false }, { PAGE, 0x80000000, false },
		{ UVPT, PTSIZE, false }, { PAGE, 0, true }, { PAGE + 1, 1, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		string = strings[i].string;
		length = strings[i].length;
		COMMON[1] = 0;
		wait(child_for(print_it));
		expect("whether a program outlived printing", COMMON[1], strings[i].lives);
	}
}

/* Lines of a page each, far more than a call prints; and the string's length, as a signed number, is negative. */
static void print_too_much(void)
{
	char *line = (char *)LINES;
	const uint32_t nlines = 0x80000000 / PGSIZE + 1;
	int r = 0;

	for (uint32_t i = 0; i < nlines && r == 0; i++) {
		char *page = line + i * PGSIZE;
		if (i % LINES_A_PAGE == 0 && (r = sys_page_alloc(0, UTEMP, OWN)) == 0) {
			memset(UTEMP, 'x', PGSIZE);
			((char *)UTEMP)[PGSIZE - 1] = '\n';
		}
		r = r ? r : sys_page_map(0, UTEMP, 0, page, READ);
	}
	expect("mapping many pages", r, 0);
	sys_cputs(line, nlines * PGSIZE);
	COMMON[1] = 1;
}

static void all(void)
{
	memset((void *)PAGE, 'x', PGSIZE); /* and so it is our own, also after a fork */
	((char *)PAGE)[1] = '\n';
	try_all();
	write_page_tables();
	wait(child_for(touch_parent));
	expect("misuses that a child got away with", COMMON[0], failures);
	send_pages();
	print_what_is_not_ours();
	COMMON[1] = 0;
	wait(child_for(print_too_much));
	expect("whether a program outlived printing too much", COMMON[1], 1);
}

void umain(int argc, char **argv)
{
	USED(argc);
	USED(argv);
	binaryname = "badcalls";
	make_common();
	if (sys_page_alloc(0, (void *)PAGE, OWN) < 0 || sys_page_alloc(0, (void *)FIXED, READ) < 0)
		panic("no memory");
	without_leak("free pages lost", all);
	conclude();
}
