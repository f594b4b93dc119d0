"""A client of Tokenry without dependencies, and middleware for ASGI and WSGI.

Its laws: the token goes to the one address it was made for, in one header; what has no
decision lets nothing pass; a call is sent again only when that does no harm.
"""

from ._client import Client, TokenryError
from ._middleware import ASGIGuard, WSGIGuard, decide

__all__ = ["Client", "TokenryError", "ASGIGuard", "WSGIGuard", "decide"]
