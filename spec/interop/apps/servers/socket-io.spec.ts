/** examples/servers/socket-io.ts greets a visitor who is logged in, refuses others, and sets no cookie in a handshake. */

import { deepEqual, equal } from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { io } from "socket.io-client";
import { httpClient, Jar } from "../../helpers/clients.ts";
import { project, start } from "./project.ts";

const folder = project();
const TRANSPORTS = ["polling", "websocket"];

/** The first message to a client with these cookies: a greeting, or the reason of the refusal. */
function connect(t: TestContext, address: string, transport: string, jar: Jar): Promise<unknown> {
  const socket = io(address, {
    transports: [transport],
    extraHeaders: jar.headers,
    reconnection: false,
  });
  t.after(() => socket.close());
  return new Promise((resolve) => {
    socket.on("hello", (user) => resolve(`hello ${user}`));
    socket.on("connect_error", ({ message }) => resolve(message));
  });
}

test("the session is read in the handshake", async (t) => {
  const address = await start(t, folder, "socket-io.ts");
  const client = httpClient(address);
  t.after(() => client.close());
  const jar = new Jar();
  const visit = async (path: string): Promise<string> => {
    const reply = await client.ask(path, { headers: jar.headers });
    deepEqual([reply.status, reply.setCookie.length], [200, 1]);
    jar.keep(reply);
    return reply.text;
  };
  const hears = (transport: string, cookies = jar): Promise<unknown> =>
    connect(t, address, transport, cookies);

  equal(await visit("/"), "Hello stranger, visits: 1");
  for (const transport of TRANSPORTS) equal(await hears(transport), "log in first");
  equal(await visit("/login"), "Tom");
  for (const transport of TRANSPORTS) equal(await hears(transport), "hello Tom");

  const bad = new Jar();
  for (const value of ["garbage", `${jar.cookies.get("session")}x`, "x".repeat(5000)]) {
    bad.cookies.set("session", value);
    for (const transport of TRANSPORTS) equal(await hears(transport, bad), "log in first");
  }

  const handshake = await client.ask("/socket.io/?EIO=4&transport=polling", {
    headers: jar.headers,
  });
  deepEqual([handshake.status, handshake.setCookie], [200, []]);

  const copy = new Jar();
  copy.cookies.set("session", jar.cookies.get("session") ?? "");
  equal(await visit("/logout"), "Bye");
  for (const transport of TRANSPORTS) equal(await hears(transport, copy), "log in first");
});
