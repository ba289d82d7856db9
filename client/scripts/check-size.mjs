// Fails when what a first visit must load has grown too large. Brotli, because that is what the server sends.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 92_000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const files = new Set();

function collect(key) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) collect(imported);
}

collect("index.html");
let brotli = 0;
let gzip = 0;
for (const file of files) {
  brotli += readFileSync(new URL(`${file}.br`, dist)).length;
  gzip += gzipSync(readFileSync(new URL(file, dist))).length;
}
const text = `initial JavaScript: ${brotli} bytes brotli (limit ${LIMIT}), ${gzip} gzip, ${files.size} files`;
if (brotli > LIMIT) {
  console.error(`${text}: too large`);
  process.exit(1);
}
console.log(text);
