import AxeBuilder from "@axe-core/playwright";
import {
  type Browser,
  type BrowserContext,
  type Page,
  expect,
  request,
  test as base,
} from "@playwright/test";
import { type Mode, PASSWORD, Server } from "./server.ts";

/** A person of the test's own, and what they do in a browser. */
export class Person {
  readonly username: string;

  constructor(username: string) {
    this.username = username;
  }

  /** Fills in the sign-in page that is open, and sends it. */
  async fillSignIn(page: Page, password = PASSWORD): Promise<void> {
    await page.getByLabel("Username or e-mail address").fill(this.username);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async signIn(page: Page): Promise<void> {
    await page.goto("/login");
    await this.fillSignIn(page);
    await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  }

  /** As another device of theirs would, without the open pages knowing. */
  async endEverySession(server: Server): Promise<void> {
    const device = await request.newContext({ baseURL: server.url });
    const credentials = { username: this.username, password: PASSWORD };
    expect((await device.post("/api/login", { data: credentials })).status()).toBe(200);
    expect((await device.delete("/api/sessions")).status()).toBe(200);
    await device.dispose();
  }
}

interface Fixtures {
  person: Person;
  /** An administrator of the test's own. */
  admin: Person;
  /** A server of the test's own, on which there is nobody yet. */
  freshServer: Server;
  /** Another browser of the same machine: other cookies, other tabs. */
  otherBrowser: () => Promise<Page>;
  /** Messages of the browser's console that a test expects. */
  expectedErrors: RegExp[];
  axe: (page: Page) => Promise<void>;
}

interface WorkerFixtures {
  server: Server;
}

/** Keeps a browser from following the server's events: it learns of an ending with its next call, as behind some proxies. */
export async function deafen(context: BrowserContext): Promise<void> {
  await context.route("**/api/events", (route) => route.abort());
}

/**
 * The answer to the last call that a page makes by itself when somebody is signed in: from then on, deafened, it learns of an
 * ending with what is done on it. What is done under a dialog that is there already goes to the dialog.
 */
export async function untilQuiet(page: Page): Promise<void> {
  await page.waitForResponse("**/api/me/new-sign-ins");
}

/** What every browser logs of itself for answers that the app expects and deals with. */
const KNOWN = [
  /status of (400|401|403|404|422|429|500|502|503)/,
  // Vite, when it bundles its dependencies anew, and then loads the page again.
  /status of 504 \((Outdated Optimize Dep|Optimize Deps Processing Error|Outdated Request)\)/,
  /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED|INCOMPLETE_CHUNKED_ENCODING|ABORTED|FAILED|INTERNET_DISCONNECTED)/,
];

let people = 0;

async function openContext(browser: Browser, baseURL: string): Promise<BrowserContext> {
  return browser.newContext({
    baseURL,
    extraHTTPHeaders: { "x-forwarded-for": `203.0.113.${String((people % 250) + 1)}` },
  });
}

function watch(context: BrowserContext, problems: string[]): void {
  context.on("page", (page) => {
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol !== "blob:" && hostname !== "localhost")
        problems.push(`a request to a third party: ${request.url()}`);
    });
  });
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    async ({}, use, info) => {
      const server = new Server(info.project.metadata["mode"] as Mode);
      await server.start();
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 180_000 },
  ],

  person: async ({ server }, use, info) => {
    people += 1;
    const username = `p${String(info.workerIndex)}-${String(people)}`;
    server.createPerson(username, "Test Person");
    await use(new Person(username));
  },

  admin: async ({ server }, use, info) => {
    people += 1;
    const username = `a${String(info.workerIndex)}-${String(people)}`;
    server.createPerson(username, "Test Administrator", "--admin");
    await use(new Person(username));
  },

  freshServer: async ({}, use, info) => {
    const server = new Server(info.project.metadata["mode"] as Mode);
    await server.start();
    await use(server);
    await server.stop();
  },

  expectedErrors: async ({}, use) => {
    await use([]);
  },

  context: async ({ browser, server, expectedErrors }, use) => {
    const problems: string[] = [];
    const context = await openContext(browser, server.url);
    watch(context, problems);
    await use(context);
    await context.close();
    const known = [...KNOWN, ...expectedErrors];
    expect(problems.filter((problem) => !known.some((pattern) => pattern.test(problem)))).toEqual([]);
  },

  otherBrowser: async ({ browser, server }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await openContext(browser, server.url);
      contexts.push(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  axe: async ({}, use) => {
    await use(async (page) => {
      const results = await new AxeBuilder({ page })
        .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
        .analyze();
      expect(
        results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`),
      ).toEqual([]);
    });
  },
});

export { expect };
