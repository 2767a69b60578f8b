/**
 * Waits for promises without a timer.
 * @module
 */

/**
 * Resolves when no promise reaction is left to run: the engine empties its queue of them before it delivers a message,
 * so one message to ourselves comes after all of them, however long their chains are.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      port2.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
