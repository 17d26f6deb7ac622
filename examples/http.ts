/** node:http: `attach` gives a request its session. GET /, POST /login, POST /logout. */

import { createServer } from "node:http";
import { sessions } from "bulla/session";
import { act, options, port } from "./actions.ts";

const visitors = sessions(options);

const server = createServer((req, res) => {
  const session = visitors.attach(req, res);
  const { status, headers, text } = act(session, `${req.method} ${req.url}`);
  res.writeHead(status, headers).end(text); // the session's cookie goes with this head
});

server.listen(port, () => console.log(`http://localhost:${port}`));
