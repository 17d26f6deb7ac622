/**
 * node:https: as node:http, and the cookie is `__Host-session`, which is Secure. To make a certificate:
 * openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { SessionError, sessions } from "bulla/session";
import { act, options, port } from "./actions.ts";

const key = readFileSync(process.env.TLS_KEY ?? "key.pem");
const cert = readFileSync(process.env.TLS_CERT ?? "cert.pem");
const visitors = sessions({ ...options, cookie: {} });

const server = createServer({ key, cert }, async (req, res) => {
  try {
    const session = await visitors.load(req, res);
    const { status, headers, text } = await act(session, `${req.method} ${req.url}`);
    res.writeHead(status, headers).end(text);
  } catch (error) {
    res.writeHead(error instanceof SessionError ? error.status : 500).end();
  }
});

server.listen(port, () => console.log(`https://localhost:${port}`));
