/**
 * `CopyableFailure`: an error on its way to the peer, and what it becomes there.
 * @module
 */
import { errorNames, Failure } from "@ropewalk/deferred";
import { RemoteError } from "./errors.ts";
import type { Jellier, Jellyable } from "./jellier.ts";
import { registeredClass, setUnjellyableFactoryForClass } from "./security.ts";

const WIRE_NAME = "twisted.spread.pb.CopyableFailure";

// Where Python's own exceptions come from, so that `failure.check(LookupError)` there finds a KeyError from here.
const PYTHON_BASES: Readonly<Record<string, string>> = {
  AttributeError: "Exception",
  IndexError: "LookupError",
  KeyError: "LookupError",
  LookupError: "Exception",
  ArithmeticError: "Exception",
  ZeroDivisionError: "ArithmeticError",
  OverflowError: "ArithmeticError",
  NotImplementedError: "RuntimeError",
  RecursionError: "RuntimeError",
  RuntimeError: "Exception",
  UnicodeError: "ValueError",
  ValueError: "Exception",
  TypeError: "Exception",
  OSError: "Exception",
  FileNotFoundError: "OSError",
  PermissionError: "OSError",
  ConnectionError: "OSError",
  TimeoutError: "OSError",
  AssertionError: "Exception",
  EOFError: "Exception",
  Exception: "BaseException",
  BaseException: "object",
};
const BASE_OF_NO_SUCH_METHOD = "builtins.AttributeError";

let count = 0;
const encoder = new TextEncoder();

/** An error as it is sent. It carries type, message and the names of its classes, and nothing of the program's inside. */
export class CopyableFailure implements Jellyable {
  readonly #failure: Failure;
  readonly #unsafeTracebacks: boolean;
  readonly #count = ++count;

  /**
   * Makes one.
   *
   * @param error The error, or a Failure that holds it.
   * @param options `unsafeTracebacks`: whether the peer gets the stack. @default false
   */
  constructor(error: unknown, options: { unsafeTracebacks?: boolean } = {}) {
    this.#failure = Failure.is(error) ? error : new Failure(error);
    this.#unsafeTracebacks = options.unsafeTracebacks ?? false;
  }

  /** Sends it; the fields and their order are those of Twisted. */
  jellyFor(jellier: Jellier): void {
    jellier.copy(this, WIRE_NAME, () => this.#state());
  }

  #state(): Record<string, unknown> {
    const parents = classNames(this.#failure);
    return {
      count: this.#count,
      type: encoder.encode(parents[0]!),
      value: this.#failure.getErrorMessage(),
      captureVars: false,
      frames: [],
      stack: [],
      tb: null,
      parents,
      unsafeTracebacks: this.#unsafeTracebacks,
      traceback: this.#unsafeTracebacks ? this.#failure.getTraceback() + "\n" : "Traceback unavailable\n",
    };
  }
}

/** The names of an error's classes, most derived first, then those that Python's own have above them. */
function classNames(failure: Failure): string[] {
  const names = errorNames(failure.value);
  if (names.length === 0) names.push(failure.type);
  const all = names.filter((name, i) => i === 0 || name !== "Error");
  if (all.includes("builtins.object")) return all;
  if (all.includes("twisted.spread.flavors.NoSuchMethod")) all.push(BASE_OF_NO_SUCH_METHOD);
  const last = all.at(-1)!;
  let base = last.startsWith("builtins.") ? PYTHON_BASES[last.slice(9)] ?? "Exception" : "Exception";
  for (;;) {
    all.push(`builtins.${base}`);
    if (base === "object") return all;
    base = PYTHON_BASES[base]!;
  }
}

/** The error that a received failure becomes: of the class registered for its type, else {@linkcode RemoteError}. */
function receive(state: unknown): Error {
  const fields = (typeof state === "object" && state !== null ? state : {}) as Record<string, unknown>;
  const remoteType = textOf(fields.type) || "builtins.Exception";
  const message = textOf(fields.value);
  const parents = Array.isArray(fields.parents) ? fields.parents.map(textOf) : [];
  if (parents[0] !== remoteType) parents.unshift(remoteType);
  const cls = registeredClass(remoteType);
  if (cls !== undefined && cls.prototype instanceof Error) {
    const error = new (cls as unknown as new (message: string) => Error)(message);
    Object.defineProperty(error, "parents", { value: parents });
    return error;
  }
  const traceback = textOf(fields.traceback);
  return new RemoteError(
    remoteType,
    message,
    parents,
    traceback === "Traceback unavailable\n" ? "" : traceback,
  );
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}

setUnjellyableFactoryForClass(WIRE_NAME, receive);
