class MCPWebSocketClient {
  constructor(token) {
    this.token = token;
    this.ws = null;
    this.callbacks = new Map();
    this.connect();
  }

  connect() {
    this.ws = new WebSocket('ws://localhost:8002/api/mcp/ws');
    
    this.ws.onopen = () => {
      // Authenticate after connection
      this.send({
        type: 'auth',
        token: this.token
      });
    };

    this.ws.onmessage = (event) => {
      const message = JSON.parse(event.data);
      this.handleMessage(message);
    };

    this.ws.onerror = (error) => {
      console.error('WebSocket error:', error);
    };

    this.ws.onclose = () => {
      // Implement reconnection logic
      setTimeout(() => this.connect(), 5000);
    };
  }

  invokeTool(tool, params) {
    return new Promise((resolve, reject) => {
      const requestId = this.generateRequestId();
      
      this.callbacks.set(requestId, {resolve, reject});
      
      this.send({
        type: 'tool_invoke',
        request_id: requestId,
        tool: tool,
        params: params
      });

      // Timeout after 30 seconds
      setTimeout(() => {
        if (this.callbacks.has(requestId)) {
          this.callbacks.delete(requestId);
          reject(new Error('Request timeout'));
        }
      }, 30000);
    });
  }

  subscribe(resource) {
    this.send({
      type: 'subscribe',
      resource: resource
    });
  }

  unsubscribe(resource) {
    this.send({
      type: 'unsubscribe',
      resource: resource
    });
  }

  handleMessage(message) {
    switch(message.type) {
      case 'tool_response':
        if (this.callbacks.has(message.request_id)) {
          const callback = this.callbacks.get(message.request_id);
          this.callbacks.delete(message.request_id);
          
          if (message.error) {
            callback.reject(new Error(message.error));
          } else {
            callback.resolve(message.result);
          }
        }
        break;
        
      case 'resource_update':
        this.onResourceUpdate(message.resource, message.data);
        break;
        
      case 'error':
        console.error('WebSocket error:', message.error);
        break;
    }
  }

  send(data) {
    if (this.ws.readyState === WebSocket.OPEN) {
      this.ws.send(JSON.stringify(data));
    }
  }

  generateRequestId() {
    return `req_${Date.now()}_${Math.random().toString(36).substr(2, 9)}`;
  }

  onResourceUpdate(resource, data) {
    // Override this method to handle resource updates
    console.log(`Resource update for ${resource}:`, data);
  }

  close() {
    if (this.ws) {
      this.ws.close();
    }
  }
}

// Usage
const wsClient = new MCPWebSocketClient(authToken);

// Subscribe to appointment updates
wsClient.subscribe('appointments');

// Invoke a tool
const result = await wsClient.invokeTool('list_doctors', {
  hospital_id: hospitalId
});

// Handle resource updates
wsClient.onResourceUpdate = (resource, data) => {
  if (resource === 'appointments') {
    updateAppointmentUI(data);
  }
};
