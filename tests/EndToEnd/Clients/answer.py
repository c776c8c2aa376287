import requests
import json

url = "http://localhost:8000/mcp/stream/03431c1a-1522-451c-9a28-1926439ae1b4"
headers = {"Authorization": "Bearer super-secret-token"}

with requests.get(url, headers=headers, stream=True) as response:
    for line in response.iter_lines():
        if line:
            # SSE format: "data: {...}"
            if line.startswith(b"data: "):
                data = json.loads(line[6:])  # Remove "data: " prefix
                if data["type"] == "partial":
                    print(data["text"], end="", flush=True)
                elif data["type"] == "final":
                    print(f"\n\nComplete: {data['text']}")
                    break
