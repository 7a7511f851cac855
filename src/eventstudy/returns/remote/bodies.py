"""Bodies of answers, read no further than an answer can be long, and no longer than there is time for the symbol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from eventstudy.errors import BadPayload, Unreachable
from eventstudy.returns.remote.retries import Deadline

LARGEST: Final = 8 * 2**20  # bytes of an answer about one symbol, expanded: a century of daily bars has 3 to 4 MB
ARCHIVE: Final = (
    64 * 2**20
)  # bytes of an archive, packed and again unpacked: the library's largest daily file has 45 MB
CHUNK: Final = 2**16
REFUSED: Final = 0xFFFFFFFF  # what libcurl takes for "go no further" (CURL_WRITEFUNC_ERROR)


class Body:
    """What has come of one answer so far.

    Parameters
    ----------
    symbol, source : str
        For messages.
    deadline : Deadline or None
        Of the symbol.
    most : int
        Bytes.
    """

    def __init__(self, symbol: str, source: str, deadline: Deadline | None, most: int = LARGEST) -> None:
        self.symbol, self.source, self.deadline, self.most = symbol, source, deadline, most
        self.content = bytearray()
        self.refusal: BadPayload | Unreachable | None = None

    def add(self, chunk: bytes) -> None:
        """Take a chunk."""
        if len(self.content) + len(chunk) > self.most:
            msg = (
                f"{self.source} answered {self.symbol!r} with more than {self.most / 2**20:.0f} MB, longer than any answer "
                "can be; the rest was not read"
            )
            self.refusal = BadPayload(msg)
        elif self.deadline is not None and self.deadline.remaining() <= 0:
            msg = f"the answer of {self.source} about {self.symbol!r} came too slowly to end in time; try again later"
            self.refusal = Unreachable(msg)
        else:
            self.content += chunk
            return
        self.content.clear()
        raise self.refusal

    def take(self, chunk: bytes) -> int:
        """Take a chunk from libcurl, which wants a number and no exception."""
        try:
            self.add(chunk)
        except (BadPayload, Unreachable):
            return REFUSED
        return len(chunk)


def read_body(read: Callable[[int], bytes], body: Body) -> bytes:
    """Read to the end with `read`, which returns what has come, at most so many bytes."""
    while chunk := read(CHUNK):
        body.add(chunk)
    return bytes(body.content)


def received(session: Any, plain: Callable[..., Any], body: Body, *args: Any, **kwargs: Any) -> Any:
    """Send a request of a session of curl_cffi or requests, and return the response with no more body than it may have."""
    if any(kind.__module__.startswith("curl_cffi") for kind in type(session).__mro__):
        try:
            response = plain(*args, **{**kwargs, "content_callback": body.take})
        except Exception:
            if body.refusal is not None:
                raise body.refusal from None  # libcurl says only that writing failed
            raise
        return with_body(response, bytes(body.content))

    def read(response: Any, **_: Any) -> Any:
        """Read an answer before requests does; that of a redirect is not wanted, and may have no end either."""
        with response:  # the connection is given back, or closed if there is more to come
            raw = response.raw
            once = getattr(raw, "read1", raw.read)  # what has come, not what was wished for: a slow answer is looked at
            if response.is_redirect:
                return with_body(response, b"")
            return with_body(response, read_body(lambda size: once(size, decode_content=True), body))

    return plain(*args, **{**kwargs, "stream": True, "hooks": {"response": read}})


def with_body(response: Any, content: bytes) -> Any:
    """Give a response of curl_cffi or requests another body."""
    if hasattr(response, "_content_consumed"):
        response._content, response._content_consumed = content, True  # noqa: SLF001  requests has no other way
    else:
        response.content = content
    return response
