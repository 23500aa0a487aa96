/**
 * The load generator's thread: sends prepared requests over keep-alive connections, the next as soon as one is answered,
 * and times each from the first byte sent to the last byte received.
 */
import { Agent, request } from 'node:http';
import { URL } from 'node:url';
import { parentPort } from 'node:worker_threads';
import type { LoadOrder, LoadReport, PreparedRequest } from './load.ts';

const ANSWER_WITHIN_MS = 60_000;

function post(url: URL, agent: Agent, prepared: PreparedRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { agent, method: 'POST', headers: { ...prepared.headers, 'content-length': Buffer.byteLength(prepared.body) } },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? 0));
        answer.once('error', reject);
      },
    );
    sent.setTimeout(ANSWER_WITHIN_MS, () => sent.destroy(new Error('no answer')));
    sent.once('error', reject);
    sent.end(prepared.body);
  });
}

async function send(order: LoadOrder): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: order.connections });
  const url = new URL(order.url);
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const cpuBefore = process.threadCpuUsage();
  const startedAt = performance.now();
  let next = 0;
  const connection = async (): Promise<void> => {
    for (let prepared = order.requests[next++]; prepared !== undefined; prepared = order.requests[next++]) {
      const sentAt = performance.now();
      // A broken connection is an answer that never came: counted, not repeated.
      const status = await post(url, agent, prepared).catch(() => 0);
      latencies.push(performance.now() - sentAt);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: order.connections }, connection));
  const elapsedMs = performance.now() - startedAt;
  const cpu = process.threadCpuUsage(cpuBefore);
  agent.destroy();
  return { latencies, statuses, elapsedMs, cpuMs: (cpu.user + cpu.system) / 1000 };
}

parentPort?.on('message', (order: LoadOrder) => {
  void send(order).then((report) => parentPort?.postMessage(report));
});
