"""What the Python programs of this folder have in common: how they are registered, and how they prove a key."""
import json
import sys
import time

from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey


def tell(told):
    print(json.dumps(told), flush=True)


def hear():
    return sys.stdin.readline().strip()


def registered():
    """Shows the public key to the operator, and takes what the operator registered."""
    key = RSAKey.generate_key(2048, parameters={"kid": "of-the-app", "alg": "RS384", "use": "sig"})
    tell({"jwks": {"keys": [key.as_dict(private=False)]}})
    return key, json.loads(hear())


def prove(session, token_url):
    """Before each request for a token. SMART wants five minutes at most; Authlib's own choice is an hour."""
    claims = {"exp": int(time.time()) + 240}
    session.register_client_auth_method(PrivateKeyJWT(token_url, alg="RS384", headers={"kid": "of-the-app"}, claims=claims))
