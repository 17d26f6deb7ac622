/** Encrypting and decrypting Fernet tokens. */

import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Fernet } from "bulla/fernet";
import { each, hmacFloor, whole, withWrongMac, words } from "./fixtures.ts";
import type { Case, Contender } from "./harness.ts";
import { PlainFernet } from "./plain.ts";
import { fernet, fernetNodejs } from "./rivals.ts";

interface Party {
  readonly name: string;
  readonly encrypt: (message: string) => string;
  readonly decrypt: (token: string) => string | Uint8Array;
}

const key = Fernet.generateKey();
const own = new Fernet(key);
const OVERHEAD = 25;

const parties: readonly Party[] = [bulla(), plain(), nodejs()];
const npm = npmFernet();

export function agree(): void {
  const message = words(120);
  for (const { name, encrypt } of [...parties, npm]) {
    const token = encrypt(message);
    for (const { name: other, decrypt } of [...parties, npm]) {
      assert.equal(textOf(decrypt(token)), message, `${other} reads the token of ${name}`);
      assert.throws(() => decrypt(withWrongMac(token)), `${other} refuses a wrong MAC`);
    }
    assert.equal(own.decryptText(token), message);
  }
}

export function cases(): Case[] {
  return [
    encrypting("fernet.encrypt.120", "Fernet encrypt, 120 bytes", 120),
    decrypting("fernet.decrypt.120", "Fernet decrypt, 120 bytes", 120),
    encrypting("fernet.encrypt.2048", "Fernet encrypt, 2 KiB", 2048),
    decrypting("fernet.decrypt.2048", "Fernet decrypt, 2 KiB", 2048),
    encrypting("fernet.encrypt.1048576", "Fernet encrypt, 1 MiB", 2 ** 20),
    decrypting("fernet.decrypt.1048576", "Fernet decrypt, 1 MiB", 2 ** 20),
    refusing(),
  ];
}

function encrypting(id: string, title: string, size: number): Case {
  const messages = each(() => words(size));
  const contend = ({ name, encrypt }: Party): Contender => ({
    name,
    run: (turn) => encrypt(messages(turn)),
  });
  return { id, title, contenders: [...competing(size).map(contend), encryptFloor(size)] };
}

function decrypting(id: string, title: string, size: number): Case {
  const tokens = each(() => whole(own.encrypt(words(size))));
  const contend = ({ name, decrypt }: Party): Contender => ({
    name,
    run: (turn) => decrypt(tokens(turn)),
  });
  const text = { name: "bulla, decryptText", run: (turn: number) => own.decryptText(tokens(turn)) };
  const contenders = [...competing(size).map(contend), text, decryptFloor(size)];
  return { id, title, contenders };
}

/** The cost of a thrown refusal, with its Error and the stack. */
function refusing(): Case {
  const tokens = each(() => withWrongMac(own.encrypt(words(120))));
  const contend = ({ name, decrypt }: Party): Contender => ({
    name,
    run: (turn) => {
      try {
        return decrypt(tokens(turn));
      } catch (error) {
        return error;
      }
    },
  });
  const title = "Fernet decrypt, 120 bytes, wrong MAC, thrown";
  return { id: "fernet.refuse.120", title, contenders: parties.map(contend) };
}

/** Leaves out npm's fernet for a MiB, which takes it seconds. */
function competing(size: number): readonly Party[] {
  return size < 2 ** 20 ? [...parties, npm] : parties;
}

/** The least work: one update of an open cipher over the padded message, and the MAC. */
function encryptFloor(size: number): Contender {
  const padded = randomBytes(paddedLength(size));
  const cipher = createCipheriv("aes-128-cbc", randomBytes(16), randomBytes(16));
  const macs = hmacFloor(OVERHEAD + padded.length);
  const run = (): Buffer => {
    macs();
    return cipher.update(padded);
  };
  return { name: "floor", run, floor: true };
}

function decryptFloor(size: number): Contender {
  const ciphertext = randomBytes(paddedLength(size));
  const decipher = createDecipheriv("aes-128-cbc", randomBytes(16), randomBytes(16));
  decipher.setAutoPadding(false);
  const macs = hmacFloor(OVERHEAD + ciphertext.length);
  const run = (): Buffer => {
    macs();
    return decipher.update(ciphertext);
  };
  return { name: "floor", run, floor: true };
}

function bulla(): Party {
  return {
    name: "bulla",
    encrypt: (message) => own.encrypt(message),
    decrypt: (token) => own.decrypt(token),
  };
}

function plain(): Party {
  const party = new PlainFernet(Buffer.from(key, "base64url"));
  return {
    name: "node:crypto",
    encrypt: (message) => party.encrypt(message),
    decrypt: (token) => party.decrypt(token),
  };
}

function nodejs(): Party {
  const party = new fernetNodejs.Fernet(key);
  return {
    name: "fernet-nodejs",
    encrypt: (message) => party.encrypt(message),
    decrypt: (token) => party.decrypt(token),
  };
}

function npmFernet(): Party {
  const secret = new fernet.Secret(key);
  return {
    name: "fernet",
    encrypt: (message) => new fernet.Token({ secret }).encode(message),
    decrypt: (token) => new fernet.Token({ secret, token, ttl: 0 }).decode(),
  };
}

function textOf(message: string | Uint8Array): string {
  return typeof message === "string" ? message : Buffer.from(message).toString();
}

function paddedLength(size: number): number {
  return size + 16 - (size % 16);
}
