// Elements of the page. Text gets in as text only.

export const $ = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "tint") made.style.setProperty("--tint", value);
    else if (key.includes("-") || key === "role" || key === "lang") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

// As replaceChildren, for any number of children: a call takes some 100,000 arguments.
export function fill(parent, children) {
  const all = document.createDocumentFragment();
  for (const each of children) all.append(each);
  parent.replaceChildren(all);
}
