/** The server's verdict on a cookie that comes back, in words. */

import { type Html, html } from "./html.ts";
import type { Past } from "./memory.ts";
import type { Type } from "./token.ts";

/** One of the three cookies, as the server sees it. */
export interface Envelope {
  readonly type: Type;
  readonly text: string | undefined;
  readonly past: Past;
  readonly refusal?: string;
  readonly user?: string;
  readonly sheep?: number;
  readonly claims?: object;
  /** The cookie that was copied at the logout. */
  readonly copied?: string | undefined;
}

export type State = "none" | "issued" | "refused" | "accepted";

export const LABELS = {
  none: "No cookie",
  issued: "Untouched",
  refused: "Refused",
  accepted: "Accepted",
} as const;

// Nobody can make a fitting seal without the key, so a sealed cookie that opens is unchanged.
export function stateOf({ type, text, refusal, past }: Envelope): State {
  if (!text) return "none";
  if (refusal !== undefined) return "refused";
  const isWritten = past.line !== undefined && past.changed.length === 0 && !past.left;
  return type !== "base64" || isWritten ? "issued" : "accepted";
}

export function verdict(envelope: Envelope): Html {
  const { type, refusal } = envelope;
  return html`<p class="result" id="${type}-result" role="status" tabindex="-1"><strong>${LABELS[stateOf(envelope)]}</strong>
${refusal !== undefined && html`<code>${refusal}</code>`}
<span>${cause(envelope)} ${refusal === undefined ? belief(envelope) : reason(envelope)}</span></p>`;
}

function cause({ past: { changed, left, line } }: Envelope): string {
  if (line === undefined) return "This server does not know who wrote this cookie.";
  const [first = 0] = changed;
  const characters =
    changed.length > 1 ? `${changed.length} characters were` : `Character ${first + 1} was`;
  const sentences = [
    left && "This is the copy from before the logout.",
    changed.length > 0 && `${characters} changed.`,
  ];
  return sentences.filter(Boolean).join(" ");
}

/** Why the server refuses the cookie. */
function reason({ type, refusal, past }: Envelope): string {
  const stranger = "To the server you are a stranger.";
  if (refusal === "ERR_SESSION_REVOKED") {
    return `Its session was logged out, and the revocation list has it. ${stranger}`;
  }
  if (type === "base64") {
    return `It does not read as a session: nothing else shows the change. ${stranger}`;
  }
  const key = past.line === undefined && " this server’s key, which is new at every start";
  return `The seal does not fit${key || ""}. ${stranger}`;
}

/** Describes the changed data that the server accepted. */
function belief({ sheep, past }: Envelope): string {
  const flock = `${Number.isSafeInteger(sheep) ? sheep : "any number of"} sheep`;
  if (past.left) {
    return `It opens again, with ${flock}: without a seal a revocation list is of no use.`;
  }
  return `Nobody noticed: the server believes in ${flock}.`;
}
