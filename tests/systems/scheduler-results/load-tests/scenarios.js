// The load tests: k6 run -e SCENARIO=peak --summary-export peak.json load-tests/scenarios.js
//
// k6 tags each request with its scenario. A metric of such a tag is written only if it has a threshold, so each has one that
// always holds; what has to hold stands in perfgate.toml. MINUTE is how long a minute takes, in seconds.
import http from 'k6/http';
import exec from 'k6/execution';
import { check, sleep } from 'k6';
import { Trend } from 'k6/metrics';

const memory = new Trend('service_memory');
const address = __ENV.ADDRESS || 'http://127.0.0.1:8377';
const minute = Number(__ENV.MINUTE || 60);
const lasts = (minutes) => `${Math.round(minutes * minute * 1000)}ms`;
const steps = (...list) => list.map(([minutes, target]) => ({ duration: lasts(minutes), target }));
const level = (vus, start) => ({
    executor: 'constant-vus', vus, duration: lasts(3), startTime: lasts(start), gracefulStop: '5s',
});

const SCENARIOS = {
    peak: { peak: { executor: 'ramping-vus', stages: steps([4, 50], [4, 100], [4, 150], [8, 200], [2, 0]) } },
    sustained: { sustained: { executor: 'constant-vus', vus: 50, duration: lasts(30) } },
    spike: { spike: { executor: 'ramping-vus', startVUs: 10, stages: steps([2, 10], [1 / 6, 200], [3, 200], [1 / 6, 10], [3, 10]) } },
    soak: { soak: { executor: 'constant-vus', vus: 30, duration: lasts(120) } },
    levels: {
        normal: { ...level(50, 0), tags: { level: 'normal' } },
        busy: { ...level(150, 4), tags: { level: 'peak' } },
        full: { ...level(200, 8), tags: { level: 'maximum' } },
    },
};
// When a part of a scenario begins and ends, in minutes.
const PARTS = {
    sustained: { first: [0, 10], last: [20, 31] },
    spike: { spike: [2, 5.3], recovery: [6, 9] },
    soak: { first: [0, 40], last: [80, 121] },
};
const name = __ENV.SCENARIO || 'peak';
const parts = PARTS[name] || {};
const tags = [`scenario:${name}`]
    .concat(Object.keys(parts).map((part) => `part:${part}`))
    .concat(name === 'levels' ? ['level:normal', 'level:peak', 'level:maximum'] : [])
    .filter((tag) => tag !== 'scenario:levels');
const always = (metric, threshold) => tags.map((tag) => [`${metric}{${tag}}`, [threshold]]);

export const options = {
    scenarios: SCENARIOS[name],
    thresholds: Object.fromEntries([
        ...always('http_req_duration', 'max>=0'),
        ...always('http_req_failed', 'rate>=0'),
        ...always('checks', 'rate>=0'),
        ...always('service_memory', 'max>=0'),
    ]),
};

export default function () {
    const minutes = exec.instance.currentTestRunDuration / 1000 / minute;
    const part = Object.keys(parts).find((part) => parts[part][0] <= minutes && minutes < parts[part][1]);
    if (part) exec.vu.metrics.tags.part = part;
    else delete exec.vu.metrics.tags.part;
    const answer = http.get(`${address}/`);
    check(answer, { 'is answered': (r) => r.status === 200 });
    if (name !== 'levels' && name !== 'peak' && exec.vu.iterationInScenario % 5 === 0) {
        const said = http.get(`${address}/memory`, { responseCallback: null, tags: { part: 'aside', scenario: 'aside' } });
        memory.add(Number(said.body));
    }
    sleep(0.3);
}
