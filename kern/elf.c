/* SPDX-License-Identifier: MIT */
/* Load an ELF image that lies in kernel memory into an env. The image comes from outside: nothing in it is believed. */
#include <inc/elf.h>
#include <inc/error.h>
#include <inc/string.h>

#include <kern/elf.h>
#include <kern/env.h>
#include <kern/pmap.h>

static bool header_is_sane(const struct Elf *elf, size_t size)
{
	return size >= sizeof(*elf) && elf->e_magic == ELF_MAGIC && elf->e_machine == ELF_MACHINE_386 &&
	       elf->e_phentsize == sizeof(struct Proghdr) && elf->e_phoff % 4 == 0 && elf->e_phoff <= size &&
	       elf->e_phnum <= (size - elf->e_phoff) / sizeof(struct Proghdr);
}

static bool segment_is_sane(const struct Proghdr *ph, size_t size)
{
	return ph->p_filesz <= ph->p_memsz && ph->p_offset <= size && ph->p_filesz <= size - ph->p_offset &&
	       ph->p_va < UTOP && ph->p_memsz <= UTOP - ph->p_va &&
	       (ph->p_va >= IXLIM || ph->p_va + ph->p_memsz <= IXBASE);
}

/* The env's page at `va`, made and zeroed if it is not there. Its kernel address, or NULL when memory is out. */
static char *page_of(struct Env *e, uintptr_t va)
{
	struct PageInfo *pp = page_lookup(e->env_pgdir, (void *)va, NULL);

	if (!pp) {
		pp = page_alloc(ALLOC_ZERO);
		if (!pp)
			return NULL;
		if (page_insert(e->env_pgdir, pp, (void *)va, PTE_U | PTE_W) < 0) {
			page_free(pp);
			return NULL;
		}
	}
	return page2kva(pp);
}

int env_fill(struct Env *e, uintptr_t va, const void *src, size_t filesz, size_t memsz)
{
	for (size_t done = 0; done < memsz;) {
		size_t n = MIN(memsz - done, PGSIZE - PGOFF(va + done));
		char *page = page_of(e, va + done);
		if (!page)
			return -E_NO_MEM;
		if (done < filesz)
			memcpy(page + PGOFF(va + done), (const char *)src + done, MIN(n, filesz - done));
		done += n;
	}
	return 0;
}

int elf_load(struct Env *e, const uint8_t *image, size_t size)
{
	const struct Elf *elf = (const struct Elf *)image;

	if (!header_is_sane(elf, size))
		return -E_NOT_EXEC;
	const struct Proghdr *ph = (const struct Proghdr *)(image + elf->e_phoff);
	for (int i = 0; i < elf->e_phnum; i++, ph++) {
		if (ph->p_type != ELF_PROG_LOAD)
			continue;
		if (!segment_is_sane(ph, size))
			return -E_NOT_EXEC;
		int r = env_fill(e, ph->p_va, image + ph->p_offset, ph->p_filesz, ph->p_memsz);
		if (r < 0)
			return r;
	}
	e->env_tf.tf_eip = elf->e_entry;
	return 0;
}
