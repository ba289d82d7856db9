import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const PASSWORD = "correct horse battery staple";

const root = resolve(import.meta.dirname, "../..");
const binary = process.env["HALLPASS_BINARY"] ?? join(root, "target/debug/hallpass");

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        done(typeof address === "object" && address ? address.port : 0);
      });
    });
  });
}

async function untilAnswers(url: string, process: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 2_400; attempt++) {
    if (process.exitCode !== null)
      throw new Error(`${url}: the process ended with ${String(process.exitCode)}`);
    const answers = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answers) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${url} does not answer`);
}

async function end(process: ChildProcess | undefined): Promise<void> {
  if (process?.exitCode !== null) return;
  const ended = new Promise((done) => process.once("exit", done));
  process.kill("SIGKILL");
  await ended;
}

export type Mode = "built" | "token" | "dev";

/** A real server with a database of its own, and in development mode a dev server before it. */
export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), "hallpass-e2e-"));
  /** Where people go. */
  url = "";
  /** The token of the link that it printed, while nobody administers it. */
  setupToken = "";
  private readonly mode: Mode;
  private readonly host: string;
  private readonly settings: Record<string, string>;
  private apiPort = 0;
  private vitePort = 0;
  private api: ChildProcess | undefined;
  private vite: ChildProcess | undefined;

  constructor(mode: Mode, settings: Record<string, string> = {}, host = "localhost") {
    this.mode = mode;
    this.host = host;
    this.settings = settings;
  }

  private get environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env["PATH"],
      ENVIRONMENT: "development",
      PORT: String(this.apiPort),
      PUBLIC_URL: this.url,
      CLIENT_DIST: join(root, this.mode === "token" ? "client/dist-token" : "client/dist"),
      RUST_LOG: "warn",
      ARGON2_MEMORY_KIB: "64",
      ARGON2_ITERATIONS: "1",
      REGISTRATION: "open",
      // Forwarded addresses keep the tests from sharing one budget of failed attempts.
      TRUSTED_PROXIES: "127.0.0.0/8",
      ...this.settings,
    };
  }

  async start(): Promise<void> {
    this.apiPort = await freePort();
    this.vitePort = this.mode === "dev" ? await freePort() : 0;
    this.url = `http://${this.host}:${String(this.vitePort || this.apiPort)}`;
    await this.startApi();
    if (this.mode === "dev") await this.startVite();
  }

  async startApi(): Promise<void> {
    this.api = spawn(binary, [], {
      cwd: this.folder,
      env: this.environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.api.stdout?.on("data", (text: Buffer) => {
      this.setupToken = /#token=(\S+)/.exec(text.toString())?.[1] ?? this.setupToken;
    });
    await untilAnswers(`http://127.0.0.1:${String(this.apiPort)}/api/health`, this.api);
  }

  /** `pnpm e2e` has bundled the dependencies before: two that start at once would each replace the other's bundles. */
  private async startVite(): Promise<void> {
    const env = {
      ...process.env,
      HALLPASS_API: `http://127.0.0.1:${String(this.apiPort)}`,
      HALLPASS_DEV_PORT: String(this.vitePort),
    };
    const vite = join(root, "client/node_modules/vite/bin/vite.js");
    this.vite = spawn(process.execPath, [vite, "--logLevel", "error"], { cwd: join(root, "client"), env });
    await untilAnswers(`http://127.0.0.1:${String(this.vitePort)}/`, this.vite);
  }

  /** The API goes away without a word, as a machine does. */
  async kill(): Promise<void> {
    await end(this.api);
  }

  async stop(): Promise<void> {
    await end(this.vite);
    await end(this.api);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a command of the server's own command line. */
  command(...words: string[]): string {
    const input = `${PASSWORD}\n`;
    // Its standard error names the database: shown only with a failure.
    const options = {
      cwd: this.folder,
      env: this.environment,
      input,
      encoding: "utf8",
      stdio: "pipe",
    } as const;
    return execFileSync(binary, words, options);
  }

  /** A link with which somebody chooses a new password. */
  resetLink(username: string): string {
    return /http\S+/.exec(this.command("user", "reset-link", username))?.[0] ?? "";
  }

  createPerson(username: string, fullName = "", ...flags: string[]): void {
    this.command("user", "create", username, "--full-name", fullName, "--password-stdin", ...flags);
  }
}
