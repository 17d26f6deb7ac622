/**
 * node:http2: its compatibility API (request and response, not the stream) is used as node:http's is.
 * allowHTTP1 serves clients of either. For a certificate see https.ts.
 */

import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { sessions } from "bulla/session";
import { act, options, port } from "./actions.ts";

const key = readFileSync(process.env.TLS_KEY ?? "key.pem");
const cert = readFileSync(process.env.TLS_CERT ?? "cert.pem");
const visitors = sessions({ ...options, cookie: {} });

const server = createSecureServer({ key, cert, allowHTTP1: true }, (req, res) => {
  const session = visitors.attach(req, res);
  const { status, headers, text } = act(session, `${req.method} ${req.url}`);
  res.writeHead(status, headers).end(text);
});

server.listen(port, () => console.log(`https://localhost:${port}`));
