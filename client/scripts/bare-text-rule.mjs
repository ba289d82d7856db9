// An ESLint rule against bare text beside nodes that come and go. Page translation (Chrome, Edge, Google Translate) replaces
// every text node with elements of its own. React still holds the text node: inserting something before it, or removing it,
// throws, and the whole page goes (https://github.com/facebook/react/issues/11538). Text in an element of its own is safe.
import ts from "typescript";

const { TypeFlags } = ts;
const ABSENT = TypeFlags.Null | TypeFlags.Undefined | TypeFlags.BooleanLike | TypeFlags.Void;

/** What a type may render: text, an element, nothing, or any number of nodes. */
function kindOfType(type, checker) {
  const kind = { text: false, element: false, absent: false, many: false };
  const parts = type.isUnion() ? type.types : [type];
  // ReactNode: the rule looks at what is passed where it is written.
  if (parts.some((part) => part.symbol?.name === "ReactPortal")) return { ...kind, element: true };
  for (const part of parts) {
    if (part.isStringLiteral()) {
      if (part.value.trim() !== "") kind.text = true;
      else kind.absent ||= part.value === "";
    } else if (part.isNumberLiteral() && part.value === 0) kind.absent = true;
    else if (part.flags & TypeFlags.BigIntLiteral) kind.absent = true;
    else if (part.flags & (TypeFlags.StringLike | TypeFlags.NumberLike | TypeFlags.BigIntLike))
      kind.text = true;
    else if (part.flags & ABSENT) kind.absent = true;
    else if (checker.isArrayType(part)) kind.many = true;
    else kind.element = true;
  }
  return kind;
}

/** @type {import("eslint").Rule.RuleModule} */
export const bareText = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      beside:
        "Bare text beside a node that comes and goes breaks on translated pages: wrap the text in an element.",
      fragment: "Bare text in a fragment breaks on translated pages when the fragment goes: use an element.",
    },
  },
  create(context) {
    const { parserServices: services } = context.sourceCode;
    const checker = services.program.getTypeChecker();

    /** A component that is chosen while rendering: another one replaces its nodes. */
    const isChosen = (tag) => {
      if (tag.type !== "JSXIdentifier") return false;
      for (let scope = context.sourceCode.getScope(tag); scope !== null; scope = scope.upper) {
        const variable = scope.set.get(tag.name);
        if (variable) return scope.type !== "module" && scope.type !== "global";
      }
      return false;
    };

    const ofElement = (node) => {
      const { name, attributes } = node.openingElement;
      const hasKey = attributes.some(
        ({ name, value }) => name?.name === "key" && value?.type === "JSXExpressionContainer",
      );
      const kind = { text: false, unstable: hasKey || isChosen(name) };
      if (name.type === "JSXIdentifier" && /^[a-z]/.test(name.name)) return kind;
      for (const signature of services.getTypeAtLocation(name).getCallSignatures()) {
        const returned = kindOfType(signature.getReturnType(), checker);
        kind.text ||= returned.text;
        kind.unstable ||= returned.absent || (returned.text && returned.element);
      }
      return kind;
    };

    const ofChild = (child) => {
      if (child.type === "JSXText") return { text: child.value.trim() !== "", unstable: false };
      if (child.type === "JSXElement") return ofElement(child);
      if (child.type !== "JSXExpressionContainer") return { text: false, unstable: false };
      const { expression } = child;
      const { text, element, absent, many } = kindOfType(services.getTypeAtLocation(expression), checker);
      const isChoice = ["ConditionalExpression", "LogicalExpression"].includes(expression.type);
      const isThere = text || element;
      return { text, unstable: many || (absent && isThere) || (text && element) || (isChoice && element) };
    };

    const check = (node) => {
      const isSeen = (child) =>
        child.type === "JSXText"
          ? child.value.trim() !== "" || !child.value.includes("\n")
          : child.expression?.type !== "JSXEmptyExpression";
      const children = node.children.filter(isSeen).map((child) => ({ child, ...ofChild(child) }));
      const texts = children.filter(({ text }) => text);
      if (node.type === "JSXFragment") {
        if (texts[0]) context.report({ node: texts[0].child, messageId: "fragment" });
        return;
      }
      if (children.length < 2) return;
      const broken = texts.find((one) =>
        children.some((other) => other.unstable && (other !== one || one.unstable)),
      );
      if (broken) context.report({ node: broken.child, messageId: "beside" });
    };
    return { JSXElement: check, JSXFragment: check };
  },
};
