/**
 * Sends the errors that nobody handled to LogTape, once that is configured; to the console until then.
 * @module
 */
import { reportToConsole, setErrorReporter } from "@ropewalk/deferred";
import { getConfig, getLogger } from "@logtape/logtape";

/** Makes LogTape the place for errors that nobody handled: category `["ropewalk", "error"]`, level error. */
export function logErrors(): void {
  const logger = getLogger(["ropewalk", "error"]);
  setErrorReporter((failure, context) => {
    if (getConfig() === null) reportToConsole(failure, context);
    else {logger.error("{context}: {traceback}", {
        context,
        traceback: failure.getTraceback(),
        error: failure.value,
      });}
  });
}
