// The shop's service as far as a load test sees it. Each path answers after so many milliseconds, times SLOW; GET /resources
// says what an instance uses, as such an instance would.
import { createServer } from "node:http";

const slow = Number(process.env.SLOW ?? 1);
const takes = { "/api/products": 5, "/api/nodes": 8, "/api/orders": 60, "/events": 0, "/graphql": 12 };
let seen = 0, before = process.cpuUsage(), since = Date.now();

createServer((request, response) => {
  if (request.url === "/resources") {
    const cpu = process.cpuUsage(before), lasted = (Date.now() - since) * 1000;
    before = process.cpuUsage();
    since = Date.now();
    response.end(JSON.stringify({
      memory_mb: process.memoryUsage().rss / 1e6 * slow,
      cpu_pct: Math.round(100 * (cpu.user + cpu.system) / lasted * slow) / 2,
      db_connections: Math.round(Math.min(8, seen) * slow),
      queue_depth: Math.round(Math.min(seen / 10, 200) * slow),
    }));
    return;
  }
  seen += 1;
  const milliseconds = takes[request.url] * slow;
  if (request.url === "/events" && slow === 1) response.end("{}");
  else setTimeout(() => response.end("{}"), milliseconds + (slow - 1) * 2);
}).listen(8378, "127.0.0.1");
