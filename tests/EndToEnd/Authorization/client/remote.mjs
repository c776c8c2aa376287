// Uses MCP as a program does that knows standard input and output alone: by mcp-remote, unmodified, which asks the user. Prints what it received.
// Arguments: the issuer, the address of MCP, an empty folder, and the versions of the protocol that mcp-remote tries: 'legacy' or 'auto'.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { allow } from './browser.mjs';

const [issuer, address, folder, protocol] = process.argv.slice(2);
const transport = new StdioClientTransport({
  command: process.execPath,
  args: ['node_modules/mcp-remote/dist/proxy.js', address, '--host', '127.0.0.1', '--transport', 'http-only', '--protocol', protocol, '--auth-timeout', '60'],
  // This program is the browser.
  env: { ...process.env, HOME: folder, MCP_REMOTE_CONFIG_DIR: folder, BROWSER: 'true' },
  stderr: 'pipe',
});

let said = '';
let isAsked = false;
transport.stderr.on('data', async data => {
  said += data;
  const url = said.match(/authorize this client by visiting:\s+(\S+)\s/)?.[1];
  if (!url || isAsked) return;
  isAsked = true;
  await fetch(await allow(issuer, url, 'doctor@general.example', ['medcor.read']));
});

try {
  const client = new Client({ name: 'desk', version: '1' });
  await client.connect(transport);
  const tools = (await client.listTools()).tools.map(tool => tool.name);
  const page = await client.callTool({ name: 'list_appointments', arguments: { limit: 1 } });
  console.log(JSON.stringify({ version: client.getServerVersion().name, isAsked, tools, count: page.structuredContent?.results.length }));
  await client.close();
  process.exit(0);
} catch (error) {
  console.error(said, error);
  process.exit(1);
}
