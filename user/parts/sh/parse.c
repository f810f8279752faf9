/* SPDX-License-Identifier: MIT */
/*
 * A line of the shell:
 *
 *	line     = [ pipeline { ( ";" | "&" ) pipeline } ] [ "#" comment ]
 *	pipeline = command { "|" command }
 *	command  = word or redirection, one or more of them, with at least one word
 *	redirection = ( "<" | ">" ) word
 *
 * Quotes, '...' or "...", keep blanks and symbols inside a word.
 */
#include "sh.h"

/* Tokens are the symbols themselves, and these. */
enum { TOK_END = 0, TOK_WORD = 'w', TOK_ERROR = 'e' };

static const char blanks[] = " \t\r\n";
static const char symbols[] = "<>|;&";

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static int complain(const char *what)
{
	cprintf("sh: %s\n", what);
	return TOK_ERROR;
}

void parse_start(struct Parser *ps, const char *line)
{
	ps->at = line;
	ps->word_end = ps->words;
}

/* Copy what stands between two quotes; false if the second is missing. */
static bool copy_quoted(struct Parser *ps)
{
	char quote = *ps->at++;

	while (*ps->at != quote) {
		if (*ps->at == '\0')
			return false;
		*ps->word_end++ = *ps->at++;
	}
	ps->at++;
	return true;
}

/* A word never takes more room than it took in the line, but for its '\0': words[] cannot overflow. */
static int copy_word(struct Parser *ps, const char **word)
{
	*word = ps->word_end;
	while (*ps->at != '\0' && !is_one_of(*ps->at, blanks) && !is_one_of(*ps->at, symbols)) {
		if (!is_one_of(*ps->at, "'\""))
			*ps->word_end++ = *ps->at++;
		else if (!copy_quoted(ps))
			return complain("a quote is not closed");
	}
	*ps->word_end++ = '\0';
	return TOK_WORD;
}

static int next_token(struct Parser *ps, const char **word)
{
	while (is_one_of(*ps->at, blanks))
		ps->at++;
	if (*ps->at == '\0' || *ps->at == '#')
		return TOK_END;
	if (is_one_of(*ps->at, symbols))
		return *ps->at++;
	return copy_word(ps, word);
}

static int parse_redirection(struct Parser *ps, const char **file, const char *symbol)
{
	if (*file != NULL) {
		cprintf("sh: more than one %s in a command\n", symbol);
		return TOK_ERROR;
	}
	int token = next_token(ps, file);
	if (token == TOK_WORD || token == TOK_ERROR)
		return token;
	cprintf("sh: no file name after %s\n", symbol);
	return TOK_ERROR;
}

/* Read one command; returns the token after it, which ends it. */
static int parse_command(struct Parser *ps, struct Command *c)
{
	const char *word;
	int token;

	memset(c, 0, sizeof(*c));
	for (;;) {
		token = next_token(ps, &word);
		if (token == TOK_WORD && c->argc == MAXARGS)
			return complain("too many arguments");
		if (token == TOK_WORD)
			c->argv[c->argc++] = word;
		else if (token == '<')
			token = parse_redirection(ps, &c->in, "<");
		else if (token == '>')
			token = parse_redirection(ps, &c->out, ">");
		if (token != TOK_WORD)
			return token;
	}
}

static bool is_empty(const struct Command *c)
{
	return c->argc == 0 && c->in == NULL && c->out == NULL;
}

/* Read commands up to a token that is no '|'. */
static int parse_stages(struct Parser *ps, struct Pipeline *pl)
{
	int token;

	pl->nstages = 0;
	do {
		if (pl->nstages == MAXSTAGES)
			return complain("too many commands in a pipeline");
		struct Command *c = &pl->stages[pl->nstages];
		token = parse_command(ps, c);
		if (token == TOK_ERROR || (pl->nstages == 0 && is_empty(c) && token == TOK_END))
			return token;
		if (c->argc == 0)
			return complain("a command is missing");
		pl->nstages++;
	} while (token == '|');
	return token;
}

bool parse_next(struct Parser *ps, struct Pipeline *pl)
{
	int token = parse_stages(ps, pl);
	pl->background = token == '&';
	return token != TOK_ERROR && pl->nstages > 0;
}
