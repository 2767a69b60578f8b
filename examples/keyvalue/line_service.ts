/**
 * The store over lines: `get k`, `set k v`, `delete k`.
 */
import { Factory, LineReceiver } from "@ropewalk/protocols";
import { ServiceStats } from "./service_stats.ts";
import { KeyError, type KeyValueStore, ValueError } from "./store.ts";

export class LineProtocol extends LineReceiver<LineFactory> {
  override acceptBareLF = true;

  override connectionMade(): void {
    this.factory.stats.opened();
  }

  override lineReceived(line: string): void {
    this.factory.stats.operations++;
    this.sendLine(answer(this.factory.store, line));
  }

  override lineLengthExceeded(): void {
    this.sendLine(`ERROR a line is at most ${this.MAX_LENGTH} bytes`);
    this.transport.loseConnection();
  }

  /** The client has said all it will: it still gets its answers. */
  readConnectionLost(): void {
    this.transport.loseConnection();
  }

  override connectionLost(): void {
    this.factory.stats.closed();
  }
}

/** What the store says to one command. */
export function answer(store: KeyValueStore, line: string): string {
  const [, verb, key = "", value] = /^(\S*) ?(\S*)(?: (.*))?$/s.exec(line) ?? [];
  try {
    if (verb === "get" && key && value === undefined) return `VALUE ${key} ${store.get(key)}`;
    if (verb === "set" && key && value !== undefined) {
      store.set(key, value);
      return "STORED";
    }
    if (verb === "delete" && key && value === undefined) {
      store.delete(key);
      return `DELETED ${key}`;
    }
  } catch (error) {
    if (error instanceof KeyError) return `${verb === "get" ? "GET" : "DEL"}_NOT_FOUND ${key}`;
    if (error instanceof ValueError) return `ERROR ${error.message}`;
    throw error;
  }
  return "ERROR say one of: get KEY · set KEY VALUE · delete KEY";
}

export class LineFactory extends Factory {
  readonly stats = new ServiceStats("lines");

  constructor(readonly store: KeyValueStore) {
    super();
  }

  override buildProtocol(): LineProtocol {
    return this.adopt(new LineProtocol());
  }
}
