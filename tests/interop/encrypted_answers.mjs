// ID tokens and userinfo that are signed, then encrypted to the client (OpenID Connect Core §10.2, RFC 7516):
// decrypted and verified by jose itself, then by openid-client.

import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

import { configure, login, visit } from './flow.mjs';
import { assert, assertAtHash, environment, keyPair, rejects, step } from './harness.mjs';

const ALGORITHMS = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'];
const CONTENTS = ['A256GCM', 'A128CBC-HS256'];

const env = environment();
const insecure = { [oauth.allowInsecureRequests]: true }; // loopback only

function metadata({ jwk, alg }, enc) {
  return {
    jwks: { keys: [jwk] },
    id_token_encrypted_response_alg: alg,
    id_token_encrypted_response_enc: enc,
    userinfo_signed_response_alg: 'ES256',
    userinfo_encrypted_response_alg: alg,
    userinfo_encrypted_response_enc: enc,
  };
}

/** The tokens as they came: the libraries would decrypt them. */
async function redeem(config, { callback, checks, parameters }) {
  const [as, rp] = [config.serverMetadata(), config.clientMetadata()];
  const answer = oauth.validateAuthResponse(as, rp, callback, checks.expectedState);
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    rp,
    oauth.ClientSecretBasic(rp.client_secret),
    answer,
    parameters.redirect_uri,
    checks.pkceCodeVerifier,
    insecure,
  );
  assert.equal(response.status, 200, 'status of the token endpoint');
  return response.json();
}

/** What is in an encrypted answer, by the one key and the one pair of algorithms that were registered. */
async function open(token, { key, kid, alg }, enc, signedBy, registered) {
  assert.equal(token.split('.').length, 5, 'parts of the token');
  const { plaintext, protectedHeader } = await jose.compactDecrypt(token, key, {
    keyManagementAlgorithms: [alg],
    contentEncryptionAlgorithms: [enc],
  });
  assert.equal(protectedHeader.cty, 'JWT', 'cty, RFC 7519 §5.2');
  assert.equal(protectedHeader.kid, kid, 'kid');
  const jws = new TextDecoder().decode(plaintext);
  const { payload } = await jose.jwtVerify(jws, jwks, {
    issuer: env.issuer,
    audience: registered.client_id,
    algorithms: [signedBy],
    requiredClaims: ['sub', 'iat'],
  });
  return { jws, payload };
}

const jwks = await step('key set', async () => {
  const found = await oauth.processDiscoveryResponse(
    new URL(env.issuer),
    await oauth.discoveryRequest(new URL(env.issuer), insecure),
  );
  for (const alg of ALGORITHMS) {
    assert.ok(found.id_token_encryption_alg_values_supported.includes(alg), `${alg} is not announced`);
  }
  return jose.createRemoteJWKSet(new URL(found.jwks_uri));
});

for (const alg of ALGORITHMS) {
  const pair = await keyPair(alg, 'enc');
  for (const enc of CONTENTS) {
    await step(`jose ${alg} ${enc}`, async () => {
      const { config, registered } = await configure(metadata(pair, enc));
      const visited = await visit(config);
      const tokens = await redeem(config, visited);
      const idToken = await open(tokens.id_token, pair, enc, 'RS256', registered);
      assert.equal(idToken.payload.nonce, visited.checks.expectedNonce, 'nonce');
      assertAtHash(idToken.jws, idToken.payload, tokens.access_token);

      const response = await oauth.userInfoRequest(config.serverMetadata(), registered, tokens.access_token, insecure);
      assert.equal(response.headers.get('content-type'), 'application/jwt', 'type of userinfo');
      const userinfo = await open(await response.text(), pair, enc, 'ES256', registered);
      assert.equal(userinfo.payload.sub, idToken.payload.sub, 'sub of userinfo');
      assert.equal(userinfo.payload.email, `${env.username}@example.org`, 'email');
    });
    await step(`openid-client ${alg} ${enc}`, async () => {
      const decrypts = (config) => client.enableDecryptingResponses(config, [enc], pair);
      const { config } = await configure(metadata(pair, enc), undefined, decrypts);
      const tokens = await login(config);
      const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
      assert.equal(info.email, `${env.username}@example.org`, 'email');
    });
  }
}

await step('a refreshed ID token is encrypted as well', async () => {
  const pair = await keyPair('ECDH-ES', 'enc');
  const grants = { grant_types: ['authorization_code', 'refresh_token'], scope: 'openid offline_access' };
  const decrypts = (config) => client.enableDecryptingResponses(config, ['A256GCM'], pair);
  const { config } = await configure({ ...metadata(pair, 'A256GCM'), ...grants }, undefined, decrypts);
  const tokens = await login(config, { scope: 'openid offline_access', prompt: 'consent' });
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(refreshed.id_token.split('.').length, 5, 'parts of the token');
  assert.equal(refreshed.claims().sub, tokens.claims().sub, 'sub');
});

await step('another key opens nothing', async () => {
  const [registered, other] = [await keyPair('ECDH-ES', 'enc'), await keyPair('ECDH-ES', 'enc')];
  const decrypts = (config) => client.enableDecryptingResponses(config, ['A256GCM'], { key: other.key });
  const { config } = await configure(metadata(registered, 'A256GCM'), undefined, decrypts);
  await rejects(
    () => login(config),
    (error) => assert.match(`${error.message} ${error.cause?.message}`, /decrypt/i),
  );
});
