// Initialize SSE connection with authentication
const initSSEConnection = (token) => {
  const eventSource = new EventSource('/api/mcp/sse', {
    headers: {
      'Authorization': `Bearer ${token}`
    }
  });

  // Handle different event types
  eventSource.addEventListener('tool_response', (event) => {
    const data = JSON.parse(event.data);
    console.log('Tool response:', data);
  });

  eventSource.addEventListener('resource_update', (event) => {
    const data = JSON.parse(event.data);
    console.log('Resource updated:', data);
  });

  eventSource.addEventListener('error_event', (event) => {
    const data = JSON.parse(event.data);
    console.error('Error:', data);
  });

  eventSource.onerror = (error) => {
    console.error('SSE connection error:', error);
    // Implement reconnection logic
  };

  return eventSource;
};
