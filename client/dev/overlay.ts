/** Runs in the page, in development alone: shows over it what is wrong with the API, for as long as it is. */
import type { ErrorPayload } from "vite";
import { API_EVENT, type ApiEvent, PAGE_EVENT } from "./events.ts";

let shown: HTMLElement | undefined;

import.meta.hot?.on(API_EVENT, ({ sentence }: ApiEvent) => {
  shown?.remove();
  const Overlay = customElements.get("vite-error-overlay");
  if (sentence === undefined || Overlay === undefined) return;
  shown = new Overlay({ message: sentence, stack: "", plugin: "hallpass" } satisfies ErrorPayload["err"]);
  document.body.append(shown);
});
import.meta.hot?.send(PAGE_EVENT);
