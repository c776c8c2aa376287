class MCPErrorHandler {
  static async handleMCPRequest(tool, params) {
    try {
      const response = await fetch('/api/mcp/tools/invoke', {
        method: 'POST',
        headers: {
          'Authorization': `Bearer ${getToken()}`,
          'Content-Type': 'application/json'
        },
        body: JSON.stringify({tool, params})
      });

      if (!response.ok) {
        const error = await response.json();
        throw new MCPError(error);
      }

      return await response.json();
      
    } catch (error) {
      if (error instanceof MCPError) {
        // Handle MCP-specific errors
        switch(error.code) {
          case 'AUTH_INVALID':
            // Refresh token and retry
            await refreshToken();
            return MCPErrorHandler.handleMCPRequest(tool, params);
            
          case 'PERMISSION_DENIED':
            // Show permission error to user
            showError('You do not have permission for this action');
            break;
            
          case 'VALIDATION_ERROR':
            // Show validation errors
            showValidationErrors(error.details);
            break;
            
          case 'RATE_LIMIT':
            // Implement exponential backoff
            await delay(error.retryAfter * 1000);
            return MCPErrorHandler.handleMCPRequest(tool, params);
            
          default:
            // Generic error handling
            showError(error.message);
        }
      } else {
        // Network or other errors
        console.error('Request failed:', error);
        showError('Network error. Please try again.');
      }
      
      throw error;
    }
  }
}

class MCPError extends Error {
  constructor(errorResponse) {
    super(errorResponse.error.message);
    this.code = errorResponse.error.code;
    this.details = errorResponse.error.details;
    this.timestamp = errorResponse.error.timestamp;
    this.retryAfter = errorResponse.error.retry_after;
  }
}
