import type { Page } from "@playwright/test";

/** Translates every page that opens as Chrome and Google Translate do: each text becomes elements of their own. */
export async function translate(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const untouched = ["FONT", "SCRIPT", "STYLE", "CODE", "TEXTAREA", "OPTION", "SELECT", "TITLE"];
    const options = { childList: true, subtree: true, characterData: true };
    const run = () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      while (walker.nextNode()) {
        const text = walker.currentNode as Text;
        if (text.data.trim() && !untouched.includes(text.parentElement?.tagName ?? "FONT")) texts.push(text);
      }
      for (const text of texts) {
        const font = () => document.createElementNS("http://www.w3.org/1999/xhtml", "font");
        const [outer, inner] = [font(), font()];
        inner.textContent = text.data;
        outer.append(inner);
        text.replaceWith(outer);
      }
    };
    const observer = new MutationObserver(() => {
      observer.disconnect();
      run();
      observer.observe(document.body, options);
    });
    addEventListener("DOMContentLoaded", () => {
      run();
      observer.observe(document.body, options);
    });
  });
}
