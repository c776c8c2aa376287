"""Stands in for sseclient: the events of an answer."""
from types import SimpleNamespace


class SSEClient:
    def __init__(self, response):
        self.response = response

    def events(self):
        fields = {}
        for line in self._lines():
            if not line:
                if 'data' in fields:
                    yield SimpleNamespace(**{'event': 'message', 'id': None, **fields})
                fields = {}
            elif not line.startswith(':'):
                name, _, value = line.partition(':')
                fields[name] = value.removeprefix(' ')

    def _lines(self):
        rest = b''
        for piece in self.response:
            *lines, rest = (rest + piece).split(b'\n')
            yield from (line.decode() for line in lines)
