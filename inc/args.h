/* SPDX-License-Identifier: MIT */
/*
 * Command-line flags: single letters, in groups, before the other arguments.
 *
 *	struct Argstate args;
 *	argstart(&argc, argv, &args);
 *	while ((flag = argnext(&args)) >= 0)
 *		...                      flag -n takes a value: argvalue(&args), from "-n5" or "-n 5"
 *
 * Flags are taken out of argv and argc as they are read; what is left at the end are argv[0] and the rest.
 */
#ifndef JOS_INC_ARGS_H
#define JOS_INC_ARGS_H

struct Argstate {
	int *argc;
	const char **argv;
	const char *curarg;   /* flags of the current word not yet read */
	const char *argvalue; /* value of the last flag, once it was asked for */
};

void argstart(int *argc, char **argv, struct Argstate *args);
int argnext(struct Argstate *args);            /* the next flag letter; -1 when there is none */
char *argvalue(struct Argstate *args);         /* the value of the flag last read, or NULL */
char *argnextvalue(struct Argstate *args);     /* another value each time */

#endif
