/** The page: who is logged in, and the visitor's three cookies side by side. */

import { card } from "./card.ts";
import { clay } from "./figures.ts";
import { type Html, html } from "./html.ts";
import { type Envelope, stateOf } from "./verdict.ts";

/** The query of the address. */
export interface Asked {
  /** The name in the login form was empty or too long. */
  readonly nameless: boolean;
  /** The name of the cookies that were copied at the logout. */
  readonly copies: string;
}

export function page(envelopes: readonly Envelope[], { nameless, copies }: Asked): string {
  // Not from the base64 cookie, which anybody can forge.
  const visitor = envelopes.findLast(({ type, user }) => type !== "base64" && user !== undefined);
  const news = envelopes
    .map((envelope) => [envelope.type, stateOf(envelope)] as const)
    .filter(([, state]) => state === "accepted" || state === "refused");
  const title = [...news.map((words) => words.join(" ")), "bulla: what a session looks like"];
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title.join(" · ")}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/card.css">
<script type="module" src="/page.js"></script>
<a class="skip" href="#cookies">Skip to the three cookies</a>
${clay}
<header${visitor && html` class="known"`}>
<div class="wide">
<p class="brand"><img src="/icon.svg" alt="" width="36" height="36">bulla</p>
<div class="intro">
<h1>The visitor carries the ledger</h1>
<p>A cookie session is kept by the visitor, not by the server. Mesopotamian accountants worked the
same way: a shepherd took along the clay tokens that counted his flock, closed into an envelope of
clay, a <em>bulla</em>, with a seal rolled over it. What leaves your hands had better be sealed.</p>
</div>
${visitor ? flock(visitor, envelopes) : login(nameless, envelopes)}
</div>
</header>
<div class="frieze" aria-hidden="true"></div>
<main id="cookies" tabindex="-1" aria-label="The three cookies">
${envelopes.map((envelope) => card(envelope, visitor, copies))}
</main>
<footer>
<div class="wide">
<div class="own">
<p>Unless told otherwise, bulla makes Fernet sessions.</p>
<p>In your own application: run <code>npm install bulla</code>, put these lines where it sets up
Express or Connect, and read and write <code>req.session</code>.</p>
<p class="docs"><a href="/README.md">Read me</a> <a href="/docs/frameworks.md">Other frameworks</a>
<a href="/docs/migrating.md">Coming from another library</a> <a href="/SECURITY.md">Security</a></p>
</div>
<pre><code>import { sessions } from "bulla/session";

const secret = process.env.SECRET; // 32 bytes or more
app.use(sessions({ secret }).middleware);</code></pre>
<p class="colophon">This page runs on plain http for your machine alone, so its cookies are not
marked Secure. The key is made when the server starts, and is gone when it stops. To show what was
changed, this server remembers the last cookies it wrote; sessions do not need that.</p>
</div>
</footer>
</html>
`.text;
}

function login(nameless: boolean, envelopes: readonly Envelope[]): Html {
  const left = envelopes.some(({ user }) => user !== undefined);
  const copied = envelopes.find(({ text, copied }) => copied && !text);
  return html`<form class="panel" method="post" action="/login" id="login">
${
  copied &&
  html`<p class="notice">You are logged out, and the cookies were deleted.
<a href="#${copied.type}-attempt">Send a copy of one</a></p>`
}
<h2>Log in</h2>
<label for="user">Your name</label>
<input id="user" name="user" required pattern=".*\\S.*" maxlength="40" autocomplete="username"
 autocapitalize="words" aria-describedby="${nameless && "problem "}hint"
 ${nameless && html`aria-invalid="true" autofocus`}>
${nameless && html`<p class="problem" id="problem">It takes 1 to 40 characters.</p>`}
<button>Log in</button>
${left && html`<button class="quiet" formaction="/logout" formnovalidate>Log out of base64</button>`}
<p class="small" id="hint">No password, this is a demonstration. You begin with three sheep.</p>
</form>`;
}

function flock({ user, sheep }: Envelope, envelopes: readonly Envelope[]): Html {
  const links = envelopes.map(({ type, text }) => {
    const pair = text ? `demo-${type}=${text}` : `no demo-${type}`;
    return html`<li><a href="#${type}-cookie"><code>${pair}</code></a></li>`;
  });
  return html`<section class="panel" aria-labelledby="visitor">
<h2 id="visitor"><span class="small">Logged in as</span> <bdi>${user}</bdi></h2>
<p class="count"><strong>${sheep}</strong> sheep in your ledger</p>
<div class="row">
<form method="post" action="/sheep"><button>Add a sheep</button></form>
<form method="post" action="/logout"><button class="quiet">Log out</button></form>
</div>
<p class="small" id="carried">Each change is written into the cookies that your browser carries:</p>
<ul class="carried" aria-labelledby="carried">${links}</ul>
</section>`;
}
