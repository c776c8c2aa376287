// Takes every step of a client by openid-client, unmodified, and prints what it received. The user's browser is fetch with cookies.
// Arguments: the issuer, and how the client authenticates itself.
import * as oauth from 'openid-client';
import { allow } from './browser.mjs';

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
  const callback = await allow(issuer, url, 'doctor@general.example', ['medcor.read']);
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
