/**
 * What can be chosen for a connection, and what holds where nothing was.
 * @module
 */
import type { BananaLimits } from "./limits.ts";
import type { SecurityOptions } from "./security.ts";

/** The version of the protocol: that of every Twisted of the last twenty years. */
export const PB_VERSION = 6;
/** The most live references, and the most caches, that a peer may hold over one connection. */
export const MAX_BROKER_REFS = 1024;
// How much may be unsent on an accepted connection before its peer is not listened to: 1 MiB.
export const MAX_UNSENT_BYTES = 1024 * 1024;
// How many calls of the peer may run that were not answered at once.
export const MAX_UNANSWERED_CALLS = 10_000;
// How long a handshake may take.
export const HANDSHAKE_SECONDS = 30;

/** Options of a connection, given to its factory. */
export interface BrokerOptions {
  /** Which kinds of value the peer may send. @default globalSecurity */
  security?: SecurityOptions;
  /** Whether the peer gets the stacks of our errors. @default false */
  unsafeTracebacks?: boolean;
  /** The most live references, and the most caches, that the peer may hold. @default 1024 */
  maxReferences?: number;
  /** Limits of what is received. */
  limits?: BananaLimits;
  /**
   * After so many bytes were written, and as long as the transport has not sent them, no more is read: a peer that asks
   * and does not read its answers has to wait. If both sides did so, each might wait for the other: the one that
   * connected goes on reading. @default 1048576 (1 MiB) on the side that accepted the connection, else Infinity
   */
  maxUnsentBytes?: number;
  /**
   * How many calls of the peer may have been accepted and not be answered. With so many the peer is not read until half
   * of them are answered; only while calls of ours wait for the peer it is, since its answers come the same way, and calls
   * beyond the limit fail. @default 10000
   */
  maxUnansweredCalls?: number;
  /** How long the handshake may take before the connection is closed, in seconds; Infinity for ever. @default 30 */
  handshakeSeconds?: number;
  /**
   * Whether to find out as soon as the connection is made whether the peer is a Ropewalk too; else it is found out when a
   * call is pipelined for the first time. Twisted takes the question for a repetition. @default false
   */
  extensions?: boolean;
}
