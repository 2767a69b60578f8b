import type { PushProducer } from "@ropewalk/reactor/core";
import type { StringTransport } from "@ropewalk/testing";

/** Makes the peer of a transport read no more, until `reads` is set: a producer is told at once that it must hold. */
export function stopReading(transport: StringTransport) {
  const reader = { reads: false };
  const register = transport.registerProducer.bind(transport);
  transport.registerProducer = (producer, streaming) => {
    register(producer, streaming);
    if (!reader.reads) (producer as PushProducer).pauseProducing();
  };
  return reader;
}
