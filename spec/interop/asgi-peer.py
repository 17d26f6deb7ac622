"""A service in Python that keeps its sessions in the cookie of asgi-sessions 1.2, for asgi.spec.ts.

Written from the cookies on the wire, with PyJWT and cryptography. A JSON request a line comes in, an answer a
line goes out: the session as it was found and as it is left, and the Set-Cookie where it was changed. What that
middleware does not catch is an answer with the status 500.
"""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from http.cookies import _unquote

import jwt
from cryptography.fernet import Fernet, InvalidToken

FOURTEEN_DAYS = 1209600


def cookie_of(header, name):
    """Of several cookies of the name the last one counts."""
    found = None
    for pair in header.split(";"):
        key, _, value = pair.partition("=")
        if key.strip() == name:
            found = _unquote(value.strip())
    return found


def fernet_of(secret):
    """The key: the secret's first 32 characters, filled up with "=". A longer secret makes a key that is too long."""
    key = secret if len(secret) == 32 else secret[:32].ljust(32 if len(secret) < 32 else 64, "=")
    return Fernet(urlsafe_b64encode(key.encode()))


def compact(data):
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def open_session(kind, secret, value):
    """The session of a cookie; empty where the cookie is known to be bad. Other errors raise."""
    fernet = fernet_of(secret) if kind == "fernet" else None
    session = {}
    if not value:
        return session
    if kind == "jwt":
        try:
            session.update(jwt.decode(value, key=secret, algorithms=["HS256"]))
        except jwt.DecodeError:
            pass
    elif kind == "fernet":
        try:
            session.update(json.loads(fernet.decrypt(value.encode()).decode()))
        except InvalidToken:
            pass
    else:
        try:
            text = urlsafe_b64decode(value)
        except ValueError:
            return session
        session.update(json.loads(text.decode()))
    return session


def seal_session(kind, secret, session):
    if kind == "jwt":
        return jwt.encode(session, key=secret, algorithm="HS256")
    if kind == "fernet":
        return fernet_of(secret).encrypt(compact(session)).decode()
    return urlsafe_b64encode(compact(session)).decode()


def answer(request):
    kind, secret, name = request["type"], request["secret"], request.get("name", "session")
    session = open_session(kind, secret, cookie_of(request["cookie"], name))
    found = dict(session)
    modified = False
    for edit in request.get("edits", []):
        if edit[0] == "set":
            # Python sees no change between equal values: 1, 1.0 and True.
            modified = session.get(edit[1]) != edit[2]
            session[edit[1]] = edit[2]
        elif edit[0] == "delete":
            modified = edit[1] in session
            session.pop(edit[1], None)
        else:
            modified = bool(session)
            session.clear()
    done = {"status": 200, "found": found, "left": session}
    if modified:
        value = seal_session(kind, secret, session)
        done["setCookie"] = f"{name}={value}; Max-Age={FOURTEEN_DAYS}; Path=/; SameSite=lax"
    return done


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # as the server answers any other error
        reply = {"status": 500, "error": type(error).__name__}
    print(json.dumps(reply), flush=True)
