// The browser of a user of the demo data: fetch with cookies, without scripts.

// Logs in and allows scopes. Returns the address to which the browser is sent.
export async function allow(issuer, url, email, scopes) {
  const cookies = new Map();
  let page = await visit(url);
  const grants = Object.fromEntries(scopes.map(scope => [`grant:${scope}`, 'true']));
  for (const fields of [{ email, password: 'Demo-Medcor-2026' }, { decision: 'allow', ...grants }]) {
    const html = await page.text();
    const form = new URLSearchParams(fields);
    for (const [tag] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) form.set(attribute(tag, 'name'), attribute(tag, 'value'));
    page = await visit(page.url, { method: 'POST', body: form });
  }
  return new URL(page.headers.get('location'));

  // Follows redirects within the server.
  async function visit(target, options = {}) {
    const headers = { cookie: [...cookies].map(pair => pair.join('=')).join('; ') };
    const answer = await fetch(target, { ...options, headers, redirect: 'manual' });
    for (const cookie of answer.headers.getSetCookie()) cookies.set(...cookie.split(';')[0].split(/=(.*)/s).slice(0, 2));
    const location = answer.headers.get('location');
    const next = location && new URL(location, target);
    return next && next.origin === new URL(issuer).origin ? visit(next) : answer;
  }

  function attribute(tag, name) {
    return tag.match(`${name}="([^"]*)"`)[1].replaceAll('&#x2B;', '+').replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#x27;', "'");
  }
}
