import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import { expect, test } from "vitest";

const file = fileURLToPath(new URL("../src/ui/badge.tsx", import.meta.url));
const eslint = new ESLint({ cwd: fileURLToPath(new URL("..", import.meta.url)) });

/** How often the rule objects to a component that renders `jsx`. */
async function objections(jsx: string): Promise<number> {
  const source = `
    import type { ReactNode } from "react";
    interface Props { is: boolean; name: string; items: string[]; hint?: string; node?: ReactNode; Icon: () => ReactNode }
    function One() { return <i />; }
    function Other() { return <b />; }
    function Maybe({ is }: { is: boolean }) { return is ? <i /> : null; }
    function Word({ is }: { is: boolean }) { return is ? "word" : <i />; }
    export function Test({ is, name, items, hint, node, Icon }: Props) {
      void [is, name, items, hint, node, Icon, One, Other, Maybe, Word];
      return ${jsx};
    }`;
  const [result] = await eslint.lintText(source, { filePath: file });
  const fatal = result?.messages.filter((message) => message.fatal) ?? [];
  expect(fatal).toEqual([]);
  return result?.messages.filter(({ ruleId }) => ruleId === "hallpass/bare-text").length ?? 0;
}

test.each([
  "<p>{is ? <One /> : <Other />}Copy</p>",
  "<p>{is && <One />} text</p>",
  "<p>text {is && <One />}</p>",
  '<p><One />{is && "text"}</p>',
  '<p>{is && "one"}{!is && "other"}</p>',
  "<p>{name}{hint && <One />}</p>",
  "<p>{name}, {items.map((item) => <i key={item} />)}</p>",
  '<p>by {is ? <One /> : "nobody"}</p>',
  "<p><Maybe is={is} /> text</p>",
  "<p><Word is={is} /><One /></p>",
  "<p><One key={name} /> text</p>",
  "<p><Icon /> text</p>",
  "<p>{is ? <>one <One /></> : <Other />}</p>",
])("breaks on a translated page: %s", async (jsx) => {
  expect(await objections(jsx)).toBeGreaterThan(0);
});

test.each([
  "<p>{is ? <One /> : <Other />}<span>Copy</span></p>",
  "<p>from {name}, seen <One /></p>",
  '<p>{is ? "one" : "other"}</p>',
  '<p>{is && "text"}</p>',
  '<p>Sorted by {is ? "name" : "date"}, {name}</p>',
  "<p>{is ? <One /> : name}</p>",
  "<p>{hint && <One />}{node}</p>",
  "<p>{is && <One />}<Maybe is={is} /> <Other /></p>",
  "<p><Icon /><span>text</span></p>",
])("holds on a translated page: %s", async (jsx) => {
  expect(await objections(jsx)).toBe(0);
});
