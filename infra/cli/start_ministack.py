"""Runs MiniStack for one owner: the process that holds the other end of standard input."""

import os
import signal
import sys
import threading

from ministack import app as ministack


def end_with_the_owner():
    # However the owner ends, the pipe closes. Then MiniStack and the functions that it started, all of one process group,
    # must not stay behind.
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def over_tls(app):
    # What stays on this machine counts as TLS, so that the template's queue policies hold here as they stand. Function
    # URLs get the header that AWS gives them.
    async def wrapped(scope, receive, send):
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await app(scope, receive, send)

    return wrapped


threading.Thread(target=end_with_the_owner, daemon=True).start()
ministack.app = over_tls(ministack.app)
ministack.main()
