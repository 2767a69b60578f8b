/** Echo under TLS on the reactor: `tls_ours.ts PORT`. */
import { reactor } from "@ropewalk/reactor";
import { Factory, Protocol } from "@ropewalk/protocols";
import { SERVER } from "../../reactor/_contract/certificates.ts";

class Echo extends Protocol {
  readonly borrowsData = true;

  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

reactor.listenTLS(Number(Deno.args[0]), Factory.forProtocol(Echo), SERVER, { hostname: "127.0.0.1" });
await reactor.run();
