/**
 * A connection that notices when its peer is gone. TCP alone does not: a host that lost its power says nothing, and who
 * only listens waits for ever. So each side sends a line now and then, and closes when it has heard none for too long.
 */
import type { Failure } from "@ropewalk/deferred";
import { LineReceiver } from "@ropewalk/protocols";
import type { DelayedCall } from "@ropewalk/reactor/core";

export class Heartbeat extends LineReceiver {
  static readonly EVERY_SECONDS = 5;
  static readonly PATIENCE_SECONDS = 12;
  beats = 0;
  lostBecause: string | null = null;
  #next: DelayedCall | null = null;
  #patience: DelayedCall | null = null;

  override connectionMade(): void {
    this.#patience = this.reactor.callLater(
      Heartbeat.PATIENCE_SECONDS,
      () => this.transport.abortConnection(),
    );
    this.#beat();
  }

  #beat(): void {
    this.sendLine("alive");
    this.#next = this.reactor.callLater(Heartbeat.EVERY_SECONDS, () => this.#beat());
  }

  override lineReceived(line: string): void {
    if (line !== "alive") {
      this.transport.loseConnection();
      return;
    }
    this.beats++;
    this.#patience!.reset(Heartbeat.PATIENCE_SECONDS);
  }

  override connectionLost(reason: Failure): void {
    this.lostBecause = reason.type;
    for (const call of [this.#next, this.#patience]) if (call?.active()) call.cancel();
  }
}
