/**
 * What stands on both sides of a request: the head that a parser found, and the site that answers.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { ReactorTime } from "@ropewalk/reactor/core";
import type { FilePath } from "@ropewalk/reactor/filepath";
import type { HeaderBlock } from "./_header_block.ts";
import type { FormLimits } from "./_multipart.ts";
import type { ParsedTarget } from "./_uri.ts";
import type { Request } from "./request.ts";
import type { Resource } from "./resource.ts";
import type { Session } from "./session.ts";

/** The head of a request, as a parser found it. */
export interface RequestHead {
  /** The method. */
  readonly method: string;
  /** The target. */
  readonly target: string;
  /** The minor version of HTTP/1. */
  readonly minor: number;
  /** The host that is asked for; may be empty. */
  readonly host: string;
  /** The headers. */
  readonly headers: HeaderBlock;
  /** @ignore The path of the target taken apart, where the parser did so. */
  readonly parsed?: ParsedTarget;
}

/** What a request needs of its site. */
export interface RequestSite {
  /** Whether error pages show the error. */
  readonly displayTracebacks: boolean;
  /** The resource that answers. */
  getResourceFor(request: Request): Resource | Deferred<Resource> | Promise<Resource>;
  /** Whether whoever will answer takes the body as a stream. */
  streamsBody(request: Request): boolean;
  /** Forms with files that are larger go to a file, if there is a place for it. */
  readonly uploadMemoryBytes: number;
  /** How much a multipart form may hold. */
  readonly formLimits: FormLimits;
  /** The path of a new file for a form that is large; `null` to keep it in memory. */
  makeUploadPath(): FilePath | null;
  /** A session by its id. */
  findSession(uid: string): Session | undefined;
  /** A new session. */
  makeSession(reactor: ReactorTime): Session;
}
