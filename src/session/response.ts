/** Puts the session into a Response of the Fetch API. */

import { optionError } from "../internal/checks.ts";
import { SessionError } from "../internal/errors.ts";
import type { Config } from "./config.ts";
import { cookieOrError, NO_STORE, ownPrefix, varyWithCookie } from "./head.ts";
import { tell } from "./open.ts";
import type { State } from "./state.ts";

/**
 * The response to send: the one given, edited where it lies; a copy of an immutable one, and of one that
 * serves a second request, since the first, another visitor's, may not be sent yet.
 */
export async function sealResponse(state: State, response: Response): Promise<Response> {
  if (typeof response?.headers?.getSetCookie !== "function") {
    throw optionError("what the handler gives", "a Response");
  }
  await state.pending;
  const cookie = cookieOrError(state);
  state.sent = true;
  if (cookie instanceof SessionError) return failedResponse(state.config, cookie);
  // Response.error() and 1xx (a runtime's upgrade) carry no fields.
  if (response.status < 200) return response;
  const vary = varyWithCookie(response.headers.get("Vary"));
  const before = response.headers.getSetCookie();
  const others = before.filter((other) => !other.startsWith(ownPrefix(state)));
  const { handedOut } = state.config;
  const reused = handedOut.has(response);
  handedOut.add(response);
  const same = cookie === undefined && others.length === before.length;
  if (vary === undefined && same) return response;
  const edited = reused ? copyOf(response) : mutable(response);
  const { headers } = edited;
  if (vary !== undefined) headers.set("Vary", vary);
  if (same) return edited;
  headers.delete("Set-Cookie");
  for (const other of others) headers.append("Set-Cookie", other);
  if (cookie === undefined) return edited;
  headers.append("Set-Cookie", cookie);
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", NO_STORE);
  return edited;
}

/** The response in place of one whose session could not be written or checked. */
export function failedResponse(config: Config, error: SessionError): Response {
  tell("onError", config.onError, error);
  const body = error.status === 503 ? "Service Unavailable" : "Internal Server Error";
  return new Response(body, { status: error.status, headers: { "Cache-Control": NO_STORE } });
}

/** The response, or a copy where its fields cannot be set (Response.redirect(), what fetch() gives). */
function mutable(response: Response): Response {
  try {
    response.headers.delete("Set-Cookie-Of-Nobody");
    return response;
  } catch {
    return copyOf(response);
  }
}

function copyOf(response: Response): Response {
  return new Response(response.body, response);
}
