/**
 * node:http2: its compatibility API (request and response, not the stream) works as node:http does.
 * allowHTTP1 serves clients of either. For a certificate see https.ts.
 */

import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { SessionError, sessions } from "bulla/session";
import { act, options, port } from "./actions.ts";

const key = readFileSync(process.env.TLS_KEY ?? "key.pem");
const cert = readFileSync(process.env.TLS_CERT ?? "cert.pem");
const visitors = sessions({ ...options, cookie: {} });

const server = createSecureServer({ key, cert, allowHTTP1: true }, async (req, res) => {
  try {
    const session = await visitors.load(req, res);
    const { status, headers, text } = await act(session, `${req.method} ${req.url}`);
    res.writeHead(status, headers).end(text);
  } catch (error) {
    res.writeHead(error instanceof SessionError ? error.status : 500).end();
  }
});

server.listen(port, () => console.log(`https://localhost:${port}`));
