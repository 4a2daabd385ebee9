"""Runs MiniStack for one owner: the process that holds the other end of standard input."""

import os
import re
import signal
import sys
import threading

from ministack import app as ministack
from ministack.core import iam_actions


def end_with_the_owner():
    # However the owner ends, the pipe closes. Then MiniStack and the functions that it started, all of one process group,
    # must not stay behind.
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


WAKE = "/_switchyard/wake/"


def wake(name):
    # What sleeps in a queue wakes, as it would when its time has come: a message that is held sleeps for a quarter of an
    # hour, which no test can wait.
    from ministack.services import sqs

    with sqs._queues_lock:
        for (_, _, url), queue in sqs._queues.all_items():
            if url.endswith(f"/{name}"):
                for message in queue["messages"]:
                    message["visible_at"] = 0
    sqs.esm_wake.set()


KILL = "/_switchyard/kill/"


def kill(name):
    # What Lambda does to a function that takes too much memory: its processes end at once, whatever they are at.
    from ministack.core import lambda_runtime

    with lambda_runtime._lock:
        for worker in [worker for pool in lambda_runtime._workers.values() for worker in pool]:
            if worker.func_name == name and worker._proc is not None:
                worker._proc.kill()


def with_acts(app):
    async def wrapped(scope, receive, send):
        acts = {WAKE: wake, KILL: kill} if scope["type"] == "http" else {}
        for path, act in acts.items():
            if scope["path"].startswith(path):
                act(scope["path"].removeprefix(path))
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return await send({"type": "http.response.body", "body": b""})
        await app(scope, receive, send)

    return wrapped


def over_tls(app):
    # What stays on this machine counts as TLS, so that the template's queue policies hold here as they stand. Function
    # URLs get the header that AWS gives them.
    async def wrapped(scope, receive, send):
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await app(scope, receive, send)

    return wrapped


HTTP_API = re.compile(rb"([0-9a-z]+)\.execute-api\.[0-9a-z-]+\.amazonaws\.com")


def by_name(app):
    # MiniStack knows a Function URL by the name that AWS gives it, but an HTTP API by a name or a path of its own.
    async def wrapped(scope, receive, send):
        hosts = [value for name, value in scope.get("headers", ()) if name == b"host"]
        found = HTTP_API.fullmatch(hosts[0]) if hosts else None
        if found:
            path = f"/_aws/execute-api/{found[1].decode()}/$default{scope['path']}"
            headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope = {**scope, "path": path, "raw_path": path.encode(), "headers": [*headers, (b"host", b"localhost")]}
        await app(scope, receive, send)

    return wrapped


def without_batch(action_of):
    # In AWS the permission for one message is that for several: sqs:SendMessage covers SendMessageBatch, and a policy cannot
    # name the latter. MiniStack asks for a permission of that name.
    def wrapped(headers):
        action = action_of(headers)
        if headers.get("x-amz-target", "").startswith("AmazonSQS."):
            return action.removesuffix("Batch")
        return action

    return wrapped


iam_actions._action_from_target = without_batch(iam_actions._action_from_target)
threading.Thread(target=end_with_the_owner, daemon=True).start()
ministack.app = with_acts(by_name(over_tls(ministack.app)))
ministack.main()
