/** The texts of --help. Every example works as printed, run from its first line in an empty folder. */

const GENERAL = `bulla: tokens in sealed envelopes

  bulla keygen jwt|fernet|secret [--out FILE]      a fresh key
  bulla inspect [--secret KEY]... [--name COOKIE]  what a token or a cookie is, and what is proven
  bulla sign --key KEY...                          claims to a JWT
  bulla verify --key KEY...                        a JWT to its claims
  bulla encrypt --key KEY...                       a message to a Fernet token
  bulla decrypt --key KEY... [--ttl S]             a Fernet token to its message
  bulla rotate --key NEW --key OLD... [--ttl S]    Fernet tokens, one a line, under the new key
  bulla check                                      six published vectors, as a self-test
  bulla vendor MODULE... FOLDER                    a module's source into your own folder
  bulla vendor --check FOLDER                      whether it is still what it was

KEY is env:NAME, file:PATH (text) or raw:PATH (bytes), and never the key itself. What a command works on
comes from stdin or --in FILE, and goes to stdout or --out FILE, which must not be there yet.
--json prints one line for programs, --now S sets the time. Exit status: 0 good, 1 refused, 2 misuse, a
key or a file. bulla COMMAND --help tells more, with an example that works as it stands; --version which
bulla this is.
`;

const KEY = `  KEY is env:NAME, file:PATH (text, its last newline dropped) or raw:PATH (bytes).
`;

const POLICY = `${KEY}  --issuer --audience --subject --typ --jwt-id   what it must say; --issuer and --audience can be repeated
  --expires-in S --not-before S                  sign: sets exp and nbf; verify: exp must be there
  --max-age S                                    the greatest age since iat
  --tolerance S                                  how far the clocks may differ
  --require CLAIM                                a claim that must be there; can be repeated
  --max-length N                                 the longest token, 8192 characters by default
`;

const COMMANDS: Readonly<Record<string, string>> = {
  keygen: `bulla keygen jwt|fernet|secret [--out FILE]

Prints a fresh random key of 256 bits: for JWTs, for Fernet, or as a secret of sessions. FILE is readable by
its owner alone. A key is not written to a stdout that is a file others can read.

  bulla keygen secret --out session.key
  ls -l session.key
`,
  inspect: `bulla inspect [--secret KEY]... [--name COOKIE] [--ttl S] [--now S] [--json] [--no-color]

Tells what a JWT, a Fernet token, a session cookie or a whole Cookie: or Set-Cookie: field is, what anybody
can read of it, and what the keys prove. A token that is a cookie's value needs that cookie's --name. It takes
the options of verify, too. The status is 0 for what is recognised, and with --secret only for what is proven.

${KEY}
  cat > token.txt <<'END'
  gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==
  END
  bulla inspect < token.txt
  export KEY=cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=
  bulla inspect --secret env:KEY < token.txt
`,
  sign: `bulla sign --key KEY... [options]

Reads claims, a JSON object, and prints a JWT (HS256) under the first key.

${POLICY}
  bulla keygen jwt --out jwt.key
  echo '{"sub":"tom"}' | bulla sign --key file:jwt.key --expires-in 600 --out token.txt
  bulla verify --key file:jwt.key --expires-in 600 --in token.txt
`,
  verify: `bulla verify --key KEY... [options]

Reads a JWT and prints its claims, once its MAC under one of the keys, its header and its claims were right.

${POLICY}
  bulla keygen jwt --out jwt.key
  echo '{"sub":"tom","aud":"api"}' | bulla sign --key file:jwt.key --out token.txt
  bulla verify --key file:jwt.key --audience api < token.txt
`,
  encrypt: `bulla encrypt --key KEY...

Reads a message, which can be any bytes, and prints a Fernet token under the first key.

${KEY}
  bulla keygen fernet --out fernet.key
  printf 'a secret' | bulla encrypt --key file:fernet.key --out token.txt
  bulla decrypt --key file:fernet.key < token.txt
`,
  decrypt: `bulla decrypt --key KEY... [--ttl S]

Reads a Fernet token and writes its message, to the byte; with --ttl only if it is no older than so many
seconds. What is not text is not written to a terminal.

${KEY}
  bulla keygen fernet --out fernet.key
  printf 'a secret' | bulla encrypt --key file:fernet.key --out token.txt
  bulla decrypt --key file:fernet.key --ttl 60 < token.txt
`,
  rotate: `bulla rotate --key NEW --key OLD... [--ttl S]

Reads Fernet tokens, one a line, and writes each under the first key with the same time: all, or nothing.

${KEY}
  bulla keygen fernet --out old.key
  bulla keygen fernet --out new.key
  echo one | bulla encrypt --key file:old.key >> tokens.txt
  echo two | bulla encrypt --key file:old.key >> tokens.txt
  bulla rotate --key file:new.key --key file:old.key --in tokens.txt --out rotated.txt
  wc -l rotated.txt
`,
  check: `bulla check

Runs six published vectors, of RFC 4648, RFC 4231, RFC 7515 and the Fernet spec, on what is installed.

  bulla check
`,
  vendor: `bulla vendor MODULE... FOLDER [--ts]
bulla vendor --check FOLDER

Writes base64url, jwt, fernet, cookie, session or asgi, with all that it imports, as JavaScript with types or,
with --ts, as TypeScript; several share one folder. FOLDER/check.js runs the published vectors of what is there.
The folder has to lie in a package with "type": "module", which npm init does not write. A newer version of the
command replaces what it wrote, unless it was edited. --check names every file that is not as this version
writes it.

  bulla vendor fernet jwt vendor
  node vendor/check.js
  bulla vendor --check vendor
`,
};

/** Returns the help of a command, or the general one; undefined for an unknown command. */
export function helpOf(command: string | undefined): string | undefined {
  if (command === undefined) return GENERAL;
  return Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
}
