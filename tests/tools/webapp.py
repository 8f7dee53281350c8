"""A confidential web app in Python: fhirclient with a secret, or Authlib with a secret or a key.

    python webapp.py fhirclient|authlib

Prints the address for the browser, then reads the address that the browser was sent back to.
"""
import sys

from partner import hear, prove, registered, tell

SCOPE = "openid fhirUser patient/Patient.rs patient/Task.rs offline_access"
VERIFIER = "a-verifier-that-nobody-knows-and-that-is-long-enough"

key, given = registered()
base, client_id, secret, back = given["base"], given["client_id"], given.get("client_secret"), given["redirect_uri"]


def called_back(address):
    tell({"address": address})
    return hear()


def with_fhirclient():
    from fhirclient.client import FHIRClient
    from fhirclient.models.patient import Patient
    from fhirclient.models.task import Task

    settings = {"app_id": client_id, "app_secret": secret, "api_base": base + "/fhir", "redirect_uri": back, "scope": SCOPE}
    smart = FHIRClient(settings=settings)
    assert not smart.prepare()
    smart.handle_callback(called_back(smart.authorize_url))
    assert smart.ready and smart.reauthorize()
    patient = Patient.read(smart.patient_id, smart.server)
    tasks = Task.where({"patient": smart.patient_id}).perform_resources(smart.server)
    return patient.id, len(tasks)


def with_authlib():
    import requests
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.jwk import KeySet

    said = requests.get(base + "/fhir/.well-known/smart-configuration").json()
    token_url = said["token_endpoint"]
    method = "client_secret_basic" if secret else "private_key_jwt"
    session = OAuth2Session(
        client_id,
        secret or key,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope="launch/patient " + SCOPE,
        redirect_uri=back,
        code_challenge_method="S256",
    )
    address, _ = session.create_authorization_url(
        said["authorization_endpoint"], aud=base + "/fhir", code_verifier=VERIFIER, nonce="once"
    )
    answer = called_back(address)
    prove(session, token_url)
    granted = session.fetch_token(token_url, authorization_response=answer, code_verifier=VERIFIER)
    keys = KeySet.import_key_set(requests.get(said["jwks_uri"]).json())
    claims = jwt.decode(granted["id_token"], keys, algorithms=["RS256"]).claims
    CodeIDToken(claims, {}, params={"nonce": "once", "client_id": client_id}).validate()
    prove(session, token_url)
    session.refresh_token(token_url)
    patient = session.get(f"{base}/fhir/Patient/{granted['patient']}").json()
    tasks = session.get(f"{base}/fhir/Task", params={"patient": granted["patient"]}).json()
    prove(session, token_url)
    assert session.revoke_token(said["revocation_endpoint"], session.token["refresh_token"]).ok
    assert session.get(f"{base}/fhir/Task").status_code == 401
    return patient["id"], len(tasks["entry"])


patient, tasks = {"fhirclient": with_fhirclient, "authlib": with_authlib}[sys.argv[1]]()
tell({"patient": patient, "tasks": tasks})
