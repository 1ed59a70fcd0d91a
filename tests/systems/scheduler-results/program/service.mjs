// The scheduler's service as far as a load test sees it: GET / answers after a while that grows with the number of requests
// under way, GET /memory says how many bytes it keeps. SLOW=3 makes everything three times as slow, ERRORS=0.1 fails a
// tenth of the requests while there are more than BUSY of them, LEAK=1000 keeps that many bytes of each.
import { createServer } from "node:http";

const number = (name, otherwise) => Number(process.env[name] ?? otherwise);
const slow = number("SLOW", 1), errors = number("ERRORS", 0), busy = number("BUSY", 0), leak = number("LEAK", 0);
const kept = [];
let underWay = 0, seen = 0;

createServer((request, response) => {
  if (request.url === "/memory") {
    response.end(String(32e6 + kept.reduce((sum, one) => sum + one.length, 0)));
    return;
  }
  underWay += 1;
  seen += 1;
  if (leak > 0) kept.push(Buffer.alloc(leak));
  const fails = underWay > busy && seen % 100 < errors * 100;
  setTimeout(() => {
    underWay -= 1;
    response.statusCode = fails ? 503 : 200;
    response.end("{}");
  }, (40 + 2 * underWay) * slow);
}).listen(number("PORT", 8377), "127.0.0.1");
