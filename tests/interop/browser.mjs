// A tiny user agent: a cookie jar, redirects followed by hand, and just enough
// HTML to fill in Signet's pages. It never leaves the issuer's origin.
//
//   authorize(url, {username, password, redirectUri})  -> the full callback URL
//   logout(url, {postLogoutRedirectUri})               -> where it ended, or the page's text
//   visit(url)                                         -> the page, or where it leads on another origin
//   press(page, id)                                    -> the same, for a button of a page
//
// There is one agent, so one cookie jar, per origin and process.

const MAX_REQUESTS = 20;
const TIMEOUT_MS = 15_000;

const agents = new Map();

function agentFor(url) {
  const { origin } = new URL(url);
  if (!agents.has(origin)) agents.set(origin, new Agent(origin));
  return agents.get(origin);
}

/**
 * @param {string|URL} url the authorization URL
 * @param {object} options
 * @param {string} options.redirectUri a redirect to it ends the run
 * @param {string} [options.username]
 * @param {string} [options.password]
 * @param {boolean} [options.deny] press consent-deny in place of consent-allow
 * @param {boolean} [options.silent] fail if any page is shown
 * @returns {Promise<string>} the callback URL with its parameters
 */
export function authorize(url, options) {
  return agentFor(url).authorize(String(url), options);
}

/**
 * @param {string|URL} url the end-session URL
 * @param {object} [options]
 * @param {string} [options.postLogoutRedirectUri]
 * @returns {Promise<string>} the URL it was sent to at last, or a page's text
 */
export function logout(url, options = {}) {
  return agentFor(url).logout(String(url), options);
}

/**
 * @param {string|URL} url a page of any origin
 * @returns {Promise<object>} `{status, html}`, or `{redirectedTo}` where it leads to another origin
 */
export function visit(url) {
  return agentFor(url).follow({ url: String(url) });
}

/** What pressing the button `id` of a page that was visited leads to. */
export function press(page, id) {
  return agentFor(page.url).follow(submit(page, id));
}

class Agent {
  constructor(origin) {
    this.origin = origin;
    this.jar = new CookieJar();
  }

  async authorize(url, { username, password, redirectUri, deny = false, silent = false }) {
    const seen = new Set();
    const once = (page) => {
      if (silent) throw new Error(`the ${page} page was shown, none was expected`);
      if (seen.has(page)) throw new Error(`the ${page} page was shown twice`);
      seen.add(page);
    };

    let request = { url };
    for (let i = 0; i < MAX_REQUESTS; i++) {
      const at = await this.follow(request, redirectUri);
      if (at.redirectedTo) {
        if (isUri(at.redirectedTo, redirectUri)) return at.redirectedTo;
        throw new Error(`sent to ${at.redirectedTo}, not to ${redirectUri}`);
      }
      if (hasId(at.html, 'login-submit')) {
        once('login');
        request = submit(at, 'login-submit', { username, password });
      } else if (hasId(at.html, 'consent-allow')) {
        once('consent');
        request = submit(at, deny ? 'consent-deny' : 'consent-allow');
      } else {
        throw new Error(`unexpected page, status ${at.status}: ${excerpt(at.html)}`);
      }
    }
    throw new Error('too many pages');
  }

  async logout(url, { postLogoutRedirectUri } = {}) {
    let at = await this.follow({ url }, postLogoutRedirectUri);
    if (!at.redirectedTo && hasId(at.html, 'logout-confirm')) {
      at = await this.follow(submit(at, 'logout-confirm'), postLogoutRedirectUri);
    }
    if (at.redirectedTo) return at.redirectedTo;
    if (at.status !== 200) throw new Error(`status ${at.status}: ${excerpt(at.html)}`);
    return text(at.html);
  }

  /** Sends a request and follows redirects on this origin, stopping at `stopAt`. */
  async follow(request, stopAt) {
    for (let i = 0; i < MAX_REQUESTS; i++) {
      const response = await this.send(request);
      const html = await response.text();
      const { status } = response;
      const location = response.headers.get('location');
      if (status >= 300 && status < 400) {
        // 307 and 308 would hand a posted password on.
        if (status !== 302 && status !== 303) throw new Error(`redirect with status ${status}`);
        if (!location) throw new Error(`status ${status} without a Location`);
        const next = new URL(location, request.url);
        if ((stopAt && isUri(next.href, stopAt)) || next.origin !== this.origin) {
          return { redirectedTo: next.href };
        }
        request = { url: next.href };
        continue;
      }
      return { url: request.url, status, html };
    }
    throw new Error('too many redirects');
  }

  async send({ url, body }) {
    const headers = { accept: 'text/html,*/*;q=0.8' };
    const cookie = this.jar.header(new URL(url));
    if (cookie) headers.cookie = cookie;
    if (body !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded';
      headers.origin = this.origin;
    }
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    this.jar.store(new URL(url), response.headers.getSetCookie());
    return response;
  }
}

/** Cookies of one origin. Secure ones are sent too: browsers trust loopback. */
class CookieJar {
  #cookies = new Map();

  store(url, lines) {
    for (const line of lines) {
      const [pair, ...rest] = line.split(';').map((part) => part.trim());
      const eq = pair.indexOf('=');
      if (eq < 1) continue;
      const attributes = new Map(
        rest.map((part) => {
          const at = part.indexOf('=');
          return at < 0
            ? [part.toLowerCase(), '']
            : [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()];
        }),
      );
      const name = pair.slice(0, eq);
      let path = attributes.get('path') ?? '';
      if (!path.startsWith('/')) path = url.pathname.replace(/\/[^/]*$/, '') || '/';
      let expires = Infinity;
      if (attributes.has('max-age')) {
        const seconds = Number(attributes.get('max-age'));
        if (!Number.isNaN(seconds)) expires = seconds <= 0 ? 0 : Date.now() + seconds * 1000;
      } else if (attributes.has('expires')) {
        const when = Date.parse(attributes.get('expires'));
        if (!Number.isNaN(when)) expires = when;
      }
      this.#cookies.set(`${name};${path}`, { name, value: pair.slice(eq + 1), path, expires });
    }
  }

  header(url) {
    const now = Date.now();
    for (const [key, cookie] of this.#cookies) {
      if (cookie.expires <= now) this.#cookies.delete(key);
    }
    return [...this.#cookies.values()]
      .filter(({ path }) => {
        if (url.pathname === path) return true;
        return url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
      })
      .sort((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }
}

/** The request that pressing the element `pressed` makes. */
function submit({ url, html }, pressed, fill = {}) {
  const form = formAround(html, pressed);
  if (!form) throw new Error(`a page with id="${pressed}" has no form`);
  if ((form.attributes.get('method') ?? 'get').toLowerCase() !== 'post') {
    throw new Error(`the form of ${pressed} does not post`);
  }
  const fields = new URLSearchParams();
  for (const { tag, attributes } of elements(form.inner, ['input', 'button'])) {
    const name = attributes.get('name');
    if (!name || attributes.has('disabled')) continue;
    const type = (attributes.get('type') ?? (tag === 'button' ? 'submit' : 'text')).toLowerCase();
    if (['submit', 'button', 'image', 'reset'].includes(type)) {
      // Of the buttons, only the one that was pressed is sent.
      if (attributes.get('id') === pressed) fields.append(name, attributes.get('value') ?? '');
      continue;
    }
    if (['checkbox', 'radio'].includes(type) && !attributes.has('checked')) continue;
    const value = attributes.get('value') ?? (['checkbox', 'radio'].includes(type) ? 'on' : '');
    fields.append(name, value);
  }
  for (const [name, value] of Object.entries(fill)) {
    if (value === undefined) throw new Error(`the page wants a ${name}`);
    fields.set(name, value);
  }
  if (!fields.has(pressed)) fields.set(pressed, 'yes');

  const action = new URL(form.attributes.get('action') || url, url);
  if (action.origin !== new URL(url).origin) throw new Error(`a form posts to ${action.origin}`);
  return { url: action.href, body: fields.toString() };
}

/** The form which has, or is, the element of that id; otherwise the first one. */
function formAround(html, id) {
  const forms = [];
  const source = html.replace(/<!--[\s\S]*?-->/g, '');
  for (const match of source.matchAll(/<form\b((?:[^>"']|"[^"]*"|'[^']*')*)>([\s\S]*?)<\/form\s*>/gi)) {
    forms.push({ attributes: parseAttributes(match[1]), inner: match[2] });
  }
  return (
    forms.find(({ attributes, inner }) => attributes.get('id') === id || hasId(inner, id)) ?? forms[0]
  );
}

function* elements(html, tags) {
  const pattern = new RegExp(`<(${tags.join('|')})\\b((?:[^>"']|"[^"]*"|'[^']*')*)>`, 'gi');
  for (const match of html.matchAll(pattern)) {
    yield { tag: match[1].toLowerCase(), attributes: parseAttributes(match[2]) };
  }
}

function parseAttributes(source) {
  const attributes = new Map();
  for (const m of source.matchAll(/([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g)) {
    const name = m[1].toLowerCase();
    if (!attributes.has(name)) attributes.set(name, unescapeHtml(m[2] ?? m[3] ?? m[4] ?? ''));
  }
  return attributes;
}

function hasId(html, id) {
  for (const { attributes } of elements(html.replace(/<!--[\s\S]*?-->/g, ''), ['[a-z][a-z0-9-]*'])) {
    if (attributes.get('id') === id) return true;
  }
  return false;
}

function unescapeHtml(value) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };
  return value.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, (all, hex, dec, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (dec) return String.fromCodePoint(parseInt(dec, 10));
    return named[name] ?? all;
  });
}

function text(html) {
  return unescapeHtml(
    html
      .replace(/<!--[\s\S]*?-->|<(script|style|head)\b[\s\S]*?<\/\1\s*>|<[^>]*>/gi, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  );
}

function excerpt(html) {
  return text(html).slice(0, 200) || '(an empty page)';
}

/** Whether `url` is `uri` with nothing but more parameters or a fragment. */
function isUri(url, uri) {
  const a = new URL(url);
  const b = new URL(uri);
  if (a.origin !== b.origin || a.pathname !== b.pathname) return false;
  return [...b.searchParams].every(([name, value]) => a.searchParams.getAll(name).includes(value));
}
