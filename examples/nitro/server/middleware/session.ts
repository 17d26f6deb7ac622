/** One session a request, for every route: `event.context.session`. */

import { defineMiddleware } from "nitro";
import { toResponse } from "nitro/h3";
import { visitors } from "../session.ts";

export default defineMiddleware((event, next) =>
  visitors.wrap(async (_request, session) => {
    event.context.session = session;
    return toResponse(await next(), event);
  })(event.req),
);
