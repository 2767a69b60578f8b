/**
 * Tests of network programs with no network: clocks that move by hand, transports that are strings, two protocols joined
 * in memory, Deferreds looked into without waiting.
 *
 * @example
 * ```ts
 * import { Protocol } from "@ropewalk/protocols";
 * import { Clock, StringTransport } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * class Reminder extends Protocol {
 *   override connectionMade() {
 *     this.reactor.callLater(60, () => this.transport.write("a minute ago\r\n"));
 *   }
 * }
 *
 * const clock = new Clock();
 * const transport = new StringTransport({ reactor: clock });
 * new Reminder().makeConnection(transport);
 * clock.advance(60);
 * assertEquals(transport.text(), "a minute ago\r\n");
 * ```
 *
 * @module
 */
export { byteByByte, cutAt, everySplit } from "./chunks.ts";
export { Clock } from "./clock.ts";
export {
  type ConnectedPair,
  connectedServerAndClient,
  type Cut,
  IOPump,
  type LoopbackOptions,
  type ProtocolSource,
} from "./loopback.ts";
export { TestContext } from "./deferred_test/context.ts";
export {
  deferredTest,
  type DeferredTestFunction,
  type DeferredTestOptions,
  runDeferredTest,
} from "./deferred_test/runner.ts";
export { simulationTest } from "./deferred_test/simulation_test_runner.ts";
export { flushLoggedErrors } from "./logged_errors.ts";
export { MemoryConnection, type MemoryConnectionOptions } from "./memory/memory_connection.ts";
export { MemoryConnector, type MemoryConnectRequest } from "./memory/memory_connector.ts";
export {
  MemoryDatagramPort,
  type MemoryDatagramRequest,
  type SentDatagram,
} from "./memory/memory_datagram_port.ts";
export { MemoryPort, type MemoryPortRequest } from "./memory/memory_port.ts";
export { MemoryReactor, MemoryReactorClock } from "./memory/memory_reactor.ts";
export { type MemoryFiles, MemoryFileSystem, type MemoryFileSystemOptions } from "./memory_file_system.ts";
export { MemoryTransport, type MemoryTransportOptions, type ProducerState } from "./memory_transport.ts";
export { SeededRandom } from "./random.ts";
export { assertFailure, assertNoResult, failureResultOf, successResultOf } from "./results.ts";
export type { Link, LinkOptions } from "./simulation/link.ts";
export {
  simulate,
  simulateAsync,
  type SimulateOptions,
  SimulationError,
  type SimulationReport,
} from "./simulation/simulate.ts";
export { type HostOptions, SimulatedHost } from "./simulation/simulated_host.ts";
export {
  type Program,
  SimulatedNetwork,
  type SimulatedNetworkOptions,
} from "./simulation/simulated_network.ts";
export type { Trace } from "./simulation/trace.ts";
export {
  StringTransport,
  type StringTransportOptions,
  StringTransportWithDisconnection,
} from "./string_transport.ts";
export { Written } from "./written.ts";
