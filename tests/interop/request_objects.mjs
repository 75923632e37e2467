// Authorization requests in JWTs (RFC 9101, OpenID Connect Core §6): signed by openid-client, and encrypted by jose to
// the keys that the server publishes; sent with the browser, and pushed (RFC 9126 §3).

import * as jose from 'jose';
import * as client from 'openid-client';

import { configure, login, visit } from './flow.mjs';
import { assert, environment, keyPair, rejects, step } from './harness.mjs';

const SIGNATURES = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
const ALGORITHMS = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'];
const CONTENTS = ['A256GCM', 'A128CBC-HS256'];

const env = environment();

/** A client that has to sign its requests, with this algorithm and no other. */
async function signing(pair, more = {}) {
  const { config } = await configure({
    jwks: { keys: [pair.jwk] },
    request_object_signing_alg: pair.alg,
    require_signed_request_object: true,
    ...more,
  });
  return config;
}

/** The address of a request that openid-client has signed. It calls keys of Ed25519 by their new name only. */
function sign(config, pair, parameters) {
  return client.buildAuthorizationUrlWithJAR(config, parameters, pair, {
    [client.modifyAssertion]: (header) => {
      header.alg = pair.alg;
    },
  });
}

/** The same request, encrypted to the server's key for this algorithm (RFC 9101 §6.1). */
async function encrypt(url, recipients, alg, enc) {
  const jwk = recipients.find((key) => key.use === 'enc' && key.alg === alg);
  assert.ok(jwk, `there is no key for ${alg}`);
  const request = await new jose.CompactEncrypt(new TextEncoder().encode(url.searchParams.get('request')))
    .setProtectedHeader({ alg, enc, kid: jwk.kid, cty: 'oauth-authz-req+jwt' })
    .encrypt(await jose.importJWK(jwk, alg));
  url.searchParams.set('request', request);
  return url;
}

/** The address of the request after it was pushed as it is. */
function push(config, url) {
  return client.buildAuthorizationUrlWithPAR(config, url.searchParams);
}

const pair = await keyPair('ES256', 'sig');
const config = await step('a client that signs its requests', () => signing(pair));

const recipients = await step('the keys to encrypt to', async () => {
  const server = config.serverMetadata();
  for (const alg of SIGNATURES) {
    assert.ok(server.request_object_signing_alg_values_supported.includes(alg), `${alg} is not announced`);
  }
  for (const alg of ALGORITHMS) {
    assert.ok(server.request_object_encryption_alg_values_supported.includes(alg), `${alg} is not announced`);
  }
  for (const enc of CONTENTS) {
    assert.ok(server.request_object_encryption_enc_values_supported.includes(enc), `${enc} is not announced`);
  }
  const response = await fetch(server.jwks_uri);
  return (await response.json()).keys;
});

for (const alg of SIGNATURES) {
  const signer = await keyPair(alg, 'sig');
  await step(`signed with ${alg}`, async () => {
    const own = await signing(signer);
    const tokens = await login(own, {}, (parameters) => sign(own, signer, parameters));
    assert.deepEqual([tokens.claims().aud].flat(), [own.clientMetadata().client_id], 'aud');
  });
  await step(`signed with ${alg} and pushed`, async () => {
    const own = await signing(signer, { require_pushed_authorization_requests: true });
    const tokens = await login(own, {}, async (parameters) => push(own, await sign(own, signer, parameters)));
    assert.deepEqual([tokens.claims().aud].flat(), [own.clientMetadata().client_id], 'aud');
  });
}

for (const alg of ALGORITHMS) {
  for (const enc of CONTENTS) {
    const build = async (parameters) => encrypt(await sign(config, pair, parameters), recipients, alg, enc);
    await step(`encrypted with ${alg} ${enc}`, () => login(config, {}, build));
    await step(`encrypted with ${alg} ${enc} and pushed`, () =>
      login(config, {}, async (parameters) => push(config, await build(parameters))),
    );
  }
}

await step('the claims parameter and max_age in a request object', async () => {
  const more = { claims: JSON.stringify({ id_token: { email: { essential: true } } }), max_age: '3600' };
  const tokens = await login(config, more, (parameters) => sign(config, pair, parameters));
  assert.equal(tokens.claims().email, `${env.username}@example.org`, 'email');
});

await step('a plain request is refused', () =>
  rejects(
    () => visit(config),
    (error) => assert.match(error.message, /sign its requests/),
  ),
);

await step('a request that is pushed and signed by another key is refused', async () => {
  const stranger = await keyPair('ES256', 'sig');
  await rejects(
    () => visit(config, {}, async (parameters) => push(config, await sign(config, stranger, parameters))),
    (error) => assert.equal(error.error, 'invalid_request_object', error.message),
  );
});
