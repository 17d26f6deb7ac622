/** The processes of one generation of servers, and their load. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Client, logIn } from "./client.ts";
import {
  COOKIE_OF,
  type Collected,
  KINDS,
  type Kind,
  type Question,
  type Ready,
  type Used,
} from "./kinds.ts";

const PROGRAM = new URL("server.ts", import.meta.url);
/** All servers, in the order of their turns. */
export const ALL = Object.keys(KINDS) as Kind[];

export interface Sample {
  readonly microseconds: number;
  readonly perSecond: number;
}

export class Servers {
  readonly #servers = new Map<Kind, { process: ChildProcess; client: Client }>();

  static async start(): Promise<Servers> {
    const servers = new Servers();
    const cookies = new Map<Kind, string>();
    // The bare servers come last: they get the cookie of another one.
    for (const kind of ALL.toSorted((a, b) => Number(a in COOKIE_OF) - Number(b in COOKIE_OF))) {
      const process = fork(PROGRAM, [kind]);
      const [{ port }] = (await once(process, "message")) as [Ready];
      const other = COOKIE_OF[kind];
      const cookie = other === undefined ? await logIn(port) : cookies.get(other);
      if (!cookie) throw new Error(`${kind} sets no cookie`);
      cookies.set(kind, cookie);
      servers.#servers.set(kind, { process, client: new Client(port, cookie) });
    }
    return servers;
  }

  /** CPU time of a request, and requests a second, over that many requests. */
  async sample(kind: Kind, requests: number): Promise<Sample> {
    const before = await this.#ask<Used>(kind, "used");
    const milliseconds = await this.#load(kind, requests);
    const after = await this.#ask<Used>(kind, "used");
    return {
      microseconds: (after.microseconds - before.microseconds) / requests,
      perSecond: (requests * 1000) / milliseconds,
    };
  }

  /** The work of the garbage collector over that many requests. */
  async collected(kind: Kind, requests: number): Promise<Collected> {
    await this.#ask(kind, "watch");
    await this.#load(kind, requests);
    return this.#ask<Collected>(kind, "collected");
  }

  async stop(): Promise<void> {
    for (const { process, client } of this.#servers.values()) {
      await client.close();
      process.disconnect();
      await once(process, "exit");
    }
  }

  #load(kind: Kind, requests: number): Promise<number> {
    return this.#server(kind).client.load(requests);
  }

  async #ask<A>(kind: Kind, question: Question): Promise<A> {
    const { process } = this.#server(kind);
    process.send(question);
    const [answer] = (await once(process, "message")) as [A];
    return answer;
  }

  #server(kind: Kind): { process: ChildProcess; client: Client } {
    const server = this.#servers.get(kind);
    if (server === undefined) throw new Error(`${kind} has not been started`);
    return server;
  }
}
