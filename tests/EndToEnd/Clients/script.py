"""Runs a client's source as it is printed, with the names that it takes as given, and writes what the lines after it leave in `result` as JSON.

Reads {given, source, then} from its input. What the source prints is in `printed`, print by print. A library that is not installed is stood in for by what of it the clients use.
"""
import json
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'standins'))

asked = json.load(sys.stdin)
printed = []
names = {'__name__': 'client', **asked['given'], 'result': None, 'printed': printed, 'print': lambda *values, **_: printed.append(' '.join(map(str, values)))}
exec(compile(asked['source'], 'client.py', 'exec'), names)
exec(compile(asked['then'], 'then.py', 'exec'), names)
json.dump(names['result'], sys.stdout)
