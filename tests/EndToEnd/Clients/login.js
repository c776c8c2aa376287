// 1. Login to get JWT token
const login = async (email, password) => {
  const response = await fetch('/api/auth/login/', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({email, password})
  });
  const data = await response.json();
  return data.access_token;
};

// 2. Use token for MCP operations
const callMCPTool = async (token, tool, params) => {
  const response = await fetch('/api/mcp/tools/invoke', {
    method: 'POST',
    headers: {
      'Authorization': `Bearer ${token}`,
      'Content-Type': 'application/json'
    },
    body: JSON.stringify({tool, params})
  });
  return await response.json();
};
