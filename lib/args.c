/* SPDX-License-Identifier: MIT */
/* Command-line flags; how they are used is shown in inc/args.h. */
#include <inc/args.h>
#include <inc/string.h>

/* As curarg: no flags left in the word at hand, so the next word is to be looked at. */
static const char nothing[] = "";

void argstart(int *argc, char **argv, struct Argstate *args)
{
	args->argc = argc;
	args->argv = (const char **)argv;
	args->curarg = *argc > 1 ? nothing : NULL;
	args->argvalue = NULL;
}

/* Take word 1 out of argv, and move all behind it up, the NULL at the end included. */
static const char *take_word(struct Argstate *args)
{
	const char *word = args->argv[1];

	for (int i = 1; i < *args->argc; i++)
		args->argv[i] = args->argv[i + 1];
	--*args->argc;
	return word;
}

/* Have curarg point to flags still to be read. False at the first word that is none, and after "--". */
static bool find_flags(struct Argstate *args)
{
	const char *word;

	if (args->curarg == NULL)
		return false;
	if (*args->curarg != '\0')
		return true;

	args->curarg = NULL;
	if (*args->argc < 2 || args->argv[1][0] != '-' || args->argv[1][1] == '\0')
		return false;
	word = take_word(args);
	if (strcmp(word, "--") == 0)
		return false;
	args->curarg = word + 1;
	return true;
}

int argnext(struct Argstate *args)
{
	args->argvalue = NULL;
	if (!find_flags(args))
		return -1;
	return (unsigned char)*args->curarg++;
}

char *argvalue(struct Argstate *args)
{
	return args->argvalue ? (char *)args->argvalue : argnextvalue(args);
}

/* The rest of the flag's own word, if there is any; else the next word. */
char *argnextvalue(struct Argstate *args)
{
	if (args->curarg == NULL)
		return NULL;
	if (*args->curarg != '\0') {
		args->argvalue = args->curarg;
		args->curarg = nothing;
	} else if (*args->argc > 1) {
		args->argvalue = take_word(args);
	} else {
		args->argvalue = NULL;
		args->curarg = NULL;
	}
	return (char *)args->argvalue;
}
