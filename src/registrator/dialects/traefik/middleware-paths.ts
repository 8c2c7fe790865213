import { boolean, integer, needless, strings, struct, text } from './decode.ts'
import { kind, type Kind } from './middleware-kind.ts'

/** Types that change the path, or send the client elsewhere. */
export const pathKinds: Readonly<Record<string, Kind>> = {
  addprefix: kind(struct({ prefix: text }), ({ prefix }) =>
    prefix ? [{ addPrefix: prefix }] : 'prefix is missing',
  ),
  stripprefix: kind(
    struct({ prefixes: strings, forceslash: needless('a path always begins with / here') }),
    ({ prefixes = [] }) =>
      prefixes.length > 0 ? [{ stripPrefix: prefixes }] : 'prefixes is missing',
  ),
  stripprefixregex: kind(struct({ regex: strings }), ({ regex = [] }) =>
    regex.length > 0 ? [{ stripPrefixRegex: regex }] : 'regex is missing',
  ),
  replacepath: kind(struct({ path: text }), ({ path }) =>
    path ? [{ replacePath: path }] : 'path is missing',
  ),
  replacepathregex: kind(
    struct({ regex: text, replacement: text }),
    ({ regex, replacement = '' }) =>
      regex ? [{ replacePathRegex: { regex, replacement } }] : 'regex is missing',
  ),
  redirectscheme: kind(
    struct({ scheme: text, port: integer, permanent: boolean }),
    ({ scheme, port, permanent }) =>
      scheme ? [{ redirectScheme: { scheme, port, permanent } }] : 'scheme is missing',
  ),
  redirectregex: kind(
    struct({ regex: text, replacement: text, permanent: boolean }),
    ({ regex, replacement = '', permanent }) =>
      regex ? [{ redirectRegex: { regex, replacement, permanent } }] : 'regex is missing',
  ),
}
