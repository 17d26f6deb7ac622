/** The page: who is logged in, and beside each other what the visitor carries as each type. */

import { card, type Envelope, verdict } from "./card.ts";
import { clay } from "./figures.ts";
import { type Html, html } from "./html.ts";

/** The whole page; `nameless` where the name that was sent is none. */
export function page(envelopes: readonly Envelope[], nameless: boolean): string {
  // Not from the base64 cookie: that one says whatever its visitor likes.
  const visitor = envelopes.findLast(({ type, user }) => type !== "base64" && user !== undefined);
  const left = envelopes.some(({ user }) => user !== undefined);
  const news = envelopes.map(verdict).find((verdict) => verdict !== undefined);
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${news && `${news} · `}bulla: what a session looks like</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/card.css">
<script type="module" src="/page.js"></script>
<a class="skip" href="#cookies">Skip to the three cookies</a>
${clay}
<header>
<div class="wide">
<p class="brand"><img src="/icon.svg" alt="" width="36" height="36">bulla</p>
<div class="intro">
<h1>The visitor carries the ledger</h1>
<p>A cookie session is kept by the visitor, not by the server. Mesopotamian accountants worked the
same way: a shepherd took along the clay tokens that counted his flock, closed into an envelope of
clay, a <em>bulla</em>, with a seal rolled over it. What leaves your hands had better be sealed.</p>
</div>
${visitor ? flock(visitor) : login(nameless, left)}
</div>
</header>
<div class="frieze" aria-hidden="true"></div>
<main id="cookies" tabindex="-1" aria-label="The three cookies">
${envelopes.map((envelope) => card(envelope, visitor))}
</main>
<footer>
<div class="wide">
<p>Unless told otherwise, bulla makes Fernet sessions.</p>
<pre><code>import { sessions } from "bulla/session";

app.use(sessions({ secret }).middleware);</code></pre>
<p class="colophon">This page runs on plain http for your machine alone, so its cookies are not
marked Secure. The key is made when the server starts, and is gone when it stops.</p>
</div>
</footer>
</html>
`.text;
}

function login(nameless: boolean, left: boolean): Html {
  return html`<form class="panel" method="post" action="/login" id="login">
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

function flock({ user, sheep }: Envelope): Html {
  return html`<section class="panel" aria-labelledby="visitor">
<h2 id="visitor"><span class="small">Logged in as</span> <bdi>${user}</bdi></h2>
<p class="count"><strong>${sheep}</strong> sheep in your ledger</p>
<div class="row">
<form method="post" action="/sheep"><button>Add a sheep</button></form>
<form method="post" action="/logout"><button class="quiet">Log out</button></form>
</div>
<p class="small">Each change is written into all three cookies.</p>
</section>`;
}
