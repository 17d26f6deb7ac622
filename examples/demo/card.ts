/** One card: a cookie of one type, what it is like, what can be read in it, what became of it. */

import { figure } from "./figures.ts";
import { type Html, html } from "./html.ts";
import { dissect, PARTS, type Piece, readable, type Type, target } from "./token.ts";

/** What the server knows of one of the three cookies. */
export interface Envelope {
  readonly type: Type;
  readonly text: string | undefined;
  readonly refusal?: string;
  readonly user?: string;
  readonly sheep?: number;
  readonly claims?: object;
  /** The index of the character that was altered, where that has just happened. */
  readonly flipped?: number;
}

const TEXTS = {
  base64: {
    title: "Loose tokens",
    lede: "Encoded, and nothing else. Whoever carries them can count them, and put in more.",
    secret: false,
    sealed: false,
    anybody: "All of it. It is the session’s JSON in other letters.",
    holder: "Nothing more. There is no key.",
  },
  jwt: {
    title: "A sealed tablet",
    lede: "Signed. Anybody can read what is written on it; nobody can change it unnoticed.",
    secret: false,
    sealed: true,
    anybody: "All of it. The seal keeps it from being changed, not from being read.",
    holder: "Nothing more. The key makes the seal, and tells whether it still fits.",
  },
  fernet: {
    title: "A bulla",
    lede: "Encrypted and signed. Nobody looks inside, and nobody changes it unnoticed.",
    secret: true,
    sealed: true,
    anybody: "When it was sealed, and roughly how much is in it.",
    holder: "The session. The server broke the envelope open to show it here.",
  },
} as const;

const ADVICE = "Change one character of the cookie, send it back, and see what the server says.";
const REVOKED = "This session was logged out.";
const UNKNOWN = "This server’s key, which is new at every start, did not make this seal.";
const UNREAD = "It does not read as a session. Nothing else would have shown the change.";
const UNSEALED = "The seal does not fit.";
const UNREADABLE = "Nothing: it makes no sense.";
const UNOPENED = "Nothing: the seal is checked before anything is opened.";

export function card(envelope: Envelope, visitor: Envelope | undefined): Html {
  const { type, text, refusal, claims } = envelope;
  const texts = TEXTS[type];
  const open = text && readable(type, text);
  const inside = claims ? JSON.stringify(claims, null, 2) : UNOPENED;
  const claimed = Number(open?.match(/"sheep": (\d{1,2})\b/)?.[1] ?? 3);
  return html`<article class="card${verdict(envelope) && " struck"}" id="${type}"
 aria-labelledby="${type}-title">
<div class="top">${figure(type, claimed, Boolean(text && refusal))}</div>
<div class="about">
<h2 id="${type}-title">${texts.title} <code class="type">${type}</code></h2>
<p>${texts.lede}</p>
<ul class="facts">
<li class="${texts.secret ? "yes" : "no"}">${texts.secret ? "Secret" : "Not secret"}</li>
<li class="${texts.sealed ? "yes" : "no"}">${texts.sealed ? "Sealed" : "Not sealed"}</li>
</ul>
</div>
<section><h3>The cookie</h3>${text ? token(envelope, text) : nothing(type, visitor)}</section>
<section><h3>One flipped character</h3>${result(envelope)}${text && !refusal && tamper(type, text)}
${text && refusal && visitor && html`<form method="post" action="/login">${anew(type, visitor)}</form>`}
${!text && html`<p>${ADVICE}</p>`}
</section>
<section><h3>What anybody can read</h3><p>${texts.anybody}</p>
${text && html`<pre>${open ?? UNREADABLE}</pre>`}</section>
<section><h3>What only the key’s holder can</h3><p>${texts.holder}</p>
${type === "fernet" && text && html`<pre>${inside}</pre>`}
</section>
</article>`;
}

function token({ type, flipped }: Envelope, text: string): Html {
  const pieces = dissect(type, text);
  const sizes = PARTS[type].map((part) => {
    const own = pieces.filter((piece) => piece.part === part || piece.next === part);
    return own.reduce((sum, piece) => sum + piece.text.length, 0);
  });
  let at = 0;
  const runs = pieces.map((piece) => {
    const index = (flipped ?? -1) - at;
    at += piece.text.length;
    return run(piece, index);
  });
  return html`<div class="token" role="group" aria-label="The cookie’s text">
<span class="name">demo-${type}=</span><code>${runs}</code></div>${legend(type, sizes)}`;
}

function legend(type: Type, sizes: readonly number[] = []): Html {
  const items = PARTS[type].map(({ name, colour, what }, i) => {
    const size = sizes[i] !== undefined && html` <span class="size">${sizes[i]}</span>`;
    return html`<li class="${colour}"><b>${name}</b> <span class="what">${what}</span>${size}</li>`;
  });
  return html`<ul class="legend">${items}</ul>`;
}

function run({ text, part, next }: Piece, flipped: number): Html {
  const marked =
    flipped >= 0 && flipped < text.length
      ? html`${text.slice(0, flipped)}<mark>${text[flipped]}</mark>${text.slice(flipped + 1)}`
      : text;
  const colours = `${part?.colour ?? "dot"}${next ? ` to-${next.colour}` : ""}`;
  return html`<span class="${colours}">${marked}</span>`;
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

function tamper(type: Type, text: string): Html {
  return html`<form class="tamper" method="post" action="/tamper">
<label for="${type}-position">Character</label>
<input id="${type}-position" name="position" type="number" inputmode="numeric" required min="1"
 max="${text.length}" value="${target(type, text) + 1}"> <span>of ${text.length}</span>
<button class="quiet" name="type" value="${type}">Flip it
<span class="hidden">in ${type}</span></button>
</form>`;
}

/** What became of a changed cookie, in the page's title where a screen reader begins. */
export function verdict({ type, text, refusal, flipped }: Envelope): string | undefined {
  if (refusal !== undefined) return `${type} refused`;
  return type === "base64" && text && flipped !== undefined ? "base64 accepted" : undefined;
}

function result({ type, text, refusal, sheep, flipped }: Envelope): Html | false {
  const changed = flipped !== undefined && `Character ${flipped + 1} was changed. `;
  const attributes = html`class="result" id="${type}-result" role="status" tabindex="-1"`;
  if (refusal !== undefined) {
    const why = refusal === "ERR_SESSION_REVOKED" ? REVOKED : changed ? UNSEALED : UNKNOWN;
    const reason = type === "base64" && why !== REVOKED ? UNREAD : why;
    return html`<p ${attributes}><strong>Refused</strong> <code>${refusal}</code>
<span>${changed}${reason} To the server you are a stranger.</span></p>`;
  }
  if (!changed || type !== "base64" || !text) return false;
  return html`<p ${attributes}><strong>Accepted</strong> <span>${changed}Nobody noticed: the server
believes in ${Number.isSafeInteger(sheep) ? sheep : "any number of"} sheep.</span></p>`;
}
