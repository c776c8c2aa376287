// Takes every step of an agent by one of the official clients, unmodified, and prints what it received.
// Arguments: the generation of the client, 1 or 2; the issuer; the address of MCP; the replicas behind that address, if there is no load balancer. With
// replicas, it says 'ready' after its first calls and waits for a line: one replica may end then. With RECORD set, it writes every exchange to stderr.
import http from 'node:http';
import { allow } from './browser.mjs';
import { recording } from './record.mjs';

const [generation, issuer, address, ...replicas] = process.argv.slice(2);
const { Client, StreamableHTTPClientTransport, UnauthorizedError } = generation === '1' ? await importFirst() : await import('@modelcontextprotocol/client');

// What a client keeps of its authorization.
class Session {
  constructor(email, scopes) { Object.assign(this, { email, scopes, asked: 0 }); }
  get redirectUrl() { return 'http://127.0.0.1:3002/callback'; }
  get clientMetadata() {
    return {
      client_name: 'agent', redirect_uris: [this.redirectUrl], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }
  clientInformation() { return this.information; }
  saveClientInformation(information) { this.information = information; }
  tokens() { return this.saved; }
  saveTokens(tokens) { this.saved = tokens; }
  codeVerifier() { return this.verifier; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  async redirectToAuthorization(url) {
    this.asked++;
    this.requested = url.searchParams.get('scope');
    this.callback = await allow(issuer, url, this.email, this.scopes);
  }
}

const exchange = process.env.RECORD ? recording(send, console.error) : send;
let turn = 0;

// Sends requests for MCP to the replicas in turn, as a load balancer does, and to the next one if one is gone.
async function send(url, options) {
  if (replicas.length === 0 || new URL(url).pathname !== '/mcp') return fetch(url, options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(replicas[turn++ % replicas.length], options);
    } catch (error) {
      if (attempt === replicas.length) throw error;
    }
  }
}

// Publishes a document in which a client describes itself, and returns its address, which is the ID of the client.
async function publish(metadata) {
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ client_id: id, ...metadata }));
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const id = `http://127.0.0.1:${server.address().port}/agent.json`;
  return id;
}

// Connects and authorizes as often as the server asks for it.
async function connect(session) {
  for (let attempt = 0; ; attempt++) {
    const client = new Client({ name: 'agent', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: generation === '1' ? 'legacy' : { pin: '2026-07-28' } } });
    const transport = new StreamableHTTPClientTransport(new URL(address), { authProvider: session, fetch: exchange });
    try {
      await client.connect(transport);
      return { client, transport };
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || attempt === 2) throw error;
      await finish(transport, session);
    }
  }
}

async function finish(transport, session) {
  await (generation === '1' ? transport.finishAuth(session.callback.searchParams.get('code')) : transport.finishAuth(session.callback.searchParams));
}

const result = {};

// A doctor reads.
const doctor = new Session('doctor@general.example', ['medcor.read']);
let { client, transport } = await connect(doctor);
result.version = client.getServerVersion().name;
result.tools = (await client.listTools()).tools.map(tool => tool.name);
if (replicas.length > 0) {
  console.log('ready');
  await new Promise(resolve => process.stdin.once('data', resolve));
}
const page = await client.callTool({ name: 'list_appointments', arguments: { limit: 2 } });
result.structured = page.structuredContent;
result.sameText = JSON.stringify(JSON.parse(page.content[0].text)) === JSON.stringify(page.structuredContent);
const wrong = await client.callTool({ name: 'list_appointments', arguments: { limit: 0, nonsense: true } });
result.wrong = { isError: wrong.isError, text: wrong.content[0].text };
result.unknown = await client.callTool({ name: 'no_such_tool', arguments: {} }).then(() => 'called', error => error.code);
result.resources = (await client.listResources()).resources.map(resource => resource.uri);
const one = page.structuredContent.results[0];
result.read = JSON.parse((await client.readResource({ uri: `medcor://appointments/${one.id}` })).contents[0].text).id === one.id;
result.missing = await client.readResource({ uri: `medcor://appointments/${crypto.randomUUID()}` }).then(() => 'read', error => error.code);
result.prompts = (await client.listPrompts()).prompts.map(prompt => prompt.name);
result.prompt = (await client.getPrompt({ name: 'appointment_booking', arguments: { preferred_date: '2027-03-01' } })).messages[0].content.text;
const doctors = await client.callTool({ name: 'list_doctors', arguments: { limit: 1 } });
const name = doctors.structuredContent.results[0].last_name;
result.completed = (await client.complete({ ref: { type: 'ref/prompt', name: 'appointment_booking' }, argument: { name: 'doctor_id', value: name } })).completion.values
  .includes(doctors.structuredContent.results[0].id);

// What the scopes do not permit makes the client ask the user for more.
doctor.scopes = generation === '1' ? ['medcor.read', 'medcor.clinical'] : ['medcor.read', 'clinical.read'];
const records = () => client.callTool({ name: 'list_medical_records', arguments: { patient_id: one.patient_id, limit: 1 } });
try {
  await records();
  result.stepUp = 'not needed';
} catch (error) {
  result.stepUp = error instanceof UnauthorizedError ? 'asked' : String(error);
  if (error instanceof UnauthorizedError) await finish(transport, doctor);
  else doctor.saved = undefined;
  ({ client, transport } = await connect(doctor));
  result.records = (await records()).isError ?? false;
}
result.requested = doctor.requested;

// An administrator writes once, and confirms what is dangerous. This client does not register: a document describes it.
const admin = new Session('admin@general.example', ['medcor.read', 'medcor.write', 'medcor.delete']);
admin.information = { client_id: await publish(admin.clientMetadata) };
({ client, transport } = await connect(admin));
result.clients = { registered: doctor.information.client_id, documented: admin.information.client_id };
const email = `agent.${crypto.randomUUID()}@general.example`;
const nurse = { name: 'create_user', arguments: { email, first_name: 'Ada', last_name: 'Agent', role: 'NURSE', idempotency_key: email } };
const [first, again] = [await client.callTool(nurse), await client.callTool(nurse)];
result.created = { error: first.isError ? first.content[0].text : null, once: first.structuredContent?.id === again.structuredContent?.id,
  replayed: again._meta?.['dev.medcor/idempotentReplayed'] ?? false };
if (first.structuredContent) {
  const deletion = { name: 'delete_user', arguments: { user_id: first.structuredContent.id } };
  const questions = [];
  let answer = { action: 'decline' };
  if (generation === '2')
    client.setRequestHandler('elicitation/create', request => { questions.push(request.params.message); return answer; });
  const declined = await client.callTool(deletion);
  answer = { action: 'accept', content: { confirm: true } };
  const confirmed = await client.callTool(deletion);
  result.deleted = { questions, declined: declined.isError ? declined.content[0].text : 'done', active: confirmed.structuredContent?.is_active };
}

console.log(JSON.stringify(result));
process.exit(0);

async function importFirst() {
  const [{ Client }, { StreamableHTTPClientTransport }, { UnauthorizedError }] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'), import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
    import('@modelcontextprotocol/sdk/client/auth.js')]);
  return { Client, StreamableHTTPClientTransport, UnauthorizedError };
}
