/* SPDX-License-Identifier: MIT */
/*
 * Running a program from the file server in a new environment. It is put together in the parent, one page at a time at
 * THREAD_SCRATCH (which other threads do not see), and started when it is complete; whatever fails before that destroys it.
 */
#include <inc/elf.h>
#include <lib/private.h>

/* Move the page at THREAD_SCRATCH to `va` in the child. */
static int hand_over(envid_t child, uintptr_t va, int perm)
{
	int r = sys_page_map(0, THREAD_SCRATCH, child, (void *)va, perm);

	sys_page_unmap(0, THREAD_SCRATCH);
	return r;
}

/* A new page for the child: `len` bytes from the file at `offset`, then zeros. */
static int load_page(envid_t child, uintptr_t va, int fdnum, off_t offset, size_t len, int perm)
{
	int r;

	if ((r = sys_page_alloc(0, THREAD_SCRATCH, PTE_P | PTE_U | PTE_W)) < 0)
		return r;
	if (len > 0 && ((r = seek(fdnum, offset)) < 0 || (r = readn(fdnum, THREAD_SCRATCH, len)) < 0)) {
		sys_page_unmap(0, THREAD_SCRATCH);
		return r;
	}
	return hand_over(child, va, perm);
}

/* A segment may begin in the middle of a page: then it is loaded from that page's start, in the file too. */
static int load_segment(envid_t child, int fdnum, const struct Proghdr *ph)
{
	uint32_t lead = PGOFF(ph->p_va);
	uint32_t in_file = ph->p_filesz + lead, in_memory = ph->p_memsz + lead;
	int perm = PTE_P | PTE_U | (ph->p_flags & ELF_PROG_FLAG_WRITE ? PTE_W : 0);
	int r;

	if (ph->p_va >= UTOP || ph->p_memsz > UTOP - ph->p_va || ph->p_filesz > ph->p_memsz ||
	    ph->p_offset < lead)
		return -E_NOT_EXEC;
	for (uint32_t i = 0; i < in_memory; i += PGSIZE) {
		uint32_t len = i < in_file ? MIN(in_file - i, (uint32_t)PGSIZE) : 0;
		r = load_page(child, ph->p_va - lead + i, fdnum, ph->p_offset - lead + i, len, perm);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Load the program; 0, and its entry in *entry_store. */
static int load_program(envid_t child, int fdnum, uintptr_t *entry_store)
{
	struct Elf elf;
	struct Proghdr ph;
	int r;

	if (readn(fdnum, &elf, sizeof(elf)) != sizeof(elf) || elf.e_magic != ELF_MAGIC)
		return -E_NOT_EXEC;
	if (elf.e_machine != ELF_MACHINE_386 || elf.e_type != ELF_TYPE_EXEC || elf.e_phentsize != sizeof(ph))
		return -E_NOT_EXEC;
	for (int i = 0; i < elf.e_phnum; i++) {
		if (seek(fdnum, elf.e_phoff + i * sizeof(ph)) < 0 ||
		    readn(fdnum, &ph, sizeof(ph)) != sizeof(ph))
			return -E_NOT_EXEC;
		if (ph.p_type == ELF_PROG_LOAD && (r = load_segment(child, fdnum, &ph)) < 0)
			return r;
	}
	*entry_store = elf.e_entry;
	return 0;
}

/*
 * The child's first stack page, as entry.S expects it:
 *
 *	USTACKTOP ->	the argument strings
 *			argv[0 .. argc-1], NULL
 *			argv
 *	esp ->		argc
 */
static int make_stack(envid_t child, const char *const *argv, uintptr_t *esp_store)
{
	const uintptr_t page = USTACKTOP - PGSIZE;
	uint32_t argc, text = 0;
	char *string;
	uint32_t *word;
	int r;

	for (argc = 0; argv[argc]; argc++) {
		text += strnlen(argv[argc], PGSIZE) + 1;
		if (text + (argc + 5) * sizeof(*word) > PGSIZE)
			return -E_NO_MEM;
	}
	if ((r = sys_page_alloc(0, THREAD_SCRATCH, PTE_P | PTE_U | PTE_W)) < 0)
		return r;

	string = (char *)THREAD_SCRATCH + PGSIZE - text;
	word = (uint32_t *)ROUNDDOWN(string, sizeof(*word)) - (argc + 3);
	*esp_store = page + PGOFF(word);
	*word++ = argc;
	*word = page + PGOFF(word + 1);
	for (word++; *argv; argv++, word++) {
		*word = page + PGOFF(string);
		strcpy(string, *argv);
		string += strlen(*argv) + 1;
	}
	*word = 0;
	return hand_over(child, page, PTE_P | PTE_U | PTE_W);
}

static int share_page(envid_t child, uint32_t page)
{
	void *va = (void *)(page << PGSHIFT);

	return uvpt[page] & PTE_SHARE ? sys_page_map(0, va, child, va, uvpt[page] & PTE_SYSCALL) : 0;
}

static int start(envid_t child, uintptr_t entry, uintptr_t esp)
{
	struct Trapframe tf = envs[ENVX(child)].env_tf;
	int r;

	tf.tf_eip = entry;
	tf.tf_esp = esp;
	if ((r = sys_env_set_trapframe(child, &tf)) < 0)
		return r;
	return sys_env_set_status(child, ENV_RUNNABLE);
}

/* The child does not run until start() has replaced the registers that it got from us. */
envid_t spawn(const char *program, const char **argv)
{
	uintptr_t entry, esp;
	envid_t child;
	int fdnum, r;

	if ((fdnum = open(program, O_RDONLY)) < 0)
		return fdnum;
	if ((child = sys_exofork()) < 0) {
		close(fdnum);
		return child;
	}
	r = load_program(child, fdnum, &entry);
	close(fdnum); /* before pages are shared: it is not the child's to inherit */

	if (r < 0 || (r = make_stack(child, argv, &esp)) < 0 || (r = give_pages(child, share_page)) < 0 ||
	    (r = start(child, entry, esp)) < 0) {
		sys_env_destroy(child);
		return r;
	}
	return child;
}

envid_t spawnl(const char *program, const char *arg0, ...)
{
	va_list ap, again;
	int argc = 1;

	va_start(ap, arg0);
	va_copy(again, ap);
	while (va_arg(ap, const char *))
		argc++;
	va_end(ap);

	const char *argv[argc + 1];
	argv[0] = arg0;
	for (int i = 1; i <= argc; i++)
		argv[i] = va_arg(again, const char *);
	va_end(again);
	return spawn(program, argv);
}
