/** An example as an application of its own: copied together, type-checked, built for production, and started. */

import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { compose, run, Site } from "../../helpers/built-apps.ts";
import type { Visited } from "./walks.ts";

const ROOT = resolve(import.meta.dirname, "../../../..");
const SECRET = "a secret of some more than 32 bytes";

type Program = readonly [name: string, ...args: string[]];

export interface Parts {
  /** Programs of node_modules/.bin. */
  readonly build: Program;
  readonly types: Program;
  /** The file that the build makes for Node. */
  readonly entry: string;
  /** The end of a path after a page's: "/me", or "?/login". */
  readonly me?: string;
  readonly deed?: string;
  /** Runs after the start and before the tests. */
  readonly prepare?: () => Promise<void>;
}

export interface Application {
  readonly port: number;
  /** The example itself. */
  site(more?: Partial<Visited>): Visited;
  /** The same at /store, with the framework's cookie store. */
  store(more?: Partial<Visited>): Visited;
  /** Waits until the server has printed this, from the start of the test on. */
  printed(words: string): Promise<void>;
}

/**
 * Builds examples/NAME and starts it before the tests, and tests its types. Files of the folder `more` beside the
 * spec are copied over it. bulla is a copy of what is published, as npm would install it, and not a link.
 */
export function application(
  name: string,
  { build, types, entry, prepare, ...paths }: Parts,
): Application {
  const beside = resolve(import.meta.dirname, "..", name);
  const folder = join(beside, "dist");
  const program = ([file, ...args]: Program): void =>
    run(folder, join(beside, "node_modules/.bin", file), ...args);
  let site: Site | undefined;
  const started = (): Site => {
    if (site === undefined) throw new Error(`${name} has not been started`);
    return site;
  };

  before(async () => {
    const more = join(beside, "more");
    compose(folder, join(ROOT, "examples", name), ...(existsSync(more) ? [more] : []));
    install(folder, beside);
    program(build);
    site = await Site.start(folder, [entry], {
      SESSION_SECRET: SECRET,
      NUXT_SESSION_SECRET: SECRET,
    });
    await prepare?.();
  });
  after(() => site?.end());
  beforeEach(() => site?.forget());

  test("the application type-checks", () => program(types));

  const visited = (home: string, more: Partial<Visited>): Visited => ({
    port: started().port,
    paths: pathsOf(home, paths),
    ...more,
  });
  return {
    get port() {
      return started().port;
    },
    site: (more = {}) => visited("/", more),
    store: (more = {}) => visited("/store", { name: "__Host-stored", isStore: true, ...more }),
    printed: (words) => started().printed(words),
  };
}

function pathsOf(home: string, { me = "/", deed = "/" }: Pick<Parts, "me" | "deed">) {
  const path = (sign: string, name: string): string => `${home}${sign}${name}`.replace("//", "/");
  return {
    home,
    me: path(me, "me"),
    login: path(deed, "login"),
    note: path(deed, "note"),
    logout: path(deed, "logout"),
  };
}

function install(folder: string, beside: string): void {
  for (const name of ["package.json", "dist", "src"]) {
    cpSync(join(ROOT, name), join(folder, "node_modules/bulla", name), { recursive: true });
  }
  const { devDependencies } = JSON.parse(readFileSync(join(beside, "package.json"), "utf8"));
  const own = {
    name: "example",
    private: true,
    type: "module",
    dependencies: { bulla: "*" },
    devDependencies: { ...devDependencies, bulla: undefined },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(own));
}
