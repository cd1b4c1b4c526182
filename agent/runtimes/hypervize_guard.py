"""Stands in front of vLLM's routes when its developer mode is on, which sleep in place needs.

The mode also opens routes that run code (/collective_rpc) and change the server, for everybody who is on
this machine. vLLM loads this by `--middleware hypervize_guard.Guard`. What serves and what shows its state
is open, the three routes of sleep need the agent's key, all else is not there: a list of what is good, since
the other routes change from version to version.
"""

import hmac
import os

OPEN = frozenset(
    f"/v1/{kind}"
    for kind in (
        "chat/completions",
        "completions",
        "embeddings",
        "rerank",
        "responses",
        "messages",
        "models",
        "audio/transcriptions",
        "audio/speech",
        "images/generations",
    )
) | {"/health", "/metrics", "/tokenize", "/version"}
SLEEP = frozenset(("/sleep", "/wake_up", "/is_sleeping"))
HEADER = b"x-hypervize-guard"
KEY = os.environ.get("HYPERVIZE_GUARD_KEY", "").encode()
NOT_FOUND = b'{"error":{"message":"Not Found","type":"NotFoundError","param":null,"code":404}}'


class Guard:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http" and not allowed(scope):
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 404, "headers": headers})
            await send({"type": "http.response.body", "body": NOT_FOUND})
        else:
            await self.app(scope, receive, send)


def allowed(scope):
    path = scope["path"]
    if path in OPEN:
        return True
    shown = dict(scope["headers"]).get(HEADER, b"")
    return path in SLEEP and KEY != b"" and hmac.compare_digest(shown, KEY)
