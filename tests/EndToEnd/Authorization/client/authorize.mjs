// Takes every step of a client by openid-client, unmodified, and prints what it received. The user's browser is fetch with cookies.
// Arguments: the issuer, and how the client authenticates itself.
import * as oauth from 'openid-client';

const [issuer, method] = process.argv.slice(2);
const redirectUri = 'http://127.0.0.1:3001/callback';
const authentication = { none: oauth.None, client_secret_basic: oauth.ClientSecretBasic, client_secret_post: oauth.ClientSecretPost }[method];

const registered = await oauth.dynamicClientRegistration(new URL(issuer),
  { client_name: 'openid-client', redirect_uris: [redirectUri], token_endpoint_auth_method: method },
  undefined, { execute: [oauth.allowInsecureRequests] });
const { client_id: id, client_secret: secret } = registered.clientMetadata();
const config = await oauth.discovery(new URL(issuer), id, secret, authentication(secret), { execute: [oauth.allowInsecureRequests] });

const result = {};
for (const pushed of [false, true]) {
  const verifier = oauth.randomPKCECodeVerifier();
  const [state, nonce] = [oauth.randomState(), oauth.randomNonce()];
  const parameters = {
    redirect_uri: redirectUri, scope: 'openid medcor.read', resource: `${issuer}/api`, state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  };
  const url = pushed ? await oauth.buildAuthorizationUrlWithPAR(config, parameters) : oauth.buildAuthorizationUrl(config, parameters);
  const callback = await allow(url);
  const tokens = await oauth.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
  const next = await oauth.refreshTokenGrant(config, tokens.refresh_token);
  const call = await oauth.fetchProtectedResource(config, next.access_token, new URL(`${issuer}/api/mcp/resources/users?limit=1`), 'GET');
  const active = method === 'none' ? undefined : (await oauth.tokenIntrospection(config, next.access_token)).active;
  await oauth.tokenRevocation(config, next.refresh_token);
  const after = method === 'none' ? undefined : (await oauth.tokenIntrospection(config, next.access_token)).active;
  const refused = await oauth.refreshTokenGrant(config, next.refresh_token).then(() => 'granted', error => error.error);
  result[pushed ? 'pushed' : 'plain'] =
    { subject: tokens.claims().sub, scope: tokens.scope, expiresIn: tokens.expires_in, status: call.status, active, after, refused };
}
console.log(JSON.stringify(result));

// Logs in as a doctor of the demo data and allows what the client asks for. Returns the address to which the browser is sent.
async function allow(url) {
  const cookies = new Map();
  let page = await visit(url);
  for (const fields of [{ email: 'doctor@general.example', password: 'Demo-Medcor-2026' }, { decision: 'allow', 'grant:medcor.read': 'true' }]) {
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
