/** Runs in the page, in development alone: shows over it what is wrong with the API, for as long as it is. */
import type { ErrorPayload } from "vite";
import { API_EVENT, PAGE_EVENT } from "./events.ts";

type Overlay = HTMLElement & { close: () => void };
type ErrorOverlay = new (error: ErrorPayload["err"]) => Overlay;

/** Looks like Vite's own, which is taken away, or has the page loaded anew, when a source file changes. */
class ApiOverlay extends (customElements.get("vite-error-overlay") as ErrorOverlay) {}
customElements.define("hallpass-overlay", ApiOverlay);

let shown: Overlay | undefined;

import.meta.hot?.on(API_EVENT, ({ sentence }) => {
  shown?.close();
  if (sentence === undefined) return;
  shown = new ApiOverlay({ message: sentence, stack: "", plugin: "hallpass" });
  document.body.append(shown);
});
import.meta.hot?.send(PAGE_EVENT);
