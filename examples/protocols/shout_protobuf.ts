/**
 * Protocol Buffers: each message, with four bytes of length in front, is answered in capitals. The message is one of
 * those that come with the library; a `.proto` of your own gives a schema like it by `protoc-gen-es`.
 *
 *     deno run --allow-net examples/protocols/shout_protobuf.ts
 */
import type { MessageShape } from "@bufbuild/protobuf";
import { type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import type { Deferred, Failure } from "@ropewalk/deferred";
import { Factory, RequestQueue } from "@ropewalk/protocols";
import { ProtobufReceiver } from "@ropewalk/protocols/protobuf";

/** The server's side. */
export class Shout extends ProtobufReceiver(StringValueSchema) {
  override messageReceived({ value }: StringValue): void {
    this.sendMessage({ value: value.toUpperCase() });
  }
}

/** The client's side: answers come in the order of the questions. */
export class ShoutClient extends ProtobufReceiver(StringValueSchema) {
  readonly #requests = new RequestQueue<string>(this);

  /** Asks for a text in capitals. */
  shout(value: string): Deferred<string> {
    const answer = this.#requests.push();
    this.sendMessage({ value });
    return answer;
  }

  override messageReceived(message: MessageShape<typeof StringValueSchema>): void {
    this.#requests.answer(message.value);
  }

  // Nobody answers any more.
  override connectionLost(reason: Failure): void {
    this.#requests.failAll(reason);
  }
}

if (import.meta.main) {
  const { clientFromString, connectProtocol, reactor } = await import("@ropewalk/reactor");
  const port = reactor.listenTCP(0, Factory.forProtocol(Shout), { hostname: "127.0.0.1" });
  await port.ready;
  const { port: number } = port.getHost() as { port: number };
  const client = await connectProtocol(
    clientFromString(reactor, `tcp:127.0.0.1:${number}`),
    new ShoutClient(),
  );
  console.log(await client.shout("hello"));
  client.transport.loseConnection();
  await port.stopListening();
}
