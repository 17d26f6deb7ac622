/** Opens the session of anything that has cookies. */

import { isPromise, tell } from "../internal/callbacks.ts";
import { type CookieSource, cookiesOf } from "../internal/sources.ts";
import type { Config } from "./config.ts";
import { type Opened, open } from "./open.ts";
import { SHARED } from "./seal.ts";
import { State } from "./state.ts";

/** @throws as `open` does, or rejects; ConfigError ERR_OPTION: not a source; ERR_KEY: as `config.seal`. */
export function openSource(
  config: Config,
  source: CookieSource,
  readonly: boolean,
): State | Promise<State> {
  const now = config.now();
  const values = cookiesOf(source, config.name);
  // Makes the seal without a cookie too: a wrong secret shows at the first request.
  const isShared = SHARED in config.seal();
  const opened = open(config, isShared ? values.slice(-1) : values, now);
  const begin = (found: Opened): State => {
    hear(config, source, found);
    return new State(config, found, now, readonly);
  };
  return isPromise(opened) ? opened.then(begin) : begin(opened);
}

/** Reports a refused cookie to `onInvalid`, once for each request. */
function hear({ onInvalid, heard }: Config, source: CookieSource, { refused }: Opened): void {
  if (refused === undefined || onInvalid === undefined) return;
  if (typeof source === "object") {
    if (heard.has(source)) return;
    heard.add(source);
  }
  tell("onInvalid", () => onInvalid({ code: refused.code }, source));
}
