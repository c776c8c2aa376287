import sseclient
import requests
import json

def connect_sse(token):
    """Connect to MCP SSE endpoint"""
    headers = {'Authorization': f'Bearer {token}'}
    response = requests.get(
        'http://localhost:8002/api/mcp/sse',
        headers=headers,
        stream=True
    )
    
    client = sseclient.SSEClient(response)
    
    for event in client.events():
        if event.event == 'tool_response':
            data = json.loads(event.data)
            handle_tool_response(data)
        elif event.event == 'resource_update':
            data = json.loads(event.data)
            handle_resource_update(data)
        elif event.event == 'error_event':
            data = json.loads(event.data)
            handle_error(data)
