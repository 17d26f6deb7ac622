/** One session a request, for every page, endpoint and action: `locals.session`. */

import { defineMiddleware } from "astro:middleware";
import { visitors } from "./session.ts";

export const onRequest = defineMiddleware((context, next) =>
  visitors.wrap((_request, session) => {
    context.locals.session = session;
    return next();
  })(context.request),
);
