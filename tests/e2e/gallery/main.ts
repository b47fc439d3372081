import { mount } from "svelte";
import App from "../../../web/src/App.svelte";
import "../../../web/src/app.css";
import type { EngineEvent } from "../../../web/src/engine/messages.js";
import { scenarios, type Scenario } from "./scenarios.js";
import { answerAsHub } from "./scripted-hub.js";

const name = new URLSearchParams(location.search).get("state") ?? "first-visit";
const scenario = Object.entries(scenarios).find(([key]) => key === name)?.[1];
const target = document.getElementById("app");
if (scenario === undefined || target === null) throw new Error(`There is no state "${name}"`);

history.replaceState(null, "", scenario.hash ?? "#/");
globalThis.fetch = answerAsHub(scenario.hub ?? "two-shares");
mount(App, {
  target,
  props: { openEngine: (onEvent: (event: EngineEvent) => void) => scriptedEngine(scenario, onEvent) },
});
requestAnimationFrame(() => requestAnimationFrame(() => act(scenario)));

/** Tells its one state, and answers no command. */
function scriptedEngine({ state, event = { type: "state", state } }: Scenario, onEvent: (event: EngineEvent) => void) {
  queueMicrotask(() => onEvent(event));
  return { post: () => undefined, grant: () => Promise.resolve(false) };
}

/** What a person does to see the state. */
function act({ clicks = [], drags = false }: Scenario): void {
  for (const selector of clicks) document.querySelector<HTMLElement>(selector)?.click();
  if (!drags) return;
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["x"], "holiday.mov"));
  const drag = () => dispatchEvent(new DragEvent("dragover", { dataTransfer }));
  drag();
  setInterval(drag, 200);
}
