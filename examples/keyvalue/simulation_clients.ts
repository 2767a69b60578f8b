/**
 * Clients of the store for the simulation: over lines, over PB and over the web. Each asks one thing at a time, checks
 * every answer, and connects again when its connection is lost.
 */
import { Deferred, fail, Failure } from "@ropewalk/deferred";
import { LineReceiver, ReconnectingClientFactory } from "@ropewalk/protocols";
import { ConnectionLost, type Reactor } from "@ropewalk/reactor/core";
import { Agent } from "@ropewalk/web/client";
import { RemoteStore } from "./remote_store.ts";
import { KeyHistory, Violation } from "./simulation_model.ts";
import { KeyError } from "./store.ts";

/** Asks the store for something: the answer is a value, `null` for "not found", or a failure of the connection. */
export interface Asker {
  get(key: string): Deferred<string | null>;
  set(key: string, value: string): Deferred<void>;
  delete(key: string): Deferred<void>;
  /** Stops for good. */
  stop(): void;
}

/** What every client of a run shares. */
export interface Tally {
  asked: number;
  answered: number;
  failed: number;
  /** Given up because their host crashed. */
  abandoned: number;
  violations: Violation[];
}

/** How long an answer may take. */
const PATIENCE_SECONDS = 8;

/** A user: asks for something now and then, and judges the answers. */
export class User {
  readonly #reactor: Reactor;
  #history: KeyHistory;
  #generation = 0;
  #writes = 0;
  #isOpen = false; // a question is on its way
  #over = false;

  constructor(
    reactor: Reactor,
    readonly name: string,
    readonly asker: Asker,
    readonly tally: Tally,
    readonly ttlSeconds: number,
    readonly crashes: readonly number[],
  ) {
    this.#reactor = reactor;
    this.#history = this.#newKey();
    this.#think();
  }

  /** Asks no more. */
  stop(): void {
    this.#over = true;
    this.asker.stop();
  }

  /** The host crashed: what was asked is never answered. */
  abandon(): void {
    if (this.#isOpen) this.tally.abandoned++;
    this.#over = true;
  }

  #newKey(): KeyHistory {
    return new KeyHistory(`${this.name}-${this.#generation++}`, this.ttlSeconds, this.crashes);
  }

  #think(): void {
    if (!this.#over) this.#reactor.callLater(0.1 + 3 * Math.random(), () => this.#ask());
  }

  #ask(): void {
    if (this.#over) return;
    const history = this.#history;
    const { key } = history;
    const sentAt = this.#reactor.seconds();
    const dice = Math.random();
    if (!history.isCertain && dice < 0.3) this.#history = this.#newKey();
    if (!history.isCertain || dice < 0.5) {
      this.#watch(this.asker.get(key), (value) => history.got(value, sentAt, this.#reactor.seconds()));
    } else if (dice < 0.95) {
      const value = `${key}=${++this.#writes}`;
      const write = history.setSent(value, sentAt);
      this.#watch(this.asker.set(key, value), () => history.stored(write, this.#reactor.seconds()));
    } else {
      history.deleteSent();
      this.#watch(this.asker.delete(key), () => history.deleted());
    }
  }

  #watch<T>(answer: Deferred<T>, judge: (value: T) => void): void {
    this.tally.asked++;
    this.#isOpen = true;
    answer.addBoth((result) => {
      this.#isOpen = false;
      if (Failure.is(result)) {
        this.tally.failed++;
        if (result.check(Violation)) this.tally.violations.push(result.value as Violation);
      } else {
        this.tally.answered++;
        try {
          judge(result);
        } catch (error) {
          this.tally.violations.push(error as Violation);
        }
      }
      this.#think();
    });
  }
}

// ---------------------------------------------------------------------------------------------------- lines

interface Question {
  readonly line: string;
  readonly key: string;
  readonly answer: Deferred<string | null>;
}

class LineClient extends LineReceiver<LineAsker> {
  #open: Question | null = null;

  override connectionMade(): void {
    this.factory.resetDelay();
    this.factory.client = this;
  }

  ask(line: string, key: string): Deferred<string | null> {
    const answer = new Deferred<string | null>();
    const question = this.#open = { line, key, answer };
    this.sendLine(line);
    const patience = this.reactor.callLater(PATIENCE_SECONDS, () => this.transport.abortConnection());
    return question.answer.addBoth((result) => {
      if (patience.active()) patience.cancel();
      return result;
    });
  }

  override lineReceived(line: string): void {
    const question = this.#open;
    if (question === null) throw new Violation(`An answer to no question: "${line}"`);
    this.#open = null;
    const [verb, key, ...rest] = line.split(" ");
    const isAboutIt = verb === "STORED" ? question.line.startsWith("set ") : key === question.key;
    if (!isAboutIt) {
      question.answer.errback(new Violation(`"${question.line}" was answered "${line}"`));
    } else question.answer.callback(verb === "VALUE" ? rest.join(" ") : null);
  }

  override connectionLost(reason: Failure): void {
    this.factory.client = null;
    const question = this.#open;
    this.#open = null;
    question?.answer.errback(reason);
  }
}

/** Asks over lines. */
export class LineAsker extends ReconnectingClientFactory implements Asker {
  client: LineClient | null = null;
  override maxDelay = 5;

  constructor(reactor: Reactor, server: string) {
    super({ reactor });
    this.connector = reactor.connectTCP(server, 11211, this, { timeoutSeconds: 5 });
  }

  override buildProtocol(): LineClient {
    return this.adopt(new LineClient());
  }

  get(key: string): Deferred<string | null> {
    return this.#ask(`get ${key}`, key);
  }

  set(key: string, value: string): Deferred<void> {
    return this.#ask(`set ${key} ${value}`, key).addCallback(() => {});
  }

  delete(key: string): Deferred<void> {
    return this.#ask(`delete ${key}`, key).addCallback(() => {});
  }

  #ask(line: string, key: string): Deferred<string | null> {
    return this.client?.ask(line, key) ?? fail(new ConnectionLost("not connected"));
  }

  stop(): void {
    this.stopTrying();
    this.client?.transport.loseConnection();
  }
}

// ---------------------------------------------------------------------------------------------------- PB

/** Asks over PB. */
export class PBAsker implements Asker {
  readonly #store: RemoteStore;

  constructor(readonly reactor: Reactor, server: string) {
    this.#store = new RemoteStore(reactor, server, 8789);
  }

  get(key: string): Deferred<string | null> {
    return this.#patiently(this.#store.get(key)).addErrback(notFound);
  }

  set(key: string, value: string): Deferred<void> {
    return this.#patiently(this.#store.set(key, value));
  }

  delete(key: string): Deferred<void> {
    return this.#patiently(this.#store.delete(key)).addErrback((failure) => void notFound(failure));
  }

  #patiently<T>(answer: Deferred<T>): Deferred<T> {
    return answer.addTimeout(PATIENCE_SECONDS, this.reactor);
  }

  stop(): void {
    this.#store.stop();
  }
}

function notFound(failure: Failure): null {
  failure.trap(KeyError);
  return null;
}

// ---------------------------------------------------------------------------------------------------- web

/** Asks over the web. */
export class WebAsker implements Asker {
  readonly #agent: Agent;

  constructor(reactor: Reactor, readonly server: string) {
    this.#agent = new Agent(reactor, { connectTimeoutSeconds: 5, totalTimeoutSeconds: PATIENCE_SECONDS });
  }

  get(key: string): Deferred<string | null> {
    return this.#ask(`get?key=${key}`, 404).addCallback((page) => {
      if (page === null) return null;
      const [, about, value] = /<p>(\S+) is (.*?)<\/p>/.exec(page) ?? [];
      if (about !== key) throw new Violation(`A get of ${key} was answered with the page "${page}"`);
      return value!;
    });
  }

  set(key: string, value: string): Deferred<void> {
    return this.#ask(`set?key=${key}&value=${encodeURIComponent(value)}`).addCallback(() => {});
  }

  delete(key: string): Deferred<void> {
    return this.#ask(`delete?key=${key}`, 404).addCallback(() => {});
  }

  #ask(path: string, absent?: number): Deferred<string | null> {
    return this.#agent.request("GET", `http://${this.server}:8000/${path}`).addCallback((response) =>
      response.text().addCallback((page) => {
        if (response.code === absent) return null;
        if (response.code !== 200) throw new ConnectionLost(`the answer is ${response.code}`);
        return page;
      })
    );
  }

  stop(): void {}
}
