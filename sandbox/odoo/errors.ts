/**
 * An error as Odoo's servers answer it: the HTTP status of the JSON-2 face and Python's dotted `name`, the only part a
 * client may classify on (odoo.md A1: messages are translated, and a 500 is as a rule permanent).
 */
export class OdooError extends Error {
  constructor(
    readonly status: number,
    readonly pythonName: string,
    message: string,
  ) {
    super(message);
  }
}

export const userError = (message: string) => new OdooError(422, 'odoo.exceptions.UserError', message);

export const validationError = (message: string) =>
  new OdooError(422, 'odoo.exceptions.ValidationError', `The operation cannot be completed: ${message}`);

export const valueError = (message: string) => new OdooError(500, 'builtins.ValueError', message);

export const keyError = (key: string) => new OdooError(500, 'builtins.KeyError', key);

export const typeError = (message: string) => new OdooError(500, 'builtins.TypeError', message);

export const unprocessable = (message: string) =>
  new OdooError(422, 'werkzeug.exceptions.UnprocessableEntity', message);

export const notFound = (message: string) => new OdooError(404, 'werkzeug.exceptions.NotFound', message);

export const accessError = (message: string) => new OdooError(403, 'odoo.exceptions.AccessError', message);

/** A wizard instead of an answer: a business refusal that wears a 500 (odoo.md A1). */
export const redirectWarning = (message: string) => new OdooError(500, 'odoo.exceptions.RedirectWarning', message);

/** PostgreSQL gave up after five tries inside Odoo: the one 500 that is transient (odoo.md A1). */
export const serializationFailure = () =>
  new OdooError(500, 'psycopg2.errors.SerializationFailure', 'could not serialize access due to concurrent update\n');

/** Odoo's number for the sandbox's only user, as it shows in its messages. */
export const BOT_USER_ID = 5;

export const missingError = (model: string, id: number) =>
  new OdooError(
    404,
    'odoo.exceptions.MissingError',
    `Record does not exist or has been deleted.\n(Record: ${model}(${id},), User: ${BOT_USER_ID})`,
  );

export const forbidden = (verb: string, label: string, model: string, group: string) =>
  accessError(
    `You are not allowed to ${verb} '${label}' (${model}) records.\n\nThis operation is allowed for the following ` +
      `groups:\n\t- ${group}\n\nContact your administrator to request access if necessary.`,
  );

/** The error object of JSON-2, and `error.data` of JSON-RPC. `debug` is a traceback, which clients must not keep. */
export function errorBody(error: OdooError, where: string) {
  const args = error.pythonName.startsWith('werkzeug.') ? [error.message, error.status] : [error.message];
  return {
    name: error.pythonName,
    message: error.message,
    arguments: args,
    context: {},
    debug: `Traceback (most recent call last):\n  File "/opt/odoo/${where}"\n${error.pythonName}: ${error.message}\n`,
  };
}
