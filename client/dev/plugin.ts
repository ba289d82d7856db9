import { readFile } from "node:fs/promises";
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Plugin, ProxyOptions, ViteDevServer, WebSocketClient } from "vite";
import { type CookieNames, cookieNames } from "./cookies.ts";
import { API_EVENT, PAGE_EVENT } from "./events.ts";
import { ask, parse, verdict } from "./probe.ts";

interface Settings {
  /** Where the API listens. */
  api: string;
  /** This checkout. */
  folder: string;
}

const ASK_EVERY = 3_000;

/** The development server's way to the API: a proxy on the same origin, so that cookies and origin checks need no set-up. */
export function hallpassProxy({ api, folder }: Settings): Plugin {
  const names = cookieNames(api, folder);
  let lookAgain: () => void = () => undefined;
  return {
    name: "hallpass-proxy",
    apply: "serve",
    config: () => ({
      server: {
        proxy: {
          "/api": proxy(api, names, () => {
            lookAgain();
          }),
          "/.well-known": proxy(api, names, () => {
            lookAgain();
          }),
        },
      },
    }),
    configureServer(server) {
      lookAgain = watchApi(server, api, join(folder, "openapi.json"));
    },
    transformIndexHtml: () => [{ tag: "script", attrs: { type: "module", src: "/dev/overlay.ts" } }],
  };
}

/** `Host` and `Origin` stay as the browser sent them: the server compares them with its PUBLIC_URL. */
function proxy(api: string, names: CookieNames, onFailure: () => void): ProxyOptions {
  return {
    target: api,
    changeOrigin: false,
    configure: (proxy) => {
      proxy.on("proxyReq", (outgoing: ClientRequest, incoming: IncomingMessage) => {
        const cookie = names.toServer(incoming.headers.cookie);
        if (cookie === undefined) outgoing.removeHeader("cookie");
        else outgoing.setHeader("cookie", cookie);
      });
      proxy.on("proxyRes", (answer: IncomingMessage, _request: IncomingMessage, response: ServerResponse) => {
        // A stream that breaks off there breaks off here: the page is to notice.
        answer.on("close", () => {
          if (!answer.complete) response.destroy();
        });
        const cookies = names.toBrowser(answer.headers["set-cookie"]);
        if (cookies !== undefined) answer.headers["set-cookie"] = cookies;
        // It would empty the storage of every other checkout on this host as well.
        delete answer.headers["clear-site-data"];
      });
      proxy.on("error", (_error: Error, _request: IncomingMessage, response: unknown) => {
        onFailure();
        const answer = response as ServerResponse;
        if (answer.headersSent) return;
        answer.writeHead(502, { "content-type": "text/plain" });
        answer.end("The API cannot be reached.");
      });
    },
  };
}

/**
 * Says in one sentence what is wrong with the API, in the terminal and over the page, and when it is right again: the page is
 * not loaded anew then, so nothing typed is lost. Looks when the server starts, when a page is opened and when a call has
 * failed; again and again only while something is wrong.
 */
function watchApi(server: ViteDevServer, api: string, documentPath: string): () => void {
  let said: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  // One look after the other, or one that took long would have the last word.
  let isLooking = false;
  let looks = 0;
  let isClosed = false;
  const judge = async () => {
    const [health, document, ours] = await Promise.all([
      ask(`${api}/api/health`),
      ask(`${api}/api/openapi.json`),
      // While it is being generated it is not JSON, or not there.
      readFile(documentPath, "utf8").then(parse, () => undefined),
    ]);
    return verdict(api, health, document, ours);
  };
  const look = async () => {
    looks += 1;
    if (isLooking) return;
    isLooking = true;
    clearTimeout(timer);
    let seen: number;
    do {
      seen = looks;
      say(await judge());
    } while (seen < looks);
    isLooking = false;
    if (said !== undefined && !isClosed) timer = setTimeout(() => void look(), ASK_EVERY).unref();
  };
  const say = (sentence: string | undefined) => {
    if (sentence === said || isClosed) return;
    said = sentence;
    if (sentence === undefined) {
      server.config.logger.info("The API is there.", { timestamp: true });
    } else {
      server.config.logger.warn(sentence, { timestamp: true });
    }
    server.ws.send(API_EVENT, { sentence });
  };
  server.httpServer?.once("listening", () => void look());
  server.httpServer?.once("close", () => {
    isClosed = true;
    clearTimeout(timer);
  });
  server.ws.on(PAGE_EVENT, (_: unknown, page: WebSocketClient) => {
    if (said === undefined) void look();
    else page.send(API_EVENT, { sentence: said });
  });
  return () => void look();
}
