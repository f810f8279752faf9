/* SPDX-License-Identifier: MIT */
/*
 * Starts programs, and lets befall them what its console says: to see what becomes of the others.
 *
 *	mishap program [arguments] [+ program ...]
 *
 *	kill N	program N, counted from 0, is ended        spin N	it goes round in a loop of one instruction
 *	fault N	it jumps to where nothing is               start N	it is started again
 */
#include <inc/lib.h>

enum { MOST = 8 };
#define LOOP UTEMP

static struct program {
	const char **argv;
	envid_t env;
} programs[MOST];
static int nprograms;

static const uint8_t jump_to_itself[] = { 0xeb, 0xfe };

/* Each + ends a program's words. */
static bool split(char **word)
{
	while (*word && nprograms < MOST) {
		programs[nprograms++].argv = (const char **)word;
		while (*word && strcmp(*word, "+") != 0)
			word++;
		if (*word)
			*word++ = NULL;
	}
	return nprograms > 0 && !*word;
}

static int start(struct program *p)
{
	char path[MAXPATHLEN];

	snprintf(path, sizeof(path), "/%s", p->argv[0]);
	return p->env = spawn(path, p->argv);
}

static int kill(struct program *p)
{
	int r = sys_env_destroy(p->env);

	return r < 0 ? r : sys_env_wait(p->env);
}

/* Wherever it was, it goes on there. */
static int jump(struct program *p, uint32_t eip)
{
	int r = sys_env_set_status(p->env, ENV_NOT_RUNNABLE);

	if (r < 0)
		return r;
	struct Trapframe tf = *(struct Trapframe *)&envs[ENVX(p->env)].env_tf;
	tf.tf_eip = eip;
	r = sys_env_set_trapframe(p->env, &tf);
	return r < 0 ? r : sys_env_set_status(p->env, ENV_RUNNABLE);
}

static int spin(struct program *p)
{
	int r = sys_page_alloc(0, LOOP, PTE_P | PTE_U | PTE_W);

	if (r < 0)
		return r;
	memcpy(LOOP, jump_to_itself, sizeof(jump_to_itself));
	r = sys_page_map(0, LOOP, p->env, LOOP, PTE_P | PTE_U);
	sys_page_unmap(0, LOOP);
	return r < 0 ? r : jump(p, (uint32_t)LOOP);
}

static int fault(struct program *p) { return jump(p, 0); }

static const struct order {
	const char *name;
	int (*give)(struct program *p);
} orders[] = { { "kill", kill }, { "spin", spin }, { "fault", fault }, { "start", start } };

static void obey(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		size_t n = strlen(orders[i].name);
		int number = strncmp(line, orders[i].name, n) == 0 && line[n] == ' ' ? line[n + 1] - '0' : -1;
		if (number < 0 || number >= nprograms)
			continue;
		int r = orders[i].give(&programs[number]);
		cprintf("mishap: %s: %s\n", line, r < 0 ? "failed" : "done");
		return;
	}
	cprintf("mishap: no such order: %s\n", line);
}

void umain(int argc, char **argv)
{
	binaryname = "mishap";
	if (argc < 2 || !split(argv + 1)) {
		cprintf("usage: mishap program [arguments] [+ program ...]\n");
		return;
	}
	opencons();
	for (int i = 0; i < nprograms; i++) {
		int r = start(&programs[i]);
		if (r < 0)
			cprintf("mishap: cannot start %s: %e\n", programs[i].argv[0], r);
	}
	for (;;) {
		char *line = readline("");
		if (line && *line)
			obey(line);
	}
}
