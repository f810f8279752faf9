#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""echoes.py HOST PORT SEED CONNECTIONS AT-ONCE MAX-BYTES: connections to an echo server, each byte compared.

Each connection sends its own random text, of a random length, in random pieces; half of them close their side before
they have read all. Prints how many came back whole; ends with status 1 when one did not.
"""
import asyncio
import random
import sys

LIMIT = 240


async def one(host, port, seed, most):
    """None, or what was wrong."""
    rand = random.Random(seed)
    text = rand.randbytes(rand.randrange(1, most))
    reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), LIMIT)

    async def send():
        at = 0
        while at < len(text):
            piece = rand.randrange(1, 8000)
            writer.write(text[at:at + piece])
            await writer.drain()
            at += piece
        if rand.random() < 0.5:
            writer.write_eof()

    sending = asyncio.ensure_future(send())
    try:
        got = await asyncio.wait_for(reader.readexactly(len(text)), LIMIT)
        await sending
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as e:
        return "%s: %r" % (seed, e)
    finally:
        sending.cancel()
        writer.close()
    return None if got == text else "%s: other bytes came back" % seed


async def many(host, port, seed, count, at_once, most):
    gate = asyncio.Semaphore(at_once)

    async def gated(n):
        async with gate:
            try:
                return await one(host, port, "%s-%d" % (seed, n), most)
            except (OSError, asyncio.TimeoutError) as e:
                return "%d: %r" % (n, e)

    return [wrong for wrong in await asyncio.gather(*map(gated, range(count))) if wrong]


def main():
    host, port, seed, *numbers = sys.argv[1:]
    count, at_once, most = map(int, numbers)
    wrong = asyncio.run(many(host, int(port), seed, count, at_once, most))
    print("%d of %d connections came back whole" % (count - len(wrong), count))
    print("\n".join(wrong[:5]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
