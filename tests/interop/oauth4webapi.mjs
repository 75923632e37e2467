// oauth4webapi (v3) against Signet, in the library's own idiom: every request
// and the processing of its response are calls of their own.

import * as oauth from 'oauth4webapi';

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

const insecure = { [oauth.allowInsecureRequests]: true }; // loopback only
const client = { client_id: env.clientId, id_token_signed_response_alg: 'RS256' };
const clientAuth = oauth.ClientSecretBasic(env.clientSecret);

const as = await step('discovery', async () => {
  const issuer = new URL(env.issuer);
  const response = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oidc' });
  const found = await oauth.processDiscoveryResponse(issuer, response);
  assert.equal(found.issuer, env.issuer, 'issuer');
  assert.ok(found.code_challenge_methods_supported?.includes('S256'), 'PKCE with S256 is not announced');
  assert.equal(found.authorization_response_iss_parameter_supported, true, 'RFC 9207');
  return found;
});

async function visit({ scope, prompt, silent = false }) {
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const url = new URL(as.authorization_endpoint);
  url.searchParams.set('client_id', client.client_id);
  url.searchParams.set('redirect_uri', env.redirectUri);
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('scope', scope);
  url.searchParams.set('prompt', prompt);
  url.searchParams.set('state', state);
  url.searchParams.set('nonce', nonce);
  url.searchParams.set('code_challenge', await oauth.calculatePKCECodeChallenge(codeVerifier));
  url.searchParams.set('code_challenge_method', 'S256');
  const callback = new URL(await authorize(url, { ...env, silent }));
  return { callback, codeVerifier, state, nonce };
}

/** Exchanges the code; the ID token's claims and signature are validated. */
async function exchange(callbackParameters, { codeVerifier, nonce }) {
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    clientAuth,
    callbackParameters,
    env.redirectUri,
    codeVerifier,
    insecure,
  );
  const result = await oauth.processAuthorizationCodeResponse(as, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(as, response, insecure);
  return result;
}

async function refresh(refreshToken) {
  const response = await oauth.refreshTokenGrantRequest(as, client, clientAuth, refreshToken, insecure);
  const result = await oauth.processRefreshTokenResponse(as, client, response);
  if (result.id_token) await oauth.validateApplicationLevelSignature(as, response, insecure);
  return result;
}

async function introspect(token) {
  const response = await oauth.introspectionRequest(as, client, clientAuth, token, insecure);
  return oauth.processIntrospectionResponse(as, client, response);
}

const first = await step('login and consent', () => visit({ scope: SCOPE, prompt: 'consent' }));

await step('callback of another issuer refused', async () => {
  const forged = new URL(first.callback);
  forged.searchParams.set('iss', 'https://attacker.example');
  await rejects(
    async () => oauth.validateAuthResponse(as, client, forged, first.state),
    (error) => assert.match(error.message, /iss/i),
  );
});

const callbackParameters = await step('callback', () => {
  const parameters = oauth.validateAuthResponse(as, client, first.callback, first.state);
  assert.equal(parameters.get('iss'), env.issuer, 'iss of the callback');
  return parameters;
});

const tokens = await step('code exchange', () => exchange(callbackParameters, first));

const claims = await step('id token', () => {
  const found = oauth.getValidatedIdTokenClaims(tokens);
  assert.ok(found, 'no ID token');
  assert.equal(found.iss, env.issuer, 'iss');
  assert.deepEqual([found.aud].flat(), [env.clientId], 'aud');
  assert.equal(found.nonce, first.nonce, 'nonce');
  assertAtHash(tokens.id_token, found, tokens.access_token);
  assert.ok(tokens.refresh_token, 'offline_access gave no refresh token');
  return found;
});

await step('userinfo', async () => {
  const response = await oauth.userInfoRequest(as, client, tokens.access_token, insecure);
  const info = await oauth.processUserInfoResponse(as, client, claims.sub, response);
  assert.equal(info.sub, claims.sub, 'sub');
});

const refreshed = await step('refresh', async () => {
  const result = await refresh(tokens.refresh_token);
  assert.ok(result.refresh_token, 'no new refresh token');
  assert.notEqual(result.refresh_token, tokens.refresh_token, 'the refresh token was not rotated');
  assert.notEqual(result.access_token, tokens.access_token, 'the access token is the old one');
  const fresh = oauth.getValidatedIdTokenClaims(result);
  assert.ok(fresh, 'no new ID token');
  assertRefreshedIdToken(fresh, claims);
  if (fresh.at_hash !== undefined) assertAtHash(result.id_token, fresh, result.access_token);
  return result;
});

await step('introspection', async () => {
  const result = await introspect(refreshed.access_token);
  assert.equal(result.active, true, 'active');
  assert.equal(result.sub, claims.sub, 'sub');
});

await step('revocation', async () => {
  const response = await oauth.revocationRequest(as, client, clientAuth, refreshed.refresh_token, {
    ...insecure,
    additionalParameters: { token_type_hint: 'refresh_token' },
  });
  await oauth.processRevocationResponse(response);
});

await step('introspection after revocation', async () => {
  const result = await introspect(refreshed.access_token);
  assert.equal(result.active, false, 'active');
});

await step('refresh after revocation', () =>
  rejects(
    () => refresh(refreshed.refresh_token),
    (error) => {
      assert.ok(error instanceof oauth.ResponseBodyError, error.message);
      assert.equal(error.error, 'invalid_grant', `expected invalid_grant, got ${error.error}`);
    },
  ),
);

const second = await step('silent login', async () => {
  const visited = await visit({ scope: SILENT_SCOPE, prompt: 'none', silent: true });
  const parameters = oauth.validateAuthResponse(as, client, visited.callback, visited.state);
  const result = await exchange(parameters, visited);
  assert.equal(oauth.getValidatedIdTokenClaims(result).sub, claims.sub, 'sub');
  return result;
});

await step('logout', async () => {
  const state = oauth.generateRandomState();
  const url = new URL(as.end_session_endpoint);
  url.searchParams.set('id_token_hint', second.id_token);
  url.searchParams.set('post_logout_redirect_uri', env.postLogoutRedirectUri);
  url.searchParams.set('state', state);
  const expected = new URL(env.postLogoutRedirectUri);
  expected.searchParams.append('state', state);
  assert.equal(await logout(url, env), expected.href, 'where the logout ended');
});

await step('login required', async () => {
  const visited = await visit({ scope: SILENT_SCOPE, prompt: 'none', silent: true });
  // State and iss of an error response are checked as well.
  await rejects(
    async () => oauth.validateAuthResponse(as, client, visited.callback, visited.state),
    (error) => {
      assert.ok(error instanceof oauth.AuthorizationResponseError, error.message);
      assert.equal(error.error, 'login_required', `expected login_required, got ${error.error}`);
    },
  );
});
