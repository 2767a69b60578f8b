/**
 * The PROXY protocol: what a load balancer puts in front of a connection, so that the server learns who is there.
 *
 * @example Behind a proxy
 * ```ts
 * import { Factory, LineReceiver } from "@ropewalk/protocols";
 * import { HAProxyWrappingFactory } from "@ropewalk/protocols/haproxy";
 *
 * // As "haproxy:tcp:8000" does it: transport.getPeer() is the client, not the proxy.
 * const factory = new HAProxyWrappingFactory(Factory.forProtocol(LineReceiver));
 * ```
 *
 * @example Being the proxy
 * ```ts
 * import { proxyHeaderV2 } from "@ropewalk/protocols/haproxy";
 * import type { Transport } from "@ropewalk/reactor/core";
 *
 * function introduce(client: Transport, server: Transport): void {
 *   server.write(proxyHeaderV2(client.getPeer(), client.getHost()));
 * }
 * ```
 *
 * @module
 */
export {
  type HAProxyOptions,
  HAProxyWrappingFactory,
  InvalidProxyHeader,
  proxyEndpoint,
  type ProxyHeader,
  ProxyHeaderParser,
  proxyHeaderV1,
  proxyHeaderV2,
} from "@ropewalk/reactor/core";
