"""Cookies of Starlette, Flask and aiohttp-session, made by themselves, for migrate.spec.ts.

A JSON request a line comes in: {"library", "options", "data", "at"}; the Set-Cookie fields that the library
sends at that time go out.
"""

import asyncio
import json
import sys
import time
from unittest import mock


def starlette(options, data):
    from starlette.middleware.sessions import SessionMiddleware

    async def application(scope, receive, send):
        scope["session"].update(data)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    fields = []

    async def send(message):
        fields.extend(message["headers"])

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(SessionMiddleware(application, **options)(scope, None, send))
    return [value.decode() for name, value in fields if name.lower() == b"set-cookie"]


def flask(options, data):
    from flask import Flask, session

    application = Flask("peer")
    application.config.update(options)

    @application.get("/")
    def index():
        for name, value in data.items():
            session[name] = tuple(value) if name == "tuple" else value
        return ""

    return application.test_client().get("/").headers.getlist("Set-Cookie")


def aiohttp(options, data):
    from aiohttp import web
    from aiohttp.test_utils import make_mocked_request
    from aiohttp_session.cookie_storage import EncryptedCookieStorage

    async def save():
        storage = EncryptedCookieStorage(**options)
        response = web.Response()
        session = await storage.new_session()
        session.update(data)
        await storage.save_session(make_mocked_request("GET", "/"), response, session)
        return [morsel.OutputString() for morsel in response.cookies.values()]

    return asyncio.run(save())


LIBRARIES = {"starlette": starlette, "flask": flask, "aiohttp-session": aiohttp}

for line in sys.stdin:
    request = json.loads(line)
    with mock.patch("time.time", return_value=request["at"]):
        made = LIBRARIES[request["library"]](request["options"], request["data"])
    print(json.dumps(made), flush=True)
