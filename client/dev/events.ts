import type {} from "vite/types/customEvent.d.ts";

/** What the development server tells the page: what is wrong with the API, or nothing. */
export const API_EVENT = "hallpass:api";
/** What the page tells the development server: that it is open, and listens. */
export const PAGE_EVENT = "hallpass:page";

declare module "vite/types/customEvent.d.ts" {
  interface CustomEventMap {
    [API_EVENT]: { sentence?: string | undefined };
    [PAGE_EVENT]: undefined;
  }
}
