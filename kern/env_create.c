/* SPDX-License-Identifier: MIT */
/* Programs that the kernel loads itself, from its own image. The contract is env.h. */
#include <inc/error.h>
#include <inc/stdio.h>
#include <inc/string.h>

#include <kern/console.h>
#include <kern/elf.h>
#include <kern/env.h>
#include <kern/sched.h>

enum { ARGV_MAX = 16 };

/*
 * The first stack page, as lib/entry.S expects it:  argc, argv -> | argv[0] .. argv[argc-1], NULL | strings |
 * Without arguments the stack is left empty, and entry.S makes up argc 0.
 */
static int push_args(struct Env *e, int argc, const char *const *argv)
{
	char page[PGSIZE / 2]; /* the upper half of the stack page */
	uint32_t words[2 + ARGV_MAX + 1];
	size_t used = 0;

	if (argc == 0)
		return env_fill(e, USTACKTOP - PGSIZE, NULL, 0, PGSIZE);
	if (argc > ARGV_MAX)
		return -E_INVAL;
	for (int i = 0; i < argc; i++) {
		size_t n = strlen(argv[i]) + 1;
		if (used + n > sizeof(page) - sizeof(words))
			return -E_INVAL;
		used += n;
		memcpy(page + sizeof(page) - used, argv[i], n);
		words[2 + i] = USTACKTOP - used;
	}
	words[2 + argc] = 0;
	used = ROUNDUP(used, 4) + (3 + argc) * 4;
	e->env_tf.tf_esp = USTACKTOP - used;
	words[0] = argc;
	words[1] = e->env_tf.tf_esp + 8;
	memcpy(page + sizeof(page) - used, words, (3 + argc) * 4);
	int r = env_fill(e, USTACKTOP - PGSIZE, NULL, 0, PGSIZE);
	return r < 0 ? r : env_fill(e, USTACKTOP - used, page + sizeof(page) - used, used, used);
}

struct Env *env_create(const uint8_t *binary, size_t size, enum EnvType type, int argc, const char *const *argv)
{
	struct Env *e;
	int r = env_alloc(&e, 0);
	if (r < 0)
		goto failed;

	r = elf_load(e, binary, size);
	if (r == 0)
		r = push_args(e, argc, argv);
	if (r < 0) {
		env_free(e);
		goto failed;
	}
	e->env_type = type;
	if (type == ENV_TYPE_FS)
		e->env_tf.tf_eflags |= FL_IOPL_3; /* it drives the disk by itself */
	sched_ready(e);
	return e;
failed:
	cprintf("a program cannot be loaded: %e\n", r);
	return NULL;
}
