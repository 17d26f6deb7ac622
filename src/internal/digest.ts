/** SHA-256 (FIPS 180-4) of what is public, as `bulla vendor` writes it down. */

import { hash } from "node:crypto";

export function sha256Hex(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}
