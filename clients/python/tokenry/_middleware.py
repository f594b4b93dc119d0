"""Middleware that lets a request pass when its bearer token may do what is needed.

It answers within 3 seconds, whatever the server does: a service that stands in front of
its users says sooner that it cannot tell than a program that has time.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import math
import re
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from ._client import TOKEN, Client, TokenryError
from .types import VerifyResult

WITHIN = 3.0
Need = Union[Mapping[str, Any], Callable[[Any], Mapping[str, Any]]]
Refused = tuple[int, dict[str, str], bytes]

_RESOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")
_UNACCEPTED = {"code": "invalid_token", "detail": "Token is not accepted"}


def decide(
    verify: Callable[[str, Mapping[str, Any]], VerifyResult], url: str, lines: Sequence[str], need: Mapping[str, Any], client: Mapping[str, Any],
    *, realm: str = "tokenry", on_failure: Optional[Callable[[Exception], None]] = None,
) -> tuple[Optional[VerifyResult], dict[str, str], Optional[Refused]]:
    """Decides by the Authorization headers of a request: the result and headers to add, or
    what to answer (RFC 6750, with problem+json)."""
    question, refused = _question(lines, need, client)
    if refused:
        return None, {}, _refuse(url, realm, need, *refused)
    token, asked = question
    try:
        r = verify(token, asked)
    except Exception as e:  # whatever it is, there is no decision
        return None, {}, failed(url, realm, e, on_failure)
    return _outcome(url, realm, need, r)


def failed(url: str, realm: str, e: Exception, on_failure: Optional[Callable[[Exception], None]]) -> Refused:
    if on_failure:
        on_failure(e)
    wait = e.retry_after if isinstance(e, TokenryError) else 0
    told = {"code": "unavailable", "detail": "the token cannot be verified now", "retry_after": max(1, math.ceil(wait))}
    return _refuse(url, realm, {}, 503, told, False)


def _question(lines: Sequence[str], need: Mapping[str, Any], client: Mapping[str, Any]) -> tuple[tuple[str, dict[str, Any]], Optional[tuple[int, dict[str, Any], bool]]]:
    none: tuple[str, dict[str, Any]] = ("", {})
    if len(lines) > 1:
        return none, (400, {"code": "invalid_request", "detail": "there is more than one Authorization header"}, True)
    scheme, _, token = (lines[0] if lines else "").partition(" ")
    token = token.lstrip(" ")
    if scheme.lower() != "bearer":
        return none, (401, {"code": "missing_token", "detail": "send the header Authorization: Bearer with a token"}, False)
    if not TOKEN.match(token):
        return none, (401, _UNACCEPTED, True)
    if need.get("resource") is not None and not _RESOURCE.match(need["resource"]):
        return none, (403, {"code": "resource_denied", "detail": "Resource is not granted"}, True)
    return (token, {"client": {k: v for k, v in client.items() if v}, **need}), None


def _outcome(url: str, realm: str, need: Mapping[str, Any], r: VerifyResult) -> tuple[Optional[VerifyResult], dict[str, str], Optional[Refused]]:
    rate = r.get("rate_limit")
    more = {"RateLimit": f'"token";r={rate["remaining"]}'} if rate else {}
    if r["allowed"] is True:
        return r, more, None
    told: dict[str, Any] = {k: r[k] for k in ("code", "detail", "missing", "retry_after", "request_id") if r.get(k)}  # type: ignore[literal-required]
    if not r.get("token"):
        told = {**_UNACCEPTED, "request_id": r.get("request_id")}
    status, headers, body = _refuse(url, realm, need, _status(told["code"]), told, True)
    return None, {}, (status, {**more, **headers}, body)


def _status(code: str) -> int:
    if code == "rate_limited":
        return 429
    return 403 if code in ("insufficient_scope", "resource_denied", "ip_denied", "cost_exceeds_limit") else 401


def _refuse(url: str, realm: str, need: Mapping[str, Any], status: int, told: Mapping[str, Any], presented: bool) -> Refused:
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if told.get("retry_after"):
        headers["Retry-After"] = str(told["retry_after"])
    if status in (400, 401, 403) and told["code"] != "cost_exceeds_limit":
        c = f'Bearer realm="{_quotable(realm)}"'
        if presented:
            c += ', error="%s"' % {400: "invalid_request", 401: "invalid_token", 403: "insufficient_scope"}[status]
            if told.get("detail"):
                c += f', error_description="{_quotable(told["detail"])}"'
            if told["code"] == "insufficient_scope" and need.get("scopes"):
                c += f', scope="{_quotable(" ".join(need["scopes"]))}"'
        headers["WWW-Authenticate"] = c
    body = json.dumps({"type": f"{url}/errors/{told['code']}", "status": status, **told}).encode()
    return status, headers, body


def _quotable(s: str) -> str:
    return re.sub(r'[^ !#-\[\]-~]', "?", s)


class _Guard:
    def __init__(
        self, app: Any, client: Client, need: Need = {}, *, realm: str = "tokenry", within: float = WITHIN,
        on_failure: Optional[Callable[[Exception], None]] = None, workers: int = 32,
    ):
        self._app, self._client, self._need, self._realm, self._within, self._failed = app, client, need, realm, within, on_failure
        # A thread that hangs is left behind: the request is answered all the same.
        self._pool = concurrent.futures.ThreadPoolExecutor(workers, "tokenry")

    def _needs(self, request: Any) -> Mapping[str, Any]:
        return self._need(request) if callable(self._need) else self._need

    def _verify(self, token: str, asked: Mapping[str, Any]) -> "concurrent.futures.Future[VerifyResult]":
        return self._pool.submit(self._client.verify, token, asked, within=self._within)


class WSGIGuard(_Guard):
    """Guards a WSGI application. The decision is in environ["tokenry"]."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        lines = [environ["HTTP_AUTHORIZATION"]] if "HTTP_AUTHORIZATION" in environ else []
        from_ = {
            "ip": environ.get("REMOTE_ADDR"), "method": environ.get("REQUEST_METHOD"),
            "path": environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), "user_agent": environ.get("HTTP_USER_AGENT"),
        }
        result, more, refused = decide(
            lambda t, q: self._verify(t, q).result(self._within), self._client.url, lines, self._needs(environ), from_, realm=self._realm, on_failure=self._failed,
        )
        if refused:
            status, headers, body = refused
            start_response(f"{status} {_REASONS.get(status, 'Refused')}", [*headers.items(), ("Content-Length", str(len(body)))])
            return [body]
        environ["tokenry"] = result

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, *more.items()], *rest)

        return self._app(environ, begin)


_REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests", 503: "Service Unavailable"}


class ASGIGuard(_Guard):
    """Guards an ASGI application, for HTTP and WebSockets. The decision is in scope["tokenry"]."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        result, more, refused = await self._decide(scope)
        if refused:
            await _answer(scope["type"], refused, send)
            return

        async def telling(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *_raw(more)]}
            await send(message)

        await self._app({**scope, "tokenry": result}, receive, telling)

    async def _decide(self, scope: dict[str, Any]) -> tuple[Optional[VerifyResult], dict[str, str], Optional[Refused]]:
        headers = [(k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in scope["headers"]]
        peer, agent = scope.get("client"), [v for k, v in headers if k == "user-agent"]
        from_ = {"ip": peer[0] if peer else None, "method": scope.get("method", "GET"), "path": scope["path"], "user_agent": agent[0] if agent else None}
        need = self._needs(scope)
        question, refused = _question([v for k, v in headers if k == "authorization"], need, from_)
        if refused:
            return None, {}, _refuse(self._client.url, self._realm, need, *refused)
        try:
            r = await asyncio.wait_for(asyncio.wrap_future(self._verify(*question)), self._within)
        except Exception as e:
            return None, {}, failed(self._client.url, self._realm, e, self._failed)
        return _outcome(self._client.url, self._realm, need, r)


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]


async def _answer(kind: str, refused: Refused, send: Any) -> None:
    status, headers, body = refused
    if kind == "websocket":  # before it is accepted, closing is answered 403 by the server
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": status, "headers": [*_raw(headers), (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
