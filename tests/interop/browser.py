"""A tiny user agent for Signet's pages: cookies, redirects by hand, forms.

    authorize(url, username=..., password=..., redirect_uri=...) -> callback URL
    logout(url, post_logout_redirect_uri=...) -> where it ended, or a page's text

There is one agent, so one cookie jar, per origin and process. It never leaves
the issuer's origin.
"""

from html.parser import HTMLParser
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

MAX_REQUESTS = 20
TIMEOUT = 15

_agents = {}


class BrowserError(Exception):
    """The pages or the redirects were not the expected ones."""


def authorize(
    url, *, redirect_uri, username=None, password=None, deny=False, silent=False
):
    """Go through login and consent; with `silent`, any page is an error."""
    return _agent_for(url).authorize(
        url, redirect_uri, username, password, deny, silent
    )


def logout(url, *, post_logout_redirect_uri=None):
    """Follow an end-session URL, confirming the logout when asked."""
    return _agent_for(url).logout(url, post_logout_redirect_uri)


def _agent_for(url):
    origin = _origin(url)
    if origin not in _agents:
        _agents[origin] = _Agent(origin)
    return _agents[origin]


class _Agent:
    def __init__(self, origin):
        self.origin = origin
        self.session = requests.Session()
        # No proxy and no netrc: the server is on loopback.
        self.session.trust_env = False
        # Browsers trust loopback, so Secure cookies are sent over http too.
        self.session.cookies.set_policy(
            DefaultCookiePolicy(secure_protocols=("https", "http"))
        )

    def authorize(self, url, redirect_uri, username, password, deny, silent):
        seen = set()

        def once(name):
            if silent:
                raise BrowserError(f"the {name} page was shown, none was expected")
            if name in seen:
                raise BrowserError(f"the {name} page was shown twice")
            seen.add(name)

        body = None
        for _ in range(MAX_REQUESTS):
            redirected_to, page = self._follow(url, body, redirect_uri)
            if redirected_to:
                if _is_uri(redirected_to, redirect_uri):
                    return redirected_to
                raise BrowserError(f"sent to {redirected_to}, not to {redirect_uri}")
            if page.has_id("login-submit"):
                once("login")
                fill = {"username": username, "password": password}
                url, body = page.submit("login-submit", fill)
            elif page.has_id("consent-allow"):
                once("consent")
                url, body = page.submit("consent-deny" if deny else "consent-allow")
            else:
                raise BrowserError(
                    f"unexpected page, status {page.status}: {page.excerpt()}"
                )
        raise BrowserError("too many pages")

    def logout(self, url, post_logout_redirect_uri):
        redirected_to, page = self._follow(url, None, post_logout_redirect_uri)
        if page and page.has_id("logout-confirm"):
            url, body = page.submit("logout-confirm")
            redirected_to, page = self._follow(url, body, post_logout_redirect_uri)
        if redirected_to:
            return redirected_to
        if page.status != 200:
            raise BrowserError(f"status {page.status}: {page.excerpt()}")
        return page.text

    def _follow(self, url, body, stop_at):
        """Send, and follow redirects on this origin: (URL, None) or (None, page)."""
        for _ in range(MAX_REQUESTS):
            response = self._send(url, body)
            status = response.status_code
            if not 300 <= status < 400:
                return None, _Page(url, status, response.text)
            # 307 and 308 would hand a posted password on.
            if status not in (302, 303):
                raise BrowserError(f"redirect with status {status}")
            if "Location" not in response.headers:
                raise BrowserError(f"status {status} without a Location")
            target = urljoin(url, response.headers["Location"])
            if (stop_at and _is_uri(target, stop_at)) or _origin(target) != self.origin:
                return target, None
            url, body = target, None
        raise BrowserError("too many redirects")

    def _send(self, url, body):
        headers = {"Accept": "text/html"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = self.origin
        return self.session.request(
            "GET" if body is None else "POST",
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=TIMEOUT,
        )


class _Page(HTMLParser):
    """A page, with its ids, its forms and its text."""

    def __init__(self, url, status, html):
        super().__init__(convert_charrefs=True)
        self.url = url
        self.status = status
        self.ids = set()
        self.forms = []
        self._form = None
        self._hidden = 0
        self._words = []
        self.feed(html)
        self.close()
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag, attrs):
        attributes = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")
        if tag in ("head", "script", "style"):
            self._hidden += 1
        if tag == "form":
            self._form = {"attributes": attributes, "ids": set(), "fields": []}
            self.forms.append(self._form)
        if "id" in attributes:
            self.ids.add(attributes["id"])
            if self._form:
                self._form["ids"].add(attributes["id"])
        if tag in ("input", "button") and self._form:
            self._form["fields"].append((tag, attributes))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        if tag in ("head", "script", "style") and self._hidden:
            self._hidden -= 1

    def handle_data(self, data):
        if not self._hidden:
            self._words.append(data)

    def has_id(self, name):
        return name in self.ids

    def excerpt(self):
        return self.text[:200] or "(an empty page)"

    def submit(self, pressed, fill=None):
        """The URL and the body that pressing the element `pressed` makes."""
        form = next((f for f in self.forms if pressed in f["ids"]), None)
        if form is None and self.forms:
            form = self.forms[0]
        if form is None:
            raise BrowserError(f'a page with id="{pressed}" has no form')
        if form["attributes"].get("method", "get").lower() != "post":
            raise BrowserError(f"the form of {pressed} does not post")

        fields = []
        for tag, attributes in form["fields"]:
            name = attributes.get("name")
            if not name or "disabled" in attributes:
                continue
            default = "submit" if tag == "button" else "text"
            kind = attributes.get("type", default).lower()
            if kind in ("submit", "button", "image", "reset"):
                # Of the buttons, only the one that was pressed is sent.
                if attributes.get("id") == pressed:
                    fields.append((name, attributes.get("value", "")))
                continue
            checkable = kind in ("checkbox", "radio")
            if checkable and "checked" not in attributes:
                continue
            fields.append((name, attributes.get("value", "on" if checkable else "")))
        for name, value in (fill or {}).items():
            if value is None:
                raise BrowserError(f"the page wants a {name}")
            fields = [field for field in fields if field[0] != name]
            fields.append((name, value))
        if pressed not in (name for name, _ in fields):
            fields.append((pressed, "yes"))

        action = urljoin(self.url, form["attributes"].get("action") or self.url)
        if _origin(action) != _origin(self.url):
            raise BrowserError(f"a form posts to {_origin(action)}")
        return action, urlencode(fields)


def _origin(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_uri(url, uri):
    """Whether `url` is `uri` with nothing but more parameters or a fragment."""
    a, b = urlsplit(url), urlsplit(uri)
    if _origin(url) != _origin(uri) or (a.path or "/") != (b.path or "/"):
        return False
    have = parse_qsl(a.query, keep_blank_values=True)
    return all(p in have for p in parse_qsl(b.query, keep_blank_values=True))
