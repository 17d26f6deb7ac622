/** Visits counted in a session, on node:http: GET /, POST /login, POST /logout. */

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { sessions } from "bulla/session";

const visitors = sessions<{ user?: string; visits?: number }>({
  secret: process.env.SESSION_SECRET ?? randomBytes(32),
  // Over plain http, as in development, a Secure cookie would not come back.
  cookie: { secure: process.env.NODE_ENV === "production" },
});

const server = createServer((req, res) => {
  const session = visitors.attach(req, res);
  const asked = `${req.method} ${req.url}`;
  if (asked === "POST /login") {
    session.regenerate();
    session.user = "Tom";
  }
  if (asked === "POST /logout") session.destroy();
  if (asked === "GET /") session.visits = (session.visits ?? 0) + 1;
  res.end(`Hello ${session.user ?? "stranger"}, visits: ${session.visits ?? 0}\n`);
});

const port = Number(process.env.PORT ?? 3000);
server.listen(port, () => console.log(`http://localhost:${port}`));
