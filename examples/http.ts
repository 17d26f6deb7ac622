/** node:http: `load` gives a request its session. GET /, POST /login, POST /logout. */

import { createServer } from "node:http";
import { SessionError, sessions } from "bulla/session";
import { act, options, port } from "./actions.ts";

const visitors = sessions(options);

const server = createServer(async (req, res) => {
  try {
    const session = await visitors.load(req, res);
    const { status, headers, text } = await act(session, `${req.method} ${req.url}`);
    res.writeHead(status, headers).end(text); // sends the session's cookie too
  } catch (error) {
    res.writeHead(error instanceof SessionError ? error.status : 500).end();
  }
});

server.listen(port, () => console.log(`http://localhost:${port}`));
