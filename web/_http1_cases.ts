/**
 * What clients send, right and wrong, and what has to come of it: one table for every way of cutting the bytes. The
 * cases are those of public HTTP/1.1 suites (request smuggling, parser differentials) by what RFC 9110 and 9112 say.
 * @module
 */

/** One thing a client may send. */
export interface Case {
  /** What is special about it. */
  readonly name: string;
  /** Where the rule stands. */
  readonly rfc: string;
  /** The bytes, as a one-byte string. */
  readonly wire: string;
  /** The statuses of the answers, in order. */
  readonly answers: readonly number[];
  /** Whether the connection is closed then. */
  readonly closed: boolean;
  /** What the site saw: method, path and body of each request. */
  readonly seen: readonly string[];
}

const HOST = "Host: a.example\r\n";

function good(name: string, rfc: string, wire: string, ...seen: string[]): Case {
  return { name, rfc, wire, answers: seen.map(() => 200), closed: false, seen };
}

function last(name: string, rfc: string, wire: string, ...seen: string[]): Case {
  return { name, rfc, wire, answers: seen.map(() => 200), closed: true, seen };
}

function bad(name: string, rfc: string, wire: string, status = 400): Case {
  return { name, rfc, wire, answers: [status], closed: true, seen: [] };
}

/** A request behind the one in question: it must never be answered after a fault. */
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`;

const post = (headers: string, body: string): string => `POST /p HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
const get = (headers: string): string => `GET / HTTP/1.1\r\n${headers}\r\n`;
const chunked = (body: string): string => post("Transfer-Encoding: chunked\r\n", body);

const REQUEST_LINES: readonly Case[] = [
  good("a plain request", "9112 §3", get(HOST), "GET / "),
  good("one empty line before a request", "9112 §2.2", `\r\n${get(HOST)}`, "GET / "),
  good(
    "a method nobody knows reaches the site",
    "9110 §9.1",
    `BREW /pot HTTP/1.1\r\n${HOST}\r\n`,
    "BREW /pot ",
  ),
  good("methods differ by case", "9110 §9.1", `get / HTTP/1.1\r\n${HOST}\r\n`, "get / "),
  good("a query", "9112 §3.2.1", `GET /a?b=c?d HTTP/1.1\r\n${HOST}\r\n`, "GET /a "),
  good("the absolute form", "9112 §3.2.2", `GET http://b.example/x HTTP/1.1\r\n${HOST}\r\n`, "GET /x "),
  good(
    "the absolute form without a path",
    "9112 §3.2.2",
    `GET http://b.example HTTP/1.1\r\n${HOST}\r\n`,
    "GET / ",
  ),
  good(
    "the absolute form of another scheme",
    "9112 §3.2.2",
    `GET https://b.example/x HTTP/1.1\r\n${HOST}\r\n`,
    "GET /x ",
  ),
  good("a method of one letter", "9110 §9.1", `M /x HTTP/1.1\r\n${HOST}\r\n`, "M /x "),
  bad("the authority form with another method", "9112 §3.2.3", `GET a.example:80 HTTP/1.1\r\n${HOST}\r\n`),
  bad(
    "the absolute form with a space in the host",
    "9112 §3.2.2",
    `GET http://b example/ HTTP/1.1\r\n${HOST}\r\n`,
  ),
  bad(
    "the absolute form with a backslash in the host",
    "9112 §3.2.2",
    `GET http://b\\c/ HTTP/1.1\r\n${HOST}\r\n`,
  ),
  bad("a vertical tab for a space", "9112 §3", `GET\x0b/ HTTP/1.1\r\n${HOST}\r\n`),
  bad("no-break space for a space", "9112 §3", `GET\xa0/ HTTP/1.1\r\n${HOST}\r\n`),
  bad("more behind the version", "9112 §3", `GET / HTTP/1.1 HTTP/1.1\r\n${HOST}\r\n`),
  bad("a header in the place of the request line", "9112 §2.1", `${HOST}\r\n`),
  bad("a response in the place of a request", "9112 §2.1", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  bad("a later major version", "9110 §2.5", `GET / HTTP/3.1\r\n${HOST}\r\n`, 505),
  good("a later minor version", "9110 §2.5", `GET / HTTP/1.2\r\n${HOST}\r\n`, "GET / "),
  last("HTTP/1.0 closes", "9112 §9.3", "GET / HTTP/1.0\r\n\r\n", "GET / "),
  last("HTTP/1.0 with Host", "9112 §3.2", `GET / HTTP/1.0\r\n${HOST}\r\n${SMUGGLED}`, "GET / "),
  bad("no version", "9112 §3", "GET /\r\n\r\n"),
  bad("nothing but a word", "9112 §3", "GARBAGE\r\n\r\n"),
  bad("two spaces before the target", "9112 §3", `GET  / HTTP/1.1\r\n${HOST}\r\n`),
  bad("two spaces after the target", "9112 §3", `GET /  HTTP/1.1\r\n${HOST}\r\n`),
  bad("a tab for a space", "9112 §3", `GET\t/ HTTP/1.1\r\n${HOST}\r\n`),
  bad("a space in the target", "9112 §3.2", `GET /a b HTTP/1.1\r\n${HOST}\r\n`),
  bad("a space before the method", "9112 §3", ` GET / HTTP/1.1\r\n${HOST}\r\n`),
  bad("a space at the end of the line", "9112 §3", `GET / HTTP/1.1 \r\n${HOST}\r\n`),
  bad("no target", "9112 §3", `GET HTTP/1.1\r\n${HOST}\r\n`),
  bad("no method", "9112 §3.1", `/ HTTP/1.1\r\n${HOST}\r\n`),
  bad("a method that is no token", "9110 §9.1", `G(T / HTTP/1.1\r\n${HOST}\r\n`),
  bad("NUL in the method", "9110 §9.1", `G\0T / HTTP/1.1\r\n${HOST}\r\n`),
  bad("NUL in the target", "9112 §3.2", `GET /\0 HTTP/1.1\r\n${HOST}\r\n`),
  bad("a byte above 127 in the target", "9112 §3.2", `GET /\xe9 HTTP/1.1\r\n${HOST}\r\n`),
  bad("a relative target", "9112 §3.2", `GET a HTTP/1.1\r\n${HOST}\r\n`),
  bad("user information in the target", "9110 §4.2.4", `GET http://u@b.example/ HTTP/1.1\r\n${HOST}\r\n`),
  bad("a small http", "9112 §2.3", `GET / http/1.1\r\n${HOST}\r\n`),
  bad("a version of two digits", "9112 §2.3", `GET / HTTP/1.10\r\n${HOST}\r\n`),
  bad("a version without a point", "9112 §2.3", `GET / HTTP/11\r\n${HOST}\r\n`),
  bad("another protocol", "9112 §2.3", `GET / RTSP/1.0\r\n${HOST}\r\n`),
  bad("HTTP/2 in the line", "9110 §15.6.6", `GET / HTTP/2.0\r\n${HOST}\r\n`, 505),
  bad("HTTP/2 with prior knowledge", "9113 §3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  bad("HTTP/0.9 in the line", "9110 §15.6.6", `GET / HTTP/0.9\r\n${HOST}\r\n`, 505),
  bad("two empty lines before a request", "9112 §2.2", `\r\n\r\n${get(HOST)}`),
  bad("a line end without CR", "9112 §2.2", `GET / HTTP/1.1\n${HOST}\r\n`),
  bad("line ends without CR throughout", "9112 §2.2", "GET / HTTP/1.1\nHost: a\n\n"),
  bad("a CR without LF", "9112 §2.2", `GET / HTTP/1.1\r${HOST}\r\n`),
  bad("a TLS handshake", "9112 §3", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
];

const HEADERS: readonly Case[] = [
  good("blanks around a value", "9112 §5.1", get("Host: \t a.example \t \r\n"), "GET / "),
  good("no blank before a value", "9112 §5.1", get("Host:a.example\r\n"), "GET / "),
  good("an empty value", "9110 §5.5", get(`${HOST}X:\r\n`), "GET / "),
  good("a byte above 127 in a value", "9110 §5.5", get(`${HOST}X: \xe9\r\n`), "GET / "),
  good("a name of odd token characters", "9110 §5.6.2", get(`${HOST}!#$%&'*+-.^_\`|~: 1\r\n`), "GET / "),
  good(
    "a name like one of an object",
    "9110 §5.1",
    get(`${HOST}__proto__: 1\r\nconstructor: 2\r\n`),
    "GET / ",
  ),
  good("a Host with a port", "9110 §7.2", get("Host: a.example:8080\r\n"), "GET / "),
  good("a Host that is an IPv6 address", "9110 §7.2", get("Host: [::1]:80\r\n"), "GET / "),
  good("an empty Host", "9112 §3.2", get("Host:\r\n"), "GET / "),
  good("names in small letters", "9110 §5.1", get("host: a.example\r\n"), "GET / "),
  good("a value of blanks alone", "9110 §5.5", get(`${HOST}X: \t \r\n`), "GET / "),
  good("a colon in a value", "9110 §5.5", get(`${HOST}X: a:b: c\r\n`), "GET / "),
  good("a Host with an empty port", "9110 §4.2.3", get("Host: a.example:\r\n"), "GET / "),
  good(
    "an upgrade to what is not spoken here",
    "9110 §7.8",
    get(
      `${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n`,
    ),
    "GET / ",
  ),
  bad("a Host with a port that is no number", "9110 §7.2", get("Host: a.example:80x\r\n")),
  bad("a Host with half a bracket", "9110 §7.2", get("Host: [::1\r\n")),
  bad("a Host with a list", "9112 §3.2", get("Host: a.example, b.example\r\n")),
  bad("a folded Host", "9112 §5.2", get("Host:\r\n a.example\r\n")),
  bad("a line of blanks alone", "9112 §5.2", get(`${HOST} \r\nX: 1\r\n`)),
  bad("a quoted name", "9110 §5.1", get(`${HOST}"X": 1\r\n`)),
  bad("a form feed in a value", "9110 §5.5", get(`${HOST}X: a\x0cb\r\n`)),
  bad("no Host", "9112 §3.2", "GET / HTTP/1.1\r\n\r\n"),
  bad("two Hosts", "9112 §3.2", get(`${HOST}${HOST}`)),
  bad("two Hosts that differ by case", "9112 §3.2", get(`${HOST}HOST: b.example\r\n`)),
  bad("a Host with a path", "9112 §3.2", get("Host: a.example/b\r\n")),
  bad("a Host with a space", "9112 §3.2", get("Host: a b\r\n")),
  bad("a Host with a comma and a space", "9112 §3.2", get("Host: a, b\r\n")),
  bad("a Host with user information", "9112 §3.2", get("Host: u@a\r\n")),
  bad("a space before the colon", "9112 §5.1", get("Host : a.example\r\n")),
  bad("a tab before the colon", "9112 §5.1", get(`${HOST}X\t: 1\r\n`)),
  bad("a space before a name", "9112 §2.2", get(` X: 1\r\n${HOST}`)),
  bad("a folded header", "9112 §5.2", get(`${HOST}X: a\r\n b\r\n`)),
  bad("a header folded by a tab", "9112 §5.2", get(`${HOST}X: a\r\n\tb\r\n`)),
  bad("a folded length", "9112 §5.2", post("Content-Length:\r\n 5\r\n", "hello")),
  bad("a line without a colon", "9112 §5", get(`${HOST}X\r\n`)),
  bad("a line that is only a colon", "9112 §5", get(`${HOST}: 1\r\n`)),
  bad("a name that is no token", "9110 §5.1", get(`${HOST}X(y): 1\r\n`)),
  bad("a byte above 127 in a name", "9110 §5.1", get(`${HOST}X\xe9: 1\r\n`)),
  bad("NUL in a name", "9110 §5.1", get(`${HOST}X\0: 1\r\n`)),
  bad("NUL in a value", "9110 §5.5", get(`${HOST}X: a\0b\r\n`)),
  bad("a control character in a value", "9110 §5.5", get(`${HOST}X: a\x01b\r\n`)),
  bad("DEL in a value", "9110 §5.5", get(`${HOST}X: a\x7fb\r\n`)),
  bad("CR in a value", "9110 §5.5", get(`${HOST}X: a\rb\r\n`)),
  bad("CR at the end of a value", "9110 §5.5", get(`${HOST}X: a\r\r\n`)),
  bad("LF in a value", "9110 §5.5", get(`${HOST}X: a\nY: b\r\n`)),
  bad("LF at the end of the headers", "9112 §2.2", `GET / HTTP/1.1\r\n${HOST}\n`),
  bad("an expectation nobody knows", "9110 §10.1.1", post("Content-Length: 1\r\nExpect: tea\r\n", "x"), 417),
];

const LENGTHS: readonly Case[] = [
  good("a body by its length", "9112 §6.2", post("Content-Length: 5\r\n", "hello"), "POST /p hello"),
  good("a body of length 0", "9112 §6.2", post("Content-Length: 0\r\n", ""), "POST /p "),
  good(
    "a length with zeros before it",
    "9112 §6.2",
    post("Content-Length: 005\r\n", "hello"),
    "POST /p hello",
  ),
  good("a POST without a body", "9112 §6.3", post("", ""), "POST /p "),
  good(
    "a GET with a body",
    "9110 §9.3.1",
    `GET /g HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nhi`,
    "GET /g hi",
  ),
  good("blanks around a length", "9112 §5.1", post("Content-Length: \t5\t \r\n", "hello"), "POST /p hello"),
  good("a name like that of the length", "9110 §5.1", post("Content_Length: 5\r\n", ""), "POST /p "),
  good(
    "any bytes in a body",
    "9112 §6",
    post("Content-Length: 6\r\n", "\0\r\n\r\n\x7f"),
    "POST /p \0\r\n\r\n\x7f",
  ),
  bad("a vertical tab before a length", "9112 §6.3", post("Content-Length: \x0b5\r\n", "hello")),
  bad("an exponent in a length", "9112 §6.3", post("Content-Length: 1e1\r\n", "hello")),
  bad("an underscore in a length", "9112 §6.3", post("Content-Length: 1_0\r\n", "hello")),
  bad("a length in quotes", "9112 §6.3", post('Content-Length: "5"\r\n', "hello")),
  bad("a comma after a length", "9112 §6.3", post("Content-Length: 5,\r\n", "hello")),
  bad(
    "a length, and one with a space before the colon",
    "9112 §5.1",
    post("Content-Length: 5\r\nContent-Length : 6\r\n", "hello"),
  ),
  bad(
    "a length that wraps around 64 bits",
    "9110 §8.6",
    post("Content-Length: 18446744073709551621\r\n", "hello"),
    413,
  ),
  bad("a length with a plus", "9112 §6.3", post("Content-Length: +5\r\n", "hello")),
  bad("a length with a minus", "9112 §6.3", post("Content-Length: -5\r\n", "hello")),
  bad("a length in hexadecimal", "9112 §6.3", post("Content-Length: 0x5\r\n", "hello")),
  bad("a length with a point", "9112 §6.3", post("Content-Length: 5.0\r\n", "hello")),
  bad("a length with a word", "9112 §6.3", post("Content-Length: 5 bytes\r\n", "hello")),
  bad("a length with a space in it", "9112 §6.3", post("Content-Length: 1 1\r\n", "hello world")),
  bad("an empty length", "9112 §6.3", post("Content-Length:\r\n", "")),
  bad("a length in another script's digits", "9112 §6.3", post("Content-Length: \xd9\xa5\r\n", "hello")),
  bad("two lengths", "9112 §6.3", post("Content-Length: 5\r\nContent-Length: 6\r\n", `hello${SMUGGLED}`)),
  bad(
    "two equal lengths",
    "9112 §6.3",
    post("Content-Length: 5\r\nContent-Length: 5\r\n", `hello${SMUGGLED}`),
  ),
  bad("a list of lengths", "9112 §6.3", post("Content-Length: 5, 6\r\n", `hello${SMUGGLED}`)),
  bad("a list of equal lengths", "9112 §6.3", post("Content-Length: 5, 5\r\n", `hello${SMUGGLED}`)),
  bad("a length beyond all numbers", "9110 §8.6", post("Content-Length: 99999999999999999999\r\n", ""), 413),
  bad(
    "both lengths",
    "9112 §6.3",
    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  ),
  bad(
    "both lengths, the other way round",
    "9112 §6.3",
    post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", `0\r\n\r\n${SMUGGLED}`),
  ),
];

const CODINGS: readonly Case[] = [
  good("the coding in capitals", "9112 §7", post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), "POST /p "),
  good(
    "a tab before the coding",
    "9112 §5.1",
    post("Transfer-Encoding:\tchunked\t\r\n", "0\r\n\r\n"),
    "POST /p ",
  ),
  good(
    "a GET in chunks",
    "9110 §9.3.1",
    `GET /g HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
    "GET /g hi",
  ),
  good("a name like that of the coding", "9110 §5.1", post("Transfer_Encoding: chunked\r\n", ""), "POST /p "),
  bad("a part of the word chunked", "9112 §7", post("Transfer-Encoding: chunk\r\n", `0\r\n\r\n${SMUGGLED}`)),
  bad(
    "chunked with the sign of the kelvin, whose small letter is k",
    "9112 §7",
    post("Transfer-Encoding: chun\xe2\x84\xaaed\r\n", `0\r\n\r\n${SMUGGLED}`),
  ),
  bad("a folded coding", "9112 §5.2", post("Transfer-Encoding:\r\n chunked\r\n", `0\r\n\r\n${SMUGGLED}`)),
  bad(
    "identity, then chunked",
    "9112 §6.3",
    post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ),
  bad(
    "chunked with a form feed behind it",
    "9112 §7",
    post("Transfer-Encoding: chunked\x0c\r\n", "0\r\n\r\n"),
  ),
  bad(
    "a coding of 1.1 in 1.0",
    "9112 §6.1",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ),
  bad("a coding that is not chunked", "9112 §6.3", post("Transfer-Encoding: gzip\r\n", SMUGGLED)),
  bad("the coding identity", "9112 §6.3", post("Transfer-Encoding: identity\r\n", SMUGGLED)),
  bad("chunked and another", "9112 §6.1", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501),
  bad("chunked is not the last", "9112 §6.3", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")),
  bad("chunked twice", "9112 §6.1", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")),
  bad(
    "chunked in two headers",
    "9112 §6.1",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ),
  bad(
    "chunked, then identity in another header",
    "9112 §6.3",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
  ),
  bad("a word like chunked", "9112 §7", post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${SMUGGLED}`)),
  bad("chunked with a parameter", "9112 §7", post("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n")),
  bad("chunked in quotes", "9112 §7", post('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n")),
  bad("chunked after a vertical tab", "9112 §7", post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n")),
  bad("an empty coding", "9112 §7", post("Transfer-Encoding:\r\n", SMUGGLED)),
  bad("a comma after chunked", "9112 §7", post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n")),
  bad("the name with a space", "9112 §5.1", post("Transfer-Encoding : chunked\r\n", `0\r\n\r\n${SMUGGLED}`)),
];

const CHUNKS: readonly Case[] = [
  good("two chunks", "9112 §7.1", chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "POST /p abcde"),
  good("no chunk", "9112 §7.1", chunked("0\r\n\r\n"), "POST /p "),
  good(
    "sizes in both cases",
    "9112 §7.1",
    chunked(`A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n`),
    "POST /p 01234567890123456789",
  ),
  good("zeros before a size", "9112 §7.1", chunked("0003\r\nabc\r\n000\r\n\r\n"), "POST /p abc"),
  good("an extension", "9112 §7.1.1", chunked('3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n'), "POST /p abc"),
  good("blanks before an extension", "9112 §7.1.1", chunked("3 \t;a\r\nabc\r\n0\r\n\r\n"), "POST /p abc"),
  good(
    "line ends in a chunk",
    "9112 §7.1",
    chunked("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
    "POST /p \r\n0\r\n\r\n",
  ),
  good("trailers", "9112 §7.1.2", chunked("1\r\nx\r\n0\r\nA: 1\r\nB: 2\r\n\r\n"), "POST /p x"),
  good("any bytes in a chunk", "9112 §7.1", chunked("4\r\n\0\xff\r\n\r\n0\r\n\r\n"), "POST /p \0\ufffd\r\n"),
  good(
    "framing in trailers does nothing",
    "9110 §6.5.1",
    chunked(`0\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\n`) + get(HOST),
    "POST /p ",
    "GET / ",
  ),
  bad("two CRs behind a chunk", "9112 §7.1", chunked("3\r\nabc\r\r\n0\r\n\r\n")),
  bad("NUL behind a size", "9112 §7.1", chunked("3\0\r\nabc\r\n0\r\n\r\n")),
  bad("a size of a point", "9112 §7.1", chunked("3.0\r\nabc\r\n0\r\n\r\n")),
  bad("a size in another script's digits", "9112 §7.1", chunked("\xd9\xa3\r\nabc\r\n0\r\n\r\n")),
  bad("a comma behind a size", "9112 §7.1", chunked("3,3\r\nabc\r\n0\r\n\r\n")),
  bad("the last chunk ends in LF", "9112 §7.1", chunked(`0\n\r\n${SMUGGLED}`)),
  bad("an LF for the empty line behind the chunks", "9112 §7.1", chunked(`0\r\n\n${SMUGGLED}`)),
  bad("a bare LF in a trailer", "9112 §2.2", chunked("0\r\nX: 1\nY: 2\r\n\r\n")),
  bad("no size", "9112 §7.1", chunked("\r\nabc\r\n0\r\n\r\n")),
  bad("a size with a prefix", "9112 §7.1", chunked("0x3\r\nabc\r\n0\r\n\r\n")),
  bad("a size with a minus", "9112 §7.1", chunked("-3\r\nabc\r\n0\r\n\r\n")),
  bad("a size with a plus", "9112 §7.1", chunked("+3\r\nabc\r\n0\r\n\r\n")),
  bad("a size that is no number", "9112 §7.1", chunked("g\r\nabc\r\n0\r\n\r\n")),
  bad("an underscore in a size", "9112 §7.1", chunked("0_3\r\nabc\r\n0\r\n\r\n")),
  bad("a space before a size", "9112 §7.1", chunked(" 3\r\nabc\r\n0\r\n\r\n")),
  bad("a space after a size", "9112 §7.1", chunked("3 \r\nabc\r\n0\r\n\r\n")),
  bad("a size beyond all numbers", "9112 §7.1", chunked("fffffffffffffffff\r\nabc\r\n0\r\n\r\n")),
  bad("a size that wraps around 64 bits", "9112 §7.1", chunked("10000000000000003\r\nabc\r\n0\r\n\r\n")),
  bad("a size line that ends in LF", "9112 §7.1", chunked("3\nabc\r\n0\r\n\r\n")),
  bad("a size line that ends in CR", "9112 §7.1", chunked("3\rabc\r\n0\r\n\r\n")),
  bad("LF in an extension", "9112 §7.1.1", chunked("3;a\nabc\r\n0\r\n\r\n")),
  bad("CR in an extension", "9112 §7.1.1", chunked("3;a\rb\r\nabc\r\n0\r\n\r\n")),
  bad("NUL in an extension", "9112 §7.1.1", chunked("3;\0\r\nabc\r\n0\r\n\r\n")),
  bad("a chunk longer than its size", "9112 §7.1", chunked("3\r\nabcd\r\n0\r\n\r\n")),
  bad("a chunk that ends in LF", "9112 §7.1", chunked("3\r\nabc\n0\r\n\r\n")),
  bad("a chunk that ends in other bytes", "9112 §7.1", chunked("3\r\nabcXX0\r\n\r\n")),
  bad("a trailer without a colon", "9112 §7.1.2", chunked("0\r\nX\r\n\r\n")),
  bad("a folded trailer", "9112 §5.2", chunked("0\r\nX: 1\r\n 2\r\n\r\n")),
  bad("NUL in a trailer", "9110 §5.5", chunked("0\r\nX: \0\r\n\r\n")),
];

const CONNECTIONS: readonly Case[] = [
  good(
    "two requests at once",
    "9112 §9.3.2",
    `${get(HOST)}${post("Content-Length: 1\r\n", "x")}`,
    "GET / ",
    "POST /p x",
  ),
  good(
    "requests that differ in their targets alone",
    "9112 §9.3.2",
    ["/one", "/two", "/two?q=1", "/one", "/one", "/", "/longer/one"].map((target) =>
      `GET ${target} HTTP/1.1\r\n${HOST}\r\n`
    ).join(""),
    "GET /one ",
    "GET /two ",
    "GET /two ",
    "GET /one ",
    "GET /one ",
    "GET / ",
    "GET /longer/one ",
  ),
  good(
    "requests that differ in their methods alone",
    "9112 §9.3.2",
    ["GET", "PUT", "GETX", "GE", "GET"].map((method) => `${method} /x HTTP/1.1\r\n${HOST}\r\n`).join(""),
    "GET /x ",
    "PUT /x ",
    "GETX /x ",
    "GE /x ",
    "GET /x ",
  ),
  good(
    "the same head with different bodies",
    "9112 §9.3.2",
    `${post("Content-Length: 1\r\n", "x")}${post("Content-Length: 1\r\n", "y")}${get(HOST)}${
      chunked("1\r\nz\r\n0\r\n\r\n")
    }`,
    "POST /p x",
    "POST /p y",
    "GET / ",
    "POST /p z",
  ),
  {
    name: "the same head again, then an earlier version of it",
    rfc: "9112 §9.3",
    wire: `${get(HOST)}${get(HOST)}GET / HTTP/1.0\r\n${HOST}\r\n${SMUGGLED}`,
    answers: [200, 200, 200],
    closed: true,
    seen: ["GET / ", "GET / ", "GET / "],
  },
  {
    name: "a head that is right, then nearly the same one with a fault",
    rfc: "9112 §9.3.2",
    wire: `${get(HOST)}GET /\0 HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`,
    answers: [200, 400],
    closed: true,
    seen: ["GET / "],
  },
  good(
    "a request behind a chunked one",
    "9112 §9.3.2",
    `${chunked("1\r\nx\r\n0\r\n\r\n")}${get(HOST)}`,
    "POST /p x",
    "GET / ",
  ),
  good(
    "an empty line behind a body",
    "9112 §2.2",
    `${post("Content-Length: 1\r\n", "x")}\r\n${get(HOST)}`,
    "POST /p x",
    "GET / ",
  ),
  good("keep-alive in 1.1", "9112 §9.3", get(`${HOST}Connection: keep-alive\r\n`), "GET / "),
  last("close in 1.1", "9112 §9.6", get(`${HOST}Connection: close\r\n`) + SMUGGLED, "GET / "),
  last("close in a list", "9112 §9.6", get(`${HOST}Connection: x, Close\r\n`) + SMUGGLED, "GET / "),
  last(
    "keep-alive in 1.0",
    "9112 §9.3",
    `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${SMUGGLED}`,
    "GET / ",
  ),
  {
    name: "a fault behind a good request",
    rfc: "9112 §9.3.2",
    wire: `${get(HOST)}GET / HTTP/1.1\r\n\r\n${SMUGGLED}`,
    answers: [200, 400],
    closed: true,
    seen: ["GET / "],
  },
  {
    name: "the asterisk with OPTIONS",
    rfc: "9112 §3.2.4",
    wire: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
    answers: [200],
    closed: false,
    seen: [],
  },
  {
    name: "the asterisk with another method",
    rfc: "9112 §3.2.4",
    wire: `GET * HTTP/1.1\r\n${HOST}\r\n`,
    answers: [405],
    closed: false,
    seen: [],
  },
];

/** All cases. */
export const CASES: readonly Case[] = [
  ...REQUEST_LINES,
  ...HEADERS,
  ...LENGTHS,
  ...CODINGS,
  ...CHUNKS,
  ...CONNECTIONS,
];
