/* SPDX-License-Identifier: MIT */
/*
 * Frames between lwIP and the helpers. Incoming ones are copied out of their page, so that the page is free at once.
 * Outgoing ones are gathered on a page of a ring, which is used again when ns_output and the card are through with it.
 *
 * Boot arguments: nsip=, nsmask=, nsgw= (10.0.2.15, 255.255.255.0, 10.0.2.2).
 */
#include <net/jif.h>
#include <net/layout.h>
#include <net/ns.h>

#include "lwip/etharp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip4.h"
#include "lwip/tcpip.h"
#include "netif/ethernet.h"

static struct {
	struct netif netif;
	envid_t output;

	/* Pages of the ring are filled one after the other. */
	uint32_t page; /* free-running number of the one that is being filled */
	uint32_t at;   /* where its next packet goes; 0: it is empty */
	uint32_t count; /* of packets on it */
} jif;

static char *current_page(void) { return (char *)(NS_OUTPUT + jif.page % NS_NOUTPUT * PGSIZE); }

/* Blocks the server while ns_output is busy with the page before, for one system call. */
void jif_flush(void)
{
	char *page = current_page();

	if (jif.at == 0)
		return;
	((struct jif_pkt *)(page + jif.at))->jp_len = 0;
	sys_ipc_send(jif.output, NSREQ_OUTPUT_ALL, page, PTE_P | PTE_U | PTE_W);
	jif.page++;
	jif.at = jif.count = 0;
}

/* Room for a packet, on a page that nobody but us has. */
static struct jif_pkt *room_for(uint32_t len)
{
	if (jif.count == NS_CHAIN_PACKETS || jif.at + NS_PACKET_SIZE(len) > NS_CHAIN_ROOM)
		jif_flush();
	char *page = current_page();
	if (jif.at == 0 && pageref(page) != 1 && sys_page_alloc(0, page, PTE_P | PTE_U | PTE_W) < 0)
		return NULL;
	return (struct jif_pkt *)(page + jif.at);
}

/* lwIP's way out. */
static err_t link_output(struct netif *netif, struct pbuf *p)
{
	struct jif_pkt *packet = p->tot_len <= NS_PACKET_MAX ? room_for(p->tot_len) : NULL;

	(void)netif;
	if (!packet)
		return ERR_MEM;
	packet->jp_len = pbuf_copy_partial(p, packet->jp_data, p->tot_len, 0);
	jif.at += NS_PACKET_SIZE(p->tot_len);
	jif.count++;
	return ERR_OK;
}

/*
 * A SYN for a connection that is in TIME_WAIT here, and newer than it: the peer uses its port again. lwIP would
 * answer for the old connection, and the peer would have to try again and again; so the old one is dropped first.
 */
static void recycle_time_wait(const struct pbuf *p)
{
	const struct eth_hdr *eth = p->payload;
	const struct ip_hdr *ip = (const struct ip_hdr *)(eth + 1);
	const struct tcp_hdr *tcp = (const struct tcp_hdr *)(ip + 1);

	if (p->len < sizeof(*eth) + sizeof(*ip) + sizeof(*tcp) || eth->type != PP_HTONS(ETHTYPE_IP) ||
	    IPH_HL_BYTES(ip) != sizeof(*ip) || IPH_PROTO(ip) != IP_PROTO_TCP ||
	    (IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF)))
		return;
	if ((TCPH_FLAGS(tcp) & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return;
	for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next) {
		bool same = pcb->remote_port == lwip_ntohs(tcp->src) && pcb->local_port == lwip_ntohs(tcp->dest) &&
			    pcb->remote_ip.addr == ip->src.addr;
		if (!same)
			continue;
		if (TCP_SEQ_GT(lwip_ntohl(tcp->seqno), pcb->rcv_nxt))
			tcp_abort(pcb);
		return;
	}
}

static void input_one(const char *bytes, int len)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, len, PBUF_RAM);

	if (!p)
		return; /* as if it had been lost on the wire */
	memcpy(p->payload, bytes, len);
	recycle_time_wait(p);
	if (jif.netif.input(p, &jif.netif) != ERR_OK)
		pbuf_free(p);
}

void jif_input(const union Nsipc *page)
{
	uint32_t at = 0;

	while (at <= NS_CHAIN_ROOM) {
		const struct jif_pkt *packet = (const struct jif_pkt *)(page->_pad + at);
		int len = packet->jp_len;
		if (len <= 0 || at + NS_PACKET_SIZE(len) > PGSIZE)
			return;
		input_one(packet->jp_data, len);
		at += NS_PACKET_SIZE(len);
	}
}

static err_t set_up(struct netif *netif)
{
	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->output = etharp_output;
	netif->linkoutput = link_output;
	netif->mtu = 1500;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

static ip4_addr_t address(const char *key, const char *otherwise)
{
	char text[16];
	ip4_addr_t ip;

	if (sys_bootarg(key, text, sizeof(text)) < 0)
		strcpy(text, otherwise);
	if (!ip4addr_aton(text, &ip)) {
		cprintf("ns: %s=%s is no address; it is %s\n", key, text, otherwise);
		ip4addr_aton(otherwise, &ip);
	}
	return ip;
}

int jif_start(envid_t output)
{
	ip4_addr_t ip = address("nsip", "10.0.2.15");
	ip4_addr_t mask = address("nsmask", "255.255.255.0");
	ip4_addr_t gateway = address("nsgw", "10.0.2.2");
	uint8_t *mac = jif.netif.hwaddr;
	char text[16];
	int r = sys_net_mac(mac);

	if (r < 0)
		return r;
	jif.output = output;
	jif.netif.hwaddr_len = ETH_HWADDR_LEN;
	netif_add(&jif.netif, &ip, &mask, &gateway, NULL, set_up, tcpip_input);
	netif_set_default(&jif.netif);
	netif_set_up(&jif.netif);
	cprintf("ns: %02x:%02x:%02x:%02x:%02x:%02x bound to static IP %s\n", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
		ip4addr_ntoa_r(&ip, text, sizeof(text)));
	return 0;
}
