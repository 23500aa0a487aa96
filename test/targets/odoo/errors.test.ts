import { describe, expect, it } from 'vitest';
import { classifyAnswer, classifyName, isLostRace, outcomeOf, rejected } from '../../../src/targets/odoo/errors.ts';

describe('classifyName', () => {
  it.each([
    ['werkzeug.exceptions.Unauthorized', 'config'],
    ['odoo.exceptions.AccessError', 'config'],
    ['odoo.exceptions.AccessDenied', 'config'],
    ['odoo.http.SessionExpiredException', 'config'],
    ['werkzeug.exceptions.NotFound', 'contract'],
    ['werkzeug.exceptions.BadRequest', 'contract'],
    ['werkzeug.exceptions.UnprocessableEntity', 'contract'],
    ['builtins.ValueError', 'contract'],
    ['builtins.KeyError', 'contract'],
    ['builtins.TypeError', 'contract'],
    ['builtins.AttributeError', 'contract'],
    ['some.module.NewException', 'contract'],
    ['odoo.exceptions.UserError', 'business'],
    ['odoo.exceptions.ValidationError', 'business'],
    ['odoo.exceptions.RedirectWarning', 'business'],
    ['odoo.exceptions.MissingError', 'business'],
    ['odoo.exceptions.CacheMiss', 'business'],
    ['psycopg2.errors.UniqueViolation', 'business'],
    ['psycopg2.IntegrityError', 'business'],
    ['odoo.exceptions.LockError', 'transient'],
    ['psycopg2.errors.SerializationFailure', 'transient'],
    ['psycopg2.errors.LockNotAvailable', 'transient'],
    ['psycopg2.errors.DeadlockDetected', 'transient'],
    ['psycopg2.OperationalError', 'transient'],
  ])('sorts %s as %s', (name, expected) => {
    const failure = classifyName(name);
    expect(failure.kind === 'rejected' ? failure.class : failure.kind).toBe(expected);
  });

  it('does not repeat a name that is not one', () => {
    expect(classifyName('Ada Lovelace <ada@example.com>').message).toBe('Odoo failed with unnamed');
  });
});

describe('classifyAnswer', () => {
  const answer = (status: number, retryAfterMs: number | null = null) =>
    ({ kind: 'answer', status, contentType: 'text/html', body: '', retryAfterMs }) as const;

  it('believes the name, not the status: most of Odoo’s 500 are permanent', () => {
    const body = (name: string) => ({ name, message: 'text', arguments: [], context: {}, debug: 'Traceback' });
    expect(classifyAnswer(answer(500), body('builtins.ValueError'))).toMatchObject({
      kind: 'rejected',
      class: 'contract',
    });
    expect(classifyAnswer(answer(500), body('odoo.exceptions.RedirectWarning'))).toMatchObject({ class: 'business' });
    expect(classifyAnswer(answer(500), body('psycopg2.errors.SerializationFailure'))).toMatchObject({
      kind: 'transient',
    });
    expect(classifyAnswer(answer(404), body('odoo.exceptions.MissingError'))).toMatchObject({ class: 'business' });
  });

  it('carries neither traceback nor Odoo’s own text', () => {
    const body = { name: 'odoo.exceptions.UserError', message: 'Ada owes 5 EUR', debug: 'Traceback (most recent call' };
    expect(JSON.stringify(classifyAnswer(answer(422), body))).not.toMatch(/Ada|Traceback/);
  });

  it.each([
    [429, { kind: 'unsent', retryAfterMs: 2000 }],
    [500, { kind: 'transient' }],
    [502, { kind: 'transient' }],
    [503, { kind: 'transient', retryAfterMs: 2000 }],
    [504, { kind: 'transient' }],
    [408, { kind: 'transient' }],
    [301, { kind: 'rejected', class: 'config' }],
    [401, { kind: 'rejected', class: 'config' }],
    [403, { kind: 'rejected', class: 'config' }],
    [404, { kind: 'rejected', class: 'config' }],
    [415, { kind: 'rejected', class: 'contract' }],
    [200, { kind: 'rejected', class: 'config' }],
  ])('sorts a nameless %i by who must have answered', (status, expected) => {
    expect(classifyAnswer(answer(status, 2000), null)).toMatchObject(expected);
  });
});

describe('outcomeOf', () => {
  it('leaves a write that broke uncertain, and a read that broke not sent', () => {
    const failure = classifyName('psycopg2.errors.DeadlockDetected');
    expect(outcomeOf(failure, true).outcome).toBe('uncertain');
    expect(outcomeOf(failure, false).outcome).toBe('not_sent');
    expect(outcomeOf(rejected('business', 'x', 'y'), true).outcome).toBe('rejected');
  });
});

it('knows a lost race by PostgreSQL’s words', () => {
  expect(isLostRace('could not serialize access due to concurrent update\n')).toBe(true);
  expect(isLostRace('You cannot modify the following readonly fields on a posted move: date')).toBe(false);
});
