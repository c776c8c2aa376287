"""Stands in for aiohttp: sessions that post and get, answers read whole or line by line."""
import asyncio
import json as encoding
from urllib.parse import urlsplit


class ClientSession:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    def get(self, url, headers=None):
        return _Request('GET', url, headers, b'')

    def post(self, url, headers=None, json=None):
        return _Request('POST', url, headers, encoding.dumps(json).encode())


class _Request:
    def __init__(self, method, url, headers, body):
        self.method, self.url, self.headers, self.body = method, urlsplit(url), headers or {}, body

    async def __aenter__(self):
        reader, self.writer = await asyncio.open_connection(self.url.hostname, self.url.port or 80)
        headers = {**self.headers, 'Host': self.url.netloc, 'Content-Length': len(self.body), 'Connection': 'close'}
        head = ''.join(f'{name}: {value}\r\n' for name, value in headers.items())
        self.writer.write(f'{self.method} {self.url.path} HTTP/1.1\r\n{head}\r\n'.encode() + self.body)
        status = int((await reader.readline()).split()[1])
        chunked = False
        while (line := await reader.readline()).strip():
            chunked |= line.lower().startswith(b'transfer-encoding: chunked')
        return _Response(status, _pieces(reader, chunked))

    async def __aexit__(self, *_):
        self.writer.close()


class _Response:
    def __init__(self, status, pieces):
        self.status, self.pieces = status, pieces

    async def json(self):
        return encoding.loads(b''.join([piece async for piece in self.pieces]))

    @property
    async def content(self):
        rest = b''
        async for piece in self.pieces:
            *lines, rest = (rest + piece).split(b'\n')
            for line in lines:
                yield line + b'\n'


async def _pieces(reader, chunked):
    if not chunked:
        while piece := await reader.read(65536):
            yield piece
        return
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readline()
