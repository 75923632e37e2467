// openid-client (v6) against Signet, in the library's own idiom.

import { webcrypto } from 'node:crypto';
import * as client from 'openid-client';

import { authorize, logout } from './browser.mjs';
import {
  SCOPE,
  SILENT_SCOPE,
  assert,
  assertAtHash,
  assertRefreshedIdToken,
  environment,
  rejects,
  step,
} from './harness.mjs';

const env = environment();

const config = await step('discovery', async () => {
  const found = await client.discovery(
    new URL(env.issuer),
    env.clientId,
    { id_token_signed_response_alg: 'RS256' },
    client.ClientSecretBasic(env.clientSecret),
    // Plain http is for loopback only. The second makes the library verify the
    // signatures of ID tokens that come straight from the token endpoint.
    { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  );
  const server = found.serverMetadata();
  assert.equal(server.issuer, env.issuer, 'issuer');
  assert.ok(server.supportsPKCE('S256'), 'PKCE with S256 is not announced');
  assert.equal(server.authorization_response_iss_parameter_supported, true, 'RFC 9207');
  return found;
});

/** Builds a request, lets the user agent go with it, returns what came back. */
async function visit({ scope, prompt, silent = false }) {
  const codeVerifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: env.redirectUri,
    scope,
    prompt,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  });
  const callback = new URL(await authorize(url, { ...env, silent }));
  return {
    callback,
    checks: {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    },
  };
}

const first = await step('login and consent', async () => {
  const visited = await visit({ scope: SCOPE, prompt: 'consent' });
  const error = visited.callback.searchParams.get('error');
  assert.equal(error, null, `error ${error}: ${visited.callback.searchParams.get('error_description')}`);
  assert.equal(visited.callback.searchParams.get('iss'), env.issuer, 'iss of the callback');
  return visited;
});

await step('callback of another issuer refused', async () => {
  const forged = new URL(first.callback);
  forged.searchParams.set('iss', 'https://attacker.example');
  await rejects(
    () => client.authorizationCodeGrant(config, forged, first.checks),
    (error) => assert.match(`${error.message} ${error.cause?.message}`, /iss/i),
  );
});

// Callback (state, iss), code exchange, and the ID token: iss, aud, exp, iat,
// nonce, alg and signature are all checked in here.
const tokens = await step('code exchange', () =>
  client.authorizationCodeGrant(config, first.callback, first.checks),
);

const claims = await step('id token', () => {
  const found = tokens.claims();
  assert.ok(found, 'no ID token');
  assert.equal(found.iss, env.issuer, 'iss');
  assert.deepEqual([found.aud].flat(), [env.clientId], 'aud');
  assert.equal(found.nonce, first.checks.expectedNonce, 'nonce');
  assertAtHash(tokens.id_token, found, tokens.access_token);
  assert.ok(tokens.refresh_token, 'offline_access gave no refresh token');
  return found;
});

await step('userinfo', async () => {
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(info.sub, claims.sub, 'sub');
});

const refreshed = await step('refresh', async () => {
  const result = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.ok(result.refresh_token, 'no new refresh token');
  assert.notEqual(result.refresh_token, tokens.refresh_token, 'the refresh token was not rotated');
  assert.notEqual(result.access_token, tokens.access_token, 'the access token is the old one');
  const fresh = result.claims();
  assert.ok(fresh, 'no new ID token');
  assertRefreshedIdToken(fresh, claims);
  if (fresh.at_hash !== undefined) assertAtHash(result.id_token, fresh, result.access_token);
  return result;
});

await step('introspection', async () => {
  const result = await client.tokenIntrospection(config, refreshed.access_token);
  assert.equal(result.active, true, 'active');
  assert.equal(result.sub, claims.sub, 'sub');
});

await step('revocation', () =>
  client.tokenRevocation(config, refreshed.refresh_token, { token_type_hint: 'refresh_token' }),
);

await step('introspection after revocation', async () => {
  const result = await client.tokenIntrospection(config, refreshed.access_token);
  assert.equal(result.active, false, 'active');
});

await step('refresh after revocation', () =>
  rejects(
    () => client.refreshTokenGrant(config, refreshed.refresh_token),
    (error) => assert.equal(error.error, 'invalid_grant', `expected invalid_grant, got ${error.message}`),
  ),
);

const second = await step('silent login', async () => {
  const { callback, checks } = await visit({ scope: SILENT_SCOPE, prompt: 'none', silent: true });
  const result = await client.authorizationCodeGrant(config, callback, checks);
  assert.equal(result.claims().sub, claims.sub, 'sub');
  return result;
});

await step('logout', async () => {
  const state = client.randomState();
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: second.id_token,
    post_logout_redirect_uri: env.postLogoutRedirectUri,
    state,
  });
  const expected = new URL(env.postLogoutRedirectUri);
  expected.searchParams.append('state', state);
  assert.equal(await logout(url, env), expected.href, 'where the logout ended');
});

await step('login required', async () => {
  const { callback, checks } = await visit({ scope: SILENT_SCOPE, prompt: 'none', silent: true });
  // State and iss of an error response are checked as well.
  await rejects(
    () => client.authorizationCodeGrant(config, callback, checks),
    (error) => {
      assert.ok(error instanceof client.AuthorizationResponseError, error.message);
      assert.equal(error.error, 'login_required', `expected login_required, got ${error.error}`);
    },
  );
});

if (process.env.CLIENT_ID_JWT && process.env.CLIENT_JWK) {
  await step('private_key_jwt client credentials', async () => {
    const { kty, crv, x, y, d, kid } = JSON.parse(process.env.CLIENT_JWK);
    assert.ok(kid, 'CLIENT_JWK has no kid');
    const key = await webcrypto.subtle.importKey(
      'jwk',
      { kty, crv, x, y, d },
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    );
    const jwtConfig = await client.discovery(
      new URL(env.issuer),
      process.env.CLIENT_ID_JWT,
      undefined,
      client.PrivateKeyJwt({ key, kid }),
      { execute: [client.allowInsecureRequests] },
    );
    const parameters = process.env.CLIENT_SCOPE_JWT ? { scope: process.env.CLIENT_SCOPE_JWT } : {};
    const result = await client.clientCredentialsGrant(jwtConfig, parameters);
    assert.ok(result.access_token, 'no access token');
    assert.equal(result.token_type, 'bearer', 'token_type');
    assert.equal(result.refresh_token, undefined, 'a refresh token was issued');
    assert.equal(result.id_token, undefined, 'an ID token was issued');
  });
}
