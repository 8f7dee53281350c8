// The page: plain elements with texts, never HTML from the server.

const SECTIONS = ["start", "record"];
const CLOSED = ["completed", "cancelled", "rejected", "failed", "entered-in-error"];
const WORDS = {
  requested: "Not begun", received: "Not begun", accepted: "Accepted", ready: "Ready", "in-progress": "Under way",
  "on-hold": "Waiting", draft: "Draft", completed: "Done", cancelled: "Not needed any more", rejected: "Declined", failed: "Did not work",
  "entered-in-error": "Entered in error",
};

const byId = (id) => document.getElementById(id);

/** An element with attributes and children; texts are texts. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element[key] = value;
  element.append(...children);
  return element;
}

export function show(section) {
  for (const id of SECTIONS) byId(id).hidden = id !== section;
}

/** What happened, also to who cannot see the page. */
export function tell(text) {
  byId("problem").replaceChildren();
  byId("said").replaceChildren(...(text ? [make("p", {}, text)] : []));
}

export function warn(text) {
  byId("problem").replaceChildren(make("p", { className: "problem" }, text));
}

/** The button that was pressed is gone: the keyboard goes on where it was told what happened. */
export function focusOn(id) {
  byId(id).tabIndex = -1;
  byId(id).focus({ preventScroll: true });
}

export function fill({ patient, plans, tasks, people }, complete) {
  byId("whose").textContent = nameOf(patient) + (patient.birthDate ? `, born ${day(patient.birthDate)}` : "");
  byId("whose").hidden = false;
  list("plans", plans.map(planOf), make("p", {}, "There is no plan at the moment."));
  const [open, closed] = [tasks.filter(isOpen).sort(byDeadline), tasks.filter((task) => !isOpen(task)).sort(byDeadline)];
  list("open", open.map((task) => taskOf(task, people, complete)), make("li", {}, "Nothing is left to do."));
  list("done", closed.map((task) => taskOf(task, people)), make("li", {}, "Nothing yet."));
}

function list(id, elements, otherwise) {
  byId(id).replaceChildren(...(elements.length ? elements : [otherwise]));
}

function planOf(plan) {
  const { start, end } = plan.period ?? {};
  const from = [start && `from ${day(start)}`, end && `to ${day(end)}`].filter(Boolean).join(" ");
  return make("article", {}, make("h3", {}, plan.title ?? "Care plan"), make("p", {}, from));
}

function taskOf(task, people, complete) {
  const title = task.code?.text ?? task.description ?? "Task";
  const parts = [make("h3", {}, title), make("p", { className: "facts" }, ...factsOf(task, people, Boolean(complete)))];
  if (task.description && task.description !== title) parts.push(make("p", {}, task.description));
  if (complete) parts.push(doneButton(task, title, complete));
  return make("li", {}, ...parts);
}

function doneButton(task, title, complete) {
  // "Mark as done" on the screen; which one it is, for who hears the buttons one after the other.
  const button = make("button", { type: "button" }, "Mark as done", make("span", { className: "unseen" }, `: ${title}`));
  button.addEventListener("click", async () => {
    button.disabled = true;
    await complete(task);
    button.disabled = false;
  });
  return button;
}

function factsOf(task, people, open) {
  const due = dueOf(task);
  const late = open && due && new Date(due) < new Date();
  const facts = [];
  if (due) {
    const text = open ? `Due ${moment(due)} (${away(due)})` : `Was due ${moment(due)}`;
    facts.push(make("time", { dateTime: due, className: late ? "late" : "" }, late ? `Late: ${text}` : text));
  }
  facts.push(make("span", {}, WORDS[task.status] ?? task.status));
  const owner = people.find((person) => `Practitioner/${person.id}` === task.owner?.reference);
  if (owner) facts.push(make("span", {}, `With ${nameOf(owner)}`));
  return facts;
}

const isOpen = (task) => !CLOSED.includes(task.status);
const dueOf = (task) => task.restriction?.period?.end;
const byDeadline = (one, other) => (Date.parse(dueOf(one)) || Infinity) - (Date.parse(dueOf(other)) || Infinity) || 0;

function nameOf(person) {
  const name = person.name?.find((name) => name.use === "official") ?? person.name?.[0] ?? {};
  return name.text ?? ([...(name.given ?? []), name.family].filter(Boolean).join(" ") || "Name unknown");
}

/** A date has no time zone: it is the same day everywhere. */
function day(text) {
  const zone = text.length === 10 ? { timeZone: "UTC" } : {};
  return new Intl.DateTimeFormat("en", { dateStyle: "medium", ...zone }).format(new Date(text));
}

/** In the time of the reader's own device. */
function moment(text) {
  if (text.length === 10) return day(text);
  const shown = { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit", timeZoneName: "short" };
  return new Intl.DateTimeFormat("en", shown).format(new Date(text));
}

function away(text) {
  const hours = (new Date(text) - new Date()) / 3_600_000;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  return Math.abs(hours) < 36 ? words.format(Math.round(hours), "hour") : words.format(Math.round(hours / 24), "day");
}
