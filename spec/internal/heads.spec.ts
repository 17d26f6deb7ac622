/**
 * Reading and changing the fields of a response: what `writeHead` is called with, and what is undone on
 * failure.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Change,
  changeHeaders,
  HeadArguments,
  type HeadResponse,
  isResponse,
} from "../../src/internal/heads.ts";

interface Made {
  set?: Record<string, string | number | readonly string[]>;
  /** Members that only some responses have. */
  more?: object;
}

/** A response as in node:http, reduced to its fields. */
class Answer implements HeadResponse {
  statusMessage = "Fine";
  readonly set: Map<string, string | number | readonly string[]>;

  constructor({ set = {}, more = {} }: Made = {}) {
    this.set = new Map(Object.entries(set));
    Object.assign(this, more);
  }
  getHeader(name: string): string | number | readonly string[] | undefined {
    return this.set.get(name.toLowerCase());
  }
  getHeaderNames(): string[] {
    return [...this.set.keys()];
  }
  setHeader(name: string, value: string | readonly string[]): void {
    this.set.set(name.toLowerCase(), value);
  }
  removeHeader(name: string): void {
    this.set.delete(name.toLowerCase());
  }
}

const headOf = (...args: unknown[]): HeadArguments => new HeadArguments(new Answer(), args);
const VARY: Change = ["Vary", "Cookie"];
const COOKIES: Change = ["Set-Cookie", ["a=1", "b=2"]];
/** The change that sessions ask for when a response without a body fails. */
const NO_LENGTH: Change = ["Content-Length", undefined];

/** Returns what `writeHead` is called with for these arguments and changes. */
function written(
  made: Made,
  args: readonly unknown[],
  changes: readonly Change[],
  status?: number,
): { args: unknown[]; answer: Answer } {
  const answer = new Answer(made);
  let given: unknown[] = [];
  const writeHead = (...all: unknown[]): unknown => {
    given = all;
    return answer;
  };
  assert.equal(new HeadArguments(answer, args).write(writeHead, changes, status), answer);
  return { args: given, answer };
}

describe("reading a head", () => {
  test("knows which statuses have no body (RFC 9110 section 6.4.1), as a number or as text", () => {
    for (const status of [100, 101, 103, 199, 204, 304]) {
      for (const given of [status, String(status)]) assert.equal(headOf(given).hasNoBody, true);
    }
    for (const status of [200, 203, 205, 303, 305, 404, 500]) {
      for (const given of [status, String(status)]) assert.equal(headOf(given).hasNoBody, false);
    }
  });

  test("lists the names that are set and those of the call", () => {
    const names = (answer: HeadResponse, ...args: unknown[]) =>
      new HeadArguments(answer, args).names();
    const set = { "x-one": "1" };
    assert.deepEqual(names(new Answer({ set }), 200), ["x-one"]);
    assert.deepEqual(names(new Answer({ set }), 200, { "X-Two": "2" }), ["x-one", "X-Two"]);
    const without = new Answer({ more: { getHeaderNames: undefined } });
    assert.deepEqual(names(without, 200), []);
    assert.deepEqual(names(without, 200, "Fine", ["X-Two", "2"]), ["X-Two"]);
  });

  test("compares names as text, in any case; other values are left to Node", () => {
    const list = ["V", "a", "r", "y"];
    for (const name of ["Vary", "vary", "VARY"]) {
      assert.deepEqual(headOf(200, { [name]: "x" }).get("Vary"), ["x"]);
    }
    for (const name of [undefined, null, 7, list, "Var", "Varys", "Very", ""]) {
      const head = headOf(200, [[name, "x"]]);
      assert.equal(head.get("Vary"), undefined);
      assert.equal(head.refuses("Vary"), false);
    }
  });

  test("reports a value that Node rejects, of that field alone", () => {
    const bad = ["\n", "a\u0000", "\u0100", "\x7f", ["a", "\n"], ["\r", "a"], ["a", undefined]];
    for (const value of bad) {
      assert.equal(headOf(200, { vary: value }).refuses("Vary"), true, JSON.stringify(value));
      assert.equal(headOf(200, { "X-Vary": value }).refuses("Vary"), false);
      const http2 = new HeadArguments(new Answer({ more: { stream: {} } }), [200, { vary: value }]);
      assert.equal(http2.refuses("Vary"), false);
    }
    for (const value of ["", "\t a", "\x80\xff", 7, null, [], ["a", "b"]]) {
      assert.equal(headOf(200, { vary: value }).refuses("Vary"), false, JSON.stringify(value));
    }
    assert.equal(headOf(200, ["X-One"]).refuses("Vary"), true, "an odd list");
    assert.equal(headOf(200, { "X-One": undefined }).refuses("Vary"), true);
  });
});

describe("a head is written", () => {
  test("passes the arguments on unchanged where nothing changes", () => {
    for (const set of [{}, { "x-one": "1" }]) {
      for (const fields of [{ "X-Two": "2" }, ["X-Two", "2"], [["X-Two", "2"]]]) {
        const { args } = written({ set }, [200, fields], []);
        assert.equal(args[1], fields, "not a copy");
      }
      assert.deepEqual(written({ set }, [200], []).args, [200]);
      assert.deepEqual(written({ set }, [200, "Fine"], []).args, [200, "Fine"]);
    }
  });

  test("puts the changes into the arguments where no field is set", () => {
    const rows: [fields: unknown, written: unknown][] = [
      [undefined, { Vary: "Cookie", "Set-Cookie": ["a=1", "b=2"] }],
      [[], { Vary: "Cookie", "Set-Cookie": ["a=1", "b=2"] }],
      [
        { vary: "x", n: 1 },
        { n: 1, Vary: "Cookie", "Set-Cookie": ["a=1", "b=2"] },
      ],
      [
        ["vary", "x", "n", 1],
        ["n", 1, "Vary", "Cookie", "Set-Cookie", ["a=1", "b=2"]],
      ],
      [
        [
          ["vary", "x"],
          ["n", 1],
        ],
        [["n", 1], VARY, COOKIES],
      ],
    ];
    for (const [fields, wanted] of rows) {
      const { args, answer } = written({}, [200, fields], [VARY, COOKIES]);
      assert.deepEqual(args, [200, wanted]);
      assert.deepEqual(answer.getHeaderNames(), []);
    }
  });

  test("sets the changes where a field is set, and removes them from the arguments", () => {
    const fields = { "set-cookie": "c=3", n: 1 };
    const made = { set: { "content-length": 5, vary: "x" } };
    const { args, answer } = written(made, [200, fields], [VARY, COOKIES, NO_LENGTH]);
    assert.deepEqual(args, [200, { n: 1 }]);
    assert.deepEqual(Object.fromEntries(answer.set), {
      vary: "Cookie",
      "set-cookie": ["a=1", "b=2"],
    });
  });

  test("leaves pairs to node:http where a field is set, because it rejects them; node:http2 accepts them", () => {
    const pairs = [["Vary", "x"]];
    const set = { "x-one": "1" };
    assert.equal(written({ set }, [200, pairs], [VARY]).args[1], pairs);
    const { args } = written({ set, more: { stream: {} } }, [200, pairs], [VARY]);
    assert.deepEqual(args, [200, []]);
  });

  test("drops the reason with another status", () => {
    const set = { "x-one": "1" };
    const { args, answer } = written({ set }, [204, "Mine"], [VARY], 500);
    assert.deepEqual([args, answer.statusMessage], [[500], ""]);
    const http2 = written({ set, more: { stream: {} } }, [204], [VARY], 500);
    assert.deepEqual([http2.args, http2.answer.statusMessage], [[500], "Fine"]);
  });

  test("writes Content-Length 0 where a response that must have no body fails and its body is already discarded", () => {
    const changes = [VARY, NO_LENGTH];
    const emptied = { more: { _hasBody: false } };
    const rows: [made: Made, status: number, failure: number | undefined, length: unknown][] = [
      [emptied, 204, 500, "0"],
      [emptied, 304, 500, "0"],
      [emptied, 200, 500, undefined],
      [emptied, 204, undefined, undefined],
      [{ more: { _hasBody: true } }, 204, 500, undefined],
      [{}, 304, 500, undefined],
    ];
    for (const [made, status, failure, length] of rows) {
      const { args } = written(made, [status, [["ETag", "x"]]], changes, failure);
      const lengths = length === undefined ? [] : [["Content-Length", length]];
      assert.deepEqual(args[1], [["ETag", "x"], VARY, ...lengths]);
    }
  });

  test("undoes the changes and the reason if the call throws", () => {
    const error = new Error("no");
    const rows: [more: object, status: number | undefined][] = [
      [{}, undefined],
      [{}, 500],
      [{ stream: {} }, undefined],
      [{ stream: {} }, 500],
    ];
    for (const [more, status] of rows) {
      const set = { vary: "x", "set-cookie": ["c=3"] };
      const answer = new Answer({ set, more });
      const writeHead = (): never => {
        // node:http2 sets fields before it rejects a call.
        answer.setHeader("Vary", "Cookie");
        answer.setHeader("Set-Cookie", ["a=1", "b=2"]);
        answer.setHeader("Cache-Control", "private");
        throw error;
      };
      const changes: Change[] = [VARY, COOKIES, ["Cache-Control", "private"]];
      assert.throws(
        () => new HeadArguments(answer, [200]).write(writeHead, changes, status),
        error,
      );
      assert.deepEqual(Object.fromEntries(answer.set), set);
      assert.equal(answer.statusMessage, "Fine");
    }
  });
});

describe("Headers and Response", () => {
  test("changeHeaders changes the fields, or returns false for immutable ones", () => {
    const headers = new Headers({ vary: "x", "content-length": "5" });
    assert.equal(changeHeaders(headers, [VARY, COOKIES, NO_LENGTH]), true);
    assert.deepEqual(
      [[...headers.keys()].sort(), headers.getSetCookie(), headers.get("vary")],
      [["set-cookie", "set-cookie", "vary"], ["a=1", "b=2"], "Cookie"],
    );
    // On most runtimes the headers of fetch() and Response.redirect() are immutable.
    const immutable = (): never => {
      throw new TypeError("immutable");
    };
    const fixed = Object.assign(new Headers(), { delete: immutable, append: immutable });
    assert.equal(changeHeaders(fixed, [VARY]), false);
  });

  test("isResponse accepts a Response of any realm", () => {
    const throwing = {
      get [Symbol.toStringTag](): string {
        throw new Error("no");
      },
    };
    assert.equal(isResponse(new Response(null)), true);
    assert.equal(isResponse({ [Symbol.toStringTag]: "Response" }), true);
    for (const other of [throwing, {}, undefined, null, "Response"]) {
      assert.equal(isResponse(other), false);
    }
  });
});
