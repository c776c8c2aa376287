// Writes what a client sends and receives as docs/mcp-session.md shows it: without secrets, and without the rest of long texts.
const inJson = /("(?:access_token|refresh_token|client_secret)": ?")[^"]+/g;
const inForm = /\b((?:code|code_verifier|refresh_token|client_secret|state)=)[^&\s]+/g;
const inHeader = /(Bearer )[\w.-]{20,}/g;
const shownHeaders = ['authorization', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'www-authenticate', 'location'];
const longest = 600;

// Returns a fetch that records each exchange.
export function recording(send, write) {
  return async (url, options = {}) => {
    const answer = await send(url, options);
    const { pathname, search } = new URL(url);
    write([
      `${options.method ?? 'GET'} ${pathname}${search}`, ...shown(new Headers(options.headers)), ...text(options.body && String(options.body)), '',
      String(answer.status), ...shown(answer.headers), ...text(await answer.clone().text()), '',
    ].join('\n').replace(inJson, '$1…').replace(inForm, '$1…').replace(inHeader, '$1…'));
    return answer;
  };
}

function shown(headers) {
  return shownHeaders.filter(name => headers.has(name)).map(name => `${name}: ${headers.get(name)}`);
}

function text(body) {
  return body ? [body.length > longest ? `${body.slice(0, longest)}…` : body.trimEnd()] : [];
}
