/** Express, 5 or 4: `middleware` gives every request `req.session`. In Express 5, handlers can `await` instead. */

import { sessions } from "bulla/session";
import express from "express";
import { greet, login, options, port } from "./actions.ts";

const app = express();
app.use(sessions(options).middleware);

app.get("/", (req, res) => {
  res.send(greet(req.session));
});
app.post("/login", (req, res, next) => {
  login(req.session, "Tom").then(() => res.redirect(303, "/"), next);
});
app.post("/logout", (req, res, next) => {
  req.session.destroy().then(() => res.redirect(303, "/"), next);
});

app.listen(port, () => console.log(`http://localhost:${port}`));
