// The Slack server of `emulate`, with people of ours and its signed events sent to our door.
// Usage: node server.mjs PORT EVENTS_URL SEED_JSON. Its command line can register no event
// subscription (0.12.2), so its service is started here; that reaches into the package: keep the pin.
import { Store } from "@emulators/core";
import { createEmulator, defineEmulator } from "emulate";
import { readFileSync, readdirSync } from "node:fs";

const dist = new URL("./node_modules/emulate/dist/", import.meta.url);
const holdsSlack = (name) =>
  name.endsWith(".js") && readFileSync(new URL(name, dist), "utf8").includes("X-Slack-Signature");
const { slackPlugin, seedFromConfig } = await import(
  new URL(readdirSync(dist).find(holdsSlack), dist)
);
const [port, events, seed] = process.argv.slice(2);

const service = defineEmulator({
  name: "slack",
  state: () => ({}),
  setup(context) {
    const store = new Store();
    slackPlugin.seed?.(store, context.baseUrl);
    seedFromConfig(store, context.baseUrl, JSON.parse(seed));
    slackPlugin.register(context.app, store, context.webhooks, context.baseUrl, new Map());
    context.webhooks.register({ url: events, active: true, events: ["*"], owner: "slack" });
  },
});
const emulator = await createEmulator({ service, port: Number(port) });
console.log("ready", emulator.url);
