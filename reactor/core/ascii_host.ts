/**
 * International names as the network writes them.
 * @module
 */

/**
 * The ASCII form of a host: `"xn--bcher-kva.example"` for `"bücher.example"`. What is ASCII already is left as it is, and
 * so is what is no name: whoever looks it up says so.
 */
export function asciiHost(host: string): string {
  if (/^\p{ASCII}*$/u.test(host) || /[\s\0/?#@:\\]/.test(host)) return host;
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return host;
  }
}
