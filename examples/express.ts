/** Express, 5 or 4: `middleware` gives every request `req.session`, which opens when it is touched. */

import { sessions } from "bulla/session";
import express from "express";
import { greet, login, options, port } from "./actions.ts";

const app = express();
app.use(sessions(options).middleware);

app.get("/", (req, res) => {
  res.send(greet(req.session));
});
app.post("/login", (req, res) => {
  login(req.session, "Tom");
  res.redirect(303, "/");
});
app.post("/logout", (req, res) => {
  req.session = null;
  res.redirect(303, "/");
});

app.listen(port, () => console.log(`http://localhost:${port}`));
