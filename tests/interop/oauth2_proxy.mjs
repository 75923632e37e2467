// oauth2-proxy in front of a handler that shows the headers which it gets.

import { createServer } from 'node:http';

import { built, client, freePort, isSignedOut, json, open, start } from './application.mjs';
import { assert, step } from './harness.mjs';
import { visit } from './browser.mjs';

const upstream = createServer((request, response) => response.end(JSON.stringify(request.headers)));
await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));

const proxy = await step('registration', () =>
  client('oauth2-proxy', '--redirect-uri', 'http://127.0.0.1/oauth2/callback'),
);
const command = (port) => [
  built('GO', 'oauth2-proxy'),
  '--provider=oidc',
  `--oidc-issuer-url=${process.env.SIGNET_ISSUER}`,
  `--client-id=${proxy.id}`,
  `--client-secret=${proxy.secret}`,
  `--redirect-url=http://127.0.0.1:${port}/oauth2/callback`,
  `--http-address=127.0.0.1:${port}`,
  `--upstream=http://127.0.0.1:${upstream.address().port}/`,
  '--email-domain=*',
  '--cookie-secret=thirty-two bytes of a test proxy',
  // Plain http is for loopback only.
  '--cookie-secure=false',
  '--skip-provider-button',
  `--backend-logout-url=${process.env.SIGNET_ISSUER}/logout?id_token_hint={id_token}`,
];

await step('without a challenge and a nonce it is refused, and says why', async () => {
  const port = await freePort();
  const plain = await start(port, command(port));
  const page = await open(`${plain.base}/`);
  plain.stop();
  assert.equal(page.status, 403, page.html);
  assert.match(`${page.html} ${plain.said()}`, /code_challenge/);
});

const { base } = await step('the proxy starts', async () => {
  const port = await freePort();
  return start(port, [...command(port), '--code-challenge-method=S256']);
});
const headers = await step('sign-in', () => json(`${base}/`));
await step('the person in the headers of the handler', () => {
  assert.equal(headers['x-forwarded-email'], `${process.env.USERNAME}@example.org`);
  assert.equal(headers['x-forwarded-preferred-username'], process.env.USERNAME);
});
await step('the cookie of the proxy is enough for the next page', async () => {
  const page = await visit(`${base}/next`);
  assert.equal(page.status, 200);
});
await step('sign-out ends the session at the issuer too', async () => {
  await visit(`${base}/oauth2/sign_out`);
  assert.ok(await isSignedOut(`${base}/`), 'the session goes on');
});
process.exit(0);
