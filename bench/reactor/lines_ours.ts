/** Echo of lines on the reactor: `lines_ours.ts PORT`. */
import { Factory, LineReceiver } from "@ropewalk/protocols";
import { reactor } from "@ropewalk/reactor";

class Echo extends LineReceiver {
  override lineReceived(line: string): void {
    this.sendLine(line);
  }
}

reactor.listenTCP(Number(Deno.args[0]), Factory.forProtocol(Echo), { hostname: "127.0.0.1" });
await reactor.run();
