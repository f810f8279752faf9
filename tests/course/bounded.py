# SPDX-License-Identifier: MIT
"""A function called in a process of its own, with limits on time and memory. For what reads strangers' files on this side
of the cage: an archive of a few bytes may want more than there is."""
import multiprocessing
import resource

MEMORY = 512 << 20   # bytes of its address space, with all that Python has there already
COMPUTING = 30       # seconds
WAITING = 120        # seconds from beginning to end: a file may lie on a slow disk


class Unbounded(Exception):
    """It went too far; the text says how."""


def call(function, *args):
    """What the function returns. Exceptions other than Unbounded are those of the function."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=in_child, args=(theirs, function, args), daemon=True)
    child.start()
    theirs.close()
    try:
        if not ours.poll(WAITING):
            raise Unbounded("it takes more than %d seconds to read it" % WAITING)
        value, fault = ours.recv()
    except (EOFError, OSError):
        raise Unbounded("it takes too much time or memory to read it") from None
    finally:
        child.kill()
        child.join()
        ours.close()
    if fault:
        raise fault
    return value


def in_child(pipe, function, args):
    """Sends (value, None), or (None, the exception); or ends, which says enough."""
    limit(resource.RLIMIT_AS, MEMORY)
    limit(resource.RLIMIT_CPU, COMPUTING)
    try:
        answer = function(*args), None
    except MemoryError:
        answer = None, Unbounded("it takes too much memory to read it")
    except Exception as e:  # whatever it is, the caller shall hear of it
        answer = None, e
    pipe.send(answer)


def limit(what, most):
    """Where less is allowed already, it stays so."""
    before = resource.getrlimit(what)[1]
    most = most if before == resource.RLIM_INFINITY else min(most, before)
    resource.setrlimit(what, (most, most))
