// Response times of five operations, each with a tag of its own. A metric of a tag is written only if it has a threshold, so
// each has one that always holds.
import http from 'k6/http';
import { sleep } from 'k6';

const OPERATIONS = {
    product_search: '/api/products', node_creation: '/api/nodes', order_processing: '/api/orders',
    event_publishing: '/events', graphql_query: '/graphql',
};

export const options = {
    vus: 8,
    duration: __ENV.DURATION || '1m',
    thresholds: Object.fromEntries(
        Object.keys(OPERATIONS).map((operation) => [`http_req_duration{operation:${operation}}`, ['max>=0']]),
    ),
};

export default function () {
    for (const [operation, path] of Object.entries(OPERATIONS)) {
        http.get(`http://127.0.0.1:8378${path}`, { tags: { operation } });
    }
    sleep(0.1);
}
