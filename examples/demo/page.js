// Lets visitors click the character to change in the cookie itself. The page works without this script.

for (const form of document.querySelectorAll(".tamper")) {
  const input = form.querySelector("input");
  const token = form.closest("article").querySelector(".token");
  for (const span of token.querySelectorAll("code span")) {
    const nodes = [...span.childNodes].flatMap((node) =>
      [...node.textContent].map((character) => {
        const element = document.createElement(node.nodeName === "MARK" ? "mark" : "i");
        element.textContent = character;
        return element;
      }),
    );
    span.replaceChildren(...nodes);
  }
  const characters = [...token.querySelectorAll("i, mark")];
  const show = () => {
    for (const character of characters) character.classList.remove("chosen");
    characters[input.value - 1]?.classList.add("chosen");
  };
  token.classList.add("live");
  form.querySelector("[hidden]").hidden = false;
  token.addEventListener("click", ({ target }) => {
    const at = characters.indexOf(target);
    if (at < 0 || String(getSelection()) !== "") return;
    input.value = at + 1;
    show();
  });
  input.addEventListener("input", show);
  show();
}
