// Spring Boot as a web application (oauth2Login) and as a resource server. The argument is the line: 3 or 4.

import { API, built, call, client, freePort, JAVA, json, serviceToken, signet, signOut, start } from './application.mjs';
import { press, visit } from './browser.mjs';
import { assert, step } from './harness.mjs';

const line = process.argv[2];
const jar = [...JAVA, built('JAVA', `spring${line}/target/spring${line}.jar`)];
const issuer = process.env.SIGNET_ISSUER;
/** An API whose access tokens have the type that Spring expects by default. */
const LEGACY = 'https://legacy.example';

const port = await freePort();
const redirect = `http://127.0.0.1:${port}/login/oauth2/code/signet`;
const bye = `http://127.0.0.1:${port}/bye`;
const shop = await step('registration', () =>
  client(
    'spring',
    ...['--redirect-uri', redirect, '--post-logout-redirect-uri', bye],
    ...['--grant', 'authorization_code', '--grant', 'refresh_token'],
    // Spring refreshes a token that expires within a minute.
    ...['--access-token-lifetime', '60s'],
  ),
);
const { base } = await step('the application starts', () =>
  start(port, [
    ...jar,
    `--server.port=${port}`,
    '--spring.profiles.active=logout',
    `--spring.security.oauth2.client.provider.signet.issuer-uri=${issuer}`,
    `--spring.security.oauth2.client.registration.signet.client-id=${shop.id}`,
    `--spring.security.oauth2.client.registration.signet.client-secret=${shop.secret}`,
    '--spring.security.oauth2.client.registration.signet.scope=openid,profile,email,offline_access',
  ]),
);
const person = await step('sign-in', () => json(`${base}/`));
await step('the claims of the person', () => {
  assert.equal(person.name, process.env.USERNAME);
  assert.equal(person.email, `${process.env.USERNAME}@example.org`);
});
const first = await step('the access token', () => json(`${base}/token`));
await step('refresh', async () => {
  assert.ok(first.has_refresh_token);
  const second = await json(`${base}/token`);
  assert.notEqual(second.access_token, first.access_token);
});
await step('logout', async () => {
  const page = await visit(`${base}/logout`);
  assert.equal(await signOut(await press(page, 'log-out'), bye), bye);
});

const service = await step('registration of a service', () =>
  client('orders', '--grant', 'client_credentials', '--scope', 'orders:read', '--audience', API, '--audience', LEGACY),
);

/** A resource server with nothing but the issuer and its own audience. */
async function resourceServer(audience, ...more) {
  const port = await freePort();
  const at = `spring.security.oauth2.resourceserver.jwt`;
  const settings = [`--server.port=${port}`, `--${at}.issuer-uri=${issuer}`, `--${at}.audiences=${audience}`];
  return start(port, [...jar, ...settings, ...more]);
}

await step('the resource server by default wants the type JWT, which a resource can have', async () => {
  const api = await resourceServer(LEGACY);
  const before = await call(`${api.base}/orders`, await serviceToken(service, { resource: LEGACY }));
  assert.equal(before.status, 401);
  assert.match(before.challenge, /typ/);
  await signet('resource', 'update', '--id', LEGACY, '--access-token-typ', 'JWT');
  // A command that revokes nothing takes effect within a second.
  const deadline = Date.now() + 10_000;
  let after = before;
  while (after.status !== 200 && Date.now() < deadline) {
    after = await call(`${api.base}/orders`, await serviceToken(service, { resource: LEGACY }));
  }
  assert.equal(after.status, 200, after.challenge);
  api.stop();
});
const api = await step('a resource server with the decoder for RFC 9068', () =>
  resourceServer(API, '--spring.profiles.active=at-jwt'),
);
await step('an access token for the API', async () => {
  const { status, body } = await call(`${api.base}/orders`, await serviceToken(service, { resource: API }));
  assert.equal(status, 200, body);
  assert.equal(JSON.parse(body).caller, service.id);
});
await step("another audience's token is refused", async () => {
  const { status } = await call(`${api.base}/orders`, await serviceToken(service, {}));
  assert.equal(status, 401);
});
process.exit(0);
