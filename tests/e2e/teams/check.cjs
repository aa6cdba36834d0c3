// Reads JSON from stdin: {cards: {name: card}, manifests: {name: manifest}}; prints what is wrong.
const AC = require("adaptivecards/dist/adaptivecards.js");
const Ajv = require("ajv-draft-04");
const formats = require("ajv-formats");
const fs = require("fs");
const path = require("path");

const input = JSON.parse(fs.readFileSync(0, "utf8"));
const faults = {};

for (const [name, json] of Object.entries(input.cards)) {
  const card = new AC.AdaptiveCard();
  card.hostConfig = new AC.HostConfig({ actions: { maxActions: 6 } }); // Teams' own limit
  const context = new AC.SerializationContext(AC.Versions.v1_5);
  card.parse(json, context);
  const events = [...Array(context.eventCount).keys()].map((i) => context.getEventAt(i));
  // An old client meets charts it does not know, and takes their fallback: that is meant.
  // Its pattern for `lang` is global, so it refuses every second card's, whatever that is.
  const meant = /Chart\.|for property "lang"/;
  const wrong = events.filter((e) => !meant.test(e.message)).map((e) => e.message);
  for (const failure of card.validateProperties().validationEvents ?? []) wrong.push(failure.message);
  if (wrong.length) faults[name] = wrong;
}

const file = path.join(path.dirname(require.resolve("@microsoft/app-manifest/package.json")),
  "build/json-schemas/teams/v1.30/MicrosoftTeams.schema.json");
const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
const validate = ajv.compile(JSON.parse(fs.readFileSync(file, "utf8")));
for (const [name, manifest] of Object.entries(input.manifests)) {
  if (!validate(manifest)) faults[name] = validate.errors.map((e) => `${e.instancePath} ${e.message}`);
}
console.log(JSON.stringify(faults));
