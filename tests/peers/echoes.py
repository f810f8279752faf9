#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""echoes.py HOST PORT SEED CONNECTIONS AT-ONCE MAX-BYTES: connections to an echo server, each byte compared.

Each connection sends its own random text, of a random length, in random pieces; half of them close their side before
they have read all. Prints how many came back whole; ends with status 1 when one did not.

A connection may take as long as it likes: after some losses in a row TCP waits for a minute or two. But when for SILENCE
seconds, longer than any timer of either side, not one of them has got on, they have stalled, and `ss` shows how they stand.
"""
import asyncio
import random
import subprocess
import sys

SILENCE = 400


class Echoes:
    def __init__(self, host, port, seed, count, at_once, most):
        self.at, self.seed, self.count, self.most = (host, port), seed, count, most
        self.gate = asyncio.Semaphore(at_once)
        self.steps = 0  # of all connections: each stands for something that came

    async def one(self, number):
        """None, or what was wrong."""
        rand = random.Random("%s-%d" % (self.seed, number))
        text = rand.randbytes(rand.randrange(1, self.most))
        reader, writer = await asyncio.open_connection(*self.at)
        self.steps += 1

        async def send():
            at = 0
            while at < len(text):
                piece = rand.randrange(1, 8000)
                writer.write(text[at:at + piece])
                await writer.drain()
                at += piece
            if rand.random() < 0.5:
                writer.write_eof()

        sending, got = asyncio.ensure_future(send()), b""
        try:
            while len(got) < len(text):
                piece = await reader.read(len(text) - len(got))
                self.steps += 1
                got += piece
                if not piece:
                    return "%d: it ended after %d of %d bytes" % (number, len(got), len(text))
            await sending
        finally:
            sending.cancel()
            writer.close()
        return None if got == text else "%d: other bytes came back" % number

    async def gated(self, number):
        async with self.gate:
            try:
                return await self.one(number)
            except OSError as e:
                return "%d: %r" % (number, e)

    async def watch(self, all_done):
        """Until they are done, or have stalled."""
        while not all_done.done():
            before = self.steps
            await asyncio.wait([all_done], timeout=SILENCE)
            if not all_done.done() and self.steps == before:
                print("no connection has got on for %d s" % SILENCE)
                print(subprocess.run(["ss", "-tino"], stdout=subprocess.PIPE, text=True, check=False).stdout)
                sys.exit(1)

    async def run(self):
        """What was wrong, for each connection that did not come back whole."""
        all_done = asyncio.gather(*map(self.gated, range(self.count)))
        await self.watch(all_done)
        return [wrong for wrong in all_done.result() if wrong]


async def play(host, port, seed, count, at_once, most):
    return await Echoes(host, port, seed, count, at_once, most).run()


def main():
    host, port, seed, *numbers = sys.argv[1:]
    count, at_once, most = map(int, numbers)
    wrong = asyncio.run(play(host, int(port), seed, count, at_once, most))
    print("%d of %d connections came back whole" % (count - len(wrong), count))
    print("\n".join(wrong[:5]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
