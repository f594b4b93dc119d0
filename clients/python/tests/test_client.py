"""Run against a server: TOKENRY_SERVER, TOKENRY_TOKEN (may do everything in acme)."""

import asyncio
import http.server
import json
import os
import threading
import time
import unittest

from tokenry import ASGIGuard, Client, TokenryError, WSGIGuard

SERVER, OURS = os.environ["TOKENRY_SERVER"], os.environ["TOKENRY_TOKEN"]
c = Client(SERVER, OURS)
WS = c.call("GET /v1/whoami")["workspace"]
CAN = {"scopes": ["tickets:read"], "resource": "payments"}


def create(key=None, **body):
    return c.call("POST /v1/workspaces/{ws}/tokens", ws=WS, body=body, idempotency_key=key)


class Fake:
    """A server that answers as it is told, and counts."""

    def __init__(self, test, answer):
        self.seen = []
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                fake.seen.append(self.path)
                answer(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]


def away(h):
    h.send_response(503)
    h.send_header("Retry-After", "7")
    h.send_header("Content-Type", "application/problem+json")
    h.end_headers()
    h.wfile.write(b'{"code":"unavailable","detail":"away"}')


class TheClient(unittest.TestCase):
    def test_a_token_is_made_verified_listed_and_revoked(self):
        made = create("py-1", label="py ä", scopes=["tickets:read"], resources=["payments"])
        self.assertEqual(c.verify(made["secret"], CAN)["code"], "ok")
        self.assertEqual(c.verify(made["secret"], {**CAN, "scopes": ["tickets:write"]})["missing"], ["tickets:write"])
        labels = [t["label"] for t in c.list("GET /v1/workspaces/{ws}/tokens", ws=WS, query={"limit": 1, "deleted": False})]
        self.assertTrue(len(labels) > 1 and "py ä" in labels, labels)
        create("py-of-two", label="of two", metadata={"team": "a=b", "of": "py"})
        for metadata, n in ((["team=a=b", "of=py"], 1), (["team=a=b", "of=no"], 0)):
            self.assertEqual(len(c.call("GET /v1/workspaces/{ws}/tokens", ws=WS, query={"metadata": metadata})["items"]), n)
        c.revoke(WS, made["token"]["id"], {"reason": "leaked"})
        self.assertEqual(c.verify(made["secret"], CAN)["code"], "revoked")

    def test_a_creating_call_that_is_sent_again_makes_nothing_new(self):
        a, b = create("py-2", label="again"), create("py-2", label="again")
        self.assertEqual(a["token"]["locator"], b["token"]["locator"])

    def test_a_refusal_is_an_error_with_its_code(self):
        with self.assertRaises(TokenryError) as e:
            create(label="x", scopes=["Not a scope"])
        self.assertEqual((e.exception.status, e.exception.code), (400, "invalid_field"))
        with self.assertRaises(TokenryError) as e:
            c.call("GET /v1/workspaces/{ws}", ws="no/such?place")
        self.assertEqual(e.exception.code, "not_found")
        with self.assertRaises(ValueError):
            c.call("GET /v1/workspaces/{ws}")
        for token in ("", "a b", "x\n"):
            self.assertRaises(ValueError, Client, SERVER, token)
        for url in ("ftp://x", "https://u:p@x", "https://x?y=1"):
            self.assertRaises(ValueError, Client, url, OURS)

    def test_nothing_that_is_printed_of_a_client_holds_the_token(self):
        self.assertNotIn(OURS, repr(c) + str(c))

    def test_what_may_be_repeated_is_and_waits_as_it_is_asked_to(self):
        fake, naps = Fake(self, away), []
        patient = Client(fake.url, OURS)
        patient._sleep = naps.append
        with self.assertRaises(TokenryError) as e:
            patient.verify("x")
        self.assertEqual((e.exception.code, e.exception.retry_after, naps), ("unavailable", 7, [7, 7]))
        self.assertRaises(TokenryError, patient.revoke, "a", "b")
        self.assertEqual(len(fake.seen), 4)
        self.assertRaises(TokenryError, Client(fake.url, OURS, patience=1).verify, "x")
        self.assertEqual(len(fake.seen), 5)

    def test_a_redirect_is_not_followed_and_garbage_is_no_decision(self):
        def redirect(h):
            h.send_response(307)
            h.send_header("Location", SERVER)
            h.end_headers()

        def garbage(h):
            h.send_response(200)
            h.send_header("Content-Type", "application/json")
            h.end_headers()
            h.wfile.write(b'{"allowed":"yes"}')

        for answer in (redirect, garbage):
            with self.assertRaises(TokenryError) as e:
                Client(Fake(self, answer).url, OURS, attempts=1).verify("x")
            self.assertEqual(e.exception.code, "unavailable")

    def test_threads_may_share_a_client(self):
        made, found = create(label="shared", scopes=["tickets:read"], resources=["*"]), []
        all_ = [threading.Thread(target=lambda: found.extend(c.verify(made["secret"], CAN)["code"] for _ in range(20))) for _ in range(8)]
        for t in all_:
            t.start()
        for t in all_:
            t.join()
        self.assertEqual(found, ["ok"] * 160)


def wsgi(app, path, authorization=None):
    told = {}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "REMOTE_ADDR": "127.0.0.1"}
    if authorization is not None:
        environ["HTTP_AUTHORIZATION"] = authorization
    body = b"".join(app(environ, lambda status, headers, *_: told.update(status=int(status.split()[0]), **dict(headers))))
    return told, body


def asgi(app, path, *authorization, kind="http"):
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {"type": kind, "method": "GET", "path": path, "client": ("127.0.0.1", 5), "headers": [(b"Authorization", a.encode()) for a in authorization]}
    asyncio.run(app(scope, receive, send))
    return sent


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["tokenry"]["token"]["label"].encode()})


class TheMiddleware(unittest.TestCase):
    def test_a_good_token_passes_and_everybody_else_is_told_why(self):
        made = create(label="guarded", scopes=["tickets:read"], resources=["payments"])
        good = "bearer " + made["secret"]

        def app(environ, start_response):
            start_response("200 OK", [])
            return [environ["tokenry"]["token"]["label"].encode()]

        g = WSGIGuard(app, c, lambda environ: {"scopes": ["tickets:read"], "resource": environ["PATH_INFO"][1:]}, realm="api")
        a = ASGIGuard(hello, c, lambda scope: {"scopes": ["tickets:read"], "resource": scope["path"][1:]}, realm="api")
        self.assertEqual(wsgi(g, "/payments", good)[1], b"guarded")
        self.assertEqual(asgi(a, "/payments", good)[1]["body"], b"guarded")
        for path, auth, status, code, challenge in (
            ("/payments", None, 401, "missing_token", 'Bearer realm="api"'),
            ("/payments", "Basic dTpw", 401, "missing_token", 'Bearer realm="api"'),
            ("/payments", "Bearer a b", 401, "invalid_token", 'Bearer realm="api", error="invalid_token"'),
            ("/payments", "Bearer tkyp_nonsense", 401, "invalid_token", 'Bearer realm="api", error="invalid_token", error_description="Token is not accepted"'),
            ("/ledger", good, 403, "resource_denied", 'Bearer realm="api", error="insufficient_scope"'),
            ("/a,b", good, 403, "resource_denied", 'Bearer realm="api", error="insufficient_scope"'),
        ):
            told, body = wsgi(g, path, auth)
            self.assertEqual((told["status"], json.loads(body)["code"]), (status, code), path)
            self.assertTrue(told["WWW-Authenticate"].startswith(challenge), told)
            first = asgi(a, path, *([auth] if auth else []))[0]
            self.assertEqual((first["status"], dict(first["headers"])[b"www-authenticate"]), (status, told["WWW-Authenticate"].encode()))
        self.assertEqual(asgi(a, "/payments", good, good)[0]["status"], 400)
        self.assertEqual(asgi(a, "/payments", kind="websocket"), [{"type": "websocket.close", "code": 1008}])
        c.revoke(WS, made["token"]["id"])
        self.assertEqual(wsgi(g, "/payments", good)[0]["status"], 401)

    def test_it_answers_within_its_time_whatever_the_server_does(self):
        released = threading.Event()
        self.addCleanup(released.set)

        def drip(h):
            h.send_response(200)
            h.end_headers()
            while not released.wait(0.05):
                h.wfile.write(b" ")

        for answer in (lambda h: released.wait(), drip, away):
            client, why = Client(Fake(self, answer).url, OURS, attempts=1000, patience=0), []
            begun = time.monotonic()
            told, _ = wsgi(WSGIGuard(None, client, within=0.3, on_failure=why.append), "/", "Bearer " + OURS)
            first = asgi(ASGIGuard(None, client, within=0.3, on_failure=why.append), "/", "Bearer " + OURS)[0]
            self.assertEqual((told["status"], first["status"], len(why)), (503, 503, 2))
            self.assertLess(time.monotonic() - begun, 30)  # it hangs for good without the bound
            self.assertGreaterEqual(int(told["Retry-After"]), 1)


if __name__ == "__main__":
    unittest.main()
