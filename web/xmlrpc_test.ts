import { Deferred } from "@ropewalk/deferred";
import { failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Bench, sent } from "./_client/_support_test.ts";
import { Client } from "./_support_test.ts";
import { readCall, readResponse, writeCall, writeFault, writeResponse } from "./_xmlrpc_codec.ts";
import { WebError } from "./client.ts";
import type { Request } from "./request.ts";
import { Site } from "./site.ts";
import {
  addIntrospection,
  FAILURE,
  Fault,
  NOT_FOUND,
  Proxy,
  withRequest,
  XMLRPC,
  XMLRPCError,
  type XMLRPCValue,
} from "./xmlrpc.ts";

const plain = { allowNull: false };

/** To XML and back. */
function travel(value: unknown, options = plain): unknown {
  const answer = readResponse(writeResponse(value, options));
  return "result" in answer ? answer.result : answer;
}

// ---------------------------------------------------------------------------------------------------- the wire

Deno.test("Values travel to XML and back", () => {
  const values: XMLRPCValue[] = [
    0,
    -1,
    2 ** 31,
    -(2 ** 31),
    Number.MAX_SAFE_INTEGER,
    2n ** 60n,
    1.5,
    -0,
    1e300,
    5e-324,
    true,
    false,
    "",
    "a<b>&c]]>\r\n\t ",
    "ü😀",
    [],
    [1, [2, []]],
    {},
    { a: { b: "c" }, "": 1 },
    new Date("2026-11-24T12:34:56Z"),
    new Uint8Array([0, 255, 7]),
  ];
  for (const value of values) assertEquals(travel(value), value);
  assertEquals(travel({ a: undefined, b: 1 }), { b: 1 });
  assertEquals(travel(new Map([["k", 1]])), { k: 1 });
  assertEquals(travel(null, { allowNull: true }), null);
});

Deno.test("Any text of XML travels as it is", () => {
  const text = fc.string({ unit: "grapheme" })
    .filter((each) => [...each].every((character) => character >= " " || "\t\n\r".includes(character)));
  fc.assert(fc.property(text, (each) => travel(each) === each), { numRuns: 300, seed: 6 });
});

Deno.test("What XML-RPC cannot say fails at the sender", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  for (
    const value of [
      null,
      undefined,
      NaN,
      Infinity,
      2n ** 63n,
      () => 1,
      Symbol("x"),
      "\0",
      "\ud800",
      circle,
      new Date(NaN),
      new Map([[1, 2]]),
    ]
  ) {
    assertThrows(() => writeCall("m", [value], plain), XMLRPCError, "Cannot send");
  }
});

Deno.test("What others write is read too", () => {
  const value = (xml: string) => {
    const answer = readResponse(
      `<methodResponse><params><param><value>${xml}</value></param></params></methodResponse>`,
    );
    return "result" in answer ? answer.result : null;
  };
  assertEquals(value("bare text"), "bare text");
  assertEquals(value(""), "");
  assertEquals(value("<string/>"), "");
  assertEquals(value(" <int> +7 </int> "), 7);
  assertEquals(value("<i4>7</i4>"), 7);
  assertEquals(value("<i8>9007199254740993</i8>"), 9007199254740993n);
  assertEquals(value("<double>.5</double>"), 0.5);
  assertEquals(
    value("<dateTime.iso8601>2026-11-24T12:34:56</dateTime.iso8601>"),
    new Date("2026-11-24T12:34:56Z"),
  );
  assertEquals(value("<base64>\n AA\nAB\n</base64>"), new Uint8Array([0, 0, 1]));
  assertEquals(value("<string><![CDATA[<x>]]></string>"), "<x>");
  const struct = value("<struct><member><name>__proto__</name><value><int>1</int></value></member></struct>");
  assertEquals(Object.entries(struct as object), [["__proto__", 1]]);
});

Deno.test("What is no message of XML-RPC is an error, and nothing else", () => {
  const value = (xml: string) =>
    `<methodCall><methodName>m</methodName><params><param><value>${xml}</value></param></params></methodCall>`;
  const bad = [
    "",
    "nonsense",
    "<methodCall/>",
    "<methodResponse/>",
    "<methodCall><methodName> </methodName></methodCall>",
    value("<int>1.5</int>"),
    value("<int></int>"),
    value("<int>0x10</int>"),
    value("<boolean>2</boolean>"),
    value("<double>nan</double>"),
    value("<dateTime.iso8601>yesterday</dateTime.iso8601>"),
    value("<base64>!</base64>"),
    value("<unknown/>"),
    value("<int>1</int><int>2</int>"),
    value("<array/>"),
    value("<array><data><x/></data></array>"),
    value("<struct><x/></struct>"),
    value("<struct><member/></struct>"),
    value("<string><b/></string>"),
    value("&undefined;"),
    value(`<int>${"9".repeat(1000)}</int>`),
    `<!DOCTYPE x [<!ENTITY a "b">]>${value("&a;")}`,
    value("<array><data><value>".repeat(300) + "</value></data></array>".repeat(300)),
    value("<array><data><value>".repeat(50_000) + "</value></data></array>".repeat(50_000)),
  ];
  for (const text of bad) assertThrows(() => readCall(text), XMLRPCError, undefined, text.slice(0, 80));
  fc.assert(
    fc.property(fc.string(), (inner) => {
      try {
        readCall(value(inner));
      } catch (error) {
        return error instanceof XMLRPCError;
      }
      return true;
    }),
    { numRuns: 300, seed: 6 },
  );
});

// ---------------------------------------------------------------------------------------------------- the server

class Sums extends XMLRPC {
  later = new Deferred<number>(() => void (this.cancelled = true));
  cancelled = false;

  xmlrpc_add = Object.assign((a: number, b: number) => a + b, {
    help: "Adds two numbers.",
    signature: [["int", "int", "int"], ["double", "double", "double"]],
  });
  xmlrpc_host = withRequest((request: Request, suffix: string) => request.method + suffix);
  xmlrpc_later(): Deferred<number> {
    return this.later;
  }
  xmlrpc_refuse(): never {
    throw new Fault(7, "no");
  }
  xmlrpc_break(): never {
    throw new RangeError("a secret");
  }
  xmlrpc_nothing(): void {}
}

function call(resource: XMLRPC, method: string, ...params: unknown[]): unknown {
  const answer = new Client(new Site(resource)).ask("POST /", writeCall(method, params, { allowNull: true }));
  assertEquals([answer.status, answer.headers.get("content-type")], [200, "text/xml; charset=utf-8"]);
  const response = readResponse(answer.body);
  return "result" in response ? response.result : [response.faultCode, response.faultString];
}

Deno.test("XMLRPC answers calls of its procedures", () => {
  assertEquals(call(new Sums(), "add", 1, 2), 3);
  assertEquals(call(new Sums(), "host", "!"), "POST!");
  assertEquals(call(new Sums({ allowNull: true }), "nothing"), null);
  assertEquals(new Client(new Site(new Sums())).ask("GET /").status, 405);
});

Deno.test("XMLRPC tells of faults that are meant for the caller, and of no other errors", () => {
  assertEquals(call(new Sums(), "refuse"), [7, "no"]);
  assertEquals(call(new Sums(), "break"), [FAILURE, "error"]);
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  assertEquals(call(new Sums(), "nothing"), [FAILURE, "error"]);
  assertEquals(flushLoggedErrors(XMLRPCError).length, 1);
  for (const name of ["missing", "render_POST", "x.y", ""]) {
    const [code] = call(new Sums(), name || "constructor") as [number];
    assertEquals(code, NOT_FOUND, name);
  }
  const garbage = new Client(new Site(new Sums())).ask("POST /", "garbage");
  assertStringIncludes(garbage.body, "deserialize");
});

Deno.test("Procedures of sub-handlers have their prefix, and introspection tells of all", () => {
  const sums = new Sums();
  const users = new XMLRPC();
  Object.assign(users, { xmlrpc_list: () => ["ann"] });
  sums.putSubHandler("users", users);
  addIntrospection(sums);
  assertEquals(call(sums, "users.list"), ["ann"]);
  const names = call(sums, "system.listMethods") as string[];
  for (const name of ["add", "refuse", "users.list", "system.listMethods", "system.methodHelp"]) {
    assert(names.includes(name), name);
  }
  assertEquals(call(sums, "system.methodHelp", "add"), "Adds two numbers.");
  assertEquals(call(sums, "system.methodSignature", "add"), sums.xmlrpc_add.signature);
  assertEquals(call(sums, "system.methodSignature", "refuse"), "");
  assertEquals((call(sums, "system.methodHelp", "gone") as [number])[0], NOT_FOUND);
  assertEquals([sums.getSubHandlerPrefixes(), sums.getSubHandler("users")], [["users", "system"], users]);
});

Deno.test("A result that comes later is waited for, and cancelled when the client hangs up", () => {
  const body = writeCall("later", [], plain);
  const wire = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const patient = new Sums();
  const client = new Client(new Site(patient)).send(wire);
  assertEquals(client.wire, "");
  patient.later.callback(5);
  assertStringIncludes(client.wire, "<int>5</int>");
  const hasty = new Sums();
  new Client(new Site(hasty)).send(wire).transport.abortConnection();
  assert(hasty.cancelled);
  assertEquals(flushLoggedErrors(), [], "that is no error");
});

// ---------------------------------------------------------------------------------------------------- the client

function proxy() {
  const bench = new Bench();
  return {
    bench,
    proxy: new Proxy<{ add(a: number, b: number): number }>("http://u:p@a/rpc", { agent: bench.agent }),
  };
}

function answerWith(bench: Bench, body: string, status = "200 OK"): string {
  const connection = bench.accept();
  const head = sent(connection);
  connection.receive(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return head;
}

Deno.test("The proxy calls by POST, and gives the result", () => {
  const { bench, proxy: sums } = proxy();
  const d = sums.callRemote("add", 1, 2);
  const head = answerWith(bench, writeResponse(3, plain));
  for (
    const part of ["POST /rpc HTTP/1.1\r\n", "Content-Type: text/xml\r\n", "Authorization: Basic dTpw\r\n"]
  ) {
    assertStringIncludes(head, part);
  }
  assertEquals(readCall(head.slice(head.indexOf("<?xml"))), { method: "add", params: [1, 2] });
  const sum: number = successResultOf(d);
  assertEquals(sum, 3);
});

Deno.test("The proxy fails as the server, the status, or the answer says", () => {
  const cases = [
    [writeFault(7, "no"), "200 OK", Fault],
    ["", "404 X", WebError],
    ["<html/>", "200 OK", XMLRPCError],
    [`<methodResponse><params/></methodResponse>`, "200 OK", XMLRPCError],
    [`<methodResponse><fault><value/></fault></methodResponse>`, "200 OK", XMLRPCError],
  ] as const;
  for (const [body, status, kind] of cases) {
    const { bench, proxy: sums } = proxy();
    const d = sums.callRemote("add", 1, 2);
    answerWith(bench, body, status);
    failureResultOf(d, kind);
  }
  failureResultOf(proxy().proxy.callRemote("add", NaN, 1), XMLRPCError);
});

Deno.test("Cancelling a call cuts its connection", () => {
  const { bench, proxy: sums } = proxy();
  const d = sums.callRemote("add", 1, 2);
  const connection = bench.accept();
  d.cancel();
  failureResultOf(d);
  assert(connection.aborting);
});
