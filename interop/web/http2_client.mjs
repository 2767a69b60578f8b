// Node's client of HTTP/2: so many streams at once on one connection. Prints the answers, and how many connections it took.
import { connect } from "node:http2";

const [base, count, ca] = process.argv.slice(2);
let connections = 0;
const session = connect(base, ca === undefined ? {} : { ca });
session.on("connect", () => void connections++);

/** One request, with a body of its own; what came back. */
function ask(number) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": `/echo?${number}` });
    let text = "";
    stream.setEncoding("utf8");
    stream.on("data", (piece) => void (text += piece));
    stream.on("end", () => resolve(text));
    stream.on("error", reject);
    stream.end(`${number} `.repeat(1000));
  });
}

const answers = await Promise.all(Array.from({ length: Number(count) }, (_, number) => ask(number)));
const right = answers.filter((text, number) => text === `${number} `.repeat(1000)).length;
console.log(JSON.stringify({ right, connections }));
session.close();
