import { afterEach, describe, expect, it, vi } from 'vitest';
import { HttpEvidence } from '../../../scripts/evidence/http-evidence.ts';

const evidence = new HttpEvidence({ url: 'https://gate.example', token: 'token' }, 'acme');
const answers = (status: number, body: string | null = null) =>
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(body, { status }));

afterEach(() => void vi.restoreAllMocks());

describe('evidence read through the API', () => {
  it.each([401, 429, 503])(
    'that a gateway cannot give just now (%i) ends the reading: it is no finding',
    async (status) => {
      answers(status);
      await expect(evidence.laneBody('stripe', 'evt_1')).rejects.toThrow(`${status}`);
      await expect(evidence.archived('raw/acme/1')).rejects.toThrow(`${status}`);
      await expect(evidence.leaves('2026-11-28', 0)).rejects.toThrow(`${status}`);
    },
  );

  it.each([404, 500])('that is not there, or not what was booked (%i), is one', async (status) => {
    answers(status);
    expect(await evidence.laneBody('stripe', 'evt_1')).toBeNull();
  });
});
