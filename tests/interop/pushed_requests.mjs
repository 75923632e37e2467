// Pushed authorization requests (RFC 9126) by openid-client and by oauth4webapi, with every way in which they
// authenticate: secrets, JWTs made with a secret or with a key (RFC 7523), and nothing at all.

import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

import { authorize } from './browser.mjs';
import { configure, visit } from './flow.mjs';
import { SILENT_SCOPE, assert, environment, keyPair, rejects, step } from './harness.mjs';

const env = environment();
const insecure = { [oauth.allowInsecureRequests]: true }; // loopback only

const pair = await keyPair('ES256', 'sig');
const rsa = await keyPair('PS256', 'sig');
const edwards = await keyPair('Ed25519', 'sig');

/** How both libraries authenticate by each method: `make` says it in terms that they share. */
const METHODS = [
  { method: 'client_secret_basic', make: (lib, { client_secret }) => lib.ClientSecretBasic(client_secret) },
  { method: 'client_secret_post', make: (lib, { client_secret }) => lib.ClientSecretPost(client_secret) },
  { method: 'client_secret_jwt', make: (lib, { client_secret }) => lib.ClientSecretJwt(client_secret) },
  { method: 'private_key_jwt', keys: pair, make: (lib) => lib.PrivateKeyJwt(pair) },
  { method: 'private_key_jwt', keys: rsa, make: (lib) => lib.PrivateKeyJwt(rsa) },
  { method: 'private_key_jwt', keys: edwards, make: (lib) => lib.PrivateKeyJwt(edwards) },
  { method: 'none', make: (lib) => lib.None() },
];

function metadata({ method, keys }) {
  return {
    token_endpoint_auth_method: method,
    require_pushed_authorization_requests: true,
    ...(keys && { jwks: { keys: [keys.jwk] }, token_endpoint_auth_signing_alg: keys.alg }),
  };
}

/** The same login with oauth4webapi, each request and the processing of its response a call of its own. */
async function byOauth4webapi(as, rp, authentication) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = new URLSearchParams({
    redirect_uri: env.redirectUri,
    response_type: 'code',
    scope: SILENT_SCOPE,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const pushed = await oauth.processPushedAuthorizationResponse(
    as,
    rp,
    await oauth.pushedAuthorizationRequest(as, rp, authentication, parameters, insecure),
  );
  assert.ok(pushed.expires_in > 0, 'expires_in');
  const url = new URL(as.authorization_endpoint);
  url.searchParams.set('client_id', rp.client_id);
  url.searchParams.set('request_uri', pushed.request_uri);
  const callback = new URL(await authorize(url, env));
  const answer = oauth.validateAuthResponse(as, rp, callback, state);
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    rp,
    authentication,
    answer,
    env.redirectUri,
    verifier,
    insecure,
  );
  const result = await oauth.processAuthorizationCodeResponse(as, rp, response, { expectedNonce: nonce });
  await oauth.validateApplicationLevelSignature(as, response, insecure);
  return { url, claims: oauth.getValidatedIdTokenClaims(result) };
}

for (const row of METHODS) {
  const name = row.keys ? `${row.method} ${row.keys.alg}` : row.method;
  const { config, registered } = await configure(metadata(row), (found) => row.make(client, found));
  const byOpenidClient = await step(`openid-client pushes with ${name}`, async () => {
    const build = (parameters) => client.buildAuthorizationUrlWithPAR(config, parameters);
    const { callback, checks } = await visit(config, {}, async (parameters) => {
      const url = await build(parameters);
      assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri'], 'parameters in the browser');
      return url;
    });
    return (await client.authorizationCodeGrant(config, callback, checks)).claims();
  });
  await step(`oauth4webapi pushes with ${name}`, async () => {
    const { claims } = await byOauth4webapi(config.serverMetadata(), registered, row.make(oauth, registered));
    assert.equal(claims.sub, byOpenidClient.sub, 'sub');
  });
}

const { config, registered } = await configure(metadata(METHODS[0]));

await step('a request that was not pushed is refused', () =>
  rejects(
    () => visit(config),
    (error) => assert.match(error.message, /push its requests/),
  ),
);

await step('a pushed request is good for one login', async () => {
  const as = config.serverMetadata();
  const { url } = await byOauth4webapi(as, registered, oauth.ClientSecretBasic(registered.client_secret));
  await rejects(
    () => authorize(url, env),
    (error) => assert.match(error.message, /expired or already used/),
  );
});

await step('what is wrong is told at once', () =>
  rejects(
    () => client.buildAuthorizationUrlWithPAR(config, { redirect_uri: 'https://attacker.example/', scope: 'openid' }),
    (error) => assert.equal(error.status, 400, error.message),
  ),
);

await step('a stranger pushes nothing', async () => {
  const wrong = oauth.ClientSecretBasic('not the secret');
  await rejects(
    () => byOauth4webapi(config.serverMetadata(), registered, wrong),
    (error) => assert.equal(error.status, 401, error.message),
  );
});
