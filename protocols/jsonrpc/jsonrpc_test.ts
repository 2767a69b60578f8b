import { Deferred, Failure, TimeoutError } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import {
  Clock,
  everySplit,
  failureResultOf,
  flushLoggedErrors,
  StringTransport,
  successResultOf,
} from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Integer } from "../amp/mod.ts";
import { encodeUtf8 } from "../bytes.ts";
import { MethodTable } from "../method_table.ts";
import { JSONRPCDispatcher } from "./dispatcher.ts";
import { JSONRPCError } from "./errors.ts";
import { JSONRPCPeer } from "./peer.ts";
import {
  JSONRPCLines,
  JSONRPCNetstrings,
  JSONRPCWebSocketClient,
  JSONRPCWebSocketServer,
} from "./transports.ts";

const types = { arguments: { a: new Integer(), b: new Integer() }, result: new Integer() };

function table(): MethodTable {
  return new MethodTable()
    .add("subtract", (a: number, b: number) => a - b, { types })
    .add("fail", () => {
      throw new Error("the password is 1234");
    })
    .add("refuse", () => {
      throw new JSONRPCError(7, "not today", { why: "rain" });
    })
    .add("later", (n: number) => new Promise((resolve) => resolve(n * 2)))
    .add("big", () => 10n)
    .add("nothing", () => undefined)
    .add("nested", (name: string) => table().call(name));
}

// The examples of the specification, https://www.jsonrpc.org/specification, with our methods.
const EXAMPLES: [string, string | null][] = [
  [
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    '{"jsonrpc":"2.0","id":1,"result":19}',
  ],
  [
    '{"jsonrpc":"2.0","method":"subtract","params":{"b":23,"a":42},"id":"x"}',
    '{"jsonrpc":"2.0","id":"x","result":19}',
  ],
  ['{"jsonrpc": "2.0", "method": "subtract", "params": [1, 2]}', null],
  [
    '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    '{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"Method not found"}}',
  ],
  ['{"jsonrpc": "2.0", "method": "foobar"}', null],
  [
    '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}',
  ],
  [
    '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}',
  ],
  ["[]", '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}'],
  [
    "[1,2]",
    '[{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}},' +
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}]',
  ],
  [
    '[{"jsonrpc":"2.0","method":"subtract","params":[3,1],"id":"1"},{"jsonrpc":"2.0","method":"nothing"},' +
    '{"jsonrpc":"2.0","method":"nothing","id":null}]',
    '[{"jsonrpc":"2.0","id":"1","result":2},{"jsonrpc":"2.0","id":null,"result":null}]',
  ],
  ['[{"jsonrpc":"2.0","method":"nothing"},{"jsonrpc":"2.0","method":"nope"}]', null],
  [
    '{"jsonrpc":"2.0","method":"subtract","params":{"c":1},"id":1}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Cannot call subtract: it has no parameter c"}}',
  ],
  [
    '{"jsonrpc":"2.0","method":"nothing","params":{"c":1},"id":1}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Cannot call nothing by name: its parameters have none"}}',
  ],
  [
    '{"jsonrpc":"2.0","method":"refuse","id":1}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":7,"message":"not today","data":{"why":"rain"}}}',
  ],
  [
    '{"jsonrpc":"1.0","method":"nothing","id":4}',
    '{"jsonrpc":"2.0","id":4,"error":{"code":-32600,"message":"Invalid Request"}}',
  ],
  [
    '{"jsonrpc":"2.0","method":"__proto__","id":4}',
    '{"jsonrpc":"2.0","id":4,"error":{"code":-32601,"message":"Method not found"}}',
  ],
];

for (const [request, answer] of EXAMPLES) {
  Deno.test(`JSONRPCDispatcher answers ${request.slice(0, 60)}`, () => {
    assertEquals(new JSONRPCDispatcher(table()).handle(request), answer);
  });
}

Deno.test("JSONRPCDispatcher keeps the text of an unexpected error to itself, and reports it", () => {
  const dispatcher = new JSONRPCDispatcher(table());
  const internal = '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error"}}';
  for (const method of ["fail", "big"]) {
    assertEquals(dispatcher.handle(`{"jsonrpc":"2.0","id":1,"method":"${method}"}`), internal);
  }
  assertEquals(dispatcher.handle('{"jsonrpc":"2.0","id":1,"method":"nested","params":["nope"]}'), internal);
  assertEquals(dispatcher.handle('{"jsonrpc":"2.0","method":"fail"}'), null);
  assertEquals(flushLoggedErrors().length, 4);
});

Deno.test("JSONRPCDispatcher waits for Deferreds and promises, alone and in batches", async () => {
  const waiting = new Deferred<number>();
  const dispatcher = new JSONRPCDispatcher(table().add("wait", () => waiting));
  const single = dispatcher.handle('{"jsonrpc":"2.0","method":"later","params":[21],"id":1}');
  const batch = dispatcher.handle(
    '[{"jsonrpc":"2.0","method":"wait","id":1},{"jsonrpc":"2.0","method":"subtract","params":[1,1],"id":2},' +
      '{"jsonrpc":"2.0","method":"later","params":[1]}]',
  );
  waiting.errback(new JSONRPCError(1, "x"));
  assertEquals(await single, '{"jsonrpc":"2.0","id":1,"result":42}');
  assertEquals(
    await batch,
    '[{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}},{"jsonrpc":"2.0","id":2,"result":0}]',
  );
});

Deno.test("JSONRPCDispatcher answers an error whose data is no JSON, alone, later and in a batch", async () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const dispatcher = new JSONRPCDispatcher(
    new MethodTable()
      .add("circle", () => {
        throw new JSONRPCError(1, "x", circle);
      })
      .add("big", () => Promise.reject(new JSONRPCError(1, "x", 1n))),
  );
  const ask = (method: string, id: number) => `{"jsonrpc":"2.0","id":${id},"method":"${method}"}`;
  const answer = (id: number) =>
    `{"jsonrpc":"2.0","id":${id},"error":{"code":-32603,"message":"Internal error"}}`;
  assertEquals(await dispatcher.handle(ask("circle", 1)), answer(1));
  assertEquals(await dispatcher.handle(ask("big", 2)), answer(2));
  assertEquals(
    await dispatcher.handle(`[${ask("circle", 3)},${ask("big", 4)}]`),
    `[${answer(3)},${answer(4)}]`,
  );
  assertEquals(flushLoggedErrors(TypeError).length, 4);
});

Deno.test("JSONRPCDispatcher takes ids of every kind that it can say again, and no others", () => {
  const dispatcher = new JSONRPCDispatcher(new MethodTable().add("m", () => 1));
  for (const id of ["0", "-1", "1.5", "9007199254740991", '""', '"\\u0000"', '"__proto__"', "null"]) {
    assertEquals(
      JSON.parse(dispatcher.handle(`{"jsonrpc":"2.0","id":${id},"method":"m"}`) as string),
      { jsonrpc: "2.0", id: JSON.parse(id), result: 1 },
    );
  }
  for (const id of ["true", "[]", "{}", "1e400", "-1e999"]) {
    const { error, id: none } = JSON.parse(
      dispatcher.handle(`{"jsonrpc":"2.0","id":${id},"method":"m"}`) as string,
    );
    assertEquals([error.code, none], [-32600, null]);
  }
});

Deno.test("JSONRPCDispatcher finds nothing by names that every object has", () => {
  const dispatcher = new JSONRPCDispatcher(
    new MethodTable().add("sum", (a: number, b: number) => [a, b], { parameters: ["a", "b"] }),
  );
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "then"]) {
    const method = dispatcher.handle(`{"jsonrpc":"2.0","id":1,"method":"${name}"}`) as string;
    assert(method.includes("-32601"), name);
    const params = dispatcher.handle(
      `{"jsonrpc":"2.0","id":1,"method":"sum","params":{"${name}":1}}`,
    ) as string;
    assert(params.includes("-32602"), name);
  }
  assertEquals(
    dispatcher.handle('{"__proto__":{"method":"sum"},"jsonrpc":"2.0","id":1}'),
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Invalid Request"}}',
  );
});

Deno.test("JSONRPCDispatcher bounds its batches", () => {
  const dispatcher = new JSONRPCDispatcher(table(), { maxBatch: 2 });
  assert((dispatcher.handle("[1,2,3]") as string).includes("too many calls"));
});

Deno.test("JSONRPCDispatcher takes any text and any JSON", () => {
  const dispatcher = new JSONRPCDispatcher(new MethodTable());
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    const answer = dispatcher.handle(text);
    if (answer !== null) JSON.parse(answer as string);
  }));
  dispatcher.handle("[".repeat(100_000));
});

interface Remote {
  [name: string]: (...args: never[]) => unknown;
  subtract(a: number, b: number): number;
  later(n: number): Promise<number>;
}

function pair(options = {}) {
  const [toServer, toClient]: [string[], string[]] = [[], []];
  const server = new JSONRPCPeer((text) => void toClient.push(text), { methods: table() });
  const client = new JSONRPCPeer<Remote>((text) => void toServer.push(text), options);
  const pump = () => {
    for (const text of toServer.splice(0)) server.received(text);
    for (const text of toClient.splice(0)) client.received(text);
  };
  return { server, client, pump, toServer, toClient };
}

Deno.test("JSONRPCPeer calls with arguments in order and by name, notifies, and makes batches", async () => {
  const { client, pump, toServer } = pair();
  const [a, b, c, d] = [
    client.call("subtract", 5, 3),
    client.callNamed("subtract", { b: 1, a: 2 }),
    client.call("later", 4),
    client.call("refuse" as "later", 1),
  ];
  client.notify("subtract", 1, 2);
  assertEquals(toServer.at(-1), '{"jsonrpc":"2.0","method":"subtract","params":[1,2]}');
  pump();
  assertEquals([successResultOf(a), successResultOf(b)], [2, 1]);
  const error = failureResultOf(d, JSONRPCError).value as JSONRPCError;
  assertEquals([error.code, error.message, error.data], [7, "not today", { why: "rain" }]);
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  pump();
  assertEquals(successResultOf(c), 8);
  const results = client.batch([{ method: "subtract", params: [2, 1] }, { method: "nope" }]);
  assertEquals(toServer.length, 1);
  pump();
  assertEquals(successResultOf(results[0]!), 1);
  failureResultOf(results[1]!, JSONRPCError);
  const typed: Deferred<number> = client.call("later", 1);
  typed.addErrback(() => 0);
  // @ts-expect-error b is a number
  client.call("subtract", 1, "2").addErrback(() => {});
});

Deno.test("JSONRPCPeer lets both ends call", () => {
  const { client, server, pump } = pair({ methods: new MethodTable().add("who", () => "the client") });
  const d = (server as JSONRPCPeer).call("who");
  client.received('{"jsonrpc":"2.0","id":1,"result":5}'); // never asked
  pump();
  pump();
  assertEquals(successResultOf(d), "the client");
});

Deno.test("JSONRPCPeer gives a call its time, and all calls fail with the connection", () => {
  const clock = new Clock();
  const { client, pump } = pair({ timeoutSeconds: 5, reactor: clock });
  const late = client.call("subtract", 1, 1);
  clock.advance(5);
  failureResultOf(late, TimeoutError);
  pump();
  const lost = client.call("subtract", 1, 1);
  client.lost(new Failure(new ConnectionLost()));
  failureResultOf(lost, ConnectionLost);
  failureResultOf(client.call("subtract", 1, 1), ConnectionLost);
  client.notify("subtract", 1, 1);
  assertEquals(clock.getDelayedCalls(), []);
  const { client: other } = pair();
  failureResultOf(other.call("subtract", 1n as unknown as number, 1), TypeError);
});

const REQUEST = '{"jsonrpc":"2.0","id":1,"method":"subtract","params":[7,"ż"]}';

Deno.test("JSONRPCLines and JSONRPCNetstrings answer however the stream is cut", () => {
  const answer = '{"jsonrpc":"2.0","id":1,"result":null}';
  const methods = new MethodTable().add("subtract", () => null);
  const bytes = encodeUtf8(REQUEST).length;
  for (
    const [make, wire, expected] of [
      [() => new JSONRPCLines({ methods }), `\r\n${REQUEST}\r\n${REQUEST}\n`, `${answer}\n${answer}\n`],
      [() => new JSONRPCNetstrings({ methods }), `${bytes}:${REQUEST},`, `${answer.length}:${answer},`],
    ] as const
  ) {
    for (const chunks of everySplit(wire)) {
      const transport = new StringTransport();
      const protocol = make();
      protocol.makeConnection(transport);
      for (const chunk of chunks) protocol.dataReceived(chunk);
      assertEquals(transport.text(), expected);
      const call = protocol.peer.call("x");
      protocol.connectionLost(new Failure(new ConnectionLost()));
      failureResultOf(call, ConnectionLost);
    }
  }
});

Deno.test("JSON-RPC runs over a WebSocket", () => {
  const [a, b] = [new StringTransport(), new StringTransport()];
  const server = new JSONRPCWebSocketServer({ methods: table() });
  const client = new JSONRPCWebSocketClient<Remote>("ws://x/");
  server.makeConnection(a);
  client.makeConnection(b);
  const pump = () => {
    for (let i = 0; i < 3; i++) {
      const [x, y] = [a.value(), b.value()];
      a.clear();
      b.clear();
      if (y.length > 0) server.dataReceived(y);
      if (x.length > 0) client.dataReceived(x);
    }
  };
  pump();
  const d = client.peer.call("subtract", 9, 4);
  pump();
  assertEquals(successResultOf(d), 5);
  client.sendMessage(new Uint8Array(3));
  pump();
  assert(a.disconnecting);
  const pending = client.peer.call("subtract", 1, 1);
  client.connectionLost(new Failure(new ConnectionLost()));
  server.connectionLost(new Failure(new ConnectionLost()));
  failureResultOf(pending, ConnectionLost);
});
