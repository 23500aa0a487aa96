import type { OdooEngine } from './engine.ts';
import { htmlAnswer, jsonAnswer, type OdooAnswer } from './faces/answer.ts';
import { UnknownFault } from './faults.ts';
import { capturePage } from './pages/capture-page.ts';
import { DOCUMENT_MODELS, documents } from './pages/documents.ts';
import { pageNumber } from './pages/page-number.ts';
import { summary } from './pages/summary.ts';
import { seedOf } from './seed.ts';
import { isObject, parseJson } from './wire.ts';

/**
 * What the sandbox has and Odoo does not: knobs for faults, lock dates and a fresh start, and views of what was posted. Only for
 * tests and demonstrations, so it asks for no key. undefined when the path is Odoo's.
 */
export function controls(engine: OdooEngine, method: string, url: URL, body: string): OdooAnswer | undefined {
  if (url.pathname === '/') return capturePage(engine, url);
  if (!url.pathname.startsWith('/sandbox/')) return undefined;
  const given = parseJson(body === '' ? '{}' : body);
  if (given === undefined) return jsonAnswer({ error: 'not JSON' }, 400);
  switch (`${method} ${url.pathname}`) {
    case 'GET /sandbox/summary.json':
      return jsonAnswer(summary(engine.books()));
    case 'GET /sandbox/documents.json':
      return documentsAnswer(engine, url);
    case 'GET /sandbox/calls.json':
      return jsonAnswer(engine.latestCalls());
    case 'GET /sandbox/faults':
      return jsonAnswer(engine.faults.left());
    case 'DELETE /sandbox/faults':
      engine.faults.clear();
      return jsonAnswer([]);
    case 'POST /sandbox/faults':
      try {
        engine.faults.add(isObject(given) && given.rules !== undefined ? given.rules : given);
        return jsonAnswer(engine.faults.left());
      } catch (error) {
        if (error instanceof UnknownFault) return jsonAnswer({ error: error.message }, 400);
        throw error;
      }
    case 'POST /sandbox/lock-dates':
      engine.setLockDates(isObject(given) ? given : {});
      return jsonAnswer({ ok: true });
    case 'POST /sandbox/reset':
      engine.reset(isObject(given) && Object.keys(given).length > 0 ? seedOf(given) : undefined);
      return jsonAnswer({ ok: true });
    default:
      return htmlAnswer(404, 'Not Found', 'No such control.');
  }
}

function documentsAnswer(engine: OdooEngine, url: URL): OdooAnswer {
  const model = url.searchParams.get('model') ?? 'account.move';
  const page = documents(
    engine,
    model,
    pageNumber(url, 'limit', 100, 1000),
    pageNumber(url, 'offset', 0, Number.MAX_SAFE_INTEGER),
  );
  return page === undefined
    ? jsonAnswer({ error: `unknown model; known: ${DOCUMENT_MODELS.join(', ')}` }, 404)
    : jsonAnswer(page);
}
