// Applications as processes of their own, registered by command, and a person who uses them: what the scripts about
// Go and Java share.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { authorize, logout, visit } from './browser.mjs';
import { assert } from './harness.mjs';

const START_MS = 90_000;
/** Within it a script ends, and its applications with it. */
const LIMIT_MS = 200_000;

export const issuer = process.env.SIGNET_ISSUER;
const { USERNAME: username, PASSWORD: password } = process.env;

setTimeout(() => {
  console.log('not ok: the time is up');
  process.exit(1);
}, LIMIT_MS).unref();

/** The resource for which the APIs accept tokens. */
export const API = 'https://api.example';

/** A program or archive that the test command built. */
export function built(language, file) {
  return `${process.env[`TEST_INTEROP_${language}`]}/${file}`;
}

/** Runs a command of Signet, as an operator does, and returns what it printed. */
export async function signet(...words) {
  const { stdout } = await promisify(execFile)(process.env.TEST_BINARY, words, { cwd: process.env.TEST_FOLDER });
  return stdout;
}

/** Registers a client by command; its id and secret. */
export async function client(id, ...options) {
  const added = JSON.parse(await signet('client', 'add', '--id', id, ...options, '--json'));
  return { id, secret: added.client_secret };
}

/** A port of this machine that is free. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Starts an application and waits until it listens. It ends with this process.
 *
 * @param {number} port where it will listen
 * @param {string[]} command the program and its arguments
 * @param {object} environment
 */
export async function start(port, [program, ...words], environment = {}) {
  const child = spawn(program, words, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), ISSUER: issuer, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const keep = (part) => (said = (said + part).slice(-4000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  process.on('exit', () => child.kill('SIGKILL'));
  const deadline = Date.now() + START_MS;
  while (!(await listens(port))) {
    assert.equal(child.exitCode, null, `it ended at its start: ${said}`);
    assert.ok(Date.now() < deadline, `it does not listen: ${said}`);
    await sleep(50);
  }
  return { base: `http://127.0.0.1:${port}`, said: () => said, stop: () => child.kill('SIGKILL') };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true) || socket.destroy());
    socket.on('error', () => resolve(false));
  });
}

/** Options of a JVM that starts quickly and stays small. */
export const JAVA = ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx256m', '-jar'];

/** Opens a page of an application, signs in where it leads to the issuer, and returns the page that is shown then. */
export async function open(url) {
  let at = await visit(url);
  for (let i = 0; at.redirectedTo && i < 10; i++) {
    const to = new URL(at.redirectedTo);
    const redirectUri = to.searchParams.get('redirect_uri');
    if (to.origin === new URL(issuer).origin) {
      at = await visit(await authorize(to, { username, password, redirectUri }));
    } else {
      at = await visit(to);
    }
  }
  assert.equal(at.redirectedTo, undefined, 'too many redirects');
  return at;
}

/** The same, for a page that answers with JSON. */
export async function json(url) {
  const page = await open(url);
  assert.equal(page.status, 200, `status ${page.status}: ${page.html}`);
  return JSON.parse(page.html);
}

/** Signs out by a page of the application that leads to the issuer; where that ended. */
export async function signOut(at, postLogoutRedirectUri) {
  const page = typeof at === 'string' ? await visit(at) : at;
  assert.ok(page.redirectedTo, `no redirect to the issuer, status ${page.status}`);
  return logout(page.redirectedTo, { postLogoutRedirectUri });
}

/** Whether the person's session at the issuer has ended: the application's request shows the login page again. */
export async function isSignedOut(login) {
  const { redirectedTo } = await visit(login);
  const page = await visit(redirectedTo);
  return Boolean(page.html?.includes('login-submit'));
}

/** An access token of a service (RFC 6749 §4.4). */
export async function serviceToken({ id, secret }, parameters) {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }),
  });
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  return body.access_token;
}

/** Calls an API with an access token; the status and the body. */
export async function call(url, token) {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const body = await response.text();
  return { status: response.status, body, challenge: response.headers.get('www-authenticate') ?? '' };
}
