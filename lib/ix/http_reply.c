/* SPDX-License-Identifier: MIT */
/* What a response's head is made of: reasons, content types, and its text. */
#include <inc/http.h>
#include <inc/stdio.h>
#include <lib/ix/http_text.h>

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

static const struct {
	const char *ending, *type;
} types[] = {
	{ "html", "text/html; charset=utf-8" },
	{ "htm", "text/html; charset=utf-8" },
	{ "css", "text/css; charset=utf-8" },
	{ "txt", "text/plain; charset=utf-8" },
	{ "md", "text/markdown; charset=utf-8" },
	{ "csv", "text/csv; charset=utf-8" },
	{ "js", "text/javascript; charset=utf-8" },
	{ "json", "application/json" },
	{ "xml", "application/xml" },
	{ "pdf", "application/pdf" },
	{ "wasm", "application/wasm" },
	{ "gz", "application/gzip" },
	{ "zip", "application/zip" },
	{ "png", "image/png" },
	{ "jpg", "image/jpeg" },
	{ "jpeg", "image/jpeg" },
	{ "gif", "image/gif" },
	{ "svg", "image/svg+xml" },
	{ "webp", "image/webp" },
	{ "ico", "image/x-icon" },
	{ "woff2", "font/woff2" },
	{ "mp4", "video/mp4" },
};

const char *http_reason(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

/* What follows the last dot of the last segment; "" if there is none. */
static const char *ending_of(const char *path)
{
	const char *ending = "";

	for (; *path; path++) {
		if (*path == '.')
			ending = path + 1;
		if (*path == '/')
			ending = "";
	}
	return ending;
}

const char *http_content_type(const char *path)
{
	const char *ending = ending_of(path);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (http_is(ending, strlen(ending), types[i].ending))
			return types[i].type;
	return "application/octet-stream";
}

size_t http_format_head(char *buf, size_t size, const struct http_head *h)
{
	return snprintf(buf, size,
			"HTTP/1.1 %d %s\r\n"
			"Server: JOS-IX\r\n"
			"Content-Type: %s\r\n"
			"Content-Length: %u\r\n"
			"%sConnection: %s\r\n"
			"\r\n",
			h->status, http_reason(h->status), h->type, h->length, h->more,
			h->keep_alive ? "keep-alive" : "close");
}
