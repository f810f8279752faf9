/* SPDX-License-Identifier: MIT */
/* The shell's parts: a line is parsed completely (parse.c) before any of it runs (run.c). */
#ifndef JOS_USER_SH_SH_H
#define JOS_USER_SH_SH_H

#include <inc/lib.h>

#define MAXARGS 64   /* words of a command */
#define MAXSTAGES 16 /* commands of a pipeline */
#define MAXLINE 1024 /* what readline() gives, with the '\0' */

struct Command {
	int argc;
	const char *argv[MAXARGS + 1]; /* ends with NULL */
	const char *in;                /* file names, or NULL */
	const char *out;
};

struct Pipeline {
	int nstages;
	struct Command stages[MAXSTAGES];
	bool background;
};

/* Where the parser is in a line, and the words it found so far. */
struct Parser {
	const char *at;
	char *word_end;
	char words[2 * MAXLINE];
};

void parse_start(struct Parser *ps, const char *line);
bool parse_next(struct Parser *ps, struct Pipeline *pl); /* false at the end, or after an error message */

extern bool sh_debug;
void run_pipeline(const struct Pipeline *pl);

#endif
