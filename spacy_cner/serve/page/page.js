// The page: what its controls do.

import { setKey } from "./api.js";
import { ask, askReadings, askSoon, changeModel, closeReadings, start } from "./ask.js";
import { $ } from "./dom.js";
import { annotateFile, closeJob } from "./job.js";
import { placeTip, show, showExamples } from "./show.js";
import { problem, say, shown, state } from "./state.js";
import { EXAMPLES } from "./strings.js";
import { asBio, asJson } from "./text.js";

// What is kept between visits; a browser may forbid it.
const store = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* then it is not kept */ } },
};

function setLanguage(language) {
  state.language = language;
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say()[each.dataset.say];
  for (const each of document.querySelectorAll("[data-name]")) each.setAttribute("aria-label", say()[each.dataset.name]);
  $("language").textContent = say().language;
  $("language").setAttribute("aria-label", say().toLanguage);
  $("language").lang = language === "zh" ? "en" : "zh";
  showTheme();
  showExamples();
  show();
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function showTheme() {
  const shown = state.theme === "auto" ? (dark.matches ? "dark" : "light") : state.theme;
  document.documentElement.dataset.theme = shown;
  $("theme").textContent = say().themeName[state.theme];
  $("theme").title = say().switchTheme[state.theme];
  $("theme").setAttribute("aria-label", say().switchTheme[state.theme]);
}

async function copy(words) {
  try { await navigator.clipboard.writeText(words); $("copied").textContent = say().copied; } catch { $("copied").textContent = say().notCopied; }
  setTimeout(() => { $("copied").textContent = ""; }, 2500);
}

function annotateOne(files) {
  if (files.length > 1) problem(say().oneFile);
  else if (files.length) annotateFile(files[0]);
}

$("text").oninput = askSoon;
$("find").onclick = ask;
$("examples").onclick = ({ target }) => { if (target.matches("button")) { $("text").value = target.value; ask(); } };
$("result").onclick = ({ target }) => { if (target.matches(".other")) askReadings(Number(target.dataset.start), Number(target.dataset.stop)); };
$("text").onkeydown = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask(); };
$("threshold").oninput = show;
$("words").onchange = show;
$("today").onchange = ask;
$("model").onchange = changeModel;
$("language").onclick = () => { const next = state.language === "zh" ? "en" : "zh"; store.set("language", next); setLanguage(next); };
$("theme").onclick = () => { state.theme = { auto: "light", light: "dark", dark: "auto" }[state.theme]; store.set("theme", state.theme); showTheme(); };
dark.onchange = showTheme;
$("copy-json").onclick = () => copy(asJson(state.text, shown(), state.version));
$("copy-bio").onclick = () => copy(asBio(state.text, shown()));
$("readings-close").onclick = closeReadings;
$("job-close").onclick = closeJob;
$("open").onclick = () => $("file").click();
$("file").onchange = () => { annotateOne([...$("file").files]); $("file").value = ""; };
$("key-form").onsubmit = (event) => { event.preventDefault(); setKey($("key").value.trim()); problem(""); start(); };
// What is dragged and no file, such as words into the text, is the browser's.
const ofFile = (handle) => (event) => {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  handle(event);
};
window.ondragover = ofFile(() => { $("drop").hidden = false; });
window.ondragleave = (event) => { if (!event.relatedTarget) $("drop").hidden = true; };
window.ondrop = ofFile((event) => { $("drop").hidden = true; annotateOne(event.dataTransfer.files); });
for (const kind of ["mouseover", "focusin"]) window.addEventListener(kind, placeTip);

state.theme = ["light", "dark"].includes(store.get("theme")) ? store.get("theme") : "auto";
setLanguage(store.get("language") || (navigator.language.startsWith("zh") ? "zh" : "en"));
if (!$("text").value) $("text").value = EXAMPLES[0][2];
start();
