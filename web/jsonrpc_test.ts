import { CancelledError, Deferred } from "@ropewalk/deferred";
import { MethodTable } from "@ropewalk/protocols";
import { failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BadResponse, WebError } from "./client.ts";
import { JSONRPC, JSONRPCError, Proxy } from "./jsonrpc.ts";
import { Client } from "./_support_test.ts";
import { Bench, sent } from "./_client/_support_test.ts";
import { Site } from "./site.ts";

class Sums extends JSONRPC {
  readonly later = new Deferred<number>((d) => void (this.cancelled = d === this.later));
  cancelled = false;

  jsonrpc_add(a: number, b: number): number {
    return a + b;
  }
  jsonrpc_later(): Deferred<number> {
    return this.later;
  }
  jsonrpc_refuse(): never {
    throw new JSONRPCError(7, "no", { why: "so" });
  }
  jsonrpc_break(): never {
    throw new RangeError("a secret");
  }
}

function ask(resource: JSONRPC, text: string) {
  return new Client(new Site(resource)).ask("POST /", text);
}

Deno.test("JSONRPC answers calls of its methods and of its table", () => {
  const resource = new Sums({
    methods: new MethodTable().add("upper", (text: string) => text.toUpperCase()),
  });
  const answer = ask(resource, '{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}');
  assertEquals(answer.headers.get("content-type"), "application/json");
  assertEquals(JSON.parse(answer.body), { jsonrpc: "2.0", id: 1, result: 3 });
  assertEquals(
    JSON.parse(ask(resource, '{"jsonrpc":"2.0","id":2,"method":"upper","params":["a"]}').body).result,
    "A",
  );
});

Deno.test("JSONRPC tells of errors that are meant for the caller, and of no others", () => {
  const resource = new Sums();
  const error = (text: string) => JSON.parse(ask(resource, text).body).error;
  assertEquals(error('{"jsonrpc":"2.0","id":1,"method":"refuse"}'), {
    code: 7,
    message: "no",
    data: { why: "so" },
  });
  assertEquals(error('{"jsonrpc":"2.0","id":1,"method":"break"}'), {
    code: -32603,
    message: "Internal error",
  });
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  assertEquals(error('{"jsonrpc":"2.0","id":1,"method":"render_POST"}').code, -32601);
  assertEquals(error("{").code, -32700);
});

Deno.test("A notification is answered by 204, and GET by 405", () => {
  assertEquals(ask(new Sums(), '{"jsonrpc":"2.0","method":"add","params":[1,2]}').status, 204);
  assertEquals(new Client(new Site(new Sums())).ask("GET /").status, 405);
});

Deno.test("A result that comes later is waited for, and cancelled when the client hangs up", () => {
  const call =
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 41\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"later"}';
  const patient = new Sums();
  const client = new Client(new Site(patient)).send(call);
  assertEquals(client.transport.text(), "");
  patient.later.callback(5);
  assertStringIncludes(client.transport.text(), '"result":5');

  const hasty = new Sums();
  new Client(new Site(hasty)).send(call).transport.abortConnection();
  assert(hasty.cancelled);
  flushLoggedErrors(CancelledError);
});

function proxy() {
  const bench = new Bench();
  return {
    bench,
    proxy: new Proxy<{ add(a: number, b: number): number }>("http://a/rpc", { agent: bench.agent }),
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
  const head = answerWith(bench, '{"jsonrpc":"2.0","id":1,"result":3}');
  assertStringIncludes(head, "POST /rpc HTTP/1.1\r\n");
  assertStringIncludes(head, "Content-Type: application/json\r\n");
  assertStringIncludes(head, '{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}');
  const sum: number = successResultOf(d);
  assertEquals(sum, 3);
});

Deno.test("The proxy fails as the server, the status, or the answer says", () => {
  const { bench, proxy: sums } = proxy();
  const refused = sums.callRemote("add", 1, 2);
  answerWith(bench, '{"jsonrpc":"2.0","id":1,"error":{"code":7,"message":"no"}}');
  assertEquals((failureResultOf(refused, JSONRPCError).value as JSONRPCError).code, 7);
  for (
    const [status, body, kind] of [["500 X", "", WebError], ["200 OK", "[]", BadResponse], [
      "200 OK",
      "{",
      BadResponse,
    ], ["200 OK", '{"id":9,"result":1}', BadResponse]] as const
  ) {
    const each = proxy();
    const d = each.proxy.callRemote("add", 1, 2);
    answerWith(each.bench, body, status);
    failureResultOf(d, kind);
  }
});

Deno.test("A batch is one request", () => {
  const { bench, proxy: sums } = proxy();
  const [one, two, three] = sums.batch([{ method: "add", params: [1, 2] }, { method: "x" }, { method: "y" }]);
  answerWith(bench, '[{"id":2,"error":{"code":1,"message":"m"}},{"id":1,"result":3}]');
  assertEquals(successResultOf(one!), 3);
  failureResultOf(two!, JSONRPCError);
  failureResultOf(three!, BadResponse);
});

Deno.test("A notification wants no answer, and a cancelled call cuts its connection", () => {
  const { bench, proxy: sums } = proxy();
  const told = sums.notify("add", 1, 2);
  answerWith(bench, "", "204 No Content");
  assertEquals(successResultOf(told), undefined);
  const other = proxy();
  const d = other.proxy.callRemote("add", 1, 2);
  const connection = other.bench.accept();
  d.cancel();
  failureResultOf(d);
  assert(connection.aborting);
});
