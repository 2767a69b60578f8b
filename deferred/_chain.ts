/**
 * How a Deferred runs its callbacks.
 *
 * ```text
 *   Chain                 Link              Link              Link
 *   ┌────────────┐        ┌───────────┐     ┌───────────┐     ┌───────────┐
 *   │ flags      │   ┌───►│ next      ├────►│ next      ├────►│ next: null│
 *   │ result     │   │    │ onSuccess │     │ HAND_OVER │     │ onSuccess │
 *   │ head       ├───┘    │ onFailure │     │ waiter    │     │ onFailure │
 *   │ tail       ├──┐     └───────────┘     └───────────┘     └───────────┘
 *   └────────────┘  └───────────────────────────────────────────────▲
 * ```
 *
 * Taking and adding a link are O(1), and Deferreds that wait for each other are run by one loop with a stack of its
 * own, so depth costs no JavaScript stack. Four slots a Deferred and three a link: what a chain costs is mostly its
 * bytes.
 *
 * These are functions over plain fields, and not methods over `#private` ones, because that was measured to be faster
 * by a third. For the same reason the fields are written in one place each and keep one type.
 *
 * A `RangeError` for want of stack can come out of any call made here. So state is changed only where nothing is
 * called in between; whatever happens, a callback either has run once or still stands in the list.
 * @module
 */
import { brand, kindOf } from "./_brand.ts";
import { followDebugging, noteFired } from "./_debug.ts";
import { forget, type Left, remember } from "./_unhandled.ts";
import { Failure } from "./failure.ts";

/** A callback, as the list holds it. */
export type Step = (input: never) => unknown;

// The bits of `flags`; the count of pauses stands above them. These, and the classes below under their second names, are
// not exported because what a module exports is loaded anew for every use, while a constant of its own costs nothing.
const CALLED = 1;
const FAILED = 2; // result is a Failure
const WAITING = 4; // result is the Deferred whose result we wait for
const RUNNING = 8; // one of our callbacks is on the stack
const FREE_LATE_RESULT = 16; // cancelled without a canceller: one later result is let pass
const OBSERVED = 32; // the present failure was seen by a promise
const REMEMBERED = 64; // the present failure is registered as unhandled
const ONE_PAUSE = 128;
const PAUSED = ~(ONE_PAUSE - 1);
const HELD = WAITING | RUNNING | PAUSED; // not free to run callbacks

/** One pair of callbacks; `null` lets the result pass. */
class Link {
  // Not initialised here: that would write each field twice.
  declare next: Link | null;
  declare onSuccess: Step | null;
  declare onFailure: Step | Chain | null;
  constructor(onSuccess: Step | null, onFailure: Step | Chain | null) {
    this.next = null;
    this.onSuccess = onSuccess;
    this.onFailure = onFailure;
  }
}

// In place of `onSuccess`: the Deferred in the other slot has been waiting for the result, and gets it.
const HAND_OVER: Step = () => undefined;

// What a callback failed with when there was no stack left even to describe it.
const OUT_OF_STACK = new Failure(new RangeError("Maximum call stack size exceeded"));

/** The state of a Deferred. Its prototype stands above that of `Deferred`, whose private fields these are. */
export abstract class Chain {
  declare flags: number;
  /** The result; before there is one, the canceller. */
  declare result: unknown;
  declare head: Link | null;
  declare tail: Link | null;
}
brand(Chain.prototype, "Deferred");
const Own = Chain;

let debugging = false;
followDebugging((on) => debugging = on);

/** Gives a chain, which must have none yet, its result, and runs the callbacks. */
export function fire(chain: Chain, result: unknown, failed: boolean): void {
  if (debugging) noteFired(chain);
  const flags = chain.flags;
  chain.result = result;
  chain.flags = failed ? flags | CALLED | FAILED : flags | CALLED;
  if ((flags & HELD) === 0 && (failed || chain.head !== null)) run(chain);
}

/** As `fire`, with what a callback might return: a Deferred or a promise is waited for. */
export function settle(chain: Chain, outcome: unknown): void {
  if (typeof outcome !== "object" || outcome === null) return fire(chain, outcome, false);
  if (debugging) noteFired(chain);
  adopt(chain, outcome);
  chain.flags |= CALLED;
  if ((chain.flags & HELD) === 0) run(chain);
}

/** Makes a chain wait for `inner`, which has no result yet or is held. */
export function waitFor(chain: Chain, inner: Chain): void {
  append(inner, new Link(HAND_OVER, chain));
  chain.result = inner;
  chain.flags = chain.flags & ~(RUNNING | FAILED | OBSERVED) | CALLED | WAITING;
}

/** Adds a link, and runs it if the result is there. */
export function add(chain: Chain, onSuccess: Step | null, onFailure: Step | null): void {
  append(chain, new Link(onSuccess, onFailure));
  if ((chain.flags & (CALLED | HELD)) === CALLED) run(chain);
}

function append(chain: Chain, link: Link): void {
  if (chain.head !== null) chain.tail!.next = link;
  else {
    if ((chain.flags & REMEMBERED) !== 0) forgetFailure(chain);
    chain.head = link;
  }
  chain.tail = link;
}

/** Whether the chain was fired. */
export function isCalled(chain: Chain): boolean {
  return (chain.flags & CALLED) !== 0;
}

/** Whether there is a result, and nothing that would still change it. */
export function isIdle(chain: Chain): boolean {
  return (chain.flags & (CALLED | HELD)) === CALLED && chain.head === null;
}

/** Whether the result is a Failure. */
export function hasFailed(chain: Chain): boolean {
  return (chain.flags & FAILED) !== 0;
}

/** Holds the chain once more. */
export function pause(chain: Chain): void {
  chain.flags += ONE_PAUSE;
}

/** Takes one pause back, and runs what can be run; false if there was none. */
export function unpause(chain: Chain): boolean {
  if (chain.flags < ONE_PAUSE) return false;
  chain.flags -= ONE_PAUSE;
  if ((chain.flags & (CALLED | HELD)) === CALLED) run(chain);
  return true;
}

/** Lets one later result pass in silence. */
export function expectLateResult(chain: Chain): void {
  chain.flags |= FREE_LATE_RESULT;
}

/** Lets a late result pass if one was expected; false if not. */
export function takeLateResult(chain: Chain): boolean {
  const expected = (chain.flags & FREE_LATE_RESULT) !== 0;
  chain.flags &= ~FREE_LATE_RESULT;
  return expected;
}

/** Somebody outside the chain has seen the present failure. Called by an errback while it runs. */
export function noteObserved(chain: Chain): void {
  chain.flags |= OBSERVED;
}

/** The chain that the others wait for in the end; `null` if they wait for each other, in a circle. */
export function innermost(outer: Chain): Chain | null {
  let target = outer;
  let hare = outer; // goes twice as fast: it meets the target again in a circle only
  while ((target.flags & WAITING) !== 0) {
    target = target.result as Chain;
    for (let i = 0; i < 2 && (hare.flags & WAITING) !== 0; i++) hare = hare.result as Chain;
    if (hare === target && (hare.flags & WAITING) !== 0) return null;
  }
  return target;
}

/** The state in words. */
export function describe({ flags, result }: Chain): string {
  const paused = flags >= ONE_PAUSE ? ", paused" : "";
  if ((flags & RUNNING) !== 0) return `running a callback${paused}`;
  if ((flags & WAITING) !== 0) return `waiting on another Deferred${paused}`;
  if ((flags & CALLED) === 0) return `not fired${paused}`;
  if ((flags & FAILED) === 0) return `fired: ${show(result)}${paused}`;
  return `failed: ${(result as Failure).getBriefTraceback()}${paused}`;
}

function show(value: unknown): string {
  try {
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  } catch {
    return typeof value;
  }
}

/** Takes the result of an idle chain, which keeps none: a failure has one owner, and is reported once. */
export function take(chain: Chain): unknown {
  if ((chain.flags & REMEMBERED) !== 0) forgetFailure(chain);
  const result = chain.result;
  chain.result = undefined;
  chain.flags &= ~(FAILED | OBSERVED);
  return result;
}

// `to` has waited for what `from` has, which keeps nothing.
function give(to: Chain, from: Chain): void {
  to.result = from.result;
  to.flags = to.flags & ~(WAITING | FAILED | OBSERVED) | from.flags & FAILED;
  from.result = undefined;
  from.flags &= ~(FAILED | OBSERVED);
}

// Runs the callbacks of `start`, and of every Deferred that was waiting for it. `stack` holds those that still have
// callbacks of their own to run once the one they handed their result to is through.
function run(start: Chain): void {
  let stack: Chain[] | null = null;
  let current = start;
  for (;;) {
    for (let link = current.head; link !== null && (current.flags & HELD) === 0; link = current.head) {
      if (link.onSuccess === HAND_OVER) {
        const waiter = link.onFailure as Chain;
        const goOn = (waiter.flags & PAUSED) === 0;
        if (goOn && link.next !== null) (stack ??= []).push(current);
        give(waiter, current);
        current.head = link.next;
        if (goOn) current = waiter;
        continue;
      }
      current.head = link.next;
      const flags = current.flags;
      const step = (flags & FAILED) === 0 ? link.onSuccess : link.onFailure as Step | null;
      if (step === null) continue;
      current.flags = flags | RUNNING;
      try {
        const result = (step as (input: unknown) => unknown)(current.result);
        if (typeof result === "object" && result !== null) adopt(current, result);
        else {
          current.result = result;
          current.flags &= ~(RUNNING | FAILED | OBSERVED);
        }
      } catch (error) {
        current.result = OUT_OF_STACK;
        current.flags = current.flags & ~(RUNNING | OBSERVED) | FAILED;
        current.result = new Failure(error);
      }
    }
    if ((current.flags & FAILED) !== 0) rememberFailure(current);
    if (stack === null || stack.length === 0) return;
    current = stack.pop()!;
  }
}

// A callback returned an object: a Deferred or a promise is waited for, a Failure crosses lanes.
function adopt(current: Chain, result: object): void {
  if (result instanceof Own) {
    if (isIdle(result)) {
      const failed = result.flags & FAILED;
      current.result = take(result);
      current.flags = current.flags & ~(RUNNING | FAILED | OBSERVED) | failed;
    } else if (result === current) {
      throw new TypeError("Cannot wait for a Deferred in a callback of its own");
    } else {
      waitFor(current, result);
    }
    return;
  }
  const kind = kindOf(result);
  if (kind === "Failure") {
    // A failure that an errback passes on has been seen as often as before.
    const forgotten = current.result === result ? RUNNING : RUNNING | OBSERVED;
    current.result = result;
    current.flags = current.flags & ~forgotten | FAILED;
  } else if (kind === "Deferred" || typeof (result as { then?: unknown }).then === "function") {
    adopt(current, convert!(result));
  } else {
    current.result = result;
    current.flags &= ~(RUNNING | FAILED | OBSERVED);
  }
}

/** The Deferred for a promise or another copy's Deferred; `null` for what is neither. */
export function fromThenable(value: object): Chain | null {
  if (kindOf(value) === "Deferred" || typeof (value as { then?: unknown }).then === "function") {
    return convert!(value);
  }
  return null;
}

let convert: ((thenable: object) => Chain) | null = null;

/** Tells how to make a Deferred of a promise, or of another copy's Deferred; `deferred.ts` knows. */
export function setConverter(converter: (thenable: object) => Chain): void {
  convert = converter;
}

// The chain has stopped with a failure: if nothing is left that could handle it, it is reported by and by.
function rememberFailure(chain: Chain): void {
  if ((chain.flags & (OBSERVED | HELD | REMEMBERED)) !== 0 || chain.head !== null) return;
  chain.tail = remember(chain, chain.result as Failure) as never; // a slot that means nothing in an empty list
  chain.flags |= REMEMBERED;
}

function forgetFailure(chain: Chain): void {
  forget(chain.tail as unknown as Left);
  chain.flags &= ~REMEMBERED;
  chain.tail = null;
}
