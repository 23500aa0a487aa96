/** The frame of every console page: one inline style under a nonce, no scripts, nothing from elsewhere. */
import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const style = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5d6b7c;--line:#e2e7ee;--page:#f6f8fa;--card:#fff;--good:#117a4b;--bad:#b42318;--warn:#9a6700;--mark:#1f5fbf}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf2;--soft:#97a4b5;--line:#2b3441;--page:#12171e;--card:#1a212b;--good:#4cc38a;--bad:#ff8177;--warn:#e2b340;--mark:#7fb0ff}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
header{display:flex;gap:1rem;align-items:center;padding:.8rem 1.5rem;background:var(--card);border-bottom:1px solid var(--line)}
header b{letter-spacing:.01em}header form{margin-left:auto}main{max-width:72rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.25rem;margin:.2rem 0 1rem}h2{font-size:1rem;margin:2rem 0 .6rem}a{color:var(--mark);text-decoration:none}a:hover{text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.8rem}.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem}
.tile b{display:block;font-size:1.5rem;line-height:1.3;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.6rem}table{border-collapse:collapse;width:100%}th,td{padding:.5rem .9rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}th{font-size:.8rem;font-weight:600;color:var(--soft)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.w{white-space:nowrap}
code{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}ol.story{list-style:none;margin:0;padding:0}ol.story li{display:grid;grid-template-columns:13rem 1fr;gap:1rem;padding:.6rem 1rem;border-bottom:1px solid var(--line)}
ol.story li:last-child{border-bottom:0}@media(max-width:40rem){ol.story li{grid-template-columns:1fr;gap:0}}
input,select,button{font:inherit;color:inherit;padding:.5rem .7rem;border:1px solid var(--line);border-radius:.4rem;background:var(--page)}button{cursor:pointer;background:var(--mark);border-color:var(--mark);color:#fff}
button.quiet{background:none;color:var(--soft);border-color:var(--line)}.login{max-width:24rem;margin:12vh auto}.login form{display:grid;gap:.7rem}footer{padding:2rem 0;color:var(--soft);font-size:.85rem}
`;

const headers = (nonce: string): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  // Not `no-referrer`: under that a browser posts the login form with `Origin: null`, which counts as foreign.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
});

export interface PageFrame {
  readonly title: string;
  /** Null on the login page. */
  readonly who: { readonly actor: string; readonly tenant: string } | null;
  readonly status?: number;
}

/** A whole page. `body` is a template of `hono/html`, which escapes every value put into it. */
export async function page(frame: PageFrame, body: Html): Promise<Response> {
  const nonce = crypto.randomUUID();
  const bar =
    frame.who === null
      ? ''
      : html`<header><b>Ledgergate</b><a href="/console?tenant=${frame.who.tenant}">${frame.who.tenant}</a>
          <form method="post" action="/console/logout"><span class="soft">${frame.who.actor}</span> <button class="quiet">Log out</button></form></header>`;
  const text =
    await html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${frame.title} · Ledgergate</title><style nonce="${nonce}">${raw(style)}</style></head><body>${bar}<main>${body}</main></body></html>`;
  return new Response(String(text), { status: frame.status ?? 200, headers: headers(nonce) });
}
