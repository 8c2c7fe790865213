import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** The dashboard: one HTML text that needs nothing else, and the policy that lets it have nothing else. */
export type Page = { readonly html: string; readonly policy: string }

/** Puts the page together from its three files. */
export function dashboard(): Page {
  const style = part('page.css')
  const script = part('page.js')
  // the hashes are those of all that stands inside the elements, blanks too
  const html = part('page.html')
    .replace(/\s*\/\* page\.css \*\/\s*/, () => style)
    .replace(/\s*\/\* page\.js \*\/\s*/, () => script)
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  return { html, policy }
}

function part(name: string): string {
  return readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8')
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
