// openid-client (v6) registers itself with Signet, signs somebody in, and manages its registration (RFC 7591, RFC 7592).

import * as client from 'openid-client';

import { authorize } from './browser.mjs';
import { SILENT_SCOPE, assert, assertAtHash, environment, rejects, step } from './harness.mjs';

const env = environment();
const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];

await step('a refused registration', () =>
  rejects(
    () => client.dynamicClientRegistration(new URL(env.issuer), { redirect_uris: ['https://a.example/#b'] }, undefined, { execute }),
    (error) => assert.equal(error.error, 'invalid_redirect_uri', `expected invalid_redirect_uri, got ${error.message}`),
  ),
);

const config = await step('registration', () =>
  client.dynamicClientRegistration(
    new URL(env.issuer),
    {
      client_name: 'Registered by openid-client',
      redirect_uris: [env.redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      // What the library does unless it is told otherwise.
      token_endpoint_auth_method: 'client_secret_post',
      contacts: ['somebody@rp.example'],
    },
    undefined,
    { execute },
  ),
);

const registered = await step('client information', () => {
  const found = config.clientMetadata();
  assert.ok(found.client_id && found.client_secret, 'no client_id or client_secret');
  assert.equal(found.client_secret_expires_at, 0, 'client_secret_expires_at');
  assert.deepEqual(found.redirect_uris, [env.redirectUri], 'redirect_uris');
  assert.equal(found.registration_client_uri, `${config.serverMetadata().registration_endpoint}/${found.client_id}`);
  return found;
});

/** A request at the registration of the client. */
async function manage(method, body) {
  const headers = { authorization: `Bearer ${registered.registration_access_token}`, 'content-type': 'application/json' };
  return fetch(registered.registration_client_uri, { method, headers, body: body && JSON.stringify(body) });
}

await step('read', async () => {
  const response = await manage('GET');
  assert.equal(response.status, 200, 'status');
  const found = await response.json();
  assert.equal(found.client_name, 'Registered by openid-client');
  assert.equal(found.client_secret, undefined, 'the secret is told once');
});

/** A login from beginning to end. */
async function login() {
  const codeVerifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: env.redirectUri,
    scope: SILENT_SCOPE,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  });
  const callback = new URL(await authorize(url, env));
  return { callback, checks: { pkceCodeVerifier: codeVerifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true } };
}

const visited = await step('login and consent', login);

const tokens = await step('code exchange', () => client.authorizationCodeGrant(config, visited.callback, visited.checks));

await step('id token', () => {
  const claims = tokens.claims();
  assert.deepEqual([claims.aud].flat(), [registered.client_id], 'aud');
  assertAtHash(tokens.id_token, claims, tokens.access_token);
});

await step('userinfo', async () => {
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.ok(info.email, 'no email');
});

await step('replace', async () => {
  const { client_id, redirect_uris } = registered;
  const response = await manage('PUT', { client_id, redirect_uris, client_name: 'Another name' });
  assert.equal(response.status, 200, 'status');
  const found = await response.json();
  assert.equal(found.client_name, 'Another name');
  assert.equal(found.contacts, undefined, 'what is left out is gone');
});

await step('remove', async () => {
  assert.equal((await manage('DELETE')).status, 204, 'status');
  assert.equal((await manage('GET')).status, 401, 'status afterwards');
});

await step('what it holds is void', () =>
  rejects(
    () => client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub),
    (error) => assert.ok(error, 'accepted'),
  ),
);
