/** One card: a cookie of one type, its drawing, the text that can be read in it, and the server's verdict. */

import { figure } from "./figures.ts";
import { type Html, html } from "./html.ts";
import { dissect, PARTS, type Piece, readable, type Type, target } from "./token.ts";
import { type Envelope, LABELS, stateOf, verdict } from "./verdict.ts";

const TEXTS = {
  base64: {
    title: "Loose tokens",
    lede: "Encoded, and nothing else. Whoever carries them can count them, and put in more.",
    secret: false,
    sealed: false,
    anybody: "All of it. It is the session’s JSON in other letters.",
    holder: "Nothing. There is no key: whoever can read this cookie can also write one.",
  },
  jwt: {
    title: "A sealed tablet",
    lede: "Signed. Anybody can read what is written on it; nobody can change it unnoticed.",
    secret: false,
    sealed: true,
    anybody: "All of it. The seal keeps it from being changed, not from being read.",
    holder:
      "Write it. The key makes the seal, and shows whether a seal fits. Reading needs no key.",
  },
  fernet: {
    title: "A bulla",
    lede: "Encrypted and signed. Nobody looks inside, and nobody changes it unnoticed.",
    secret: true,
    sealed: true,
    anybody: "When it was sealed, and roughly how much is in it.",
    holder: "Read it and write it. The key makes the seal, and opens the envelope.",
  },
} as const;

const ADVICE =
  "Log in. Then change one character, send the cookie back, and see what the server says.";
const HINT = "Click a character of the cookie, or type its number.";
const COPIED =
  "The cookie was deleted at the logout. Whoever had copied it can still send the copy.";
const OPENED = "The server opened this one to show you the session:";
const UNREADABLE = "Nothing: it makes no sense.";
const UNOPENED = "Nothing: the seal is checked before anything is opened.";

export function card(envelope: Envelope, visitor: Envelope | undefined, copies: string): Html {
  const { type, text, refusal, claims } = envelope;
  const texts = TEXTS[type];
  const state = stateOf(envelope);
  const open = text && readable(type, text);
  const claimed = Number(open?.match(/"sheep": (\d{1,2})\b/)?.[1] ?? 3);
  return html`<article class="card ${state}" id="${type}" aria-labelledby="${type}-title">
<div class="top"><p class="state">${LABELS[state]}</p>
${figure(type, claimed, Boolean(text && refusal))}</div>
<div class="about">
<h2 id="${type}-title">${texts.title} <code class="type">${type}</code></h2>
<p>${texts.lede}</p>
<ul class="facts">
<li class="${texts.secret ? "yes" : "no"}">${texts.secret ? "Secret" : "Not secret"}</li>
<li class="${texts.sealed ? "yes" : "no"}">${texts.sealed ? "Sealed" : "Not sealed"}</li>
</ul>
</div>
<section id="${type}-cookie"><h3>The cookie</h3>
${text ? token(envelope, text) : nothing(type, visitor)}</section>
<section id="${type}-attempt">${attempt(envelope, visitor, copies)}</section>
<section><h3>What anybody can read</h3><p>${texts.anybody}</p>
${text && html`<pre>${open ?? UNREADABLE}</pre>`}</section>
<section><h3>What only the key’s holder can do</h3>
<p>${texts.holder}${claims && ` ${OPENED}`}</p>
${type === "fernet" && text && html`<pre>${claims ? JSON.stringify(claims, null, 2) : UNOPENED}</pre>`}
</section>
</article>`;
}

/** The header field with the cookie: Set-Cookie, or Cookie where the visitor changed or copied it. */
function token(envelope: Envelope, text: string): Html {
  const { type, past } = envelope;
  const pieces = dissect(type, text);
  const sizes = PARTS[type].map((part) => {
    const own = pieces.filter((piece) => piece.part === part || piece.next === part);
    return own.reduce((sum, piece) => sum + piece.text.length, 0);
  });
  let at = 0;
  const runs = pieces.map((piece) => {
    at += piece.text.length;
    return run(piece, at - piece.text.length, past.changed);
  });
  const issued = stateOf(envelope) === "issued";
  const attributes = issued && past.line?.slice(past.line.indexOf(";"));
  return html`<div class="token" role="group" aria-label="The cookie’s text">
<span class="name"><span class="field">${issued ? "Set-Cookie" : "Cookie"}:</span>
demo-${type}=</span><code>${runs}</code><span class="name">${attributes}</span></div>
${legend(type, sizes)}`;
}

function legend(type: Type, sizes: readonly number[] = []): Html {
  const items = PARTS[type].map(({ name, colour, what }, i) => {
    const size = sizes[i] !== undefined && html` <span class="size">${sizes[i]}</span>`;
    return html`<li class="${colour}"><b>${name}</b> <span class="what">${what}</span>${size}</li>`;
  });
  return html`<ul class="legend">${items}</ul>`;
}

function run({ text, part, next }: Piece, start: number, changed: readonly number[]): Html {
  const characters = Array.from(text, (character, index) =>
    changed.includes(start + index) ? html`<mark>${character}</mark>` : character,
  );
  const colours = `${part?.colour ?? "dot"}${next ? ` to-${next.colour}` : ""}`;
  return html`<span class="${colours}">${characters}</span>`;
}

function nothing(type: Type, visitor: Envelope | undefined): Html {
  if (!visitor) return html`<p class="token empty">None yet. Log in.</p>${legend(type)}`;
  return html`<form class="token empty" method="post" action="/login"><p>There is no cookie now.</p>
${anew(type, visitor)}</form>`;
}

function anew(type: Type, { user }: Envelope): Html {
  return html`<input type="hidden" name="user" value="${user}">
<button class="quiet" name="type" value="${type}">Issue a new one</button>`;
}

/** A form to change or send back the cookie, and the result. */
function attempt(envelope: Envelope, visitor: Envelope | undefined, copies: string): Html {
  const { type, text, copied } = envelope;
  const state = stateOf(envelope);
  if (copied && !text) return replay(type, copied, copies);
  if (!text) return html`<h3>Change one character</h3><p>${ADVICE}</p>`;
  if (state === "issued") {
    return html`<h3>Change one character</h3>${tamper(type, text)}`;
  }
  return html`<h3>What the server says</h3>${verdict(envelope)}
${state === "accepted" && tamper(type, text)}
${state === "refused" && visitor && html`<form method="post" action="/login">${anew(type, visitor)}</form>`}`;
}

function tamper(type: Type, text: string): Html {
  return html`<form class="tamper" method="post" action="/tamper">
<p class="pick" hidden>${HINT}</p>
<label for="${type}-position">Character</label>
<input id="${type}-position" name="position" type="number" inputmode="numeric" required min="1"
 max="${text.length}" value="${target(type, text) + 1}"> <span>of ${text.length}</span>
<button class="quiet" name="type" value="${type}">Change it
<span class="hidden">in ${type}</span></button>
</form>`;
}

function replay(type: Type, copied: string, copies: string): Html {
  return html`<h3>Send a copy after the logout</h3><p>${COPIED}</p>
<form class="replay" method="post" action="/replay"><code>demo-${type}=${copied}</code>
<input type="hidden" name="copies" value="${copies}">
<button class="quiet" name="type" value="${type}">Send the copy
<span class="hidden">of ${type}</span></button></form>`;
}
