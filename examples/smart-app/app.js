// A SMART app launched standalone or by an EHR: sign in, read the plan and its tasks, complete one.
// https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
import { fill, focusOn, show, tell, warn } from "./view.js";

// The least this app can do with: `u` on Task is what lets it complete one.
const SCOPE = "openid fhirUser online_access patient/Patient.r patient/CarePlan.rs patient/Task.rus patient/Practitioner.rs";

let config;
let client;

/** Which server, and as whom: `config.json` beside this file. */
async function settings() {
  const response = await fetch("config.json", { cache: "no-store" });
  if (!response.ok) throw new Error("There is no config.json; the README says what belongs into it.");
  return response.json();
}

/** An EHR's launch. It names a server, which must be ours: a link must not send people to another one. */
function launchedBy(address) {
  const launch = address.searchParams.get("launch");
  if (launch && address.searchParams.get("iss") !== config.iss) throw new Error("This app was opened for a server that it does not know.");
  return launch;
}

function authorize(launch) {
  const scope = `${launch ? "launch" : "launch/patient"} ${SCOPE}`;
  return FHIR.oauth2.authorize({ iss: config.iss, clientId: config.clientId, scope, redirectUri: ".", pkceMode: "required" });
}

async function start() {
  config = await settings();
  if (!window.FHIR) throw new Error("The library is not there: run `npm ci` in the folder of this app.");
  const address = new URL(location.href);
  const launch = launchedBy(address);
  if (launch) return authorize(launch);
  const refused = address.searchParams.get("error");
  if (refused) {
    // Also takes out the `iss` of the answer (RFC 9207), which the library would take for that of a launch.
    forget();
    if (refused !== "access_denied") throw new Error(address.searchParams.get("error_description") ?? refused);
    tell("You did not allow this app to see the record. Sign in again to change that.");
  }
  if (!sessionStorage.getItem("SMART_KEY")) return show("start");
  client = await FHIR.oauth2.ready();
  history.replaceState({}, "", ".");
  await load();
}

async function load() {
  const id = client.patient.id;
  if (!id) throw new Error("No patient was chosen.");
  const all = { pageLimit: 0, flat: true };
  const [patient, plans, found] = await Promise.all([
    client.patient.read(),
    client.request(`CarePlan?patient=${id}&status=active`, all),
    client.request(`Task?patient=${id}&_include=Task:owner`, all),
  ]);
  const of = (type) => found.filter((resource) => resource.resourceType === type);
  fill({ patient, plans, tasks: of("Task"), people: of("Practitioner") }, guarded(complete));
  show("record");
}

/** Only the version that was shown is changed; what somebody else did meanwhile is shown instead. */
async function complete(task) {
  const now = new Date().toISOString();
  const done = { ...task, status: "completed", lastModified: now, executionPeriod: { ...task.executionPeriod, end: now } };
  try {
    await client.update(done, { headers: { "If-Match": `W/"${task.meta.versionId}"` } });
    tell(`Done: ${task.code?.text ?? "the task"}.`);
  } catch (error) {
    if (error.status !== 412) throw error;
    tell("Somebody changed this task meanwhile. It is shown as it is now.");
  }
  await load();
  focusOn("said");
}

/** This tab forgets its tokens, and the server is told that they are not used any more. */
async function signOut() {
  const { tokenResponse } = client.state;
  const discovered = await fetch(`${config.iss}/.well-known/smart-configuration`);
  const { revocation_endpoint } = await discovered.json();
  const token = tokenResponse.refresh_token ?? tokenResponse.access_token;
  if (revocation_endpoint) {
    await fetch(revocation_endpoint, { method: "POST", body: new URLSearchParams({ token, client_id: config.clientId }) });
  }
  forget();
  location.replace(".");
}

function forget() {
  sessionStorage.clear();
  history.replaceState({}, "", ".");
}

/** Whatever goes wrong is told; who is signed out can sign in again. */
function guarded(work) {
  return async (...given) => {
    try {
      tell("");
      await work(...given);
    } catch (error) {
      if (error.status === 401) forget();
      if (error.status === 401 || !client) show("start");
      warn(explain(error));
    }
  };
}

function explain(error) {
  if (error.status === 401) return "You were signed out. Sign in again.";
  if (error.status === 403) return "You did not allow this app to do that, or you may not.";
  return error.status ? `The server answered: ${error.status} ${error.statusText}.` : error.message;
}

document.getElementById("sign-in").addEventListener("click", guarded(() => authorize()));
document.getElementById("sign-out").addEventListener("click", guarded(signOut));
guarded(start)();
