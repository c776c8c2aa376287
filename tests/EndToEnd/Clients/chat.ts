class MCPClient {
  constructor(private baseUrl: string, private token: string) {}

  async execute(
    tool: string,
    input: any,
    sessionId?: string,
    requestId?: string
  ): Promise<{ call_id: string; status: string }> {
    const response = await fetch(`${this.baseUrl}/mcp/execute`, {
      method: 'POST',
      headers: {
        'Authorization': `Bearer ${this.token}`,
        'Content-Type': 'application/json'
      },
      body: JSON.stringify({
        tool,
        input,
        session_id: sessionId,
        request_id: requestId || crypto.randomUUID()
      })
    });

    if (!response.ok) {
      throw new Error(`HTTP ${response.status}: ${await response.text()}`);
    }

    return response.json();
  }

  stream(callId: string): ReadableStream<string> {
    const url = `${this.baseUrl}/mcp/stream/${callId}`;
    
    return new ReadableStream({
      async start(controller) {
        const eventSource = new EventSource(url, {
          withCredentials: false
        });

        // Note: Browser EventSource doesn't support custom headers
        // You may need to pass token as query param or use fetch API

        eventSource.addEventListener('partial', (event: any) => {
          const data = JSON.parse(event.data);
          controller.enqueue(data.text);
        });

        eventSource.addEventListener('final', (event: any) => {
          const data = JSON.parse(event.data);
          controller.enqueue(data.text);
          controller.close();
          eventSource.close();
        });

        eventSource.addEventListener('error', (event: any) => {
          controller.error(new Error(event.data));
          eventSource.close();
        });
      }
    });
  }

  async cancel(callId: string): Promise<void> {
    await fetch(`${this.baseUrl}/mcp/cancel/${callId}`, {
      method: 'POST',
      headers: {
        'Authorization': `Bearer ${this.token}`
      }
    });
  }
}

// Usage
const client = new MCPClient('http://localhost:8000', 'super-secret-token');

const result = await client.execute('openai_chat', {
  messages: [{ role: 'user', content: 'Hello!' }]
});

const stream = client.stream(result.call_id);
const reader = stream.getReader();

while (true) {
  const { done, value } = await reader.read();
  if (done) break;
  process.stdout.write(value);
}
