/** The cookies of aiohttp-session's EncryptedCookieStorage: `{"created": ..., "session": {...}}` in Fernet. */

import { Fernet, type FernetKey } from "bulla/fernet";
import { firstOf, type Opener, objectOf, valuesOf } from "./migrate.ts";

/** The options of the storage, with its defaults. */
export interface AiohttpSessionOptions {
  /** 44 characters, or 32 bytes. */
  secret_key: FernetKey;
  cookie_name?: string;
  /** In seconds. By default cookies do not expire. */
  max_age?: number;
}

export function aiohttpSession(options: AiohttpSessionOptions): Opener {
  const { secret_key, cookie_name = "AIOHTTP_SESSION", max_age: ttl } = options;
  const fernet = new Fernet(secret_key, ttl === undefined ? {} : { ttl });
  return {
    names: [cookie_name],
    open: (cookies, now = Date.now() / 1000) =>
      firstOf(valuesOf(cookies, cookie_name), (token) => {
        const data = objectOf(decrypted(fernet, token, now));
        if (data?.session === undefined) return data && {};
        const age = Math.floor(now) - Number(data.created);
        return ttl === undefined || age <= ttl ? objectOf(JSON.stringify(data.session)) : undefined;
      }),
  };
}

function decrypted(fernet: Fernet, token: string, now: number): string | undefined {
  try {
    return fernet.decryptText(token, { now });
  } catch {
    return undefined;
  }
}
