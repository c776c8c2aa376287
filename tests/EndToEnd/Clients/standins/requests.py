"""Stands in for requests: answers that are read as they come, and refusals that are raised when that is asked for."""
import json as encoding
from types import SimpleNamespace
from urllib.error import HTTPError as Refusal
from urllib.request import Request, urlopen


class HTTPError(Exception):
    def __init__(self, response):
        super().__init__(f'{response.status_code} for {response.url}')
        self.response = response


exceptions = SimpleNamespace(HTTPError=HTTPError)


class Response:
    def __init__(self, answer):
        self.answer, self.status_code, self.url = answer, answer.status, answer.url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()

    def __iter__(self):
        return iter(self.answer)

    def iter_lines(self):
        return (line.rstrip(b'\r\n') for line in self)

    def json(self):
        return encoding.load(self.answer)

    def raise_for_status(self):
        if self.status_code >= 400:
            raise HTTPError(self)


def get(url, headers=None, stream=False, timeout=None):
    return _send(Request(url, headers=headers or {}), timeout)


def post(url, json=None, headers=None, timeout=None):
    return _send(Request(url, b'' if json is None else encoding.dumps(json).encode(), headers or {}), timeout)


def _send(request, timeout):
    try:
        return Response(urlopen(request, timeout=timeout))
    except Refusal as refusal:
        return Response(refusal)
