"""The client that the printed test imports and that is printed nowhere: a call of a tool, which fails as loudly as a test wants it to."""
import aiohttp


class MCPClient:
    def __init__(self, base_url, token):
        self.base_url, self.headers = base_url, {'Authorization': f'Bearer {token}', 'Content-Type': 'application/json'}

    async def invoke_tool(self, tool, params):
        async with aiohttp.ClientSession() as session:
            async with session.post(f'{self.base_url}/api/mcp/tools/invoke', headers=self.headers, json={'tool': tool, 'params': params}) as response:
                answer = await response.json()
                assert response.status == 200, answer
                return answer
