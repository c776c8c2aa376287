// What a page gives its scripts, for clients that are run without a browser: relative addresses, EventSource, document.
// Reads {gateway, given, file, source, then} from its input, runs the client's source as it is printed and then a line or two that use it,
// in the scope in which its names stand, and writes what those return as JSON. What the source writes to its output is in `printed`.
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

const { gateway, given, file, source, then } = JSON.parse(readFileSync(0, 'utf8'));

// What is answered to clients belongs to the test; what they log and write would mix with it.
console.log = console.info = console.error;
const answer = process.stdout.write.bind(process.stdout);
const printed = [];
process.stdout.write = text => printed.push(text);

const plainFetch = fetch;
globalThis.fetch = (address, options) => plainFetch(new URL(address, gateway), options);

// Some clients send their token as a header, as the eventsource packages of Node and React Native let them and a browser's own does not.
globalThis.EventSource = class {
  #listeners = {};
  #leave = new AbortController();

  constructor(address, { headers } = {}) {
    this.#listen(address, headers);
  }

  addEventListener(type, listener) {
    (this.#listeners[type] ??= []).push(listener);
  }

  close() {
    this.#leave.abort();
  }

  async #listen(address, headers) {
    try {
      const response = await fetch(address, { headers: { Accept: 'text/event-stream', ...headers }, signal: this.#leave.signal });
      if (!response.ok) throw new Error(`Listening was answered ${response.status}.`);
      opened();
      let rest = '';
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) this.#tell(block.split('\n'));
      }
    } catch (error) {
      if (error.name !== 'AbortError') this.onerror?.(error);
    }
  }

  #tell(lines) {
    const field = name => lines.filter(line => line.startsWith(`${name}:`)).map(line => line.slice(name.length + 1).trimStart()).join('\n');
    const type = field('event') || 'message';
    for (const listener of this.#listeners[type] ?? []) listener({ type, data: field('data'), lastEventId: field('id') });
  }
};

const elements = {};
globalThis.document = { getElementById: id => elements[id] ??= { innerHTML: '' } };

let opened;
const connected = new Promise(resolve => opened = resolve);
const until = async holds => {
  for (const end = Date.now() + 15000; !holds(); await new Promise(resolve => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error(`Not within 15 s: ${holds}`);
};

const names = { ...given, connected, until, printed };
const script = file.endsWith('.ts') ? stripTypeScriptTypes(source, { mode: 'transform' }) : source;
const run = Object.getPrototypeOf(async () => {}).constructor(...Object.keys(names), `${script}\n${then}`);
answer(JSON.stringify(await run(...Object.values(names)) ?? null));
process.exit();
