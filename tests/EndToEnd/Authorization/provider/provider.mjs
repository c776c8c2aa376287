// Runs a hospital's OpenID Connect provider by oidc-provider, with a login page without scripts. Whoever types an e-mail address is that person.
// Arguments: the port, the redirect URI of MedCor, and the client secret.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, redirectUri, secret] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(issuer, {
  clients: [{ client_id: 'medcor', client_secret: secret, redirect_uris: [redirectUri] }],
  jwks: { keys: [{ ...key, kid: 'hospital', use: 'sig', alg: 'RS256' }] },
  cookies: { keys: ['a key of a test'] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  claims: { openid: ['sub', 'groups', 'amr'], email: ['email', 'email_verified'], profile: ['given_name', 'family_name'] },
  // Otherwise claims of scopes are at the userinfo endpoint alone.
  conformIdTokenClaims: false,
  interactions: { url: (_, interaction) => `${issuer}/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: true, given_name: 'Robin', family_name: 'Provided', groups: ['staff', 'nurses'] }),
  }),
  loadExistingGrant: async context => {
    const grant = new provider.Grant({ clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

createServer(async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return provider.callback()(request, response);
  if (request.method === 'GET') {
    response.setHeader('Content-Type', 'text/html');
    return response.end(`<form method="post" action="${issuer}${request.url}"><label for="login">Staff login</label><input id="login" name="login">
      <button type="submit">Log in</button></form>`);
  }
  let body = '';
  for await (const part of request) body += part;
  const accountId = new URLSearchParams(body).get('login');
  return provider.interactionFinished(request, response, { login: { accountId, amr: ['pwd', 'otp'] } });
}).listen(port, '127.0.0.1', () => console.log('listening'));
