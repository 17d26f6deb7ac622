/** Hashes what is public with SHA-256 (FIPS 180-4), for `bulla vendor`. */

import { hash } from "node:crypto";

export function sha256Hex(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}
