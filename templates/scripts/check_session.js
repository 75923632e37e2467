// OpenID Connect Session Management §3.2: reports to a client's page whether the session has changed.
(() => {
  const name = location.protocol === "https:" ? "__Host-signet-state=" : "signet-state=";
  const browserState = () => {
    const pair = document.cookie.split("; ").find((pair) => pair.startsWith(name));
    return pair ? pair.slice(name.length) : "";
  };
  const digest = async (text) => {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  };
  const answer = async (data, origin) => {
    const parts = typeof data === "string" ? data.split(" ") : [];
    const [client, state] = parts;
    const [known, salt, ...more] = (state || "").split(".");
    if (parts.length !== 2 || !client || !known || !salt || more.length || !crypto.subtle) {
      return "error";
    }
    const browser = browserState();
    // If the browser blocks cookies in this frame, a change cannot be detected.
    if (!browser && document.hasStorageAccess && !(await document.hasStorageAccess())) {
      return "error";
    }
    // Without a session the answer is always "changed": a page could compute the digest of an empty state itself.
    if (!browser) {
      return "changed";
    }
    const now = await digest(`${client} ${origin} ${browser} ${salt}`);
    return now === known ? "unchanged" : "changed";
  };
  addEventListener("message", async (event) => {
    if (event.source && event.origin !== "null") {
      event.source.postMessage(await answer(event.data, event.origin), event.origin);
    }
  });
})();
