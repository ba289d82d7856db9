import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { ask, verdict } from "./probe.ts";

const api = "http://127.0.0.1:8000";
const ours = { openapi: "3.1.0", paths: { "/me": {} } };
const well = { status: 200, body: { status: "ok", database: "ok", version: "0.1.0" } };
const document = { status: 200, body: structuredClone(ours) };

test("all is well", () => {
  expect(verdict(api, well, document, ours)).toBeUndefined();
});

test.each([
  [
    "nobody listens",
    { failure: "ECONNREFUSED" },
    document,
    /cannot be reached \(ECONNREFUSED\): start it with `just dev`/,
  ],
  ["a stranger listens", { status: 200, body: "<html>" }, document, /is not Hallpass/],
  ["a stranger with JSON", { status: 200, body: { ok: true } }, document, /is not Hallpass/],
  ["no database", { status: 503, body: { ...well.body, database: "down" } }, document, /lost its database/],
  ["another version", well, { status: 200, body: { ...ours, paths: {} } }, /run `just gen`/],
  ["no document", well, { failure: "timeout" }, /run `just gen`/],
])("%s has its sentence", (_, health, answer, sentence) => {
  const said = verdict(api, health, answer, ours);
  expect(said).toMatch(sentence);
  expect(said).toContain(api);
});

test("asking gives the answer, or why there is none", async () => {
  const server = createServer((_, response) => response.end('{"a":1}')).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  expect(await ask(url)).toEqual({ status: 200, body: { a: 1 } });
  await new Promise((done) => server.close(done));
  expect(await ask(url)).toEqual({ failure: "ECONNREFUSED" });
});
