import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { openEngine } from "./engine/open-engine.js";

const target = document.getElementById("app");
if (target === null) throw new Error("The page has no #app");
// What stands there is for those to whom this script does not come.
target.replaceChildren();
mount(App, { target, props: { openEngine } });
