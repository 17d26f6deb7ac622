/** Socket.IO: the session is read in the handshake; only the HTTP side writes it. */

import { createServer } from "node:http";
import { sessions } from "bulla/session";
import { Server } from "socket.io";
import { greet, login, logout, options, port } from "./actions.ts";

const visitors = sessions(options);
const http = createServer(async (req, res) => {
  const session = await visitors.load(req, res);
  if (req.url === "/login") res.end(await login(session, "Tom"));
  else if (req.url === "/logout") res.end(await logout(session));
  else res.end(greet(session));
});

const io = new Server(http);
io.use((socket, next) => {
  visitors.load(socket.request).then(({ user }) => {
    socket.data.user = user;
    next(user === undefined ? new Error("log in first") : undefined);
  }, next);
});
io.on("connection", (socket) => {
  socket.emit("hello", socket.data.user);
});
http.listen(port, () => console.log(`http://localhost:${port}`));
