// Gives the files of a build whose content is that of the build before it their old times. A release build of the server contains
// these files: Cargo compares times, and would link for minutes although nothing has changed.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const record = fileURLToPath(new URL("../node_modules/.cache/hallpass/times.json", import.meta.url));

/** @returns {Record<string, { hash: string, time: number }>} */
function before() {
  try {
    return JSON.parse(readFileSync(record, "utf8"));
  } catch {
    return {};
  }
}

const known = before();
const now = {};
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
  const name = relative(dist, path);
  if (known[name]?.hash === hash) utimesSync(path, known[name].time, known[name].time);
  now[name] = { hash, time: Math.floor(statSync(path).mtimeMs / 1000) };
}
mkdirSync(dirname(record), { recursive: true });
writeFileSync(record, JSON.stringify(now));
