/** Express: visitors keep the sessions of the old library. GET /, POST /logout. */

import { randomBytes } from "node:crypto";
import { sessions } from "bulla/session";
import express from "express";
import { migrate } from "./migrate.ts";
import { service } from "./old.ts";

const app = express();
const secure = process.env.NODE_ENV === "production";
// In production a missing secret is an error; elsewhere a random one lasts until the next start.
const secret = process.env.SESSION_SECRET ?? (secure ? "" : randomBytes(32));
app.use(sessions({ secret, cookie: { name: service.name, secure } }).middleware);
app.use((req, res, next) => {
  const deleting = migrate(service, req.headers.cookie ?? "", req.session);
  for (const cookie of deleting) res.append("Set-Cookie", cookie);
  next();
});

app.get("/", (req, res) => {
  res.send(`Hello ${req.session.user ?? "stranger"}\n`);
});
app.post("/logout", (req, res, next) => {
  req.session.destroy().then(() => res.redirect(303, "/"), next);
});

const port = Number(process.env.PORT ?? 3000);
app.listen(port, () => console.log(`http://localhost:${port}`));
