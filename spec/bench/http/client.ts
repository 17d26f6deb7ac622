/** Loads a server on loopback: connections kept alive, one request at a time on each. */

import { get } from "node:http";
import { connect, type Socket } from "node:net";

const CONNECTIONS = 32;
const BODY = '{"name":"Ada Lovelace"}';
const END_OF_HEAD = "\r\n\r\n";

/** The cookies that /login sets, as a Cookie header. */
export function logIn(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", path: "/login", agent: false }, (res) => {
      res.resume();
      const cookies = res.headers["set-cookie"] ?? [];
      res.on("end", () => resolve(cookies.map((cookie) => cookie.split(";", 1)[0]).join("; ")));
    }).on("error", reject);
  });
}

type Wait = (answered: Promise<unknown>) => Promise<unknown>;

export class Client {
  readonly #sockets: Promise<Socket[]>;
  readonly #request: string;

  constructor(port: number, cookie: string) {
    this.#request = `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`;
    this.#sockets = Promise.all(Array.from({ length: CONNECTIONS }, () => opened(port)));
  }

  /** Sends that many requests and waits for the answers; returns the milliseconds. */
  async load(requests: number, wait: Wait = awake): Promise<number> {
    const sockets = await this.#sockets;
    const share = Math.ceil(requests / CONNECTIONS);
    const start = performance.now();
    const answered = Promise.all(sockets.map((socket) => this.#converse(socket, share)));
    await wait(answered);
    return ((performance.now() - start) * requests) / (share * CONNECTIONS);
  }

  async close(): Promise<void> {
    for (const socket of await this.#sockets) socket.destroy();
  }

  #converse(socket: Socket, requests: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (socket.destroyed) throw new Error("the server hung up while it idled");
      let left = requests;
      let received = "";
      const finish = (error?: Error): void => {
        socket.off("data", hear).off("error", finish).off("close", finish);
        if (error === undefined && left === 0) resolve();
        else reject(error ?? new Error("the server hung up"));
      };
      const hear = (chunk: string): void => {
        received += chunk;
        const head = received.indexOf(END_OF_HEAD);
        if (head < 0 || received.length < head + END_OF_HEAD.length + BODY.length) return;
        if (!isRight(received)) {
          finish(new Error(`unexpected answer: ${received}`));
          return;
        }
        received = "";
        left--;
        if (left === 0) finish();
        else socket.write(this.#request);
      };
      socket.on("data", hear).on("error", finish).on("close", finish);
      socket.write(this.#request);
    });
  }
}

/**
 * Waits without sleeping. The kernel charges the server for waking a client that sleeps, and a slow server more.
 */
async function awake(promise: Promise<unknown>): Promise<void> {
  let immediate: NodeJS.Immediate;
  const spin = (): void => {
    immediate = setImmediate(spin);
  };
  spin();
  await promise.finally(() => clearImmediate(immediate));
}

function isRight(response: string): boolean {
  return response.startsWith("HTTP/1.1 200") && response.endsWith(END_OF_HEAD + BODY);
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.setEncoding("latin1");
    socket.once("error", reject).once("connect", () => resolve(socket.off("error", reject)));
  });
}
