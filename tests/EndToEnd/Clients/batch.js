class MCPBatchClient {
  constructor(token) {
    this.token = token;
    this.queue = [];
    this.processing = false;
  }

  async batchInvoke(requests) {
    const response = await fetch('/api/mcp/batch', {
      method: 'POST',
      headers: {
        'Authorization': `Bearer ${this.token}`,
        'Content-Type': 'application/json'
      },
      body: JSON.stringify({requests})
    });
    
    return await response.json();
  }

  addToQueue(tool, params) {
    return new Promise((resolve, reject) => {
      this.queue.push({tool, params, resolve, reject});
      this.processQueue();
    });
  }

  async processQueue() {
    if (this.processing || this.queue.length === 0) return;
    
    this.processing = true;
    
    // Process up to 10 requests at once
    const batch = this.queue.splice(0, 10);
    
    try {
      const results = await this.batchInvoke(
        batch.map(req => ({tool: req.tool, params: req.params}))
      );
      
      batch.forEach((req, index) => {
        if (results[index].error) {
          req.reject(results[index].error);
        } else {
          req.resolve(results[index].result);
        }
      });
    } catch (error) {
      batch.forEach(req => req.reject(error));
    }
    
    this.processing = false;
    
    // Process next batch if queue has more items
    if (this.queue.length > 0) {
      setTimeout(() => this.processQueue(), 100);
    }
  }
}
