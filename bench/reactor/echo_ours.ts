/** Echo on the reactor: `echo_ours.ts PORT [kept]`. */
import { reactor } from "@ropewalk/reactor";
import { Factory, Protocol } from "@ropewalk/protocols";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

class BorrowingEcho extends Echo {
  readonly borrowsData = true;
}

const factory = Factory.forProtocol(Deno.args[1] === "kept" ? Echo : BorrowingEcho);
reactor.listenTCP(Number(Deno.args[0]), factory, { hostname: "127.0.0.1" });
await reactor.run();
