"""The client: one method for every call of the API."""

from __future__ import annotations

import http.client
import json
import random
import re
import ssl
import threading
import time
import urllib.parse
from typing import Any, Iterator, Mapping, Optional

from ._calls import Calls
from .types import RevokeToken, Token, VerifyResult

TOKEN = re.compile(r"[A-Za-z0-9_]{1,255}\Z")
# What changes nothing, or the same a second time, though it is a POST.
HARMLESS = {
    "POST /v1/verify", "POST /v1/verify/batch", "POST /v1/workspaces/{ws}/explain", "POST /v1/workspaces/{ws}/tokens/lookup",
}
MOST = 64 << 20  # bytes of an answer
KEPT = 20  # seconds: an unused connection is let go before a server or proxy closes it


class TokenryError(Exception):
    """What the server refused (RFC 9457). Branch on code, show the message."""

    def __init__(self, status: int, problem: Mapping[str, Any]):
        super().__init__(problem.get("detail") or problem.get("title") or f"the server answered {status}")
        self.status = status
        self.code: str = problem.get("code", "internal")
        self.field: Optional[str] = problem.get("field")
        self.missing: list[str] = problem.get("missing") or []
        self.request_id: Optional[str] = problem.get("request_id")
        # Seconds until another attempt makes sense; 0 when the server did not say.
        self.retry_after: float = problem.get("retry_after") or 0


def unavailable(message: str) -> TokenryError:
    return TokenryError(503, {"code": "unavailable", "detail": message})


class Client(Calls):
    """Makes calls of one server with one token. Threads may share it.

    timeout is for each wait of one attempt, in seconds; attempts how often a call is sent
    at the most; patience the longest Retry-After that is waited for.
    """

    def __init__(
        self, url: str, token: str, *, timeout: float = 60, attempts: int = 3, patience: float = 30,
        user_agent: str = "tokenry-python/0.1", context: Optional[ssl.SSLContext] = None,
    ):
        at = urllib.parse.urlsplit(url)
        if at.scheme not in ("http", "https") or not at.hostname or at.username or at.password or at.query or at.fragment:
            raise ValueError("the address must begin with http:// or https:// and have no user, query or fragment")
        if not TOKEN.match(token):
            raise ValueError("this is not a token: those are of letters, digits and _; is there a blank or line end around it?")
        self.url = url.rstrip("/")
        self._at, self._path, self._token = at, at.path.rstrip("/"), token
        self._timeout, self._attempts, self._patience, self._agent = timeout, attempts, patience, user_agent
        self._context = context or (ssl.create_default_context() if at.scheme == "https" else None)
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []  # since when
        self._lock = threading.Lock()
        self._sleep = time.sleep

    def __repr__(self) -> str:  # no token
        return f"Client({self.url!r})"

    def call(
        self, call: Any, /, *, body: Any = None, query: Optional[Mapping[str, Any]] = None, idempotency_key: Optional[str] = None,
        if_match: Optional[int] = None, act_as: Optional[str] = None, timeout: Optional[float] = None, within: Optional[float] = None,
        **path: str,
    ) -> Any:
        """Makes the call of that name, like "POST /v1/workspaces/{ws}/tokens".

        within bounds all attempts together, in seconds.
        """
        again = call.startswith("GET ") or call in HARMLESS or idempotency_key is not None
        method, template = call.split(" ", 1)
        target = self._path + re.sub(r"\{(\w+)\}", lambda m: segment(str(m[1]), path), template)
        if query:
            target += "?" + urllib.parse.urlencode([(k, said(one)) for k, v in query.items() for one in (v if isinstance(v, (list, tuple)) else [v]) if one is not None])
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "User-Agent": self._agent}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        for header, value in (("Idempotency-Key", idempotency_key), ("If-Match", if_match and f'"{if_match}"'), ("Tokenry-Act-As", act_as)):
            if value:
                headers[header] = value
        until = time.monotonic() + within if within else float("inf")
        n = 0
        while True:
            n += 1
            try:
                left = until - time.monotonic()
                return self._once(method, target, headers, data, min(timeout or self._timeout, max(left, 0.001)), again)
            except TokenryError as e:
                wait = pause(n, e)
                if n >= self._attempts or not worth_it(e, again, idempotency_key) or wait > self._patience or time.monotonic() + wait >= until:
                    raise
                self._sleep(wait)

    def _once(self, method: str, target: str, headers: Mapping[str, str], data: Optional[bytes], timeout: float, again: bool) -> Any:
        conn, kept = self._take(timeout)
        try:
            try:
                conn.request(method, target, data, dict(headers))
                r = conn.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                conn.close()
                # A connection that was kept may have been closed meanwhile: the call goes on a new
                # one, where it does no harm that the server sees it twice.
                if not (kept and again):
                    raise
                conn = self._dial(timeout)
                conn.request(method, target, data, dict(headers))
                r = conn.getresponse()
            text = r.read(MOST + 1)
            if len(text) > MOST:
                raise unavailable("the answer is too long")
        except (OSError, http.client.HTTPException) as e:
            conn.close()
            late = isinstance(e, TimeoutError)
            raise unavailable("the server did not answer in time" if late else "the server cannot be reached") from e
        except BaseException:
            conn.close()
            raise
        self._give(conn, r)
        media = r.headers.get_content_type() if r.headers.get("Content-Type") else ""
        if 300 <= r.status < 400:
            raise unavailable("the server answered with a redirect, which is not followed")
        if r.status >= 400:
            raise TokenryError(r.status, problem(r, media, text))
        if not re.match(r"application/(.+\+)?json\Z", media):
            return text.decode("utf-8", "replace")
        try:
            return json.loads(text)
        except ValueError as e:
            raise unavailable("the answer is not JSON: is there something else at this address?") from e

    def _dial(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._at.hostname or "", self._at.port
        if self._context:
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _take(self, timeout: float) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            since, conn = self._idle.pop() if self._idle else (0.0, None)
        if conn is None or time.monotonic() - since > KEPT:
            if conn:
                conn.close()
            return self._dial(timeout), False
        conn.timeout = timeout
        if conn.sock:
            conn.sock.settimeout(timeout)
        return conn, True

    def _give(self, conn: http.client.HTTPConnection, r: http.client.HTTPResponse) -> None:
        if r.will_close:
            conn.close()
            return
        with self._lock:
            if len(self._idle) < 32:
                self._idle.append((time.monotonic(), conn))
                return
        conn.close()

    def list(self, call: Any, /, *, query: Optional[Mapping[str, Any]] = None, **path: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor = None
        while True:
            page = self.call(call, query={**(query or {}), **({"cursor": cursor} if cursor else {})}, **path)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def verify(self, token: str, need: Optional[Mapping[str, Any]] = None, *, within: Optional[float] = None) -> VerifyResult:
        """Asks whether a token may do something now. A refusal is an answer, no error."""
        question: Any = {**(need or {}), "token": token}
        r = self.call("POST /v1/verify", body=question, within=within)
        if not isinstance(r, dict) or not isinstance(r.get("allowed"), bool) or not isinstance(r.get("code"), str):
            raise unavailable("the answer is no decision")
        return r  # type: ignore[return-value]

    def revoke(self, ws: str, id: str, body: Optional[RevokeToken] = None) -> Token:
        """Ends a token at once. When it has returned, no verification that starts succeeds."""
        done: Token = self.call("POST /v1/workspaces/{ws}/tokens/{id}/revoke", ws=ws, id=id, body=body or {})
        return done


def said(v: Any) -> str:
    return str(v).lower() if isinstance(v, bool) else str(v)


def segment(name: str, path: Mapping[str, str]) -> str:
    value = path.get(name, "")
    if value in ("", ".", ".."):
        raise ValueError(f"{name} is missing")
    return urllib.parse.quote(value, safe="")


def problem(r: http.client.HTTPResponse, media: str, text: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"code": {
        401: "invalid_token", 404: "not_found", 429: "rate_limited", 502: "unavailable", 503: "unavailable", 504: "unavailable",
    }.get(r.status, "internal")}
    if media == "application/problem+json":
        try:
            found.update(json.loads(text))
        except ValueError:
            pass  # what is no JSON says no more than its status
    seconds = r.headers.get("Retry-After", "")
    if not found.get("retry_after") and seconds.isascii() and seconds.isdigit():
        found["retry_after"] = int(seconds)
    return found


def worth_it(e: TokenryError, again: bool, key: Optional[str]) -> bool:
    if e.code == "busy":
        return True  # nothing was changed
    if e.code == "outcome_unknown":
        return key is not None
    return again and e.code in ("unavailable", "rate_limited")


def pause(n: int, e: TokenryError) -> float:
    return e.retry_after or 0.05 * 2 ** min(n, 6) * (1 + random.random())
