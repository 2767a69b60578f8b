/**
 * A pull producer, asked again and again until it is told to hold.
 * @module
 */
import type { PullProducer, PushProducer, ReactorTime } from "@ropewalk/reactor/core";

/** How often it is asked in one turn: then others have theirs. */
const PIECES_A_TURN = 16;

/**
 * Makes a push producer of a pull producer.
 *
 * @param producer Makes one piece each time it is asked.
 * @param reactor Brings the next turn.
 * @param registered Whether it still has anything.
 */
export function pullToPush(
  producer: PullProducer,
  reactor: ReactorTime,
  registered: () => boolean,
): PushProducer {
  let paused = false;
  let waiting = false;
  let asking = false;
  const ask = (): void => {
    waiting = false;
    if (asking) return; // it paused and resumed us from inside
    asking = true;
    try {
      for (let i = 0; i < PIECES_A_TURN && !paused && registered(); i++) producer.resumeProducing();
    } finally {
      asking = false;
    }
    if (!paused && registered()) next();
  };
  const next = (): void => {
    if (waiting) return;
    waiting = true;
    reactor.callLater(0, ask);
  };
  return {
    pauseProducing: () => void (paused = true),
    resumeProducing: () => {
      paused = false;
      next();
    },
    stopProducing: () => {
      paused = true;
      producer.stopProducing();
    },
  };
}
