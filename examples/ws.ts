/** ws: the session is read at the upgrade, with a revocation list or without; only http writes it. */

import { createServer } from "node:http";
import { sessions } from "bulla/session";
import { WebSocketServer } from "ws";
import { act, options, port } from "./actions.ts";

const visitors = sessions(options);
const sockets = new WebSocketServer({ noServer: true });

const server = createServer((req, res) => {
  const session = visitors.attach(req, res);
  const { status, headers, text } = act(session, `${req.method} ${req.url}`);
  res.writeHead(status, headers).end(text);
});

server.on("upgrade", async (req, socket, head) => {
  try {
    const { user, visits } = await visitors.load(req); // `read(req)` where the list need not wait
    if (user === undefined) socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
    else sockets.handleUpgrade(req, socket, head, (ws) => ws.send(`${user}, visits: ${visits}`));
  } catch {
    socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
  }
});

server.listen(port, () => console.log(`http://localhost:${port}`));
