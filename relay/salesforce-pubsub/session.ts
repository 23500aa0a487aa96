/** Access to the org by OAuth 2.0 client credentials of a connected app. */
import { z } from 'zod';
import type { Session } from './pubsub.ts';

export interface Sessions {
  /** The session in use, or a new one. @throws SessionError */
  current(): Promise<Session>;
  /** The one in use was refused. */
  forget(): void;
}

export class SessionError extends Error {
  override readonly name = 'SessionError';
}

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  instance_url: z.url({ protocol: /^https?$/ }),
  /** `https://login.salesforce.com/id/<organization>/<user>` */
  id: z.string().regex(/\/id\/00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\//),
});

export interface SessionSettings {
  /** The org's own domain, `https://acme.my.salesforce.com`. */
  readonly instanceUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Errors name statuses, never what was sent or answered. */
export function clientCredentialSessions(settings: SessionSettings): Sessions {
  let session: Session | null = null;
  return {
    forget: () => {
      session = null;
    },
    async current() {
      if (session !== null) return session;
      const answer = await fetch(new URL('/services/oauth2/token', settings.instanceUrl), {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: settings.clientId,
          client_secret: settings.clientSecret,
        }),
        redirect: 'error',
        signal: AbortSignal.timeout(30_000),
      });
      if (!answer.ok) throw new SessionError(`the token endpoint answered ${answer.status}`);
      const parsed = tokenAnswer.safeParse(await answer.json());
      if (!parsed.success) throw new SessionError('a token in an unknown shape');
      const [, organizationId = ''] = /\/id\/(00D[A-Za-z0-9]+)\//.exec(parsed.data.id) ?? [];
      session = {
        accessToken: parsed.data.access_token,
        instanceUrl: parsed.data.instance_url,
        organizationId,
      };
      return session;
    },
  };
}
