"""A backend service: Authlib gets its tokens with a key of its own, fhirpy works with the data."""
import asyncio

from authlib.integrations.requests_client import OAuth2Session
from fhirpy import AsyncFHIRClient
from partner import prove, registered, tell

key, given = registered()
token_url = given["base"] + "/oauth/token"
session = OAuth2Session(given["client_id"], key, token_endpoint_auth_method="private_key_jwt", scope=given["scope"])


def token():
    prove(session, token_url)
    return session.fetch_token(token_url, grant_type="client_credentials")["access_token"]


async def work():
    # Its count() sends a parameter of one vendor's, which Baton passes over only when it is told to.
    lenient = {"Prefer": "handling=lenient"}
    client = AsyncFHIRClient(given["base"] + "/fhir", authorization="Bearer " + token(), extra_headers=lenient)
    patient = client.resource("Patient", name=[{"family": "Fhirpy", "given": ["Ada"]}], gender="female")
    await patient.save()
    patient["birthDate"] = "1970-01-02"
    await patient.save()
    await patient.patch(gender="other")
    await client.resource("Patient", name=[{"family": "Fhirpy"}]).save()
    named = client.resources("Patient").search(family="Fhirpy")
    first = await named.sort("-birthdate").first()
    pages = [each async for each in named.limit(1)]
    return {"first": first["birthDate"], "gender": first["gender"], "total": await named.count(), "pages": len(pages)}


tell(asyncio.run(work()))
