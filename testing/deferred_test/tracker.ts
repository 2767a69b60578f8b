/**
 * Notes what a test arranges and opens on a reactor, so that what is left over can be named.
 * @module
 */
import type {
  DatagramTransport,
  DelayedCall,
  ListeningPort,
  ProtocolFactory,
  Reactor,
  ReactorTime,
  StreamProtocol,
} from "@ropewalk/reactor/core";

const LISTEN = ["listenTCP", "listenTLS", "listenUNIX", "listenUDP", "listenMulticast"] as const;
const CONNECT = ["connectTCP", "connectTLS", "connectUNIX"] as const;

type AnyFunction = (...args: never[]) => unknown;

/** Something that is open, and where it was opened. */
interface Open {
  readonly what: () => string;
  readonly where: string;
}

/**
 * Watches a reactor from construction until {@linkcode Tracker.stop}: its methods are wrapped on the object, so that
 * every delayed call, port and connection is known with the stack that made it.
 */
export class Tracker {
  readonly #calls = new Map<DelayedCall, string>();
  readonly #open = new Map<object, Open>();
  readonly #before: ReadonlySet<DelayedCall>;
  readonly #reactor: ReactorTime;
  readonly #restore: (() => void)[] = [];

  constructor(reactor: ReactorTime) {
    this.#reactor = reactor;
    this.#before = new Set(reactor.getDelayedCalls());
    this.#wrap(reactor, "callLater", (original) => (...args) => {
      const call = original(...args) as DelayedCall;
      this.#calls.set(call, whereFrom());
      return call;
    });
    const whole = reactor as Partial<Reactor>;
    for (const name of LISTEN) {
      if (whole[name] === undefined) continue;
      this.#wrap(whole as Reactor, name, (original) => (...args) => {
        const where = whereFrom();
        if (!name.startsWith("listenU") || name === "listenUNIX") {
          this.#watchFactory(args[1] as never, name, where);
        }
        const port = original(...args) as ListeningPort;
        this.#watchPort(port, name, where);
        return port;
      });
    }
    for (const name of CONNECT) {
      if (whole[name] === undefined) continue;
      this.#wrap(whole as Reactor, name, (original) => (...args) => {
        const factory = args[name === "connectUNIX" ? 1 : 2];
        this.#watchFactory(factory as never, name, whereFrom());
        return original(...args);
      });
    }
  }

  /** What is left over, in words; empty if nothing is. */
  leftovers(): string[] {
    const lines: string[] = [];
    for (const call of this.#reactor.getDelayedCalls()) {
      if (this.#before.has(call)) continue;
      const seconds = (call.getTime() - this.#reactor.seconds()).toFixed(3);
      lines.push(`a call that is due in ${seconds} s${this.#calls.get(call) ?? ""}`);
    }
    for (const { what, where } of this.#open.values()) lines.push(`${what()}${where}`);
    return lines;
  }

  /** Ends the watch, and with it what it costs. */
  stop(): void {
    for (const restore of this.#restore.splice(0).reverse()) restore();
  }

  #watchPort(port: ListeningPort & Partial<DatagramTransport>, how: string, where: string): void {
    const address = `${port.getHost()}`;
    const open = () =>
      this.#open.set(port, { what: () => `a port that listens on ${address} (${how})`, where });
    open();
    for (const name of ["stopListening", "loseConnection"] as const) {
      if (port[name] === undefined) continue;
      this.#wrap(port as Record<typeof name, AnyFunction>, name, (original) => (...args) => {
        this.#open.delete(port);
        return original(...args);
      });
    }
    this.#wrap(port, "startListening", (original) => (...args) => {
      const result = original(...args);
      open();
      return result;
    });
  }

  #watchFactory(factory: ProtocolFactory, how: string, where: string): void {
    this.#wrap(factory, "buildProtocol", (original) => (...args) => {
      const protocol = original(...args) as StreamProtocol | null;
      if (protocol !== null) this.#watchProtocol(protocol, how, where);
      return protocol;
    });
  }

  #watchProtocol(protocol: StreamProtocol, how: string, where: string): void {
    this.#wrap(protocol, "makeConnection", (original) => (...args) => {
      const [transport] = args as unknown as [{ getPeer(): unknown }];
      this.#open.set(protocol, {
        what: () => `a connection of a ${protocol.constructor.name} with ${transport.getPeer()} (${how})`,
        where,
      });
      return original(...args);
    });
    this.#wrap(protocol, "connectionLost", (original) => (...args) => {
      this.#open.delete(protocol);
      return original(...args);
    });
  }

  // Puts a method of the object itself in front of the one of its class.
  #wrap<N extends string>(
    target: { [K in N]: AnyFunction },
    name: N,
    wrapper: (original: (...args: never[]) => unknown) => (...args: never[]) => unknown,
  ): void {
    const own = Object.getOwnPropertyDescriptor(target, name);
    const original = target[name].bind(target);
    Object.defineProperty(target, name, {
      value: wrapper(original),
      configurable: true,
      writable: true,
      enumerable: own?.enumerable ?? false,
    });
    this.#restore.push(() => {
      if (own === undefined) delete (target as Record<string, unknown>)[name];
      else Object.defineProperty(target, name, own);
    });
  }
}

// The stack above the wrapper, without the lines of this file.
function whereFrom(): string {
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  const shown = lines.filter((line) => !line.includes(import.meta.url)).slice(0, 6);
  return shown.length === 0 ? "" : `, made\n${shown.join("\n")}`;
}
