/** Helpers for node:http: read a form, send a page, redirect, refuse. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
};

/** Thrown to answer a request with a status and no page. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`${status} ${STATUS_CODES[status]}`);
    this.status = status;
  }
}

/** The fields of a posted form of at most 2 KiB. */
export async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  const type = req.headers["content-type"] ?? "";
  const length = req.headers["content-length"];
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(type)) throw new Refusal(415);
  if (length === undefined) throw new Refusal(411);
  if (Number(length) > 2048) throw new Refusal(413);
  let body = "";
  for await (const chunk of req.setEncoding("utf8")) body += chunk;
  return new URLSearchParams(body);
}

export function send(res: ServerResponse, status: number, type: string, body: string): void {
  const headers = { "Content-Type": `${type}; charset=utf-8`, "Cache-Control": "no-store" };
  res.writeHead(status, { ...HEADERS, ...headers }).end(body);
}

export function redirect(res: ServerResponse, location: string): void {
  res.writeHead(303, { ...HEADERS, Location: location }).end();
}
