/**
 * Two processes: one calls methods of an object in the other.
 *
 *     deno run --allow-net examples/tutorial/ipc.ts --role=server
 *     deno run --allow-net examples/tutorial/ipc.ts --role=client --dividend=7 --divisor=2
 *
 * What is new since kv_client_errors.ts: Perspective Broker, so no protocol of our own. Methods that begin with `remote_` can
 * be called; `RemoteReference<Calculator>` knows their names, arguments and results. Errors travel too.
 */
import { Deferred, inlineCallbacks } from "@ropewalk/deferred";
import { clientFromString, reactor } from "@ropewalk/reactor";
import { PBClientFactory, PBError, PBServerFactory, type RemoteReference, Root } from "@ropewalk/spread";
import { work } from "./_command.ts";

/** An error that is meant for the other side: its message travels, under this name. */
export class DivisionByZero extends PBError {
  static override readonly wireName: string = "builtins.ZeroDivisionError";
}

/** What the server offers. */
export class Calculator extends Root {
  #calls = 0;

  remote_divide(dividend: number, divisor: number): number {
    this.#calls++;
    if (divisor === 0) throw new DivisionByZero("division by zero");
    return dividend / divisor;
  }

  remote_calls(): number {
    return this.#calls;
  }
}

/** Asks twice, the second time when the first is answered. */
export const use = inlineCallbacks(
  function* (calculator: RemoteReference<Calculator>, dividend: number, divisor: number) {
    const quotient: string = yield* calculator.callRemote("divide", dividend, divisor).addCallbacks(
      (result) => `${result}`,
      (failure) => {
        failure.trap(DivisionByZero);
        return "no number";
      },
    );
    return `${dividend} / ${divisor} is ${quotient} (call ${yield* calculator.callRemote("calls")})`;
  },
);

function serve(port: number): Deferred<void> {
  return reactor.listenTCP(port, new PBServerFactory(new Calculator()), { hostname: "127.0.0.1" }).ready
    .addCallback((listening) => {
      console.log(`Listening on ${listening.getHost()}. Ctrl-C stops.`);
      return new Deferred<void>(); // until then
    });
}

const ask = inlineCallbacks(function* (port: number, dividend: number, divisor: number) {
  const factory = new PBClientFactory();
  yield* clientFromString(reactor, `tcp:127.0.0.1:${port}`).connect(factory);
  console.log(yield* use(yield* factory.getRootObject<Calculator>(), dividend, divisor));
  factory.disconnect();
});

const HELP = `Divides numbers, in another process.

  --role ROLE        server or client (server)
  --port PORT        (8790)
  --dividend NUMBER  what the client wants divided (7)
  --divisor NUMBER   and by what (2)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { role: "server", port: 8790, dividend: 7, divisor: 2 },
      ({ role, port, dividend, divisor }): Deferred<unknown> => {
        if (role !== "server" && role !== "client") throw new RangeError("--role is server or client");
        return role === "server" ? serve(port) : ask(port, dividend, divisor);
      },
    ),
  );
}
