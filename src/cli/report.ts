/** Prints the findings of `inspect`, as lines for people or as one line of JSON. */

import { TokenError } from "../internal/errors.ts";
import { messageOf } from "./fernet.ts";
import type { Inspected, Report } from "./inspect.ts";
import { ordinal } from "./keys.ts";
import type { Proof } from "./prove.ts";
import { escaped, json } from "./text.ts";
import { counted, durationOf, isoOf, whenOf } from "./when.ts";

/** A name with its value; without a value, the head of the rows below. */
interface Row {
  readonly name: string;
  readonly value?: string;
  readonly note?: string;
  readonly style?: Style;
}

type Style = "title" | "head" | "good" | "bad" | "open" | "note";

const SGR: Readonly<Record<Style, string>> = {
  title: "1",
  head: "36",
  good: "32",
  bad: "31",
  open: "33",
  note: "2",
};

const KINDS: Readonly<Record<Proof["kind"], string>> = {
  jwt: "JWT",
  fernet: "Fernet token",
  session: "session",
  "asgi-session": "session of asgi-sessions",
  unknown: "not recognised",
};

export function textReport(report: Report, colours: boolean): string {
  const blocks = report.inspected.map((one) => rowsOf(one, report));
  if (report.field.attributes.length > 0) blocks.push(attributeRows(report));
  if (blocks.length === 0) blocks.push([{ name: "no cookie that a server reads", style: "title" }]);
  return blocks.map((rows) => linesOf(rows, colours)).join("\n");
}

function linesOf([title, ...rows]: readonly Row[], colours: boolean): string {
  const paint = (style: Style, text: string): string =>
    colours ? `\x1b[${SGR[style]}m${text}\x1b[0m` : text;
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  const lines = rows.map(({ name, value, note, style = "note" }) => {
    const isHead = value === undefined;
    const label = isHead ? paint("head", name) : name;
    const gap = " ".repeat(width - name.length);
    const said = note === undefined ? "" : paint(isHead ? style : "note", note);
    if (isHead) return `  ${label}${gap}${said}`;
    const shown = style === "note" ? value : paint(style, value);
    return `    ${label}${gap}${shown}${said === "" ? "" : `  ${said}`}`;
  });
  return [paint("title", (title as Row).name), ...lines]
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function rowsOf({ name, proof }: Inspected, { keys, now }: Report): Row[] {
  const { kind, type, characters, header, claims, times = {}, id, data, message } = proof;
  const what = `${KINDS[kind]}${type === undefined ? "" : ` of type ${type}`}`;
  const title = `${name === undefined ? "" : `${escaped(name)}: `}${what}, ${counted(characters, "character")}`;
  const rows: Row[] = [{ name: title, style: "title" }];
  // A cookie of another program: nothing to say.
  if (kind === "unknown" && name !== undefined) return rows;
  const anybody = { style: "open" as const };
  if (header !== undefined) {
    rows.push({ name: "header", note: "anybody can read it", ...anybody }, ...members(header));
  }
  if (claims !== undefined && data === undefined) {
    rows.push({ name: "claims", note: "anybody can read them", ...anybody });
    rows.push(...members(claims, times, now));
  }
  if (Object.keys(times).length > 0 && (claims === undefined || data !== undefined)) {
    const note = kind === "fernet" || data === undefined ? "anybody can read it" : undefined;
    rows.push({ name: "times", ...(note && { note }), ...anybody }, ...timeRows(times, now));
  }
  if (data !== undefined) {
    const note =
      type === "base64"
        ? "anybody can read and forge them"
        : type === "jwt"
          ? "anybody can read them"
          : undefined;
    if (id !== undefined) rows.push({ name: "session" }, { name: "id", value: json(id) });
    rows.push({ name: "data", ...(note && { note }), ...anybody }, ...members(data));
  }
  if (message !== undefined) rows.push({ name: "message" }, ...messageRows(message));
  return [...rows, { name: "verdict" }, ...verdictRows(proof, keys)];
}

function members(object: object, times: Readonly<Record<string, number>> = {}, now = 0): Row[] {
  return Object.entries(object).map(([name, value]) => {
    const seconds = Object.hasOwn(times, name) ? times[name] : undefined;
    const note = seconds === undefined ? undefined : timeNote(seconds, now);
    return { name: escaped(name), value: json(value), ...(note !== undefined && { note }) };
  });
}

function timeRows(times: Readonly<Record<string, number>>, now: number): Row[] {
  return Object.entries(times).map(([name, seconds]) => ({
    name,
    value: String(seconds),
    note: timeNote(seconds, now),
  }));
}

function timeNote(seconds: number, now: number): string {
  const iso = isoOf(seconds);
  return iso === undefined ? "beyond the calendar" : `${iso}, ${whenOf(seconds, now)}`;
}

function messageRows(message: Uint8Array): Row[] {
  const shown = messageOf(message);
  return Object.entries(shown).map(([name, value]) => ({ name, value: json(value) }));
}

function verdictRows({ proven, code, claim, key, type }: Proof, keys: number): Row[] {
  const by = key === undefined || keys < 2 ? "the key" : `the ${ordinal(key)} key`;
  if (proven) return [{ name: "proven", value: `by ${by}`, style: "good" }];
  const rows: Row[] = [];
  if (key !== undefined) rows.push({ name: "MAC", value: `holds under ${by}` });
  if (code !== undefined) {
    const { message } = new TokenError(code, claim);
    rows.push({ name: "refused", value: `${code}: ${escaped(message)}`, style: "bad" });
  }
  if (type === "base64") {
    rows.push({ name: "proven", value: "nothing: type base64 is not signed", style: "bad" });
  } else if (keys === 0) {
    rows.push({ name: "proven", value: "nothing: no key was given (--secret)", style: "open" });
  }
  return rows;
}

function attributeRows({ field, now }: Report): Row[] {
  const rows = field.attributes.map(([name, value]) => {
    const note = attributeNote(name.toLowerCase(), value ?? "", now);
    return { name: escaped(name), value: escaped(value ?? "yes"), ...(note && { note }) };
  });
  return [{ name: "Set-Cookie", style: "title" }, { name: "attributes" }, ...rows];
}

function attributeNote(name: string, value: string, now: number): string | undefined {
  if (name === "max-age" && /^\d{1,12}$/.test(value)) return durationOf(Number(value));
  const time = name === "expires" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : timeNote(time / 1000, now);
}

export function jsonReport(report: Report): string {
  const { field, inspected, now } = report;
  const [first] = inspected;
  if (field.kind === "token" && first !== undefined) return `${json(jsonOf(first, now))}\n`;
  const proven = inspected.some(({ proof }) => proof.proven);
  const cookies = inspected.map((one) => jsonOf(one, now));
  const attributes = Object.fromEntries(field.attributes.map(([n, value]) => [n, value ?? true]));
  const { code, claim } = report.refused ?? {};
  const all = { kind: field.kind, proven, code, claim, cookies };
  return `${json(field.kind === "set-cookie" ? { ...all, attributes } : all)}\n`;
}

function jsonOf({ name, proof }: Inspected, now: number): object {
  const { kind, type, proven, code, claim, key, times = {}, message, ...rest } = proof;
  const told = Object.entries(times).map(([time, seconds]) => [
    time,
    { seconds, iso: isoOf(seconds), when: whenOf(seconds, now) },
  ]);
  return {
    ...(name !== undefined && { name }),
    ...{ kind, type, proven, code, claim },
    ...(key !== undefined && { key: key + 1 }),
    ...rest,
    ...(told.length > 0 && { times: Object.fromEntries(told) }),
    ...(message !== undefined && { message: messageOf(message) }),
  };
}
