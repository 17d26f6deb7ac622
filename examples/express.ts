/** Visits counted in a session, on Express: GET /, POST /login, POST /logout. */

import { randomBytes } from "node:crypto";
import { sessions } from "bulla/session";
import express from "express";

declare module "bulla/session" {
  interface SessionData {
    user?: string;
    visits?: number;
  }
}
const secret = process.env.SESSION_SECRET ?? randomBytes(32);
const cookie = { secure: process.env.NODE_ENV === "production" }; // http returns no Secure one
const app = express().use(sessions({ secret, cookie }).middleware);

app.get("/", ({ session }, res) => {
  session.visits = (session.visits ?? 0) + 1;
  res.send(`Hello ${session.user ?? "stranger"}, visits: ${session.visits}\n`);
});
app.post("/login", ({ session }, res) => {
  session.regenerate();
  session.user = "Tom";
  res.redirect("/");
});
app.post("/logout", ({ session }, res) => {
  session.destroy();
  res.redirect("/");
});
app.listen(Number(process.env.PORT ?? 3000));
