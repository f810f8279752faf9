/* SPDX-License-Identifier: MIT */
/*
 * Replies. They are gathered until the server is about to wait for its next message; the last one is sent by the system
 * call that waits. One who does not receive is not waited for: its reply is kept for a while and tried again.
 */
#include <net/layout.h>
#include <net/ns.h>
#include <net/request.h>

enum { REPLIES_MAX = NS_NREQUESTS + 1, TRIES_MAX = 1000 };

struct reply {
	envid_t to;
	int32_t value;
	void *page;
	int tries;
};

static struct reply replies[REPLIES_MAX];
static int nreplies;

void reply_add(envid_t to, int32_t value, void *page)
{
	if (nreplies < REPLIES_MAX)
		replies[nreplies++] = (struct reply){ to, value, page, 0 };
}

static void *page_of(const struct reply *r) { return r->page ? r->page : (void *)UTOP; }

enum { PERM = PTE_P | PTE_U | PTE_W | PTE_SHARE };

/* Was it sent, or can it never be? Then it is done with. */
static bool settled(struct reply *r, int result)
{
	return result != -E_IPC_NOT_RECV || ++r->tries == TRIES_MAX;
}

static void send_all(void)
{
	int kept = 0;

	for (int i = 0; i < nreplies; i++) {
		struct reply r = replies[i];
		if (!settled(&r, sys_ipc_try_send(r.to, r.value, page_of(&r), PERM)))
			replies[kept++] = r;
	}
	nreplies = kept;
}

int reply_and_receive(void *dstva)
{
	if (nreplies == 0)
		return sys_ipc_recv(dstva);
	struct reply last = replies[--nreplies];
	send_all();
	int r = sys_ipc_reply(last.to, last.value, page_of(&last), PERM, dstva);
	if (r == 0)
		return 0;
	if (!settled(&last, r))
		replies[nreplies++] = last;
	return sys_ipc_recv(dstva);
}
