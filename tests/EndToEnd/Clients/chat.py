import requests
import json
import uuid
from typing import Optional, Iterator

class MCPClient:
    def __init__(self, base_url: str, token: str):
        self.base_url = base_url.rstrip('/')
        self.token = token
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json"
        }
    
    def execute(
        self,
        tool: str,
        messages: list,
        session_id: Optional[str] = None,
        request_id: Optional[str] = None,
        model: Optional[str] = None,
        max_tokens: int = 512
    ) -> dict:
        """Execute a tool and return call_id."""
        payload = {
            "tool": tool,
            "input": {
                "messages": messages,
                "max_tokens": max_tokens
            }
        }
        
        if model:
            payload["input"]["model"] = model
        if session_id:
            payload["session_id"] = session_id
        if request_id:
            payload["request_id"] = request_id
        else:
            payload["request_id"] = str(uuid.uuid4())
        
        response = requests.post(
            f"{self.base_url}/mcp/execute",
            json=payload,
            headers=self.headers,
            timeout=10
        )
        response.raise_for_status()
        return response.json()
    
    def stream(self, call_id: str) -> Iterator[dict]:
        """Stream events for a call."""
        url = f"{self.base_url}/mcp/stream/{call_id}"
        
        response = requests.get(url, headers=self.headers, stream=True, timeout=300)
        response.raise_for_status()
        
        for line in response.iter_lines():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])
            elif line.startswith(b"event: "):
                event_type = line[7:].decode()
                # Event type is in the line, next line will have data
    
    def execute_and_stream(
        self,
        messages: list,
        session_id: Optional[str] = None,
        **kwargs
    ) -> Iterator[str]:
        """Execute and stream in one call."""
        result = self.execute("openai_chat", messages, session_id, **kwargs)
        call_id = result["call_id"]
        
        full_text = ""
        for event in self.stream(call_id):
            if event["type"] == "partial":
                full_text += event["text"]
                yield event["text"]
            elif event["type"] == "final":
                yield event["text"]
                break
            elif event["type"] == "error":
                raise Exception(f"Error: {event.get('message', 'Unknown error')}")
    
    def cancel(self, call_id: str) -> dict:
        """Cancel a call."""
        response = requests.post(
            f"{self.base_url}/mcp/cancel/{call_id}",
            headers=self.headers,
            timeout=5
        )
        response.raise_for_status()
        return response.json()
    
    def health_check(self) -> dict:
        """Check server health."""
        response = requests.get(f"{self.base_url}/healthz", timeout=5)
        response.raise_for_status()
        return response.json()
    
    def ready_check(self) -> dict:
        """Check server readiness."""
        response = requests.get(f"{self.base_url}/readyz", timeout=5)
        return response.json()

# Usage Example
if __name__ == "__main__":
    client = MCPClient("http://localhost:8000", "super-secret-token")
    
    # Check server
    print("Health:", client.health_check())
    print("Ready:", client.ready_check())
    
    # Execute and stream
    messages = [
        {"role": "user", "content": "What is anemia?"}
    ]
    
    print("\nStreaming response:")
    for chunk in client.execute_and_stream(messages, session_id="demo-1"):
        print(chunk, end="", flush=True)
    print("\n")
