// What the scripts about single surfaces share: a client of openid-client that has just registered, and a visit.

import * as client from 'openid-client';

import { authorize } from './browser.mjs';
import { assert, environment, register, SILENT_SCOPE } from './harness.mjs';

const env = environment();

/** Registers a client and configures openid-client with what came back. */
export async function configure(metadata, authentication = basic, ...execute) {
  const registered = await register(metadata);
  const config = await client.discovery(
    new URL(env.issuer),
    registered.client_id,
    registered,
    authentication(registered),
    // Plain http is for loopback only. The second makes the library verify every signature.
    { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks, ...execute] },
  );
  return { config, registered };
}

function basic({ client_secret }) {
  return client.ClientSecretBasic(client_secret);
}

/**
 * Lets the user agent go with an authorization request.
 *
 * @param {client.Configuration} config
 * @param {object} [more] parameters of the request over the usual ones
 * @param {(parameters: object) => Promise<URL>|URL} [build] how they become an address
 * @returns the callback, what to check it by, and the parameters
 */
export async function visit(config, more = {}, build = (p) => client.buildAuthorizationUrl(config, p)) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: config.clientMetadata().redirect_uris[0],
    scope: SILENT_SCOPE,
    state: client.randomState(),
    nonce: client.randomNonce(),
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  };
  const url = await build(parameters);
  const callback = new URL(await authorize(url, { ...env, redirectUri: parameters.redirect_uri }));
  const answer = new URLSearchParams(callback.hash ? callback.hash.slice(1) : callback.search);
  const error = answer.get('error');
  assert.equal(error, null, `${error}: ${answer.get('error_description')}`);
  const checks = {
    pkceCodeVerifier,
    expectedState: parameters.state,
    expectedNonce: parameters.nonce,
    idTokenExpected: true,
  };
  return { callback, answer, checks, parameters };
}

/** A visit, and the exchange of the code, in which the library checks all that it has got. */
export async function login(config, more, build) {
  const { callback, checks } = await visit(config, more, build);
  return client.authorizationCodeGrant(config, callback, checks);
}
