"""What schemathesis needs to know of Hallpass: who asks, and that each request comes from an address of its own."""

import os
import secrets
import subprocess

import requests
import schemathesis

URL = os.environ["HALLPASS_URL"]
PROGRAM = os.environ["HALLPASS"]
ROLE = os.environ["HALLPASS_ROLE"]
MEANS = os.environ["HALLPASS_MEANS"]
PASSWORD = "correct horse battery staple"
AGENT = {"User-Agent": "schemathesis"}


def address():
    """The throttle goes by the network that the trusted proxy names. schemathesis seeds `random`, which would repeat itself."""
    return {"X-Forwarded-For": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"}


def sign_in(username):
    person = {"username": username, "password": PASSWORD}
    if MEANS == "cookie":
        return requests.post(f"{URL}/login", json=person, headers=AGENT | address())
    form = person | {"grant_type": "password"}
    return requests.post(f"{URL}/token", data=form, headers=AGENT | address())


def create(username):
    command = [PROGRAM, "user", "create", username, "--password-stdin"]
    command += ["--admin"] if ROLE == "admin" else []
    subprocess.run(command, input=PASSWORD.encode(), check=True, stdout=subprocess.DEVNULL)


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """A session of its own for each request: some requests end it, and everything that matters wants a fresh password."""

    username = ""

    def get(self, case, context):
        answer = sign_in(SignedIn.username) if SignedIn.username else None
        if answer is None or answer.status_code in (400, 401):
            # Nobody yet, or deleted, disabled or with another password since a request before.
            SignedIn.username = f"{ROLE}-{secrets.token_hex(8)}"
            create(SignedIn.username)
            answer = sign_in(SignedIn.username)
        answer.raise_for_status()
        return answer

    def set(self, case, data, context):
        # The session's cookie, or that of the refresh token.
        names = ("session_id", "refresh_token")
        case.cookies = (case.cookies or {}) | {name: data.cookies[name] for name in names if name in data.cookies}
        if MEANS == "bearer":
            case.headers["Authorization"] = f"Bearer {data.json()['access_token']}"


@schemathesis.hook
def before_call(context, case, **kwargs):
    case.headers.update(AGENT | address())
    is_good = case.meta and case.meta.generation.mode == schemathesis.GenerationMode.POSITIVE
    if is_good and isinstance(case.body, dict):
        # No schema generates a password that is right, or hard to guess, nor a name that is nobody's.
        for field in ("password", "current_password", "new_password"):
            if isinstance(case.body.get(field), str):
                case.body[field] = PASSWORD
        if "password" in case.body and "username" in case.body and case.operation.path != "/login":
            case.body["username"] = secrets.token_hex(8)
