import { assertEquals } from "@std/assert";
import { byteByByte, everySplit } from "@ropewalk/testing";
import { encodeUtf8, latin1 } from "@ropewalk/protocols/bytes";
import { Client, Page } from "./_support_test.ts";
import type { Request } from "./request.ts";
import { Site } from "./site.ts";

// What is kept from one request to the next must never show: these ask for nearly the same again and again.

const echo = (request: Request): string =>
  [request.method, request.path, request.query, request.getHeader("x-a") ?? "-", request.host].join(" ");

function ask(chunks: readonly Uint8Array[], page = echo): string[] {
  return new Client(new Site(new Page(page))).send("", chunks).answers().map((answer) => answer.body);
}

function get(target: string, lines = "", method = "GET"): string {
  return `${method} ${target} HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n`;
}

const HEADS: readonly (readonly [wire: string, answer: string])[] = [
  [get("/a"), "GET /a  - a.example"],
  [get("/a"), "GET /a  - a.example"],
  [get("/a"), "GET /a  - a.example"],
  [get("/a?b"), "GET /a b - a.example"],
  [get("/a?"), "GET /a  - a.example"],
  [get("/ab"), "GET /ab  - a.example"],
  [get("/"), "GET /  - a.example"],
  [get("http://b.example/a?c"), "GET /a c - b.example"],
  [get("/a"), "GET /a  - a.example"],
  [get("/a", "", "PUT"), "PUT /a  - a.example"],
  [get("/a", "X-A: 1\r\n"), "GET /a  1 a.example"],
  [get("/a", "X-A: 2\r\n"), "GET /a  2 a.example"],
  [get("/a", "X-A: 2\r\n"), "GET /a  2 a.example"],
];

Deno.test("heads that are nearly those before them are told apart, whole, byte by byte and cut anywhere", () => {
  const wire = encodeUtf8(HEADS.map(([head]) => head).join(""));
  const answers = HEADS.map(([, answer]) => answer);
  assertEquals(ask([wire]), answers);
  assertEquals(ask(byteByByte(wire)), answers);
  for (const chunks of everySplit(wire)) assertEquals(ask(chunks), answers);
});

Deno.test("a chunk with many requests is read to its end, short heads and long ones", () => {
  for (const length of [0, 100, 1000, 3000, 5000]) {
    const lines = length === 0 ? "" : `X-Long: ${"x".repeat(length)}\r\n`;
    const targets = Array.from({ length: 50 }, (_, i) => `/${i % 7}?${i >> 2}`);
    const wire = targets.map((target) => get(target, lines)).join("");
    assertEquals(
      ask([encodeUtf8(wire)]),
      targets.map((target) => `GET ${target.replace("?", " ")} - a.example`),
      `${length}`,
    );
  }
});

Deno.test("a head that is not all there is not completed by the one before it", () => {
  const client = new Client(new Site(new Page(echo)));
  const head = get("/a");
  for (let i = 0; i < 3; i++) client.send(head);
  client.send(head.slice(0, -2));
  assertEquals(client.answers().length, 3);
  client.send("\r\n");
  assertEquals(client.answers().length, 4);
});

const wired = (text: string): string => latin1(encodeUtf8(text));

const BODIES = [
  "one",
  "two",
  "two",
  "three",
  "é",
  "o",
  "e",
  "",
  "e",
  "\u{1f600}",
  "x".repeat(40),
  "y".repeat(40),
];
const LONG = [
  "y".repeat(40),
  "y".repeat(40),
  "z".repeat(40),
  "ü".repeat(20),
  "ü".repeat(200),
  "a".repeat(2000),
];

Deno.test("answers under one head have the bodies of their own, whatever those before them were", () => {
  const bodies = [...BODIES, ...LONG, ...BODIES, "two", "six"];
  for (const type of ["", "text/plain", "text/plain; x=é"]) {
    for (const pipelined of [false, true]) {
      let next = 0;
      const page = new Page((request) => {
        if (type !== "") request.setHeader("content-type", type);
        return bodies[next++]!;
      });
      const client = new Client(new Site(page));
      if (pipelined) client.send(get("/").repeat(bodies.length));
      else for (const _ of bodies) client.send(get("/"));
      const answers = client.answers();
      assertEquals(answers.map((answer) => answer.body), bodies.map(wired));
      assertEquals(
        answers.map((answer) => answer.headers.get("content-type")),
        bodies.map((body) =>
          type !== "" ? wired(type) : body === "" ? undefined : "text/html; charset=utf-8"
        ),
      );
    }
  }
});
