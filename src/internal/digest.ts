/** SHA-256 (FIPS 180-4), for names of what is public: a file, a cookie's value. */

import { hash } from "node:crypto";

export function sha256Hex(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}
