"""Fernet and HKDF as Python's `cryptography` has them, for python.ts."""

import json
import sys
from base64 import b64decode, b64encode, urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def answer(request):
    op = request["op"]
    if op == "encrypt":
        message = b64decode(request["message"])
        token = Fernet(request["key"]).encrypt_at_time(message, request["now"])
        return {"token": token.decode()}
    if op == "decrypt":
        fernet = Fernet(request["key"])
        token = request["token"].encode()
        if "ttl" in request:
            message = fernet.decrypt_at_time(token, request["ttl"], request["now"])
        else:
            message = fernet.decrypt(token)
        timestamp = fernet.extract_timestamp(token)
        return {"message": b64encode(message).decode(), "timestamp": timestamp}
    if op == "rotate":
        fernets = MultiFernet([Fernet(key) for key in request["keys"]])
        return {"token": fernets.rotate(request["token"].encode()).decode()}
    if op == "derive":
        hkdf = HKDF(SHA256(), 32, salt=None, info=request["info"].encode())
        key = hkdf.derive(b64decode(request["secret"]))
        return {"key": urlsafe_b64encode(key).decode()}
    raise ValueError(op)


for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))))
    except InvalidToken:
        print(json.dumps({"error": "InvalidToken"}))
