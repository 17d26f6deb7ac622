/** One session a request, for every load function, action and endpoint: `locals.session`. */

import type { Handle } from "@sveltejs/kit/hooks";
import { visitors } from "./lib/server/session.ts";

export const handle: Handle = ({ event, resolve }) =>
  visitors.wrap((_request, session) => {
    event.locals.session = session;
    return resolve(event);
  })(event.request);
