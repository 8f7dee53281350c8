// A confidential web app on Node with the server side of fhirclient, as its documentation shows it. The suite
// is its operator, which registers it, and its user's browser.
//   node webapp.js FOLDER-OF-NODE-MODULES
const { createRequire } = require("node:module");
const { generateKeyPairSync } = require("node:crypto");
const http = require("node:http");
const { createInterface } = require("node:readline");

const smart = createRequire(`${process.argv[2]}/`)("fhirclient");
const pair = generateKeyPairSync("ec", { namedCurve: "P-384" });
const jwk = (key) => ({ ...key.export({ format: "jwk" }), alg: "ES384", kid: "of-the-app" });
const tell = (told) => console.log(JSON.stringify(told));
const scope = "openid fhirUser launch/patient patient/Patient.rs patient/Task.rs offline_access";
const session = {};
let given;

async function answer(request, response) {
  request.session = session;
  const app = smart(request, response);
  if (request.url === "/launch") {
    const proof = given.client_secret ? { clientSecret: given.client_secret } : { clientPrivateJwk: jwk(pair.privateKey) };
    return app.authorize({ iss: `${given.base}/fhir`, clientId: given.client_id, ...proof, scope, redirectUri: "/back", pkceMode: "required" });
  }
  const client = await app.ready();
  // The library proves a key for the code alone, and refreshes as a client with a secret or none.
  if (given.client_secret) await client.refresh();
  const patient = await client.patient.read();
  const tasks = await client.request(`Task?patient=${client.patient.id}`, { flat: true, pageLimit: 0 });
  response.end(JSON.stringify({ user: client.user.fhirUser, patient: patient.id, tasks: tasks.length }));
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
});
server.listen(0, "127.0.0.1", () => tell({ at: `http://127.0.0.1:${server.address().port}`, jwks: { keys: [jwk(pair.publicKey)] } }));
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => { given = JSON.parse(line); tell({}); });
lines.on("close", () => process.exit());
