/**
 * Whose session a request belongs to.
 * @module
 */
import type { Request } from "./request.ts";
import type { Session } from "./session.ts";

/** The session that the client's cookie names, if it lives; else a new one, whose cookie is sent with the response. */
export function sessionOf(request: Request): Session {
  const secure = request.isSecure();
  const name = secure ? "ROPEWALK_SECURE_SESSION" : "ROPEWALK_SESSION";
  const uid = request.getCookie(name);
  let session = uid === undefined ? undefined : request.site.findSession(uid);
  // One that was made in plain text may be known to others: it is none under TLS, whatever a cookie says.
  if (session?.secure !== secure) session = undefined;
  if (session === undefined) {
    session = request.site.makeSession(request.reactor);
    session.secure = secure;
    request.addCookie(name, session.uid, { path: "/", httpOnly: true, sameSite: "lax", secure });
  }
  session.touch();
  return session;
}
