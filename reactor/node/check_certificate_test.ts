import { assertEquals, assertRejects } from "@std/assert";
import { CLIENT, OTHER } from "../_contract/certificates.ts";
import { PipeAddress } from "../core/addresses.ts";
import { TLSError } from "../core/errors.ts";
import type { HostStream } from "../core/host_network.ts";
import { NodeNetwork } from "./node_network.ts";

Deno.test("a client whose key is not its certificate's is told so before it shakes hands, and the stream is closed", async () => {
  let closed = 0;
  const address = new PipeAddress();
  const stream: HostStream = {
    localAddress: address,
    remoteAddress: address,
    read: () => Promise.reject(new Error("read")),
    write: () => Promise.reject(new Error("written to")),
    closeWrite: () => Promise.resolve(),
    close: () => void closed++,
  };
  const wrong: [{ cert: string; key: string }, string][] = [
    [{ cert: CLIENT.cert, key: OTHER.key }, "The private key does not belong to the certificate"],
    [{ cert: "none", key: OTHER.key }, "The certificate is not PEM"],
  ];
  for (const [options, words] of wrong) {
    await assertRejects(() => new NodeNetwork().connectTLS(stream, options), TLSError, words);
  }
  assertEquals(closed, 2);
});
