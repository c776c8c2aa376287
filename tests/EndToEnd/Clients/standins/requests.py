"""Stands in for requests: an answer that is read as it comes."""
from urllib.request import Request, urlopen


def get(url, headers=None, stream=False):
    return urlopen(Request(url, headers=headers or {}))
