/**
 * Postfix's TCP table maps (tcp_table(5)): postfix asks for a key, and is told a value.
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { PostfixTCPMapServer } from "@ropewalk/protocols/postfix";
 *
 * const aliases = new Map([["bob", "robert@example.org"]]);
 * const factory = Factory.forProtocol(PostfixTCPMapServer, (key: string) => aliases.get(key) ?? null);
 * ```
 *
 * @module
 */
import { type Deferred, type Failure, maybeDeferred, reportError } from "@ropewalk/deferred";
import type { DelayedCall } from "@ropewalk/reactor/core";
import { decodeUtf8, encodeUtf8, latin1 } from "./bytes.ts";
import type { Factory } from "./factory.ts";
import { LineReceiver } from "./line_receiver.ts";

/** The longest value that postfix reads, as it is coded: a reply has up to 4,096 bytes (tcp_table(5)). */
const MAX_VALUE = 4096 - "200 \n".length;

/** Looks a key up; `null` if it is not there. An error makes postfix try again later. */
export type PostfixLookup = (
  key: string,
) => string | null | Deferred<string | null> | PromiseLike<string | null>;

/** Codes a text: a space, `%`, control characters and what is not ASCII as `%xx`. */
export function quotePostfix(text: string): string {
  return latin1(encodeUtf8(text)).replace(
    /[^!-$&-~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`,
  );
}

/** The reverse of {@linkcode quotePostfix}. */
export function unquotePostfix(text: string): string {
  const bytes = latin1(encodeUtf8(text)).replace(
    /%([0-9a-fA-F]{2})/g,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  return decodeUtf8(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

/** One connection from postfix. Idle for ten minutes it is closed; lines have up to 1,024 bytes, and a
 * value that does not fit postfix's 4,096 is a temporary error. */
export class PostfixTCPMapServer<F = Factory> extends LineReceiver<F> {
  /** What ends a line. */
  override delimiter = "\n";
  /** The longest line, in bytes. */
  override MAX_LENGTH = 1024;
  /** How long a connection may be idle. */
  timeoutSeconds = 600;
  readonly #lookup: PostfixLookup;
  #timer: DelayedCall | null = null;

  /**
   * A connection to be.
   *
   * @param lookup Looks keys up.
   */
  constructor(lookup: PostfixLookup) {
    super();
    this.#lookup = lookup;
  }

  /** The time begins. */
  override connectionMade(): void {
    this.#timer = this.reactor.callLater(this.timeoutSeconds, () => {
      this.#timer = null;
      this.transport.loseConnection();
    });
  }

  /** A request came. */
  override lineReceived(line: string): void {
    this.#timer?.reset(this.timeoutSeconds);
    const space = line.indexOf(" ");
    const command = space < 0 ? line : line.slice(0, space);
    const rest = space < 0 ? "" : line.slice(space + 1);
    if (command === "get") {
      if (rest === "") return this.#say(400, "Command 'get' takes 1 parameters.");
      this.pauseProducing(); // one at a time: answers have no number
      maybeDeferred(() => this.#lookup(unquotePostfix(rest))).addCallbacks(
        (value) => {
          if (value === null) return this.#say(500, "");
          const quoted = quotePostfix(value);
          if (quoted.length <= MAX_VALUE) return this.#say(200, quoted);
          this.#say(400, quotePostfix("The value is too long"));
        },
        (failure) => {
          reportError(failure, "Error in a postfix map");
          this.#say(400, quotePostfix("The lookup failed"));
        },
      ).addCallback(() => {
        if (!this.transport.disconnecting) this.resumeProducing();
      });
    } else if (command === "put") {
      this.#say(500, "put is not implemented yet.");
    } else {
      this.#say(400, "unknown command");
    }
  }

  /** No more time-out. */
  override connectionLost(_reason: Failure): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #say(code: number, text: string): void {
    this.sendLine(`${code} ${text}`);
  }
}
