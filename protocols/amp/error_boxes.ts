/**
 * Errors as boxes, and boxes as errors.
 * @module
 */
import { decodeUtf8, encodeUtf8, fromLatin1, hasHighBytes, latin1 } from "../bytes.ts";
import { type Box, encodeKey, encodeValue, MAX_VALUE_LENGTH } from "./box.ts";
import type { CompiledCommand } from "./command.ts";
import { RemoteAmpError, UnhandledCommand, UnknownRemoteError } from "./errors.ts";

const ERROR = encodeKey("_error");
const ERROR_CODE = encodeKey("_error_code");
const ERROR_DESCRIPTION = encodeKey("_error_description");

/** The box that says what went wrong; a description that does not fit is cut off. */
export function encodeError(tag: string, code: string, description: string): string {
  const text = latin1(encodeUtf8(description)).slice(0, MAX_VALUE_LENGTH);
  return ERROR + encodeValue("_error", tag) +
    ERROR_CODE + encodeValue("_error_code", latin1(encodeUtf8(code))) +
    ERROR_DESCRIPTION + encodeValue("_error_description", text) + "\0\0";
}

/** The text of a one-byte string; most are ASCII and need no decoder. */
export function textOf(oneByte: string): string {
  return hasHighBytes(oneByte) ? decodeUtf8(fromLatin1(oneByte)) : oneByte;
}

/** The error that an answer says. */
export function remoteError(command: CompiledCommand, box: Box): Error {
  const code = textOf(box.get("_error_code") ?? "");
  const description = textOf(box.get("_error_description") ?? "");
  const declared = command.errors.get(code);
  if (declared !== undefined) return new declared.type(description);
  if (code === "UNHANDLED") return new UnhandledCommand(code, description);
  if (code === "UNKNOWN") return new UnknownRemoteError(code, description);
  return new RemoteAmpError(code, description);
}
