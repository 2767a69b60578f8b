/**
 * The numbers of the telnet protocol (RFC 854 and those after it).
 * @module
 */

/** End of subnegotiation. */
export const SE: number = 240;
/** No operation. */
export const NOP: number = 241;
/** Data mark. */
export const DM: number = 242;
/** Break. */
export const BRK: number = 243;
/** Interrupt process. */
export const IP: number = 244;
/** Abort output. */
export const AO: number = 245;
/** Are you there. */
export const AYT: number = 246;
/** Erase character. */
export const EC: number = 247;
/** Erase line. */
export const EL: number = 248;
/** Go ahead. */
export const GA: number = 249;
/** Beginning of subnegotiation. */
export const SB: number = 250;
/** I will perform an option, or want to. */
export const WILL: number = 251;
/** I will not. */
export const WONT: number = 252;
/** Please perform an option, or I agree that you do. */
export const DO: number = 253;
/** Please do not. */
export const DONT: number = 254;
/** Interpret as command. */
export const IAC: number = 255;

/** Option: the far end echoes what it gets (RFC 857). */
export const ECHO: number = 1;
/** Option: no go-aheads (RFC 858). */
export const SGA: number = 3;
/** Option: the type of the terminal (RFC 1091). */
export const TTYPE: number = 24;
/** Option: the size of the window (RFC 1073). */
export const NAWS: number = 31;
/** Option: the client edits lines (RFC 1184). */
export const LINEMODE: number = 34;
