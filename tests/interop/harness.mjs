// What the node scripts share: the environment, the steps and a few checks.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import * as jose from 'jose';

export { assert };

export const SCOPE = 'openid profile email offline_access';
/** offline_access needs prompt=consent, so a silent login asks for the rest. */
export const SILENT_SCOPE = 'openid profile email';

export function environment() {
  const get = (name) => {
    const value = process.env[name];
    if (!value) fail('environment', new Error(`${name} is not set`));
    return value;
  };
  return {
    issuer: get('SIGNET_ISSUER'),
    clientId: get('CLIENT_ID'),
    clientSecret: get('CLIENT_SECRET'),
    redirectUri: get('REDIRECT_URI'),
    postLogoutRedirectUri: get('POST_LOGOUT_REDIRECT_URI'),
    username: get('USERNAME'),
    password: get('PASSWORD'),
  };
}

/** Runs one step: `ok NAME`, or `not ok NAME: reason` and the end. */
export async function step(name, run) {
  let result;
  try {
    result = await run();
  } catch (error) {
    fail(name, error);
  }
  console.log(`ok ${name}`);
  return result;
}

function fail(name, error) {
  console.log(`not ok ${name}: ${reason(error)}`);
  process.exit(1);
}

function reason(error) {
  const parts = [];
  for (let e = error, depth = 0; e && depth < 4; e = e.cause, depth++) {
    if (e instanceof Error) {
      const oauth = [e.error, e.error_description, e.status].filter((part) => part !== undefined);
      parts.push([e.message, ...(oauth.length ? [`(${oauth.join(', ')})`] : [])].join(' '));
    } else if (e instanceof Response) {
      parts.push(`status ${e.status} from ${e.url}`);
      break;
    } else {
      let seen;
      try {
        seen = JSON.stringify(e);
      } catch {
        seen = String(e);
      }
      parts.push(String(seen).slice(0, 300));
      break;
    }
  }
  return parts.join(': ').replace(/\s+/g, ' ');
}

/** The step fails unless `run` throws an error which `check` is content with. */
export async function rejects(run, check) {
  let error;
  try {
    await run();
  } catch (e) {
    error = e;
  }
  assert.ok(error, 'it was accepted, an error was expected');
  try {
    check(error);
  } catch (cause) {
    throw new Error(cause.message, { cause: error });
  }
}

/** The protected header of a JWT. Its signature is the library's to check. */
export function header(jwt) {
  return JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url').toString('utf8'));
}

/** OpenID Connect Core 3.1.3.8, which neither library checks in the code flow. */
export function assertAtHash(idToken, claims, accessToken) {
  const { alg } = header(idToken);
  assert.equal(alg, 'RS256', 'alg of the ID token');
  const half = createHash('sha256').update(accessToken, 'ascii').digest().subarray(0, 16);
  assert.equal(claims.at_hash, half.toString('base64url'), 'at_hash');
}

/** OpenID Connect Core 12.2, successful refresh response. */
export function assertRefreshedIdToken(claims, original) {
  assert.equal(claims.iss, original.iss, 'iss after the refresh');
  assert.equal(claims.sub, original.sub, 'sub after the refresh');
  assert.deepEqual([claims.aud].flat(), [original.aud].flat(), 'aud after the refresh');
  assert.ok(claims.iat >= original.iat, 'iat after the refresh went back');
  if (claims.auth_time !== undefined && original.auth_time !== undefined) {
    assert.equal(claims.auth_time, original.auth_time, 'auth_time after the refresh');
  }
  if (claims.nonce !== undefined) {
    assert.equal(claims.nonce, original.nonce, 'nonce after the refresh');
  }
}

/** Registers a client (RFC 7591) that gets ID tokens and userinfo, and returns the answer. */
export async function register(metadata) {
  const response = await fetch(`${process.env.SIGNET_ISSUER}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [process.env.REDIRECT_URI], scope: SILENT_SCOPE, ...metadata }),
  });
  const body = await response.json();
  assert.equal(response.status, 201, `the registration: ${JSON.stringify(body)}`);
  return body;
}

/** A key pair of the client's own: the public JWK, and the private key for the libraries. */
export async function keyPair(alg, use) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg);
  const jwk = { ...(await jose.exportJWK(publicKey)), alg, use };
  jwk.kid = await jose.calculateJwkThumbprint(jwk);
  return { jwk, kid: jwk.kid, alg, key: privateKey };
}
