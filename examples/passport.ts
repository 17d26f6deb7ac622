/** Passport on Express 5: it finds the `regenerate` and `save` it needs in `req.session`, with no shim. */

import { sessions } from "bulla/session";
import express from "express";
import passport from "passport";
import { Strategy } from "passport-local";
import { greet, options, port } from "./actions.ts";

passport.use(new Strategy((name, password, done) => done(null, password === "clay" && { name })));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const app = express();
app.use(sessions(options).middleware, passport.session());

app.get("/", (req, res) => {
  res.send(greet(req.session));
});
app.post("/login", express.urlencoded(), passport.authenticate("local"), (req, res) => {
  req.session.user = (req.user as { name: string }).name; // Passport's regenerate() came before
  req.session.flash = "Welcome. ";
  res.redirect(303, "/");
});
app.post("/logout", (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.redirect(303, "/")));
});

app.listen(port, () => console.log(`http://localhost:${port}`));
