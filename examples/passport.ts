/** Passport on Express 5, without an adapter. Its keepSessionInfo has no effect here: copy the data to keep. */

import { sessions } from "bulla/session";
import express, { type RequestHandler, urlencoded } from "express";
import passport from "passport";
import { Strategy } from "passport-local";
import { greet, options, port } from "./actions.ts";

passport.use(new Strategy((name, password, done) => done(null, password === "clay" && { name })));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const app = express().use(sessions(options).middleware, passport.session());
const keep: RequestHandler = (req, res, next) => {
  res.locals.visits = req.session.visits; // Passport empties the session before it calls back
  next();
};
app.get("/", (req, res) => void res.send(greet(req.session)));
app.post("/login", urlencoded(), keep, passport.authenticate("local"), (req, res) => {
  req.session.user = (req.user as { name: string }).name;
  req.session.visits = res.locals.visits;
  req.session.flash = "Welcome. ";
  res.redirect(303, "/");
});
app.post("/logout", (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.redirect(303, "/")));
});
app.listen(port, () => console.log(`http://localhost:${port}`));
